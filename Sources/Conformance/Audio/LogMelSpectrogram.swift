import Fast
import PerceptualCore
import Reference

enum LogMelSpectrogram: OperationWithOptions {
  static let name = "logMelSpectrogram"
  static let inputs: [InputDescription] = [.init("signal", "[T]")]
  static let attributes = MelSpectrogram.attributes + LogScaling.attributes
  static let outputs = ["image", "low", "high"]
  static let gradients = ["signal"]

  static func tolerance(_ tensor: ResultName, _ side: Side) -> Tolerance {
    let epsilons: Double =
      switch side {
      case .reference: 16
      case .referenceFloat: 4
      case .fast: 2
      }
    return .bound(
      epsilons: epsilons,
      reason: "rounding in the transform is a change of the signal by a few of its roundings: what that does, measured"
    ) { given throws(PerceptualError) in
      // Of every sample, in units of the largest one.
      let signal = given.input("signal")
      let size = signal.elements.reduce(0) { max($0, abs($1)) }
      return try response(of: tensor, given) { moved, step, signs in
        for i in 0..<signal.count {
          moved.inputs["signal"]?[i] += signs.next() >> 63 == 0 ? step * size : -step * size
        }
      }
    }
  }

  typealias Options = (mel: MelSpectrogram.Options, scaling: LogScaling.Options)

  static func options(_ attributes: Attributes) throws(PerceptualError) -> Options {
    let scaling = try LogScaling.options(attributes)
    guard scaling.epsilon > 0 else { throw .malformed("attribute epsilon: a positive number was expected, found 0") }
    return (try MelSpectrogram.options(attributes), scaling)
  }

  static func validate(_ given: CaseShapes, _ options: Options) throws(PerceptualError) {
    try MelSpectrogram.validate(given, options.mel)
  }

  static func outputShapes(_ given: CaseShapes, _ options: Options) -> [String: [Int]] {
    ["image": MelSpectrogram.outputShape(given, options.mel), "low": [1], "high": [1]]
  }

  static func reference<Scalar>(_ given: OperationCase<Scalar>, _ options: Options) -> OperationResults<Scalar> {
    let signal = given.input("signal")
    let (mel, scaling) = options
    return given.results(
      Reference.logMelSpectrogram(
        signal, shortTime: mel.shortTime, bank: mel.bank, power: mel.power, epsilon: scaling.epsilon,
        form: scaling.form, range: scaling.range
      ).named,
      gradients: [
        "signal": Reference.logMelSpectrogramGradient(
          signal, upstream: given.cotangent("image"), low: given.cotangent("low")[0],
          high: given.cotangent("high")[0], shortTime: mel.shortTime, bank: mel.bank, power: mel.power,
          epsilon: scaling.epsilon, form: scaling.form, range: scaling.range)
      ])
  }

  static func fast(_ given: OperationCase<Float>, _ options: Options) -> OperationResults<Float> {
    let signal = given.input("signal")
    let (mel, scaling) = options
    return given.results(
      Fast.logMelSpectrogram(
        signal, shortTime: mel.shortTime, bank: mel.bank, power: mel.power, epsilon: scaling.epsilon,
        form: scaling.form, range: scaling.range
      ).named,
      gradients: [
        "signal": Fast.logMelSpectrogramGradient(
          signal, upstream: given.cotangent("image"), low: given.cotangent("low")[0],
          high: given.cotangent("high")[0], shortTime: mel.shortTime, bank: mel.bank, power: mel.power,
          epsilon: scaling.epsilon, form: scaling.form, range: scaling.range)
      ])
  }
}
