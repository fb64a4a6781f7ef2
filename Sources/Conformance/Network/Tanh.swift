import Fast
import PerceptualCore
import Reference

enum Tanh: Operation {
  static let name = "tanh"
  static let inputs = [InputDescription("x", "any")]
  static let attributes: [AttributeDescription] = []
  static let outputs = ["y"]
  static let gradients = ["x"]

  static func tolerance(_ tensor: ResultName, _ side: Side) -> Tolerance {
    switch tensor {
    case .output:
      .relative(epsilons: 3, reason: "the exponential within 2 ulp, a quotient; near 0 a polynomial")
    case .gradient:
      .bound(epsilons: 4, reason: "1 - y^2 from a y within 3 epsilons: absolute, where y is near 1") {
        operationCase throws(PerceptualError) in operationCase.cotangent("y").magnitude
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
      Reference.tanh($0)
    } gradient: {
      Reference.tanhGradient($0, upstream: $1)
    }
  }

  static func fast(_ operationCase: OperationCase<Float>) throws(PerceptualError) -> OperationResults<Float> {
    operationCase.elementResults {
      Fast.tanh($0)
    } gradient: {
      Fast.tanhGradient($0, upstream: $1)
    }
  }
}
