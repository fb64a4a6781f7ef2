import Fast
import PerceptualCore
import Reference

enum LogMelSpectrogram: Operation {
  static let name = "logMelSpectrogram"
  static let inputs = [InputDescription("signal", "[T]")]
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
    ) { operationCase throws(PerceptualError) in
      try response(of: tensor, operationCase)
    }
  }

  /// How much the result moves for a change of every sample by the largest one, per unit of it: the largest of three
  /// such changes with signs from a fixed sequence, plus the largest element; one number for all elements.
  private static func response(
    of tensor: ResultName, _ operationCase: OperationCase<Double>
  ) throws(PerceptualError) -> Tensor<Double> {
    func result(_ input: OperationCase<Double>) throws(PerceptualError) -> Tensor<Double> {
      switch tensor {
      case .output(let name):
        var forward = input
        forward.cotangents = [:]
        return try reference(forward).outputs[name] ?? Tensor([])
      case .gradient(let name): return try reference(input).gradients[name] ?? Tensor([])
      }
    }
    let signal = operationCase.input("signal")
    let step = 1e-9
    let size = signal.elements.reduce(0) { max($0, abs($1)) }
    let base = try result(operationCase)
    var largest = 0.0
    var bits: UInt64 = 0x9e37_79b9_7f4a_7c15
    for _ in 0..<3 {
      var moved = operationCase
      for i in 0..<signal.count {
        bits = bits &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
        moved.inputs["signal"]?[i] += bits >> 63 == 0 ? step * size : -step * size
      }
      let other = try result(moved)
      for i in 0..<base.count { largest = max(largest, abs(other[i] - base[i]) / step) }
    }
    let greatest = base.elements.reduce(0) { max($0, abs($1)) }
    return base.map { _ in largest + greatest }
  }

  private struct Settings {
    var mel: MelSpectrogram.Settings
    var scaling: LogScaling.Settings
    init(_ attributes: Attributes) throws(PerceptualError) {
      mel = try MelSpectrogram.Settings(attributes)
      scaling = try LogScaling.Settings(attributes)
    }
  }

  static func validate(_ given: CaseShapes) throws(PerceptualError) {
    try given.checkShape("signal", [nil])
    let settings = try Settings(given.attributes)
    _ = try settings.mel.shortTime.frames(checking: given.count("signal"))
    guard settings.scaling.epsilon > 0 else {
      throw PerceptualError(.malformed, "attribute epsilon: a positive number was expected, found 0")
    }
  }

  static func outputShapes(_ given: CaseShapes) throws(PerceptualError) -> [String: [Int]] {
    let settings = try Settings(given.attributes).mel
    return [
      "image": [settings.bank.mels, settings.shortTime.frames(samples: given.count("signal"))],
      "low": [1], "high": [1],
    ]
  }

  static func reference<Scalar: BinaryFloatingPoint & Sendable>(
    _ operationCase: OperationCase<Scalar>
  ) throws(PerceptualError) -> OperationResults<Scalar> {
    let signal = operationCase.input("signal")
    let settings = try Settings(operationCase.attributes)
    let (mel, scaling) = (settings.mel, settings.scaling)
    let picture = Reference.logMelSpectrogram(
      signal, shortTime: mel.shortTime, bank: mel.bank, power: mel.power, epsilon: scaling.epsilon,
      form: scaling.form, range: scaling.range)
    var results = OperationResults(outputs: ["image": picture.image, "low": picture.low, "high": picture.high])
    if operationCase.asksForGradients {
      results.gradients["signal"] = Reference.logMelSpectrogramGradient(
        signal, upstream: operationCase.cotangent("image"), low: operationCase.cotangent("low")[0],
        high: operationCase.cotangent("high")[0], shortTime: mel.shortTime, bank: mel.bank, power: mel.power,
        epsilon: scaling.epsilon, form: scaling.form, range: scaling.range)
    }
    return results
  }

  static func fast(_ operationCase: OperationCase<Float>) throws(PerceptualError) -> OperationResults<Float> {
    let signal = operationCase.input("signal")
    let settings = try Settings(operationCase.attributes)
    let (mel, scaling) = (settings.mel, settings.scaling)
    let picture = Fast.logMelSpectrogram(
      signal, shortTime: mel.shortTime, bank: mel.bank, power: mel.power, epsilon: scaling.epsilon,
      form: scaling.form, range: scaling.range)
    var results = OperationResults(outputs: ["image": picture.image, "low": picture.low, "high": picture.high])
    if operationCase.asksForGradients {
      results.gradients["signal"] = Fast.logMelSpectrogramGradient(
        signal, upstream: operationCase.cotangent("image"), low: operationCase.cotangent("low")[0],
        high: operationCase.cotangent("high")[0], shortTime: mel.shortTime, bank: mel.bank, power: mel.power,
        epsilon: scaling.epsilon, form: scaling.form, range: scaling.range)
    }
    return results
  }
}
