import Fast
import PerceptualCore
import Reference

enum StructuralSimilarity: Operation {
  static let name = "structuralSimilarity"
  static let inputs = [InputDescription("prediction", "[N,C,H,W]"), InputDescription("target", "[N,C,H,W]")]
  static let attributes = [
    AttributeDescription("windowSize", default: "11"), AttributeDescription("sigma", default: "1.5"),
    AttributeDescription("k1", default: "0.01"), AttributeDescription("k2", default: "0.03"),
    AttributeDescription("dataRange", default: "1"),
  ]
  static let outputs = ["value"]
  static let gradients = ["prediction", "target"]

  static func tolerance(_ tensor: ResultName, _ side: Side) -> Tolerance {
    .ofLargest(epsilons: 1000, reason: "sums of rounded terms of mixed sign: the error follows the largest element")
  }

  static func validate(_ operationCase: OperationCase<Double>) throws(PerceptualError) {
    let options = try operationCase.attributes.structuralSimilarityOptions()
    try operationCase.checkImages { options.obstacle(forImages: $0) }
  }

  static func outputShapes(_ operationCase: OperationCase<Double>) throws(PerceptualError) -> [String: [Int]] {
    ["value": [operationCase.input("prediction").shape[0]]]
  }

  static func reference<Scalar: BinaryFloatingPoint & Sendable>(
    _ operationCase: OperationCase<Scalar>
  ) throws(PerceptualError) -> OperationResults<Scalar> {
    let (prediction, target) = operationCase.pair
    let options = try operationCase.attributes.structuralSimilarityOptions()
    var results = OperationResults(
      outputs: ["value": Reference.structuralSimilarity(prediction, target: target, options: options)])
    if operationCase.asksForGradients {
      results.gradients = Reference.structuralSimilarityGradient(
        prediction, target: target, upstream: operationCase.cotangent("value"), options: options
      ).named
    }
    return results
  }

  static func fast(_ operationCase: OperationCase<Float>) throws(PerceptualError) -> OperationResults<Float> {
    let (prediction, target) = operationCase.pair
    let options = try operationCase.attributes.structuralSimilarityOptions()
    var results = OperationResults(
      outputs: ["value": Fast.structuralSimilarity(prediction, target: target, options: options)])
    if operationCase.asksForGradients {
      results.gradients = Fast.structuralSimilarityGradient(
        prediction, target: target, upstream: operationCase.cotangent("value"), options: options
      ).named
    }
    return results
  }
}

extension Attributes {
  /// The settings of one scale.
  func structuralSimilarityOptions() throws(PerceptualError) -> StructuralSimilarityOptions {
    let published = StructuralSimilarityOptions()
    return StructuralSimilarityOptions(
      windowSize: try integer("windowSize", default: published.windowSize),
      sigma: try number("sigma", default: published.sigma),
      k1: try number("k1", default: published.k1),
      k2: try number("k2", default: published.k2),
      dataRange: try number("dataRange", default: published.dataRange))
  }
}
