import Fast
import PerceptualCore
import Reference

enum HardQuantization: Operation {
  static let name = "hardQuantization"
  static let inputs = [InputDescription("x", "any")]
  static let attributes = [AttributeDescription("centres")]
  static let outputs = ["y"]
  static let gradients: [String] = []

  static func tolerance(_ tensor: ResultName, _ side: Side) -> Tolerance {
    .relative(epsilons: 0.5, reason: "a centre, rounded to the scalar")
  }

  static func validate(_ given: CaseShapes) throws(PerceptualError) {
    _ = try centres(given.attributes)
  }

  static func outputShapes(_ given: CaseShapes) throws(PerceptualError) -> [String: [Int]] {
    ["y": given["x"]]
  }

  static func reference<Scalar: BinaryFloatingPoint & Sendable>(
    _ operationCase: OperationCase<Scalar>
  ) throws(PerceptualError) -> OperationResults<Scalar> {
    let centres = try centres(operationCase.attributes)
    return OperationResults(outputs: ["y": Reference.hardQuantization(operationCase.input("x"), centres: centres)])
  }

  static func fast(_ operationCase: OperationCase<Float>) throws(PerceptualError) -> OperationResults<Float> {
    let centres = try centres(operationCase.attributes)
    return OperationResults(outputs: ["y": Fast.hardQuantization(operationCase.input("x"), centres: centres)])
  }
}
