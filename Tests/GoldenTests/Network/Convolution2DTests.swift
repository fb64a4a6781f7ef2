import Fast
@testable import PerceptualConformance
import PerceptualCore
import PerceptualFiles
import PerceptualTestSupport
import Reference
import Testing

@Suite struct Convolution2DTests {
  private let tested = Convolution2D.self

  @Test(arguments: convolution2DSamples, [Fill.integers, .normals])
  func agreesWithReference(_ sample: Sample, _ fill: Fill) throws {
    try expectAgreement(tested, sample, fill: fill, exact: fill == .integers)
  }

  /// The zeros of the padding meet infinite weights, and become NaN on both sides.
  @Test(arguments: convolution2DSamples)
  func specialValuesGoThrough(_ sample: Sample) throws {
    let operationCase = try sample.operationCase(of: tested, fill: .specials, withGradients: false) {
      $0.inputs = $0.inputs.mapValues(\.withRoomToSum)
    }
    try expectAgreement(tested, operationCase, matchingNonFinite: true)
  }

  @Test(arguments: convolution2DSamples)
  func specialValuesGoBack(_ sample: Sample) throws {
    try expectAgreementOnSpecialData(tested, try caseWithSpecialData(sample, of: tested))
  }

  /// <conv(x), y> = <x, conv^T(y)>, bit for bit on integers.
  @Test(arguments: convolution2DSamples)
  func transposedConvolutionIsItsAdjoint(_ sample: Sample) throws {
    let given = try sample.operationCase(of: tested, fill: .integers)
    let (x, weight, y) = (given.input("x"), given.input("weight"), given.cotangent("y"))
    let geometry = ConvolutionGeometry(
      stride: try given.attributes.extent("stride", default: 1, atLeast: 1),
      padding: try given.attributes.extent("padding", default: 0, atLeast: 0))
    // What the stride left unread comes back as output padding; a kernel narrower than the stride may leave more than
    // its rows, which is still less than the stride.
    var back = geometry
    back.outputPadding = Extent(
      height: (x.shape[2] + 2 * geometry.padding.height - weight.shape[2]) % geometry.stride.height,
      width: (x.shape[3] + 2 * geometry.padding.width - weight.shape[3]) % geometry.stride.width)

    let forward = Reference.convolution2D(x, weight: weight, geometry: geometry)
    let backward = Reference.transposedConvolution2D(y, weight: weight, geometry: back)
    #expect(backward.shape == x.shape)
    #expect(innerProduct(forward, y) == innerProduct(x, backward))
    #expect(Reference.convolution2DGradient(x, weight: weight, upstream: y, geometry: geometry).x == backward)

    let fastForward = Fast.convolution2D(x.converted(), weight: weight.converted(), geometry: geometry)
    let fastBackward = Fast.transposedConvolution2D(y.converted(), weight: weight.converted(), geometry: back)
    #expect(fastForward.converted() == forward)
    #expect(fastBackward.converted() == backward)
  }

  /// A kernel that is 1 at one place shifts the image; any flip or transposition would show.
  @Test func impulseKernelShifts() {
    let x = Tensor<Float>((0..<12).map { Float($0 + 1) }, shape: [1, 1, 3, 4])
    var weight = Tensor<Float>(shape: [1, 1, 3, 3])
    weight[0, 0, 0, 1] = 1
    let expected: [Float] = [0, 0, 0, 0, 1, 2, 3, 4, 5, 6, 7, 8]
    let geometry = ConvolutionGeometry(padding: 1)
    #expect(Reference.convolution2D(x, weight: weight, geometry: geometry).elements == expected)
    #expect(Fast.convolution2D(x, weight: weight, geometry: geometry).elements == expected)
  }

  static let refused: [(Sample, String)] = [
    (
      Sample("three axes", ["x": [2, 3, 4], "weight": [1, 2, 1, 1]]),
      "x: shape [2, 3, 4] given, [N, C, H, W] is needed"
    ),
    (Sample("empty", ["x": [1, 2, 0, 4], "weight": [1, 2, 1, 1]]), "x: shape [1, 2, 0, 4] is empty"),
    (Sample("flat weight", ["x": [1, 2, 3, 4], "weight": [2, 3]]), "weight: shape [2, 3] given, [O, C, kH, kW]"),
    (Sample("channels", ["x": [1, 2, 3, 4], "weight": [1, 3, 1, 1]]), "takes 3 channels, x [1, 2, 3, 4] has 2"),
    (
      Sample("bias", ["x": [1, 2, 3, 4], "weight": [5, 2, 1, 1], "bias": [2]]),
      "bias: shape [2], weight [5, 2, 1, 1] needs [5]"
    ),
    (
      Sample(
        "kernel larger than the padded image", ["x": [1, 1, 2, 9], "weight": [1, 1, 5, 3]], ["padding": [1, 0]]),
      "a kernel of 5x3 does not fit into x of 2x9 padded by 1x0"
    ),
    (
      Sample("stride 0", ["x": [1, 1, 2, 9], "weight": [1, 1, 1, 1]], ["stride": [0, 1]]),
      "attribute stride: two integers of at least 1"
    ),
    (
      Sample("negative padding", ["x": [1, 1, 2, 9], "weight": [1, 1, 1, 1]], ["padding": [0, -1]]),
      "attribute padding: two integers of at least 0"
    ),
  ]

  @Test(arguments: refused)
  func refuses(_ sample: Sample, _ sentence: String) throws {
    expectError(.malformed, saying: sentence) { try sample.operationCase(of: tested, fill: .integers) }
  }

  @Test func callersStopWithASentence() async {
    let channels = await #expect(processExitsWith: .failure, observing: [\.standardErrorContent]) {
      _ = Reference.convolution2D(Tensor<Double>(shape: [1, 2, 3, 4]), weight: Tensor(shape: [1, 3, 1, 1]))
    }
    #expect(channels.stops(with: "weight: shape [1, 3, 1, 1] takes 3 channels, x [1, 2, 3, 4] has 2"))
    let fast = await #expect(processExitsWith: .failure, observing: [\.standardErrorContent]) {
      _ = Fast.convolution2D(Tensor<Float>(shape: [1, 2, 3, 4]), weight: Tensor(shape: [1, 3, 1, 1]))
    }
    #expect(fast.stops(with: "weight: "))
    let upstream = await #expect(processExitsWith: .failure, observing: [\.standardErrorContent]) {
      _ = Reference.convolution2DGradient(
        Tensor<Double>(shape: [1, 1, 3, 4]), weight: Tensor(shape: [1, 1, 1, 1]), upstream: Tensor(shape: [1, 1, 3, 3]))
    }
    #expect(upstream.stops(with: "upstream: shape [1, 1, 3, 3], the output has [1, 1, 3, 4]"))
    let fastUpstream = await #expect(processExitsWith: .failure, observing: [\.standardErrorContent]) {
      _ = Fast.convolution2DGradient(
        Tensor<Float>(shape: [1, 1, 3, 4]), weight: Tensor(shape: [1, 1, 1, 1]), upstream: Tensor(shape: [1, 1, 3, 3]))
    }
    #expect(fastUpstream.stops(with: "upstream: "))
  }
}
