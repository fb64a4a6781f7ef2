@testable import PerceptualConformance
import PerceptualCore
import PerceptualFiles
import PerceptualTestSupport
import Reference
import Testing

/// The families and poolings of NLPD against central differences, steps 3e-7, where no residual turns its sign.
@Suite struct LaplacianPyramidVariantGradientTests {
  private let tested = NormalizedLaplacianPyramidDistance.self

  private static let check = GradientCheck(step: 3e-7) { Self.residualSigns($0) }

  /// Which residuals of both images are positive.
  static func residualSigns(_ operationCase: OperationCase<Double>) -> [Bool] {
    let levels = (try? operationCase.attributes.integer("levels", default: 6)) ?? 6
    let family = (try? operationCase.attributes.choice("family", default: LaplacianPyramidFamily.hepburn)) ?? .hepburn
    return [operationCase.input("prediction"), operationCase.input("target")].flatMap { image in
      Reference.normalizedLaplacianPyramid(image, levels: levels, family: family)
        .flatMap { $0.elements.map { $0 > 0 } }
    }
  }

  private func pair(
    _ label: String, _ shape: [Int], _ attributes: [String: JSONValue], _ kind: PicturePair = .noisy
  ) throws -> OperationCase<Double> {
    try imageCase(imageSample(label, shape, attributes), kind, of: tested)
  }

  static let samples: [(shape: [Int], attributes: [String: JSONValue])] = [
    ([2, 1, 9, 8], ["family": "matlab", "levels": 3]), ([1, 2, 8, 7], ["family": "laparra", "levels": 2]),
    ([1, 2, 7, 10], ["family": "tensorflow", "levels": 3]), ([1, 1, 5, 6], ["family": "matlab"]),
    ([1, 1, 6, 5], ["family": "tensorflow"]), ([1, 1, 4, 3], ["family": "laparra", "levels": 3]),
    ([3, 1, 8, 7], ["family": "tensorflow", "levels": 2, "pooling": "batch"]),
    ([3, 1, 6, 7], ["levels": 2, "pooling": "batch"]), ([1, 1, 4, 3], ["family": "matlab", "levels": 1]),
  ]

  @Test(arguments: samples) func wholeJacobian(_ sample: (shape: [Int], attributes: [String: JSONValue])) throws {
    let operationCase = try pair("whole", sample.shape, sample.attributes)
    #expect(try Self.check.everyElement(of: tested, operationCase).failures == [])
  }

  @Test(arguments: ["hepburn", "matlab", "laparra", "tensorflow"]) func elevenPixelFrame(_ family: String) throws {
    let (height, width) = (27, 29)
    let operationCase = try pair("frame", [1, 1, height, width], ["family": .string(family), "levels": 4])
    let frame = borderPixels(height: height, width: width, within: 11)
    #expect(try Self.check.elements(frame, ofInput: "prediction", of: tested, operationCase).failures == [])
  }

  /// Of the 87 000 residuals of an image some are so near 0 that every direction turns their sign: the images are the
  /// first that have none such.
  @Test(arguments: ["hepburn", "matlab", "tensorflow"]) func atThePapersSize(_ family: String) throws {
    let kind = try #require(LaplacianPyramidFamily(rawValue: family))
    var operationCase = try pair("256 0", [1, 1, 256, 256], ["family": .string(family)], .noise)
    for attempt in 1..<100 where operationCase.inputs.values.contains(where: { leastMagnitude($0, kind) < 1e-5 }) {
      operationCase = try pair("256 \(attempt)", [1, 1, 256, 256], ["family": .string(family)], .noise)
    }
    let directions = family == "hepburn" ? 32 : 4
    var check = Self.check
    check.step = 1e-6
    #expect(
      try check.randomDirections(directions, of: tested, operationCase, seed: "NLPD \(family) 256").failures == [])
  }

  private func leastMagnitude(_ image: Tensor<Double>, _ family: LaplacianPyramidFamily) -> Double {
    Reference.normalizedLaplacianPyramid(image, family: family)
      .map { $0.elements.reduce(Double.infinity) { min($0, abs($1)) } }.min() ?? 0
  }
}
