import Fast
import PerceptualCore
import PerceptualFiles
import Reference

enum NormalizedLaplacianPyramidDistance: Operation {
  static let name = "normalizedLaplacianPyramidDistance"
  static let inputs = [InputDescription("prediction", "[N,C,H,W]"), InputDescription("target", "[N,C,H,W]")]
  static let attributes = [
    AttributeDescription("family", default: "\"hepburn\""), AttributeDescription("levels", default: "6"),
    AttributeDescription("pooling", default: "\"image\""),
  ]
  static let outputs = ["value"]
  static let gradients = ["prediction", "target"]

  static func tolerance(_ tensor: ResultName, _ side: Side) -> Tolerance {
    switch (tensor, side) {
    case (.output, .reference):
      .relative(epsilons: 64, reason: "two pyramids' residuals cancel alike here and in the oracle")
    case (.output, .referenceFloat):
      .bound(epsilons: 256, reason: "residuals of both images are rounded before they cancel: 1 / sigma, six levels") {
        operationCase throws(PerceptualError) in
        Tensor(repeating: 1, shape: try outputShapes(operationCase)["value"] ?? [])
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

  private typealias Settings = (family: LaplacianPyramidFamily, levels: Int, pooling: LaplacianPyramidPooling)

  private static func settings(_ attributes: Attributes) throws(PerceptualError) -> Settings {
    (
      try attributes.choice("family", default: .hepburn), try attributes.integer("levels", default: 6),
      try attributes.choice("pooling", default: .image)
    )
  }

  static func validate(_ given: CaseShapes) throws(PerceptualError) {
    let (family, levels, pooling) = try settings(given.attributes)
    try given.checkImages {
      LaplacianPyramid.obstacle(levels: levels, forImages: $0, family: family, pooling: pooling)
    }
  }

  static let presets: [Preset] = {
    let forms: [(String, LaplacianPyramidFamily, LaplacianPyramidPooling)] = [
      ("hepburn", .hepburn, .image), ("hepburn-batch", .hepburn, .batch), ("matlab", .matlab, .image),
      ("laparra", .laparra, .image), ("tensorflow", .tensorflow, .image), ("tensorflow-batch", .tensorflow, .batch),
    ]
    return forms.map { Preset($0, ["family": .string($1.rawValue), "pooling": .string($2.rawValue)]) }
  }()

  static func plan(_ attributes: Attributes, shape: [Int]) throws(PerceptualError) -> (any ImageLossPlan)? {
    let (family, levels, pooling) = try settings(attributes)
    try requireImages(shape) {
      LaplacianPyramid.obstacle(levels: levels, forImages: $0, family: family, pooling: pooling)
    }
    return LaplacianPyramidPlan(family: family, levels: levels, pooling: pooling, shape: shape)
  }

  static func outputShapes(_ given: CaseShapes) throws(PerceptualError) -> [String: [Int]] {
    let images = given["prediction"][0]
    return ["value": [try settings(given.attributes).pooling == .batch ? 1 : images]]
  }

  static func reference<Scalar: BinaryFloatingPoint & Sendable>(
    _ operationCase: OperationCase<Scalar>
  ) throws(PerceptualError) -> OperationResults<Scalar> {
    let (family, levels, pooling) = try settings(operationCase.attributes)
    return operationCase.pairResults("value") {
      Reference.normalizedLaplacianPyramidDistance($0, target: $1, family: family, levels: levels, pooling: pooling)
    } gradient: {
      Reference.normalizedLaplacianPyramidDistanceGradient(
        $0, target: $1, upstream: $2, family: family, levels: levels, pooling: pooling)
    }
  }

  static func fast(_ operationCase: OperationCase<Float>) throws(PerceptualError) -> OperationResults<Float> {
    let (family, levels, pooling) = try settings(operationCase.attributes)
    return operationCase.pairResults("value") {
      Fast.normalizedLaplacianPyramidDistance($0, target: $1, family: family, levels: levels, pooling: pooling)
    } gradient: {
      Fast.normalizedLaplacianPyramidDistanceGradient(
        $0, target: $1, upstream: $2, family: family, levels: levels, pooling: pooling)
    }
  }
}
