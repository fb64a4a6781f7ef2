import Fast
import PerceptualCore
import Reference

enum LeakyReLU: Operation {
  static let name = "leakyReLU"
  static let inputs = [InputDescription("x", "any")]
  static let attributes = [AttributeDescription("slope", default: "0.01")]
  static let outputs = ["y"]
  static let gradients = ["x"]

  static func tolerance(_ tensor: ResultName, _ side: Side) -> Tolerance {
    .relative(epsilons: 1, reason: "the slope is rounded to the scalar, then one product is rounded")
  }

  static func validate(_ given: CaseShapes) throws(PerceptualError) {
    _ = try given.attributes.number("slope", default: 0.01)
  }

  static func outputShapes(_ given: CaseShapes) throws(PerceptualError) -> [String: [Int]] {
    ["y": given["x"]]
  }

  static func reference<Scalar: BinaryFloatingPoint & Sendable>(
    _ operationCase: OperationCase<Scalar>
  ) throws(PerceptualError) -> OperationResults<Scalar> {
    let slope = try operationCase.attributes.number("slope", default: 0.01)
    return operationCase.elementResults {
      Reference.leakyReLU($0, slope: slope)
    } gradient: {
      Reference.leakyReLUGradient($0, upstream: $1, slope: slope)
    }
  }

  static func fast(_ operationCase: OperationCase<Float>) throws(PerceptualError) -> OperationResults<Float> {
    let slope = try operationCase.attributes.number("slope", default: 0.01)
    return operationCase.elementResults {
      Fast.leakyReLU($0, slope: slope)
    } gradient: {
      Fast.leakyReLUGradient($0, upstream: $1, slope: slope)
    }
  }
}
