import Fast
import PerceptualCore
import PerceptualFiles
import Reference

enum NormalizedLaplacianPyramidDistance: PairOperation {
  static let name = "normalizedLaplacianPyramidDistance"
  static let attributes: [AttributeDescription] = [
    .init("family", default: "\"hepburn\""), .init("levels", default: "6"), .init("pooling", default: "\"image\""),
  ]

  static func tolerance(_ tensor: ResultName, _ side: Side) -> Tolerance {
    switch (tensor, side) {
    case (.output, .reference):
      .relative(epsilons: 64, reason: "two pyramids' residuals cancel alike here and in the oracle")
    case (.output, .referenceFloat):
      .bound(epsilons: 256, reason: "residuals of both images are rounded before they cancel: 1 / sigma, six levels") {
        given throws(PerceptualError) in
        Tensor(repeating: 1, shape: try outputShapes(given)["value"] ?? [])
      }
    case (.output, .fast):
      .relative(epsilons: 8, reason: "the difference has a pyramid of its own, whose residual does not cancel")
    case (.gradient, .reference):
      .ofLargest(epsilons: 512, reason: "sums of mixed sign through all levels, coarsest first")
    case (.gradient, .referenceFloat):
      .ofLargest(epsilons: 65536, reason: "levels cancel where images are alike; residuals near 0 may turn their sign")
    case (.gradient, .fast):
      .ofLargest(epsilons: 128, reason: "normalised levels carry the residual's rounding divided by sigma")
    }
  }

  typealias Options = (family: LaplacianPyramidFamily, levels: Int, pooling: LaplacianPyramidPooling)

  static func options(_ attributes: Attributes) throws(PerceptualError) -> Options {
    (
      try attributes.choice("family", default: .hepburn), try attributes.integer("levels", default: 6),
      try attributes.choice("pooling", default: .image)
    )
  }

  static func validate(_ given: CaseShapes, _ options: Options) throws(PerceptualError) {
    try given.checkImages { obstacle($0, options) }
  }

  private static func obstacle(_ shape: [Int], _ options: Options) -> String? {
    LaplacianPyramid.obstacle(
      levels: options.levels, forImages: shape, family: options.family, pooling: options.pooling)
  }

  static let presets: [Preset] = {
    let forms: [(String, LaplacianPyramidFamily, LaplacianPyramidPooling)] = [
      ("hepburn", .hepburn, .image), ("hepburn-batch", .hepburn, .batch), ("matlab", .matlab, .image),
      ("laparra", .laparra, .image), ("tensorflow", .tensorflow, .image), ("tensorflow-batch", .tensorflow, .batch),
    ]
    return forms.map { Preset($0, ["family": .string($1.rawValue), "pooling": .string($2.rawValue)]) }
  }()

  static func plan(_ attributes: Attributes, shape: [Int]) throws(PerceptualError) -> (any ImageLossPlan)? {
    let options = try options(attributes)
    try requireImages(shape) { obstacle($0, options) }
    return LaplacianPyramidPlan(family: options.family, levels: options.levels, pooling: options.pooling, shape: shape)
  }

  static func outputShapes(_ given: CaseShapes, _ options: Options) -> [String: [Int]] {
    ["value": [options.pooling == .batch ? 1 : given["prediction"][0]]]
  }

  static func reference<Scalar>(_ given: OperationCase<Scalar>, _ options: Options) -> OperationResults<Scalar> {
    pairResults(
      given, Reference.normalizedLaplacianPyramidDistance,
      gradient: Reference.normalizedLaplacianPyramidDistanceGradient, options: options.family, options.levels,
      options.pooling)
  }

  static func fast(_ given: OperationCase<Float>, _ options: Options) -> OperationResults<Float> {
    pairResults(
      given, Fast.normalizedLaplacianPyramidDistance, gradient: Fast.normalizedLaplacianPyramidDistanceGradient,
      options: options.family, options.levels, options.pooling)
  }
}
