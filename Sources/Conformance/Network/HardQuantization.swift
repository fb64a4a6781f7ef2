import Fast
import PerceptualCore
import Reference

enum HardQuantization: ElementOperation {
  static let name = "hardQuantization"
  static let attributes: [AttributeDescription] = ["centres"]
  static let gradients: [String] = []

  static func tolerance(_ tensor: ResultName, _ side: Side) -> Tolerance {
    .relative(epsilons: 0.5, reason: "a centre, rounded to the scalar")
  }

  static func options(_ attributes: Attributes) throws(PerceptualError) -> [Double] { try centres(attributes) }

  static func reference<Scalar>(_ given: OperationCase<Scalar>, _ centres: [Double]) -> OperationResults<Scalar> {
    OperationResults(outputs: ["y": Reference.hardQuantization(given.input("x"), centres: centres)])
  }

  static func fast(_ given: OperationCase<Float>, _ centres: [Double]) -> OperationResults<Float> {
    OperationResults(outputs: ["y": Fast.hardQuantization(given.input("x"), centres: centres)])
  }
}
