import Fast
import PerceptualCore
import Reference

enum MeanSquaredError: Operation {
  static let name = "meanSquaredError"
  static let inputs = [InputDescription("prediction", "[N,...]"), InputDescription("target", "[N,...]")]
  static let attributes: [AttributeDescription] = []
  static let outputs = ["value"]
  static let gradients = ["prediction", "target"]

  static func tolerance(_ tensor: ResultName, _ side: Side) -> Tolerance {
    switch (tensor, side) {
    case (.gradient, _):
      .relative(epsilons: 4, reason: "a difference, two products and a quotient are rounded once each")
    case (_, .fast):
      .relative(epsilons: 16, reason: "terms of one sign: runs of 64 summed in single precision, runs joined in double")
    case (_, _):
      .bound(epsilons: 0.5, reason: "the a-priori bound of a sum of M terms of one sign, in order, and of each term") {
        operationCase throws(PerceptualError) in
        let x = operationCase.input("prediction")
        let terms = Double(x.count / x.shape[0] + 4)
        return try reference(operationCase.withoutGradients).outputs["value"]?.map { $0 * terms } ?? Tensor([])
      }
    }
  }

  static func validate(_ given: CaseShapes) throws(PerceptualError) {
    let shape = given["prediction"]
    if shape.isEmpty || shape.contains(0) {
      throw PerceptualError(.malformed, "input.prediction has shape \(shape), a non-empty [N, ...] is needed")
    }
    try given.checkShape("target", shape)
  }

  static func plan(_ attributes: Attributes, shape: [Int]) throws(PerceptualError) -> (any ImageLossPlan)? {
    try requireImages(shape) { _ in nil }
    return MeanSquaredErrorPlan(shape: shape)
  }

  static func outputShapes(_ given: CaseShapes) throws(PerceptualError) -> [String: [Int]] {
    ["value": [given["prediction"][0]]]
  }

  static func reference<Scalar: BinaryFloatingPoint & Sendable>(
    _ operationCase: OperationCase<Scalar>
  ) throws(PerceptualError) -> OperationResults<Scalar> {
    operationCase.pairResults("value") {
      Reference.meanSquaredError($0, target: $1)
    } gradient: {
      Reference.meanSquaredErrorGradient($0, target: $1, upstream: $2)
    }
  }

  static func fast(_ operationCase: OperationCase<Float>) throws(PerceptualError) -> OperationResults<Float> {
    operationCase.pairResults("value") {
      Fast.meanSquaredError($0, target: $1)
    } gradient: {
      Fast.meanSquaredErrorGradient($0, target: $1, upstream: $2)
    }
  }
}

// What the metrics' rows share.

extension OperationCase {
  /// The two arguments of a metric.
  var pair: (prediction: Tensor<Scalar>, target: Tensor<Scalar>) { (input("prediction"), input("target")) }

  /// The output of a metric of two arguments and, where asked for, its gradients, from the upstream gradient.
  func pairResults(
    _ output: String, value: (Tensor<Scalar>, Tensor<Scalar>) -> Tensor<Scalar>,
    gradient: (Tensor<Scalar>, Tensor<Scalar>, Tensor<Scalar>) -> PairGradients<Scalar>
  ) -> OperationResults<Scalar> {
    let (prediction, target) = (input("prediction"), input("target"))
    var results = OperationResults(outputs: [output: value(prediction, target)])
    if asksForGradients {
      let gradients = gradient(prediction, target, cotangent(output))
      results.gradients = ["prediction": gradients.prediction, "target": gradients.target]
    }
    return results
  }

  var withoutGradients: OperationCase { OperationCase(inputs: inputs, attributes: attributes) }
}

extension CaseShapes {
  /// Throws unless both images are there, alike in shape, and `obstacle` finds nothing wrong with it.
  func checkImages(_ obstacle: ([Int]) -> String?) throws(PerceptualError) {
    let shape = self["prediction"]
    if let obstacle = obstacle(shape) { throw PerceptualError(.malformed, obstacle) }
    try checkShape("target", shape)
  }
}

extension PairGradients {
  /// The two gradients by the names of their inputs.
  var named: [String: Tensor<Scalar>] { ["prediction": prediction, "target": target] }
}
