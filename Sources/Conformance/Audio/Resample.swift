import Fast
import PerceptualCore
import Reference

enum Resample: OperationWithOptions {
  static let name = "resample"
  static let inputs: [InputDescription] = [.init("signal", "[C,T]")]
  static let attributes: [AttributeDescription] = ["from", "to", .init("design", default: "\"torchaudio\"")]
  static let outputs = ["signal"]
  static let gradients = ["signal"]

  static func tolerance(_ tensor: ResultName, _ side: Side) -> Tolerance {
    .bound(
      epsilons: 16,
      reason: "a sum of n products errs by about sqrt(n) / 2 x the taps' absolute sum (under 4) x the largest sample"
    ) { given throws(PerceptualError) in
      let rates = try options(given.attributes)
      // An oracle that computes its taps in the scalar subtracts times near 1 before it multiplies by the rate.
      let ofTaps = side == .reference ? 1 + Double(min(rates.old, rates.new) / rates.divisor) / 16 : 1
      switch tensor {
      case .output:
        let shape = try outputShapes(given)["signal"] ?? []
        return largest(of: given.input("signal"), shape: shape, times: ofTaps)
      case .gradient:
        // Upsampling, an input sample is heard in new / old times as many outputs.
        return largest(
          of: given.cotangent("signal"), shape: given.input("signal").shape,
          times: ofTaps * max(1, Double(rates.new) / Double(rates.old)))
      }
    }
  }

  /// The largest magnitude of each channel of `tensor`, for all elements of that channel in `shape`.
  private static func largest(of tensor: Tensor<Double>, shape: [Int], times factor: Double) -> Tensor<Double> {
    var bounds = Tensor<Double>(shape: shape)
    for c in 0..<shape[0] {
      var greatest = 0.0
      for t in 0..<tensor.shape[1] { greatest = max(greatest, abs(tensor[c, t])) }
      for t in 0..<shape[1] { bounds[c, t] = factor * greatest }
    }
    return bounds
  }

  struct Rates {
    var old: Int
    var new: Int
    var design: ResamplingDesign
    /// The rates' greatest common divisor.
    var divisor: Int
    init(_ attributes: Attributes) throws(PerceptualError) {
      old = try attributes.integer("from", atLeast: 1)
      new = try attributes.integer("to", atLeast: 1)
      design = try attributes.choice("design", default: .torchaudio)
      divisor = greatestCommonDivisor(old, new)
      guard max(old, new) / divisor <= largestResamplingRate else {
        throw .malformed(
          "attributes from \(old) and to \(new): over \(divisor), at most \(largestResamplingRate) was expected")
      }
      // Reference holds the filter of every phase whole.
      guard Double(old / divisor) * Double(new / divisor) <= 0x1p24 else {
        throw .malformed(
          "attributes from \(old) and to \(new): rates with a larger common divisor were expected, found \(divisor)")
      }
    }
  }

  typealias Options = Rates

  static func options(_ attributes: Attributes) throws(PerceptualError) -> Rates { try Rates(attributes) }

  static func validate(_ given: CaseShapes, _ rates: Rates) throws(PerceptualError) {
    try given.checkShape("signal", [nil, nil])
  }

  static func outputShapes(_ given: CaseShapes, _ rates: Rates) -> [String: [Int]] {
    let shape = given["signal"]
    return ["signal": [shape[0], resampledCount(shape[1], from: rates.old, to: rates.new)]]
  }

  static func reference<Scalar>(_ given: OperationCase<Scalar>, _ rates: Rates) -> OperationResults<Scalar> {
    let signal = given.input("signal")
    return given.results(
      ["signal": Reference.resample(signal, from: rates.old, to: rates.new, design: rates.design)],
      gradients: [
        "signal": Reference.resampleGradient(
          upstream: given.cotangent("signal"), samples: signal.shape[1], from: rates.old, to: rates.new,
          design: rates.design)
      ])
  }

  static func fast(_ given: OperationCase<Float>, _ rates: Rates) -> OperationResults<Float> {
    let signal = given.input("signal")
    return given.results(
      ["signal": Fast.resample(signal, from: rates.old, to: rates.new, design: rates.design)],
      gradients: [
        "signal": Fast.resampleGradient(
          upstream: given.cotangent("signal"), samples: signal.shape[1], from: rates.old, to: rates.new,
          design: rates.design)
      ])
  }
}
