import Fast
import PerceptualCore
import Reference

enum LeakyReLU: ElementOperation {
  static let name = "leakyReLU"
  static let attributes: [AttributeDescription] = [.init("slope", default: "0.01")]

  static func tolerance(_ tensor: ResultName, _ side: Side) -> Tolerance {
    .relative(epsilons: 1, reason: "the slope is rounded to the scalar, then one product is rounded")
  }

  /// The slope.
  static func options(_ attributes: Attributes) throws(PerceptualError) -> Double {
    try attributes.number("slope", default: 0.01)
  }

  static func reference<Scalar>(_ given: OperationCase<Scalar>, _ slope: Double) -> OperationResults<Scalar> {
    unaryResults(given, Reference.leakyReLU, gradient: Reference.leakyReLUGradient, options: slope)
  }

  static func fast(_ given: OperationCase<Float>, _ slope: Double) -> OperationResults<Float> {
    unaryResults(given, Fast.leakyReLU, gradient: Fast.leakyReLUGradient, options: slope)
  }
}
