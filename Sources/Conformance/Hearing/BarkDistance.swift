import Fast
import Foundation
import PerceptualCore
import PerceptualFiles
import Reference

enum BarkDistance: BarkOperation {
  static let name = "barkDistance"
  static let isMasked = false
  static let attributes: [AttributeDescription] =
    Attributes.auditoryFilters + [
      "stride", "logFactor", "aWeighting", .init("distance", default: "\"meanSquaredError\""),
    ] + Attributes.auditoryScale

  static func tolerance(_ tensor: ResultName, _ side: Side) -> Tolerance {
    switch (tensor, side) {
    case (.output, .reference):
      .relative(epsilons: 450, reason: "1e-13: sums of thousands of terms, in another order than the oracle's")
    case (.output, .referenceFloat):
      .relative(epsilons: 100, reason: "sums over bands and positions in single precision, one after the other")
    case (.output, .fast):
      .relative(
        epsilons: 16, reason: "2e-6: spectra of signals and sums in double, what lies between in single precision")
    case (.gradient, .reference):
      .judged(
        epsilons: 4.5e4, reason: "1e-11 in relative L2 norm: sums of thousands of terms in another order",
        residual: { _, actual, expected in distance(actual, expected) })
    case (.gradient, .referenceFloat):
      .judged(
        epsilons: 200, reason: "as the value; L2 norm relative to the factor's amplification", residual: amplified)
    case (.gradient, .fast):
      .judged(
        epsilons: 16.8,
        reason:
          "2e-6 in relative L2 norm to factor 100, 1e-5 at 10 000: factor / (1 + factor x) amplifies an error of x",
        residual: amplified)
    }
  }

  /// The norm of the difference over that of the expected gradient.
  @Sendable static func distance(_ actual: Tensor<Double>, _ expected: Tensor<Double>) -> Double {
    var (error, norm) = (0.0, 0.0)
    for i in 0..<expected.count {
      error += (actual[i] - expected[i]) * (actual[i] - expected[i])
      norm += expected[i] * expected[i]
    }
    return norm == 0 ? error.squareRoot() : (error / norm).squareRoot()
  }

  /// The same over 1 up to factor 100, 5 at 10 000, and in between as the factor's power.
  @Sendable private static func amplified(
    _ given: OperationCase<Double>, _ actual: Tensor<Double>, _ expected: Tensor<Double>
  ) throws(PerceptualError) -> Double {
    let factor = try given.attributes.number("logFactor")
    // 100^0.35 is 5.
    return distance(actual, expected) / max(1, pow(factor / 100, 0.35))
  }

  static let presets = [
    Preset("clip-generator", BarkDistanceOptions.clipGenerator.attributes),
    Preset("raw-autoencoder", BarkDistanceOptions.rawAutoencoder.attributes),
  ]
}

/// The distance with masking and without.
protocol BarkOperation: PairOperation where Options == BarkDistanceOptions {
  static var isMasked: Bool { get }
}

extension BarkOperation {
  static var inputShape: String { "[N,T]" }

  static func options(_ attributes: Attributes) throws(PerceptualError) -> Options {
    try attributes.barkDistanceOptions(isMasked: isMasked)
  }

  static func validate(_ given: CaseShapes, _ options: Options) throws(PerceptualError) {
    let obstacle = options.obstacle(prediction: given["prediction"], target: given["target"])
    if let obstacle { throw .malformed("input.\(obstacle)") }
  }

  static func reference<Scalar>(_ given: OperationCase<Scalar>, _ options: Options) -> OperationResults<Scalar> {
    pairResults(given, Reference.barkDistance, gradient: Reference.barkDistanceGradient, options: options)
  }

  static func fast(_ given: OperationCase<Float>, _ options: Options) -> OperationResults<Float> {
    pairResults(given, Fast.barkDistance, gradient: Fast.barkDistanceGradient, options: options)
  }
}

extension BarkDistanceOptions {
  /// As the operation takes them; with masking those of ``MaskedBarkDistance``.
  var attributes: [String: JSONValue] {
    var result: [String: JSONValue] = [
      "sampleRate": .number(filters.sampleRate), "lowFrequency": .number(filters.lowFrequency),
      "highFrequency": .number(filters.highFrequency), "bands": .integer(filters.bands), "taps": .integer(filters.taps),
      "stride": .integer(stride), "aWeighting": .bool(aWeighting), "distance": .string(distance.rawValue),
    ]
    if let masking {
      result["frame"] = .integer(masking.frame)
      result["offset"] = .number(masking.offset)
      result["fullScaleLevel"] = .number(masking.fullScaleLevel)
    } else {
      result["logFactor"] = .number(logFactor)
    }
    return result
  }
}
