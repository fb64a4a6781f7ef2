import Fast
import PerceptualCore
import Reference

enum MelFilterBank: OperationWithOptions {
  static let name = "melFilterBank"
  static let inputs: [InputDescription] = []
  static let attributes: [AttributeDescription] = ["sampleRate", "bins", "mels"] + Attributes.band
  static let outputs = ["weights"]
  static let gradients: [String] = []

  static func tolerance(_ tensor: ResultName, _ side: Side) -> Tolerance {
    if side != .reference { return .ofLargest(epsilons: 1, reason: "computed in Double and rounded once") }
    return .bound(
      epsilons: 16,
      reason: "edges err by a few roundings of the highest frequency, and are divided by a filter's flanks"
    ) { given throws(PerceptualError) in
      let options = try options(given.attributes)
      let bank: Tensor<Double> = Reference.melFilterBank(options)
      return errorScale(bank, options)
    }
  }

  /// What an edge's rounding makes of a weight, in units of a few epsilons: the highest frequency over the flank's
  /// width.
  static func errorScale(_ bank: Tensor<Double>, _ options: MelFilterBankOptions) -> Tensor<Double> {
    // A flank that is n bins wide rises by at most 1 / n from one bin to the next.
    var scale = Tensor<Double>(shape: bank.shape)
    let step = options.sampleRate / 2 / Double(options.bins - 1)
    for m in 0..<options.mels {
      var steepest = 0.0
      for k in 1..<options.bins { steepest = max(steepest, abs(bank[k, m] - bank[k - 1, m])) }
      for k in 0..<options.bins { scale[k, m] = steepest * options.highFrequency / step + bank[k, m] }
    }
    return scale
  }

  typealias Options = MelFilterBankOptions

  static func options(_ attributes: Attributes) throws(PerceptualError) -> Options {
    try attributes.melBank(
      bins: try attributes.integer("bins", atLeast: 2), mels: try attributes.integer("mels", atLeast: 1))
  }

  static func outputShapes(_ given: CaseShapes, _ options: Options) -> [String: [Int]] {
    ["weights": [options.bins, options.mels]]
  }

  static func reference<Scalar>(_ given: OperationCase<Scalar>, _ options: Options) -> OperationResults<Scalar> {
    OperationResults(outputs: ["weights": Reference.melFilterBank(options)])
  }

  static func fast(_ given: OperationCase<Float>, _ options: Options) -> OperationResults<Float> {
    OperationResults(outputs: ["weights": Fast.melFilterBank(options)])
  }
}
