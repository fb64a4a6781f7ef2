import Fast
import PerceptualCore
import Reference

enum PeakSignalToNoiseRatio: PairOperation {
  static let name = "peakSignalToNoiseRatio"
  static let inputShape = "[N,...]"
  static let attributes: [AttributeDescription] = [.init("dataRange", default: "1")]

  static func tolerance(_ tensor: ResultName, _ side: Side) -> Tolerance {
    switch (tensor, side) {
    case (.output, .fast):
      .bound(
        epsilons: 16, reason: "decibels: 4.3 times the relative error of the mean, and the logarithm's",
        scale: decibels)
    case (.output, _):
      .bound(epsilons: 0.5, reason: "decibels: 4.3 times the a-priori bound of a sum of M terms, in order") {
        given throws(PerceptualError) in
        let x = given.input("prediction")
        let terms = 5 * Double(x.count / x.shape[0] + 16)
        return try decibels(given).map { $0 * terms }
      }
    case (.gradient, .fast):
      .relative(epsilons: 32, reason: "a difference, products and a quotient, and the error of the mean")
    case (.gradient, _):
      .bound(epsilons: 0.5, reason: "the a-priori bound of the sum of M squares that divides it") {
        given throws(PerceptualError) in
        let x = given.input("prediction")
        let terms = Double(x.count / x.shape[0] + 32)
        return try reference(given)[tensor].map { abs($0) * terms }
      }
    }
  }

  /// The magnitude of a value in decibels, at least 10: near 0 it is a difference of logarithms.
  @Sendable private static func decibels(_ given: OperationCase<Double>) throws(PerceptualError) -> Tensor<Double> {
    try reference(given.withoutGradients)[.output("value")].map { $0.isFinite ? max(abs($0), 10) : 10 }
  }

  /// The data range.
  static func options(_ attributes: Attributes) throws(PerceptualError) -> Double {
    let range = try attributes.number("dataRange", default: 1)
    if !(range > 0 && range.isFinite) { throw .malformed("dataRange: \(range) given, a positive number is needed") }
    return range
  }

  static func validate(_ given: CaseShapes, _ range: Double) throws(PerceptualError) {
    try MeanSquaredError.validate(given)
  }

  static func reference<Scalar>(_ given: OperationCase<Scalar>, _ range: Double) -> OperationResults<Scalar> {
    pairResults(
      given, Reference.peakSignalToNoiseRatio, gradient: Reference.peakSignalToNoiseRatioGradient, options: range)
  }

  static func fast(_ given: OperationCase<Float>, _ range: Double) -> OperationResults<Float> {
    pairResults(given, Fast.peakSignalToNoiseRatio, gradient: Fast.peakSignalToNoiseRatioGradient, options: range)
  }
}
