import Fast
import PerceptualCore
import Reference

enum InverseShortTimeFourierTransform: Operation {
  static let name = "inverseShortTimeFourierTransform"
  static let inputs = [InputDescription("real", "[bins, frames]"), InputDescription("imaginary", "[bins, frames]")]
  static let attributes = Attributes.shortTime + [AttributeDescription("length")]
  static let outputs = ["signal"]
  static let gradients = ["real", "imaginary"]

  static func tolerance(_ tensor: ResultName, _ side: Side) -> Tolerance {
    .bound(
      epsilons: side == .fast ? 16 : 32,
      reason: side == .fast
        ? "a fast transform of n values errs by log2(n) / 2 x the root of their squares' sum, over the overlap"
        : "a sum of n terms errs by about sqrt(n) / 2 (16 for the paper's window) x their magnitudes, over the overlap"
    ) { operationCase throws(PerceptualError) in
      let bounds = ShortTimeBounds(try operationCase.attributes.shortTime(), side)
      let real = operationCase.input("real")
      switch tensor {
      case .output:
        return bounds.inverse(
          real, operationCase.input("imaginary"), length: try operationCase.attributes.integer("length"))
      case .gradient:
        return bounds.inverseTransposed(operationCase.cotangent("signal"), frames: real.shape[1])
      }
    }
  }

  static func validate(_ given: CaseShapes) throws(PerceptualError) {
    let options = try given.attributes.shortTime()
    try given.checkShape("real", [options.bins, nil])
    try given.checkShape("imaginary", [options.bins, given["real"][1]])
    _ = try given.attributes.integer("length", atLeast: 1)
    let frames = given["real"][1]
    let (covered, overflow) = (frames - 1).multipliedReportingOverflow(by: options.hop)
    if overflow || covered > 1 << 28 {
      throw PerceptualError(
        .malformed, "attribute hop: \(frames) frames \(options.hop) apart cover more than the 2^28 samples possible")
    }
  }

  static func outputShapes(_ given: CaseShapes) throws(PerceptualError) -> [String: [Int]] {
    ["signal": [try given.attributes.integer("length")]]
  }

  static func reference<Scalar: BinaryFloatingPoint & Sendable>(
    _ operationCase: OperationCase<Scalar>
  ) throws(PerceptualError) -> OperationResults<Scalar> {
    let spectrum = Spectrum(real: operationCase.input("real"), imaginary: operationCase.input("imaginary"))
    let options = try operationCase.attributes.shortTime()
    let length = try operationCase.attributes.integer("length")
    var results = OperationResults(outputs: [
      "signal": Reference.inverseShortTimeFourierTransform(spectrum, length: length, options: options)
    ])
    if operationCase.asksForGradients {
      let gradient = Reference.inverseShortTimeFourierTransformGradient(
        upstream: operationCase.cotangent("signal"), frames: spectrum.real.shape[1], options: options)
      results.gradients = ["real": gradient.real, "imaginary": gradient.imaginary]
    }
    return results
  }

  static func fast(_ operationCase: OperationCase<Float>) throws(PerceptualError) -> OperationResults<Float> {
    let spectrum = Spectrum(real: operationCase.input("real"), imaginary: operationCase.input("imaginary"))
    let options = try operationCase.attributes.shortTime()
    let length = try operationCase.attributes.integer("length")
    var results = OperationResults(outputs: [
      "signal": Fast.inverseShortTimeFourierTransform(spectrum, length: length, options: options)
    ])
    if operationCase.asksForGradients {
      let gradient = Fast.inverseShortTimeFourierTransformGradient(
        upstream: operationCase.cotangent("signal"), frames: spectrum.real.shape[1], options: options)
      results.gradients = ["real": gradient.real, "imaginary": gradient.imaginary]
    }
    return results
  }
}
