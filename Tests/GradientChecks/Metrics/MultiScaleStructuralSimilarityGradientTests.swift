@testable import PerceptualConformance
import PerceptualCore
import PerceptualFiles
import PerceptualTestSupport
import Testing

@Suite struct MultiScaleStructuralSimilarityGradientTests {
  private let tested = MultiScaleStructuralSimilarity.self

  @Test(arguments: [
    imageSample("two scales, odd sizes padded", [2, 1, 9, 10], ["windowSize": 3, "sigma": 1, "weights": [0.4, 0.6]]),
    imageSample(
      "two scales, odd sizes dropped", [1, 2, 9, 7],
      ["windowSize": 3, "sigma": 1, "weights": [0.4, 0.6], "oddSizes": "drop"]),
    imageSample(
      "three scales, odd at each", [1, 1, 9, 13], ["windowSize": 3, "sigma": 1, "weights": [0.2, 0.5, 1.3]]),
  ])
  func wholeJacobian(_ sample: Sample) throws {
    try expectWholeJacobian(of: tested, try imageCase(sample, .noisy, of: tested))
  }

  @Test func randomDirections() throws {
    let sample = imageSample("five scales", [2, 3, 35, 40], ["windowSize": 3, "sigma": 1])
    let operationCase = try imageCase(sample, .noisy, of: tested)
    #expect(
      try GradientCheck().randomDirections(10, of: tested, operationCase, seed: "MS-SSIM directions").failures == [])
  }

  /// The published settings, at their smallest size.
  @Test func asPublished() throws {
    let sample = imageSample("published", [1, 1, 161, 161])
    let operationCase = try imageCase(sample, .noisy, of: tested)
    #expect(
      try GradientCheck().randomDirections(2, of: tested, operationCase, seed: "MS-SSIM as published").failures == [])
  }
}
