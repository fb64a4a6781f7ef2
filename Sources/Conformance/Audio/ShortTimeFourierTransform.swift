import Fast
import PerceptualCore
import Reference

enum ShortTimeFourierTransform: Operation {
  static let name = "shortTimeFourierTransform"
  static let inputs = [InputDescription("signal", "[T]")]
  static let attributes = Attributes.shortTime
  static let outputs = ["real", "imaginary"]
  static let gradients = ["signal"]

  static func tolerance(_ tensor: ResultName, _ side: Side) -> Tolerance {
    .bound(
      epsilons: side == .fast ? 16 : 32,
      reason: side == .fast
        ? "a fast transform of n values errs by log2(n) / 2 x the root of their squares' sum"
        : "a sum of n terms errs by about sqrt(n) / 2 (16 for the paper's window) x the sum of their magnitudes"
    ) { operationCase throws(PerceptualError) in
      let bounds = ShortTimeBounds(try operationCase.attributes.shortTime(), side)
      let signal = operationCase.input("signal")
      switch tensor {
      case .output:
        let sizes = bounds.transform(signal)
        var scale = Tensor<Double>(shape: [bounds.options.bins, sizes.count])
        for k in 0..<bounds.options.bins { for t in 0..<sizes.count { scale[k, t] = sizes[t] } }
        return scale
      case .gradient:
        let sizes = bounds.sizes(operationCase.cotangent("real"), operationCase.cotangent("imaginary"))
        return bounds.transformTransposed(sizes, samples: signal.count)
      }
    }
  }

  static func validate(_ given: CaseShapes) throws(PerceptualError) {
    try given.checkShape("signal", [nil])
    _ = try given.attributes.shortTime().frames(checking: given.count("signal"))
  }

  static func outputShapes(_ given: CaseShapes) throws(PerceptualError) -> [String: [Int]] {
    let options = try given.attributes.shortTime()
    let shape = [options.bins, options.frames(samples: given.count("signal"))]
    return ["real": shape, "imaginary": shape]
  }

  static func reference<Scalar: BinaryFloatingPoint & Sendable>(
    _ operationCase: OperationCase<Scalar>
  ) throws(PerceptualError) -> OperationResults<Scalar> {
    let signal = operationCase.input("signal")
    let options = try operationCase.attributes.shortTime()
    let spectrum = Reference.shortTimeFourierTransform(signal, options: options)
    var results = OperationResults(outputs: ["real": spectrum.real, "imaginary": spectrum.imaginary])
    if operationCase.asksForGradients {
      let upstream = Spectrum(
        real: operationCase.cotangent("real"), imaginary: operationCase.cotangent("imaginary"))
      results.gradients["signal"] = Reference.shortTimeFourierTransformGradient(
        upstream: upstream, length: signal.count, options: options)
    }
    return results
  }

  static func fast(_ operationCase: OperationCase<Float>) throws(PerceptualError) -> OperationResults<Float> {
    let signal = operationCase.input("signal")
    let options = try operationCase.attributes.shortTime()
    let spectrum = Fast.shortTimeFourierTransform(signal, options: options)
    var results = OperationResults(outputs: ["real": spectrum.real, "imaginary": spectrum.imaginary])
    if operationCase.asksForGradients {
      let upstream = Spectrum(
        real: operationCase.cotangent("real"), imaginary: operationCase.cotangent("imaginary"))
      results.gradients["signal"] = Fast.shortTimeFourierTransformGradient(
        upstream: upstream, length: signal.count, options: options)
    }
    return results
  }
}
