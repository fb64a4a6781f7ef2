import Fast
import PerceptualCore
import Reference

/// The Bark distance under the target's masking thresholds, which the gradients hold fixed.
enum MaskedBarkDistance: Operation {
  static let name = "maskedBarkDistance"
  static let inputs = [InputDescription("prediction", "[N,T]"), InputDescription("target", "[N,T]")]
  static let attributes =
    Attributes.auditoryFilters + [
      AttributeDescription("stride"), AttributeDescription("aWeighting"),
      AttributeDescription("distance", default: "\"meanSquaredError\""),
    ] + Attributes.barkMasking
  static let outputs = ["value"]
  static let gradients = ["prediction", "target"]

  static func tolerance(_ tensor: ResultName, _ side: Side) -> Tolerance {
    switch (tensor, side) {
    case (.output, .reference):
      .relative(epsilons: 450, reason: "1e-13: sums of thousands of terms, in another order than the oracle's")
    case (.output, .referenceFloat):
      .relative(epsilons: 100, reason: "sums over bands and positions in single precision, one after the other")
    case (.output, .fast):
      .relative(
        epsilons: 16.8, reason: "2e-6: transforms, powers and thresholds in single precision, sums joined in double")
    case (.gradient, .reference):
      .judged(
        epsilons: 4.5e4, reason: "1e-11 in relative L2 norm: sums of thousands of terms in another order",
        residual: { _, actual, expected in BarkDistance.distance(actual, expected) })
    case (.gradient, _):
      .judged(
        epsilons: side == .fast ? 42 : 200,
        reason: "\(side == .fast ? "5e-6" : "2e-4") in relative L2 norm: a threshold of 1e-6 makes a factor of 1000, "
          + "which amplifies an error of x",
        residual: { _, actual, expected in BarkDistance.distance(actual, expected) })
    }
  }

  static func validate(_ given: CaseShapes) throws(PerceptualError) {
    let options = try given.attributes.barkDistanceOptions(isMasked: true)
    let obstacle = options.obstacle(
      prediction: given["prediction"], target: given["target"])
    if let obstacle { throw PerceptualError(.malformed, "input.\(obstacle)") }
  }

  static let presets = [Preset("masked", BarkDistanceOptions.maskedClipGenerator.attributes)]

  static func outputShapes(_ given: CaseShapes) throws(PerceptualError) -> [String: [Int]] {
    ["value": [given["prediction"][0]]]
  }

  static func reference<Scalar: BinaryFloatingPoint & Sendable>(
    _ operationCase: OperationCase<Scalar>
  ) throws(PerceptualError) -> OperationResults<Scalar> {
    let options = try operationCase.attributes.barkDistanceOptions(isMasked: true)
    return operationCase.pairResults("value") {
      Reference.barkDistance($0, target: $1, options: options)
    } gradient: {
      Reference.barkDistanceGradient($0, target: $1, upstream: $2, options: options)
    }
  }

  static func fast(_ operationCase: OperationCase<Float>) throws(PerceptualError) -> OperationResults<Float> {
    let options = try operationCase.attributes.barkDistanceOptions(isMasked: true)
    return operationCase.pairResults("value") {
      Fast.barkDistance($0, target: $1, options: options)
    } gradient: {
      Fast.barkDistanceGradient($0, target: $1, upstream: $2, options: options)
    }
  }
}
