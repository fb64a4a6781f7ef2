import Fast
import PerceptualCore
import Reference

enum Sigmoid: ElementOperation {
  static let name = "sigmoid"

  static func tolerance(_ tensor: ResultName, _ side: Side) -> Tolerance {
    switch tensor {
    case .output:
      .relative(epsilons: 3, reason: "the exponential within 2 units in the last place, a sum and a quotient")
    case .gradient:
      .bound(epsilons: 4, reason: "y (1 - y) from a y within 3 epsilons: relative to y, since 1 - y may cancel") {
        given throws(PerceptualError) in
        let y = Reference.sigmoid(given.input("x"))
        var scale = given.cotangent("y").magnitude
        for i in 0..<scale.count { scale[i] = scale[i] * y[i] + (scale[i] + 1) * side.least / side.epsilon }
        return scale
      }
    }
  }

  static func reference<Scalar>(_ given: OperationCase<Scalar>, _ options: Void) -> OperationResults<Scalar> {
    unaryResults(given, Reference.sigmoid, gradient: Reference.sigmoidGradient)
  }

  static func fast(_ given: OperationCase<Float>, _ options: Void) -> OperationResults<Float> {
    unaryResults(given, Fast.sigmoid, gradient: Fast.sigmoidGradient)
  }
}
