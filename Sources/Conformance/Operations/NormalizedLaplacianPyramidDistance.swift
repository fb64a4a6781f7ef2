import Fast
import PerceptualCore
import Reference

enum NormalizedLaplacianPyramidDistance: Operation {
  static let name = "normalizedLaplacianPyramidDistance"
  static let inputs = [InputDescription("prediction", "[N,C,H,W]"), InputDescription("target", "[N,C,H,W]")]
  static let attributes = [
    AttributeDescription("family", default: "\"hepburn\""), AttributeDescription("levels", default: "6"),
  ]
  static let outputs = ["value"]
  static let gradients = ["prediction", "target"]

  static func tolerance(_ tensor: ResultName, _ side: Side) -> Tolerance {
    .ofLargest(epsilons: 1000, reason: "sums of rounded terms of mixed sign: the error follows the largest element")
  }

  private static func settings(
    _ attributes: Attributes
  ) throws(PerceptualError) -> (family: LaplacianPyramidFamily, levels: Int) {
    (try attributes.choice("family", default: .hepburn), try attributes.integer("levels", default: 6))
  }

  static func validate(_ operationCase: OperationCase<Double>) throws(PerceptualError) {
    let levels = try settings(operationCase.attributes).levels
    try operationCase.checkImages { LaplacianPyramid.obstacle(levels: levels, forImages: $0) }
  }

  static func outputShapes(_ operationCase: OperationCase<Double>) throws(PerceptualError) -> [String: [Int]] {
    ["value": [operationCase.input("prediction").shape[0]]]
  }

  static func reference<Scalar: BinaryFloatingPoint & Sendable>(
    _ operationCase: OperationCase<Scalar>
  ) throws(PerceptualError) -> OperationResults<Scalar> {
    let (prediction, target) = operationCase.pair
    let (family, levels) = try settings(operationCase.attributes)
    let value = Reference.normalizedLaplacianPyramidDistance(
      prediction, target: target, family: family, levels: levels)
    var results = OperationResults(outputs: ["value": value])
    if operationCase.asksForGradients {
      results.gradients = Reference.normalizedLaplacianPyramidDistanceGradient(
        prediction, target: target, upstream: operationCase.cotangent("value"), family: family, levels: levels
      ).named
    }
    return results
  }

  static func fast(_ operationCase: OperationCase<Float>) throws(PerceptualError) -> OperationResults<Float> {
    let (prediction, target) = operationCase.pair
    let (family, levels) = try settings(operationCase.attributes)
    let value = Fast.normalizedLaplacianPyramidDistance(prediction, target: target, family: family, levels: levels)
    var results = OperationResults(outputs: ["value": value])
    if operationCase.asksForGradients {
      results.gradients = Fast.normalizedLaplacianPyramidDistanceGradient(
        prediction, target: target, upstream: operationCase.cotangent("value"), family: family, levels: levels
      ).named
    }
    return results
  }
}
