import Fast
import PerceptualCore
import Reference

enum StructuralSimilarityMap: PairOperation {
  static let name = "structuralSimilarityMap"
  static let attributes = StructuralSimilarity.attributes
  static let outputs = ["map"]

  static func tolerance(_ tensor: ResultName, _ side: Side) -> Tolerance {
    switch (tensor, side) {
    case (.output, .reference):
      .bound(epsilons: 64, reason: "oracles take variances as mean x^2 - mean^2, which cancels against C2", scale: ones)
    case (.output, .referenceFloat):
      .bound(epsilons: 32, reason: "a window's products of moments, which cancel against C2", scale: ones)
    case (.output, .fast):
      .bound(epsilons: 16, reason: "1 - a deficit, by moments about the means", scale: ones)
    case (.gradient, _): StructuralSimilarity.tolerance(tensor, side)
    }
  }

  /// 1 for each position: similarities are differences from 1 whatever their size.
  @Sendable private static func ones(_ given: OperationCase<Double>) throws(PerceptualError) -> Tensor<Double> {
    Tensor(repeating: 1, shape: try outputShapes(given)["map"] ?? [])
  }

  typealias Options = StructuralSimilarityOptions

  static func options(_ attributes: Attributes) throws(PerceptualError) -> Options {
    try attributes.structuralSimilarityOptions()
  }

  static func validate(_ given: CaseShapes, _ options: Options) throws(PerceptualError) {
    try given.checkImages { options.obstacle(forImages: $0) }
  }

  static func outputShapes(_ given: CaseShapes, _ options: Options) -> [String: [Int]] {
    let shape = given["prediction"]
    let sides = options.reducedSides(height: shape[2], width: shape[3])
    let (height, width) = (options.positions(ofSide: sides.height), options.positions(ofSide: sides.width))
    return ["map": [shape[0], shape[1], height, width]]
  }

  static func reference<Scalar>(_ given: OperationCase<Scalar>, _ options: Options) -> OperationResults<Scalar> {
    pairResults(
      given, Reference.structuralSimilarityMap, gradient: Reference.structuralSimilarityMapGradient, options: options)
  }

  static func fast(_ given: OperationCase<Float>, _ options: Options) -> OperationResults<Float> {
    pairResults(given, Fast.structuralSimilarityMap, gradient: Fast.structuralSimilarityMapGradient, options: options)
  }
}
