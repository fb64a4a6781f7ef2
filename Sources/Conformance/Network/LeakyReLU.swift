import Fast
import PerceptualCore
import Reference

enum LeakyReLU: ElementOperation {
  static let name = "leakyReLU"
  static let attributes = [AttributeDescription("slope", default: "0.01")]

  static func tolerance(_ tensor: ResultName, _ side: Side) -> Tolerance {
    .relative(epsilons: 1, reason: "the slope is rounded to the scalar, then one product is rounded")
  }

  /// The slope.
  static func options(_ attributes: Attributes) throws(PerceptualError) -> Double {
    try attributes.number("slope", default: 0.01)
  }

  static func reference<Scalar: Real>(_ given: OperationCase<Scalar>, _ slope: Double) -> OperationResults<Scalar> {
    given.elementResults {
      Reference.leakyReLU($0, slope: slope)
    } gradient: {
      Reference.leakyReLUGradient($0, upstream: $1, slope: slope)
    }
  }

  static func fast(_ given: OperationCase<Float>, _ slope: Double) -> OperationResults<Float> {
    given.elementResults {
      Fast.leakyReLU($0, slope: slope)
    } gradient: {
      Fast.leakyReLUGradient($0, upstream: $1, slope: slope)
    }
  }
}
