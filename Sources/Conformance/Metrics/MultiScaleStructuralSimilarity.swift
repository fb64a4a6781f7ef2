import Fast
import PerceptualCore
import PerceptualFiles
import Reference

enum MultiScaleStructuralSimilarity: PairOperation {
  static let name = "multiScaleStructuralSimilarity"
  static let attributes: [AttributeDescription] =
    similarityAttributes + [
      .init("weights", default: "[0.0448, 0.2856, 0.3001, 0.2363, 0.1333]"), .init("oddSizes", default: "\"pad\""),
      .init("negativeContrast", default: "\"relu\""), .init("contrastFloor", default: "1e-4"),
      .init("channels", default: "\"separate\""),
    ]

  static func tolerance(_ tensor: ResultName, _ side: Side) -> Tolerance {
    switch (tensor, side) {
    case (.output, .fast):
      .bound(
        epsilons: 4, reason: "each term is 1 - a mean deficit; near 0 its power raises the relative error", scale: one)
    case (.gradient, .referenceFloat):
      .ofLargest(epsilons: 4096, reason: "x - mean and y - mean cancel where the images are nearly alike")
    case (.gradient, .fast):
      .ofLargest(
        epsilons: 256, reason: "as SSIM's at each scale; powers of terms near 0 raise the relative error of all")
    default: StructuralSimilarity.tolerance(tensor, side)
    }
  }

  typealias Options = MultiScaleStructuralSimilarityOptions

  /// The settings of all scales.
  static func options(_ attributes: Attributes) throws(PerceptualError) -> Options {
    let published = Options()
    return Options(
      scale: try attributes.structuralSimilarityOptions(),
      weights: try attributes.numbers("weights", default: published.weights),
      oddSizes: try attributes.choice("oddSizes", default: published.oddSizes),
      negativeContrast: try attributes.choice("negativeContrast", default: published.negativeContrast),
      contrastFloor: try attributes.number("contrastFloor", default: published.contrastFloor),
      channels: try attributes.choice("channels", default: published.channels))
  }

  static func validate(_ given: CaseShapes, _ options: Options) throws(PerceptualError) {
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
    let options = try options(attributes)
    try requireImages(shape) { options.obstacle(forImages: $0) }
    return SimilarityPlan(options, shape: shape)
  }

  static func reference<Scalar>(_ given: OperationCase<Scalar>, _ options: Options) -> OperationResults<Scalar> {
    pairResults(
      given, Reference.multiScaleStructuralSimilarity, gradient: Reference.multiScaleStructuralSimilarityGradient,
      options: options)
  }

  static func fast(_ given: OperationCase<Float>, _ options: Options) -> OperationResults<Float> {
    pairResults(
      given, Fast.multiScaleStructuralSimilarity, gradient: Fast.multiScaleStructuralSimilarityGradient,
      options: options)
  }
}
