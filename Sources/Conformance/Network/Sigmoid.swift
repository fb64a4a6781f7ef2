import Fast
import PerceptualCore
import Reference

enum Sigmoid: Operation {
  static let name = "sigmoid"
  static let inputs = [InputDescription("x", "any")]
  static let attributes: [AttributeDescription] = []
  static let outputs = ["y"]
  static let gradients = ["x"]

  static func tolerance(_ tensor: ResultName, _ side: Side) -> Tolerance {
    switch tensor {
    case .output:
      .relative(epsilons: 3, reason: "the exponential within 2 units in the last place, a sum and a quotient")
    case .gradient:
      .bound(epsilons: 4, reason: "y (1 - y) from a y within 3 epsilons: relative to y, since 1 - y may cancel") {
        operationCase throws(PerceptualError) in
        let y = Reference.sigmoid(operationCase.input("x"))
        var scale = operationCase.cotangent("y").magnitude
        let least = side == .reference ? Double.leastNonzeroMagnitude : Double(Float.leastNonzeroMagnitude)
        for i in 0..<scale.count { scale[i] = scale[i] * y[i] + (scale[i] + 1) * least / side.epsilon }
        return scale
      }
    }
  }

  static func validate(_ given: CaseShapes) throws(PerceptualError) {}

  static func outputShapes(_ given: CaseShapes) throws(PerceptualError) -> [String: [Int]] {
    ["y": given["x"]]
  }

  static func reference<Scalar: BinaryFloatingPoint & Sendable>(
    _ operationCase: OperationCase<Scalar>
  ) throws(PerceptualError) -> OperationResults<Scalar> {
    operationCase.elementResults {
      Reference.sigmoid($0)
    } gradient: {
      Reference.sigmoidGradient($0, upstream: $1)
    }
  }

  static func fast(_ operationCase: OperationCase<Float>) throws(PerceptualError) -> OperationResults<Float> {
    operationCase.elementResults {
      Fast.sigmoid($0)
    } gradient: {
      Fast.sigmoidGradient($0, upstream: $1)
    }
  }
}
