import Fast
import PerceptualCore
import Reference

enum ShortTimeFourierTransform: OperationWithOptions {
  static let name = "shortTimeFourierTransform"
  static let inputs: [InputDescription] = [.init("signal", "[T]")]
  static let attributes = Attributes.shortTime
  static let outputs = ["real", "imaginary"]
  static let gradients = ["signal"]

  static func tolerance(_ tensor: ResultName, _ side: Side) -> Tolerance {
    .bound(
      epsilons: side == .fast ? 16 : 32,
      reason: side == .fast
        ? "a fast transform of n values errs by log2(n) / 2 x the root of their squares' sum"
        : "a sum of n terms errs by about sqrt(n) / 2 (16 for the paper's window) x the sum of their magnitudes"
    ) { given throws(PerceptualError) in
      let bounds = ShortTimeBounds(try given.attributes.shortTime(), side)
      let signal = given.input("signal")
      switch tensor {
      case .output:
        let sizes = bounds.transform(signal)
        var scale = Tensor<Double>(shape: [bounds.options.bins, sizes.count])
        for k in 0..<bounds.options.bins { for t in 0..<sizes.count { scale[k, t] = sizes[t] } }
        return scale
      case .gradient:
        let sizes = bounds.sizes(given.cotangent("real"), given.cotangent("imaginary"))
        return bounds.transformTransposed(sizes, samples: signal.count)
      }
    }
  }

  typealias Options = ShortTimeOptions

  static func options(_ attributes: Attributes) throws(PerceptualError) -> Options { try attributes.shortTime() }

  static func validate(_ given: CaseShapes, _ options: Options) throws(PerceptualError) {
    try given.checkSignal(options)
  }

  static func outputShapes(_ given: CaseShapes, _ options: Options) -> [String: [Int]] {
    let shape = [options.bins, options.frames(samples: given.count("signal"))]
    return ["real": shape, "imaginary": shape]
  }

  static func reference<Scalar>(_ given: OperationCase<Scalar>, _ options: Options) -> OperationResults<Scalar> {
    let signal = given.input("signal")
    return given.results(
      Reference.shortTimeFourierTransform(signal, options: options).named,
      gradients: [
        "signal": Reference.shortTimeFourierTransformGradient(
          upstream: Spectrum(real: given.cotangent("real"), imaginary: given.cotangent("imaginary")),
          length: signal.count, options: options)
      ])
  }

  static func fast(_ given: OperationCase<Float>, _ options: Options) -> OperationResults<Float> {
    let signal = given.input("signal")
    return given.results(
      Fast.shortTimeFourierTransform(signal, options: options).named,
      gradients: [
        "signal": Fast.shortTimeFourierTransformGradient(
          upstream: Spectrum(real: given.cotangent("real"), imaginary: given.cotangent("imaginary")),
          length: signal.count, options: options)
      ])
  }
}

extension Spectrum {
  var named: [String: Tensor<Scalar>] { ["real": real, "imaginary": imaginary] }
}
