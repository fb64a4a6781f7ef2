@testable import PerceptualConformance
import PerceptualCore
import PerceptualFiles
import PerceptualTestSupport
import Testing

/// Every convention of docs/metrics.md against central differences, and the default presets at 256x256.
@Suite struct SimilarityVariantGradientTests {
  private func pair(
    _ tested: any Operation.Type, _ label: String, _ shape: [Int], _ attributes: [String: JSONValue],
    _ kind: PicturePair
  ) throws -> OperationCase<Double> {
    let sample = Sample(label, ["prediction": shape, "target": shape], attributes)
    return try sample.operationCase(of: tested, fill: .picture) { kind.fill(&$0, seed: label) }
  }

  static let similarities: [(label: String, shape: [Int], attributes: [String: JSONValue])] = [
    ("reflected, smaller than its window", [1, 2, 9, 6], ["padding": "reflect"]),
    ("reflected", [2, 1, 13, 12], ["padding": "reflect"]),
    ("uniform, sample covariance", [1, 2, 10, 9], ["windowSize": 7, "window": "uniform", "covariance": "sample"]),
    ("Gaussian, sample covariance", [1, 1, 12, 13], ["covariance": "sample"]),
    ("rectified", [1, 2, 13, 12], ["rectifiedContrast": .bool(true), "windowSize": 5, "k2": 0.001]),
  ]

  @Test(arguments: similarities, [PicturePair.noisy, .noise])
  func similarity(
    _ sample: (label: String, shape: [Int], attributes: [String: JSONValue]), _ kind: PicturePair
  ) throws {
    let tested = StructuralSimilarity.self
    let operationCase = try pair(tested, sample.label, sample.shape, sample.attributes, kind)
    #expect(try GradientCheck().everyElement(of: tested, operationCase).failures == [])
  }

  /// Images large enough that they are reduced: by 2, by 2 of odd sizes, and by 3 around every third pixel.
  @Test(arguments: [
    ("piq", [1, 1, 384, 401]), ("matlab", [1, 1, 385, 387]), ("matlab", [1, 1, 640, 641]),
  ]) func reducedSimilarity(_ rule: String, _ shape: [Int]) throws {
    let tested = StructuralSimilarity.self
    let attributes: [String: JSONValue] = ["downsampling": .string(rule), "windowSize": 3]
    let operationCase = try pair(tested, "reduced", shape, attributes, .noisy)
    #expect(try GradientCheck().randomDirections(2, of: tested, operationCase, seed: "\(rule) \(shape)").failures == [])
  }

  private static let small: [String: JSONValue] = ["windowSize": 3, "sigma": 1, "weights": [0.4, 0.6]]
  static let scales: [(label: String, shape: [Int], attributes: [String: JSONValue])] = [
    ("symmetric", [1, 2, 9, 10], ["oddSizes": "symmetric"]),
    ("first repeated, rows odd", [1, 1, 9, 10], ["oddSizes": "replicateStart"]),
    ("first repeated, columns odd", [1, 1, 10, 9], ["oddSizes": "replicateStart"]),
    ("joint channels", [2, 3, 9, 8], ["channels": "joint"]),
    ("reflected last scale", [1, 2, 8, 9], ["padding": "reflect", "oddSizes": "drop", "channels": "joint"]),
    ("shift", [1, 2, 9, 8], ["negativeContrast": "shift"]), ("floor", [1, 2, 9, 8], ["negativeContrast": "floor"]),
    ("rectified positions", [1, 2, 9, 8], ["negativeContrast": "reluMap", "channels": "joint"]),
  ]

  @Test(arguments: scales) func multiScale(
    _ sample: (label: String, shape: [Int], attributes: [String: JSONValue])
  ) throws {
    let tested = MultiScaleStructuralSimilarity.self
    let attributes = Self.small.merging(sample.attributes) { $1 }
    let operationCase = try pair(tested, sample.label, sample.shape, attributes, .noisy)
    #expect(try GradientCheck().everyElement(of: tested, operationCase).failures == [])
  }

  /// A term under the floor, a mean that is shifted from below 0: the gradient is 0 there, and half of it here.
  @Test(arguments: ["floor", "shift", "reluMap"]) func negativeTerms(_ rule: String) throws {
    let tested = MultiScaleStructuralSimilarity.self
    let attributes = Self.small.merging(["negativeContrast": .string(rule)]) { $1 }
    var operationCase = try pair(tested, "negative", [1, 2, 9, 8], attributes, .noise)
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
    let operationCase = try pair(
      tested, "frame", [1, 1, height, width], isMultiScale ? ["weights": [0.4, 0.6]] : [:], .noisy)
    let frame = (0..<height * width).filter {
      let (row, column) = ($0 / width, $0 % width)
      return min(row, height - 1 - row) < 11 || min(column, width - 1 - column) < 11
    }
    #expect(try GradientCheck().elements(frame, ofInput: "prediction", of: tested, operationCase).failures == [])
  }

  /// 32 directions for each of the two images.
  @Test(arguments: ["structuralSimilarity", "multiScaleStructuralSimilarity"])
  func defaultsAtThePapersSize(_ name: String) throws {
    let tested = try #require(operation(named: name))
    let operationCase = try pair(tested, "256", [1, 1, 256, 256], [:], .noisy)
    let check = GradientCheck()
    #expect(try check.randomDirections(32, of: tested, operationCase, seed: "\(name) 256").failures == [])
  }
}
