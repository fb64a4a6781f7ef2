import Fast
@testable import PerceptualConformance
import PerceptualCore
import PerceptualFiles
import PerceptualTestSupport
import Reference
import Testing

@Suite struct TransposedConvolution2DTests {
  private let tested = TransposedConvolution2D.self

  @Test(arguments: transposedConvolution2DSamples, [Fill.integers, .normals])
  func agreesWithReference(_ sample: Sample, _ fill: Fill) throws {
    try expectAgreement(tested, sample, fill: fill, exact: fill == .integers)
  }

  @Test(arguments: transposedConvolution2DSamples)
  func specialValuesGoThrough(_ sample: Sample) throws {
    try expectAgreementOnSpecialData(tested, try caseWithSpecialData(sample, of: tested))
  }

  /// Its gradient for x is the convolution of the upstream gradient, bit for bit on integers.
  @Test(arguments: transposedConvolution2DSamples)
  func convolutionIsItsAdjoint(_ sample: Sample) throws {
    let given = try sample.operationCase(of: tested, fill: .integers)
    let geometry = ConvolutionGeometry(
      stride: try given.attributes.extent("stride", default: 1, atLeast: 1),
      padding: try given.attributes.extent("padding", default: 0, atLeast: 0))
    let convolved = Reference.convolution2D(given.cotangent("y"), weight: given.input("weight"), geometry: geometry)
    for side in [Side.reference, .fast] {
      #expect(try tested.run(side, given).gradients["x"] == convolved)
    }
  }

  /// One input shows the kernel as it is, a stride apart, and the bias where nothing reaches.
  @Test func oneInputShowsTheKernel() {
    let x = Tensor<Float>([0, 2], shape: [1, 1, 1, 2])
    let weight = Tensor<Float>([1, 2, 3, 4], shape: [1, 1, 2, 2])
    let geometry = ConvolutionGeometry(stride: 3, outputPadding: Extent(height: 0, width: 1))
    let expected: [Float] = [
      10, 10, 10, 12, 14, 10,
      10, 10, 10, 16, 18, 10,
    ]
    let bias = Tensor<Float>([10])
    #expect(Reference.transposedConvolution2D(x, weight: weight, bias: bias, geometry: geometry).elements == expected)
    #expect(Fast.transposedConvolution2D(x, weight: weight, bias: bias, geometry: geometry).elements == expected)
  }

  @Test(arguments: [
    (
      Sample("three axes", ["x": [2, 3, 4], "weight": [2, 1, 1, 1]]),
      "x: shape [2, 3, 4] given, [N, C, H, W] is needed"
    ),
    (Sample("empty weight", ["x": [1, 2, 3, 4], "weight": [2, 0, 1, 1]]), "weight: shape [2, 0, 1, 1] is empty"),
    (Sample("channels", ["x": [1, 2, 3, 4], "weight": [3, 1, 1, 1]]), "takes 3 channels, x [1, 2, 3, 4] has 2"),
    (
      Sample("bias", ["x": [1, 2, 3, 4], "weight": [2, 5, 1, 1], "bias": [2]]),
      "bias: shape [2], weight [2, 5, 1, 1] needs [5]"
    ),
    (
      Sample(
        "output padding of a stride", ["x": [1, 2, 3, 4], "weight": [2, 5, 4, 4]],
        ["stride": [2, 2], "outputPadding": [0, 2]]), "outputPadding: 0x2 given, it must be less than the stride 2x2"
    ),
    (
      Sample("nothing left", ["x": [1, 1, 2, 9], "weight": [1, 1, 2, 3]], ["padding": [2, 0]]),
      "padding: 2x0 leaves nothing of x of 2x9 under a kernel of 2x3"
    ),
  ])
  func refuses(_ sample: Sample, _ sentence: String) throws {
    expectError(.malformed, saying: sentence) { try sample.operationCase(of: tested, fill: .integers) }
  }

  @Test func callersStopWithASentence() async {
    let reference = await #expect(processExitsWith: .failure, observing: [\.standardErrorContent]) {
      _ = Reference.transposedConvolution2D(
        Tensor<Double>(shape: [1, 2, 3, 4]), weight: Tensor(shape: [2, 3, 1, 1]),
        geometry: ConvolutionGeometry(outputPadding: 1))
    }
    #expect(reference.stops(with: "outputPadding: 1x1 given, it must be less than the stride 1x1"))
    let fast = await #expect(processExitsWith: .failure, observing: [\.standardErrorContent]) {
      _ = Fast.transposedConvolution2D(
        Tensor<Float>(shape: [1, 2, 3, 4]), weight: Tensor(shape: [2, 3, 1, 1]),
        geometry: ConvolutionGeometry(outputPadding: 1))
    }
    #expect(fast.stops(with: "outputPadding: "))
  }
}
