import Fast
import PerceptualCore
import Reference

enum PeakSignalToNoiseRatio: Operation {
  static let name = "peakSignalToNoiseRatio"
  static let inputs = [InputDescription("prediction", "[N,...]"), InputDescription("target", "[N,...]")]
  static let attributes = [AttributeDescription("dataRange", default: "1")]
  static let outputs = ["value"]
  static let gradients = ["prediction", "target"]

  static func tolerance(_ tensor: ResultName, _ side: Side) -> Tolerance {
    switch (tensor, side) {
    case (.output, .fast):
      .bound(
        epsilons: 16, reason: "decibels: 4.3 times the relative error of the mean, and the logarithm's",
        scale: decibels)
    case (.output, _):
      .bound(epsilons: 0.5, reason: "decibels: 4.3 times the a-priori bound of a sum of M terms, in order") {
        operationCase throws(PerceptualError) in
        let x = operationCase.input("prediction")
        let terms = 5 * Double(x.count / x.shape[0] + 16)
        return try decibels(operationCase).map { $0 * terms }
      }
    case (.gradient, .fast):
      .relative(epsilons: 32, reason: "a difference, products and a quotient, and the error of the mean")
    case (.gradient, _):
      .bound(epsilons: 0.5, reason: "the a-priori bound of the sum of M squares that divides it") {
        operationCase throws(PerceptualError) in
        let x = operationCase.input("prediction")
        let terms = Double(x.count / x.shape[0] + 32)
        guard case .gradient(let input) = tensor else { return Tensor([]) }
        return try reference(operationCase).gradients[input]?.map { abs($0) * terms } ?? Tensor([])
      }
    }
  }

  /// The magnitude of a value in decibels, at least 10: near 0 it is a difference of logarithms.
  @Sendable private static func decibels(
    _ operationCase: OperationCase<Double>
  ) throws(PerceptualError) -> Tensor<Double> {
    try reference(operationCase.withoutGradients).outputs["value"]?.map { $0.isFinite ? max(abs($0), 10) : 10 }
      ?? Tensor([])
  }

  private static func dataRange(_ attributes: Attributes) throws(PerceptualError) -> Double {
    let range = try attributes.number("dataRange", default: 1)
    if !(range > 0 && range.isFinite) {
      throw PerceptualError(.malformed, "dataRange: \(range) given, a positive number is needed")
    }
    return range
  }

  static func validate(_ given: CaseShapes) throws(PerceptualError) {
    _ = try dataRange(given.attributes)
    try MeanSquaredError.validate(given)
  }

  static func outputShapes(_ given: CaseShapes) throws(PerceptualError) -> [String: [Int]] {
    ["value": [given["prediction"][0]]]
  }

  static func reference<Scalar: BinaryFloatingPoint & Sendable>(
    _ operationCase: OperationCase<Scalar>
  ) throws(PerceptualError) -> OperationResults<Scalar> {
    let range = try dataRange(operationCase.attributes)
    return operationCase.pairResults("value") {
      Reference.peakSignalToNoiseRatio($0, target: $1, dataRange: range)
    } gradient: {
      Reference.peakSignalToNoiseRatioGradient($0, target: $1, upstream: $2, dataRange: range)
    }
  }

  static func fast(_ operationCase: OperationCase<Float>) throws(PerceptualError) -> OperationResults<Float> {
    let range = try dataRange(operationCase.attributes)
    return operationCase.pairResults("value") {
      Fast.peakSignalToNoiseRatio($0, target: $1, dataRange: range)
    } gradient: {
      Fast.peakSignalToNoiseRatioGradient($0, target: $1, upstream: $2, dataRange: range)
    }
  }
}
