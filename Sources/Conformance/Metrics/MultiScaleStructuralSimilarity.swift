import Fast
import PerceptualCore
import PerceptualFiles
import Reference

enum MultiScaleStructuralSimilarity: Operation {
  static let name = "multiScaleStructuralSimilarity"
  static let inputs = [InputDescription("prediction", "[N,C,H,W]"), InputDescription("target", "[N,C,H,W]")]
  static let attributes =
    similarityAttributes + [
      AttributeDescription("weights", default: "[0.0448, 0.2856, 0.3001, 0.2363, 0.1333]"),
      AttributeDescription("oddSizes", default: "\"pad\""),
      AttributeDescription("negativeContrast", default: "\"relu\""),
      AttributeDescription("contrastFloor", default: "1e-4"), AttributeDescription("channels", default: "\"separate\""),
    ]
  static let outputs = ["value"]
  static let gradients = ["prediction", "target"]

  static func tolerance(_ tensor: ResultName, _ side: Side) -> Tolerance {
    switch (tensor, side) {
    case (.output, .reference):
      .bound(epsilons: 64, reason: "oracles take variances as mean x^2 - mean^2, which cancels against C2", scale: one)
    case (.output, .referenceFloat):
      .bound(
        epsilons: 0.5, reason: "the a-priori bound of a sum over positions, in order, of terms of a window's sums",
        scale: sumLengths)
    case (.output, .fast):
      .bound(
        epsilons: 4, reason: "each term is 1 - a mean deficit; near 0 its power raises the relative error", scale: one)
    case (.gradient, .reference):
      .ofLargest(epsilons: 512, reason: "oracles take variances as mean x^2 - mean^2, which cancels against C2")
    case (.gradient, .referenceFloat):
      .ofLargest(epsilons: 4096, reason: "x - mean and y - mean cancel where the images are nearly alike")
    case (.gradient, .fast):
      .ofLargest(
        epsilons: 256, reason: "as SSIM's at each scale; powers of terms near 0 raise the relative error of all")
    }
  }

  static func validate(_ given: CaseShapes) throws(PerceptualError) {
    let options = try given.attributes.multiScaleStructuralSimilarityOptions()
    try given.checkImages { options.obstacle(forImages: $0) }
  }

  static let presets = MultiScaleStructuralSimilarityPreset.allCases.map { preset in
    let options = preset.options()
    return Preset(
      preset.rawValue,
      options.scale.scaleAttributes.merging([
        "weights": .array(options.weights.map { .number($0) }), "oddSizes": .string(options.oddSizes.rawValue),
        "negativeContrast": .string(options.negativeContrast.rawValue),
        "contrastFloor": .number(options.contrastFloor), "channels": .string(options.channels.rawValue),
      ]) { $1 })
  }

  static func plan(_ attributes: Attributes, shape: [Int]) throws(PerceptualError) -> (any ImageLossPlan)? {
    let options = try attributes.multiScaleStructuralSimilarityOptions()
    try requireImages(shape) { options.obstacle(forImages: $0) }
    return SimilarityPlan(options, shape: shape)
  }

  static func outputShapes(_ given: CaseShapes) throws(PerceptualError) -> [String: [Int]] {
    ["value": [given["prediction"][0]]]
  }

  static func reference<Scalar: BinaryFloatingPoint & Sendable>(
    _ operationCase: OperationCase<Scalar>
  ) throws(PerceptualError) -> OperationResults<Scalar> {
    let options = try operationCase.attributes.multiScaleStructuralSimilarityOptions()
    return operationCase.pairResults("value") {
      Reference.multiScaleStructuralSimilarity($0, target: $1, options: options)
    } gradient: {
      Reference.multiScaleStructuralSimilarityGradient($0, target: $1, upstream: $2, options: options)
    }
  }

  static func fast(_ operationCase: OperationCase<Float>) throws(PerceptualError) -> OperationResults<Float> {
    let options = try operationCase.attributes.multiScaleStructuralSimilarityOptions()
    return operationCase.pairResults("value") {
      Fast.multiScaleStructuralSimilarity($0, target: $1, options: options)
    } gradient: {
      Fast.multiScaleStructuralSimilarityGradient($0, target: $1, upstream: $2, options: options)
    }
  }
}

extension Attributes {
  /// The settings of all scales.
  func multiScaleStructuralSimilarityOptions() throws(PerceptualError) -> MultiScaleStructuralSimilarityOptions {
    let published = MultiScaleStructuralSimilarityOptions()
    return MultiScaleStructuralSimilarityOptions(
      scale: try structuralSimilarityOptions(),
      weights: try numbers("weights", default: published.weights),
      oddSizes: try choice("oddSizes", default: published.oddSizes),
      negativeContrast: try choice("negativeContrast", default: published.negativeContrast),
      contrastFloor: try number("contrastFloor", default: published.contrastFloor),
      channels: try choice("channels", default: published.channels))
  }
}
