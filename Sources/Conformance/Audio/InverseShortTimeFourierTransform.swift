import Fast
import PerceptualCore
import Reference

enum InverseShortTimeFourierTransform: OperationWithOptions {
  static let name = "inverseShortTimeFourierTransform"
  static let inputs: [InputDescription] = [.init("real", "[bins, frames]"), .init("imaginary", "[bins, frames]")]
  static let attributes: [AttributeDescription] = Attributes.shortTime + ["length"]
  static let outputs = ["signal"]
  static let gradients = ["real", "imaginary"]

  static func tolerance(_ tensor: ResultName, _ side: Side) -> Tolerance {
    .bound(
      epsilons: side == .fast ? 16 : 32,
      reason: side == .fast
        ? "a fast transform of n values errs by log2(n) / 2 x the root of their squares' sum, over the overlap"
        : "a sum of n terms errs by about sqrt(n) / 2 (16 for the paper's window) x their magnitudes, over the overlap"
    ) { given throws(PerceptualError) in
      let (shortTime, length) = try options(given.attributes)
      let bounds = ShortTimeBounds(shortTime, side)
      let real = given.input("real")
      switch tensor {
      case .output:
        return bounds.inverse(real, given.input("imaginary"), length: length)
      case .gradient:
        return bounds.inverseTransposed(given.cotangent("signal"), frames: real.shape[1])
      }
    }
  }

  typealias Options = (shortTime: ShortTimeOptions, length: Int)

  static func options(_ attributes: Attributes) throws(PerceptualError) -> Options {
    (try attributes.shortTime(), try attributes.integer("length", atLeast: 1))
  }

  static func validate(_ given: CaseShapes, _ options: Options) throws(PerceptualError) {
    let (bins, hop) = (options.shortTime.bins, options.shortTime.hop)
    try given.checkShape("real", [bins, nil])
    let frames = given["real"][1]
    try given.checkShape("imaginary", [bins, frames])
    let (covered, overflow) = (frames - 1).multipliedReportingOverflow(by: hop)
    if overflow || covered > 1 << 28 {
      throw .malformed("attribute hop: \(frames) frames \(hop) apart cover more than the 2^28 samples possible")
    }
  }

  static func outputShapes(_ given: CaseShapes, _ options: Options) -> [String: [Int]] { ["signal": [options.length]] }

  static func reference<Scalar>(_ given: OperationCase<Scalar>, _ options: Options) -> OperationResults<Scalar> {
    let spectrum = Spectrum(real: given.input("real"), imaginary: given.input("imaginary"))
    let (shortTime, length) = options
    return given.results(
      ["signal": Reference.inverseShortTimeFourierTransform(spectrum, length: length, options: shortTime)],
      gradients: Reference.inverseShortTimeFourierTransformGradient(
        upstream: given.cotangent("signal"), frames: spectrum.real.shape[1], options: shortTime
      ).named)
  }

  static func fast(_ given: OperationCase<Float>, _ options: Options) -> OperationResults<Float> {
    let spectrum = Spectrum(real: given.input("real"), imaginary: given.input("imaginary"))
    let (shortTime, length) = options
    return given.results(
      ["signal": Fast.inverseShortTimeFourierTransform(spectrum, length: length, options: shortTime)],
      gradients: Fast.inverseShortTimeFourierTransformGradient(
        upstream: given.cotangent("signal"), frames: spectrum.real.shape[1], options: shortTime
      ).named)
  }
}
