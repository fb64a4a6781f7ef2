import PerceptualCore

/// The Bark distance under the target's masking thresholds, which the gradients hold fixed.
enum MaskedBarkDistance: BarkOperation {
  static let name = "maskedBarkDistance"
  static let isMasked = true
  static let attributes: [AttributeDescription] =
    Attributes.auditoryFilters + [
      "stride", "aWeighting", .init("distance", default: "\"meanSquaredError\""),
    ] + Attributes.barkMasking

  static func tolerance(_ tensor: ResultName, _ side: Side) -> Tolerance {
    switch (tensor, side) {
    case (.output, .fast):
      .relative(
        epsilons: 16.8, reason: "2e-6: transforms, powers and thresholds in single precision, sums joined in double")
    case (.gradient, .referenceFloat), (.gradient, .fast):
      .judged(
        epsilons: side == .fast ? 42 : 200,
        reason: "\(side == .fast ? "5e-6" : "2e-4") in relative L2 norm: a threshold of 1e-6 makes a factor of 1000, "
          + "which amplifies an error of x",
        residual: { _, actual, expected in BarkDistance.distance(actual, expected) })
    default: BarkDistance.tolerance(tensor, side)
    }
  }

  static let presets = [Preset("masked", BarkDistanceOptions.maskedClipGenerator.attributes)]
}
