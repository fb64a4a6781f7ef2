import PerceptualConformance
import PerceptualCore
import PerceptualFiles
import PerceptualTestSupport
import Testing

/// Both convolutions: the whole Jacobian for small layers, signed directions for larger ones.
@Suite struct ConvolutionGradientTests {
  static let names = ["convolution2D", "transposedConvolution2D"]

  @Test(arguments: [
    ("convolution2D", [2, 2, 5, 4], [3, 2, 3, 2], [2, 1], [1, 1]),
    ("convolution2D", [1, 1, 1, 2], [2, 1, 3, 3], [1, 1], [2, 3]),
    ("transposedConvolution2D", [2, 2, 3, 2], [2, 3, 3, 4], [2, 3], [1, 2]),
    ("transposedConvolution2D", [1, 2, 3, 2], [2, 1, 1, 2], [3, 2], [1, 0]),
  ])
  func wholeJacobian(_ name: String, _ x: [Int], _ weight: [Int], _ stride: [Int], _ padding: [Int]) throws {
    let tested = try #require(operation(named: name))
    let outputs = name == "convolution2D" ? weight[0] : weight[1]
    let sample = Sample(
      "small", ["x": x, "weight": weight, "bias": [outputs]],
      ["stride": .array(stride.map { .integer($0) }), "padding": .array(padding.map { .integer($0) })])
    try expectWholeJacobian(of: tested, sample)
  }

  @Test(arguments: convolution2DSamples)
  func convolutionInRandomDirections(_ sample: Sample) throws {
    try checkDirections(sample, "convolution2D")
  }

  @Test(arguments: transposedConvolution2DSamples)
  func transposedConvolutionInRandomDirections(_ sample: Sample) throws {
    try checkDirections(sample, "transposedConvolution2D")
  }

  private func checkDirections(_ sample: Sample, _ name: String) throws {
    let tested = try #require(operation(named: name))
    let operationCase = try sample.operationCase(of: tested, fill: .normals)
    let check = GradientCheck()
    #expect(try check.randomDirections(4, of: tested, operationCase, seed: "\(name) \(sample.label)").failures == [])
  }
}
