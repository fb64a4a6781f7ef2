@testable import PerceptualConformance
import PerceptualCore
import PerceptualFiles
import PerceptualTestSupport
import Testing

@Suite struct MultiScaleStructuralSimilarityGradientTests {
  private let tested = MultiScaleStructuralSimilarity.self

  static let samples = [
    Sample(
      "two scales, odd sizes padded", ["prediction": [2, 1, 9, 10], "target": [2, 1, 9, 10]],
      ["windowSize": .integer(3), "sigma": .number(1), "weights": .array([.number(0.4), .number(0.6)])]),
    Sample(
      "two scales, odd sizes dropped", ["prediction": [1, 2, 9, 7], "target": [1, 2, 9, 7]],
      [
        "windowSize": .integer(3), "sigma": .number(1), "weights": .array([.number(0.4), .number(0.6)]),
        "oddSizes": .string("drop"),
      ]),
    Sample(
      "three scales, odd at each", ["prediction": [1, 1, 9, 13], "target": [1, 1, 9, 13]],
      [
        "windowSize": .integer(3), "sigma": .number(1),
        "weights": .array([.number(0.2), .number(0.5), .number(1.3)]),
      ]),
  ]

  @Test(arguments: samples)
  func wholeJacobian(_ sample: Sample) throws {
    let operationCase = try sample.operationCase(of: tested, fill: .picture) {
      PicturePair.noisy.fill(&$0, seed: sample.label)
    }
    #expect(try GradientCheck().everyElement(of: tested, operationCase).failures == [])
    #expect(try checkLinearityInUpstream(tested, operationCase) == [])
  }

  @Test func randomDirections() throws {
    let sample = Sample(
      "five scales", ["prediction": [2, 3, 35, 40], "target": [2, 3, 35, 40]],
      ["windowSize": .integer(3), "sigma": .number(1)])
    let operationCase = try sample.operationCase(of: tested, fill: .picture) {
      PicturePair.noisy.fill(&$0, seed: sample.label)
    }
    #expect(
      try GradientCheck().randomDirections(10, of: tested, operationCase, seed: "MS-SSIM directions").failures == [])
  }

  /// The published settings, at their smallest size.
  @Test func asPublished() throws {
    let sample = Sample("published", ["prediction": [1, 1, 161, 161], "target": [1, 1, 161, 161]])
    let operationCase = try sample.operationCase(of: tested, fill: .picture) {
      PicturePair.noisy.fill(&$0, seed: sample.label)
    }
    #expect(
      try GradientCheck().randomDirections(2, of: tested, operationCase, seed: "MS-SSIM as published").failures == [])
  }
}
