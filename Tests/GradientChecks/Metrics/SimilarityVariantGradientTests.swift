@testable import PerceptualConformance
import PerceptualCore
import PerceptualFiles
import PerceptualTestSupport
import Testing

/// Every convention of docs/metrics.md against central differences, and the default presets at 256x256.
@Suite struct SimilarityVariantGradientTests {
  static let similarities = [
    imageSample("reflected, smaller than its window", [1, 2, 9, 6], ["padding": "reflect"]),
    imageSample("reflected", [2, 1, 13, 12], ["padding": "reflect"]),
    imageSample(
      "uniform, sample covariance", [1, 2, 10, 9], ["windowSize": 7, "window": "uniform", "covariance": "sample"]),
    imageSample("Gaussian, sample covariance", [1, 1, 12, 13], ["covariance": "sample"]),
    imageSample("rectified", [1, 2, 13, 12], ["rectifiedContrast": .bool(true), "windowSize": 5, "k2": 0.001]),
  ]

  @Test(arguments: similarities, [PicturePair.noisy, .noise])
  func similarity(_ sample: Sample, _ kind: PicturePair) throws {
    let tested = StructuralSimilarity.self
    try expectWholeJacobian(of: tested, try imageCase(sample, kind, of: tested))
  }

  /// Images large enough that they are reduced: by 2, by 2 of odd sizes, and by 3 around every third pixel.
  @Test(arguments: [
    ("piq", [1, 1, 384, 401]), ("matlab", [1, 1, 385, 387]), ("matlab", [1, 1, 640, 641]),
  ]) func reducedSimilarity(_ rule: String, _ shape: [Int]) throws {
    let tested = StructuralSimilarity.self
    let sample = imageSample("reduced", shape, ["downsampling": .string(rule), "windowSize": 3])
    let operationCase = try imageCase(sample, .noisy, of: tested)
    #expect(try GradientCheck().randomDirections(2, of: tested, operationCase, seed: "\(rule) \(shape)").failures == [])
  }

  /// Of two scales with a window of three.
  private static func small(_ label: String, _ shape: [Int], _ attributes: [String: JSONValue]) -> Sample {
    imageSample(label, shape, attributes.merging(["windowSize": 3, "sigma": 1, "weights": [0.4, 0.6]]) { $1 })
  }
  static let scales = [
    small("symmetric", [1, 2, 9, 10], ["oddSizes": "symmetric"]),
    small("first repeated, rows odd", [1, 1, 9, 10], ["oddSizes": "replicateStart"]),
    small("first repeated, columns odd", [1, 1, 10, 9], ["oddSizes": "replicateStart"]),
    small("joint channels", [2, 3, 9, 8], ["channels": "joint"]),
    small("reflected last scale", [1, 2, 8, 9], ["padding": "reflect", "oddSizes": "drop", "channels": "joint"]),
    small("shift", [1, 2, 9, 8], ["negativeContrast": "shift"]),
    small("floor", [1, 2, 9, 8], ["negativeContrast": "floor"]),
    small("rectified positions", [1, 2, 9, 8], ["negativeContrast": "reluMap", "channels": "joint"]),
  ]

  @Test(arguments: scales) func multiScale(_ sample: Sample) throws {
    let tested = MultiScaleStructuralSimilarity.self
    try expectWholeJacobian(of: tested, try imageCase(sample, .noisy, of: tested))
  }

  /// A term under the floor, a mean that is shifted from below 0: the gradient is 0 there, and half of it here.
  @Test(arguments: ["floor", "shift", "reluMap"]) func negativeTerms(_ rule: String) throws {
    let tested = MultiScaleStructuralSimilarity.self
    let sample = Self.small("negative", [1, 2, 9, 8], ["negativeContrast": .string(rule)])
    var operationCase = try imageCase(sample, .noise, of: tested)
    let target = operationCase.input("target")
    for i in 0..<72 { operationCase.inputs["prediction"]?[i] = 1 - 0.9 * target[i] }
    #expect(try GradientCheck(step: 1e-6).everyElement(of: tested, operationCase).failures == [])
  }

  /// Every pixel within eleven of the border.
  @Test(arguments: ["structuralSimilarity", "multiScaleStructuralSimilarity"])
  func elevenPixelFrame(_ name: String) throws {
    let tested = try #require(operation(named: name))
    let (height, width) = (27, 29)
    let isMultiScale = name == "multiScaleStructuralSimilarity"
    let sample = imageSample("frame", [1, 1, height, width], isMultiScale ? ["weights": [0.4, 0.6]] : [:])
    let operationCase = try imageCase(sample, .noisy, of: tested)
    let frame = borderPixels(height: height, width: width, within: 11)
    #expect(try GradientCheck().elements(frame, ofInput: "prediction", of: tested, operationCase).failures == [])
  }

  /// 32 directions for each of the two images.
  @Test(arguments: ["structuralSimilarity", "multiScaleStructuralSimilarity"])
  func defaultsAtThePapersSize(_ name: String) throws {
    let tested = try #require(operation(named: name))
    let operationCase = try imageCase(imageSample("256", [1, 1, 256, 256]), .noisy, of: tested)
    let check = GradientCheck()
    #expect(try check.randomDirections(32, of: tested, operationCase, seed: "\(name) 256").failures == [])
  }
}
