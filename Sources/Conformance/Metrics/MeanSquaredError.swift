import Fast
import PerceptualCore
import Reference

enum MeanSquaredError: PairOperation {
  static let name = "meanSquaredError"
  static let inputShape = "[N,...]"

  static func tolerance(_ tensor: ResultName, _ side: Side) -> Tolerance {
    switch (tensor, side) {
    case (.gradient, _):
      .relative(epsilons: 4, reason: "a difference, two products and a quotient are rounded once each")
    case (_, .fast):
      .relative(epsilons: 16, reason: "terms of one sign: runs of 64 summed in single precision, runs joined in double")
    case (_, _):
      .bound(epsilons: 0.5, reason: "the a-priori bound of a sum of M terms of one sign, in order, and of each term") {
        given throws(PerceptualError) in
        let x = given.input("prediction")
        let terms = Double(x.count / x.shape[0] + 4)
        return try reference(given.withoutGradients)[tensor].map { $0 * terms }
      }
    }
  }

  static func validate(_ given: CaseShapes, _ options: Void) throws(PerceptualError) {
    let shape = given["prediction"]
    if shape.isEmpty || shape.contains(0) {
      throw .malformed("input.prediction has shape \(shape), a non-empty [N, ...] is needed")
    }
    try given.checkShape("target", shape)
  }

  static func plan(_ attributes: Attributes, shape: [Int]) throws(PerceptualError) -> (any ImageLossPlan)? {
    try requireImages(shape) { _ in nil }
    return MeanSquaredErrorPlan(shape: shape)
  }

  static func reference<Scalar>(_ given: OperationCase<Scalar>, _ options: Void) -> OperationResults<Scalar> {
    pairResults(given, Reference.meanSquaredError, gradient: Reference.meanSquaredErrorGradient)
  }

  static func fast(_ given: OperationCase<Float>, _ options: Void) -> OperationResults<Float> {
    pairResults(given, Fast.meanSquaredError, gradient: Fast.meanSquaredErrorGradient)
  }
}

extension CaseShapes {
  /// Throws unless both images are there, alike in shape, and `obstacle` finds nothing wrong with it.
  func checkImages(_ obstacle: ([Int]) -> String?) throws(PerceptualError) {
    let shape = self["prediction"]
    if let obstacle = obstacle(shape) { throw .malformed(obstacle) }
    try checkShape("target", shape)
  }
}
