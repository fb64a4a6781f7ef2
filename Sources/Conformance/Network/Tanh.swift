import Fast
import PerceptualCore
import Reference

enum Tanh: ElementOperation {
  static let name = "tanh"

  static func tolerance(_ tensor: ResultName, _ side: Side) -> Tolerance {
    switch tensor {
    case .output:
      .relative(epsilons: 3, reason: "the exponential within 2 ulp, a quotient; near 0 a polynomial")
    case .gradient:
      .bound(epsilons: 4, reason: "1 - y^2 from a y within 3 epsilons: absolute, where y is near 1") {
        given throws(PerceptualError) in given.cotangent("y").magnitude
      }
    }
  }

  static func reference<Scalar>(_ given: OperationCase<Scalar>, _ options: Void) -> OperationResults<Scalar> {
    unaryResults(given, Reference.tanh, gradient: Reference.tanhGradient)
  }

  static func fast(_ given: OperationCase<Float>, _ options: Void) -> OperationResults<Float> {
    unaryResults(given, Fast.tanh, gradient: Fast.tanhGradient)
  }
}
