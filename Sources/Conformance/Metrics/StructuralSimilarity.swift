import Fast
import PerceptualCore
import PerceptualFiles
import Reference

enum StructuralSimilarity: PairOperation {
  static let name = "structuralSimilarity"
  static let attributes: [AttributeDescription] =
    similarityAttributes + [.init("downsampling", default: "\"none\""), .init("rectifiedContrast", default: "false")]

  static func tolerance(_ tensor: ResultName, _ side: Side) -> Tolerance {
    switch (tensor, side) {
    case (.output, .reference):
      .bound(epsilons: 64, reason: "oracles take variances as mean x^2 - mean^2, which cancels against C2", scale: one)
    case (.output, .referenceFloat):
      .bound(
        epsilons: 0.5, reason: "the a-priori bound of a sum over positions, in order, of terms of a window's sums",
        scale: sumLengths)
    case (.output, .fast):
      .bound(epsilons: 4, reason: "1 - the mean of deficits of order 1; rows are joined in double", scale: one)
    case (.gradient, .reference):
      .ofLargest(epsilons: 512, reason: "oracles take variances as mean x^2 - mean^2, which cancels against C2")
    case (.gradient, .referenceFloat):
      .ofLargest(epsilons: 2048, reason: "x - mean and y - mean cancel where the images are nearly alike")
    case (.gradient, .fast):
      .ofLargest(epsilons: 64, reason: "three filtered maps are joined: x times the third cancels against the first")
    }
  }

  typealias Options = StructuralSimilarityOptions

  static func options(_ attributes: Attributes) throws(PerceptualError) -> Options {
    try attributes.structuralSimilarityOptions()
  }

  static func validate(_ given: CaseShapes, _ options: Options) throws(PerceptualError) {
    try given.checkImages { options.obstacle(forImages: $0) }
  }

  static let presets = StructuralSimilarityPreset.allCases.map { preset in
    let options = preset.options()
    return Preset(
      preset.rawValue,
      options.scaleAttributes.merging([
        "downsampling": .string(options.downsampling.rawValue), "rectifiedContrast": .bool(options.rectifiedContrast),
      ]) { $1 })
  }

  static func plan(_ attributes: Attributes, shape: [Int]) throws(PerceptualError) -> (any ImageLossPlan)? {
    let options = try options(attributes)
    try requireImages(shape) { options.obstacle(forImages: $0) }
    return SimilarityPlan(options, shape: shape)
  }

  static func reference<Scalar>(_ given: OperationCase<Scalar>, _ options: Options) -> OperationResults<Scalar> {
    pairResults(
      given, Reference.structuralSimilarity, gradient: Reference.structuralSimilarityGradient, options: options)
  }

  static func fast(_ given: OperationCase<Float>, _ options: Options) -> OperationResults<Float> {
    pairResults(given, Fast.structuralSimilarity, gradient: Fast.structuralSimilarityGradient, options: options)
  }
}

// Scales of tolerances, shared with MS-SSIM.

/// 1 for each image: similarities are differences from 1 whatever their size.
@Sendable func one(_ given: OperationCase<Double>) throws(PerceptualError) -> Tensor<Double> {
  Tensor(repeating: 1, shape: [given.input("prediction").shape[0]])
}

/// The lengths of the longest chain of sums that ends in a value: positions, and the products of a window's moments.
@Sendable func sumLengths(_ given: OperationCase<Double>) throws(PerceptualError) -> Tensor<Double> {
  let shape = given.input("prediction").shape
  let options = try given.attributes.structuralSimilarityOptions()
  let window = options.windowSize
  let positions = max(options.positions(ofSide: shape[2]), 1) * max(options.positions(ofSide: shape[3]), 1)
  return Tensor(repeating: Double(positions + 8 * window * window), shape: [shape[0]])
}

/// The attributes that SSIM, its map and MS-SSIM share.
let similarityAttributes: [AttributeDescription] = [
  .init("windowSize", default: "11"), .init("sigma", default: "1.5"), .init("k1", default: "0.01"),
  .init("k2", default: "0.03"), .init("dataRange", default: "1"), .init("window", default: "\"gaussian\""),
  .init("covariance", default: "\"population\""), .init("padding", default: "\"valid\""),
]

extension StructuralSimilarityOptions {
  /// What SSIM and each scale of MS-SSIM choose, but the data range.
  var scaleAttributes: [String: JSONValue] {
    [
      "windowSize": .integer(windowSize), "sigma": .number(sigma), "k1": .number(k1), "k2": .number(k2),
      "window": .string(window.rawValue), "covariance": .string(covariance.rawValue),
      "padding": .string(padding.rawValue),
    ]
  }
}

extension Attributes {
  /// The settings of SSIM; those of one scale lack downsampling and rectifiedContrast, which keep their defaults there.
  func structuralSimilarityOptions() throws(PerceptualError) -> StructuralSimilarityOptions {
    let published = StructuralSimilarityOptions()
    return StructuralSimilarityOptions(
      windowSize: try integer("windowSize", default: published.windowSize),
      sigma: try number("sigma", default: published.sigma),
      k1: try number("k1", default: published.k1),
      k2: try number("k2", default: published.k2),
      dataRange: try number("dataRange", default: published.dataRange),
      window: try choice("window", default: published.window),
      covariance: try choice("covariance", default: published.covariance),
      padding: try choice("padding", default: published.padding),
      downsampling: try choice("downsampling", default: published.downsampling),
      rectifiedContrast: try bool("rectifiedContrast", default: published.rectifiedContrast))
  }
}
