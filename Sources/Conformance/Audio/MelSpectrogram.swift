import Fast
import Foundation
import PerceptualCore
import Reference

enum MelSpectrogram: Operation {
  static let name = "melSpectrogram"
  static let inputs = [InputDescription("signal", "[T]")]
  static let attributes =
    [
      AttributeDescription("sampleRate"), AttributeDescription("windowLength"), AttributeDescription("hop"),
      AttributeDescription("mels"), AttributeDescription("power", default: "1"),
      AttributeDescription("centred", default: "false"),
    ] + Attributes.band
  static let outputs = ["mel"]
  static let gradients = ["signal"]

  static func tolerance(_ tensor: ResultName, _ side: Side) -> Tolerance {
    let epsilons = side == .fast ? 16.0 : 32
    return .bound(
      epsilons: epsilons,
      reason: "each bin errs as the transform's; its phase, in the gradient, by that over its modulus, 2 at most"
    ) { operationCase throws(PerceptualError) in
      let settings = try Settings(operationCase.attributes)
      let signal = operationCase.input("signal")
      let bounds = ShortTimeBounds(settings.shortTime, side)
      let errors = bounds.transform(signal)
      let spectrum = Reference.shortTimeFourierTransform(signal, options: settings.shortTime)
      let bank: Tensor<Double> = Reference.melFilterBank(settings.bank)
      // Oracles err in the filters too, by half of 32 epsilons of this; Float sides only round them.
      let ofBank = MelFilterBank.errorScale(bank, settings.bank)
      let bankShare = side == .reference ? 0.5 : 0
      let shape = [settings.bank.mels, errors.count]
      var ofMel = Tensor<Double>(shape: shape)
      var ofSpectrum = spectrum.real.map { _ in 0 }
      for t in 0..<errors.count {
        for k in 0..<settings.shortTime.bins {
          let (re, im) = (spectrum.real[k, t], spectrum.imaginary[k, t])
          let modulus = (re * re + im * im).squareRoot()
          let error = settings.power * pow(modulus + errors[t] * side.epsilon, settings.power - 1) * errors[t]
          var upstream = 0.0
          var ofFilters = 0.0
          for m in 0..<settings.bank.mels where bank[k, m] != 0 {
            let weight = bank[k, m] + bankShare * ofBank[k, m]
            ofMel[m, t] += weight * pow(modulus, settings.power) + bank[k, m] * error
            if case .gradient = tensor {
              let cotangent = abs(operationCase.cotangent("mel")[m, t])
              upstream += bank[k, m] * cotangent
              ofFilters += weight * cotangent
            }
          }
          let turn = modulus == 0 ? 0 : min(errors[t] / modulus, 2 / (epsilons * side.epsilon))
          ofSpectrum[k, t] = settings.power * pow(modulus, settings.power - 1) * (ofFilters + upstream * turn)
        }
      }
      if case .output = tensor { return ofMel }
      let sizes = bounds.sizes(ofSpectrum, ofSpectrum)
      return bounds.transformTransposed(sizes, samples: signal.count)
    }
  }

  struct Settings {
    var shortTime: ShortTimeOptions
    var bank: MelFilterBankOptions
    var power: Double
    init(_ attributes: Attributes) throws(PerceptualError) {
      shortTime = try attributes.shortTime(centredDefault: false)
      bank = try attributes.melBank(bins: shortTime.bins, mels: try attributes.integer("mels", atLeast: 1))
      power = try attributes.number("power", default: 1)
      guard power > 0, power.isFinite else {
        throw PerceptualError(.malformed, "attribute power: a positive number was expected, found \(power)")
      }
    }
  }

  static func validate(_ given: CaseShapes) throws(PerceptualError) {
    try given.checkShape("signal", [nil])
    _ = try Settings(given.attributes).shortTime.frames(checking: given.count("signal"))
  }

  static func outputShapes(_ given: CaseShapes) throws(PerceptualError) -> [String: [Int]] {
    let settings = try Settings(given.attributes)
    return ["mel": [settings.bank.mels, settings.shortTime.frames(samples: given.count("signal"))]]
  }

  static func reference<Scalar: BinaryFloatingPoint & Sendable>(
    _ operationCase: OperationCase<Scalar>
  ) throws(PerceptualError) -> OperationResults<Scalar> {
    let signal = operationCase.input("signal")
    let settings = try Settings(operationCase.attributes)
    var results = OperationResults(outputs: [
      "mel": Reference.melSpectrogram(
        signal, shortTime: settings.shortTime, bank: settings.bank, power: settings.power)
    ])
    if operationCase.asksForGradients {
      results.gradients["signal"] = Reference.melSpectrogramGradient(
        signal, upstream: operationCase.cotangent("mel"), shortTime: settings.shortTime, bank: settings.bank,
        power: settings.power)
    }
    return results
  }

  static func fast(_ operationCase: OperationCase<Float>) throws(PerceptualError) -> OperationResults<Float> {
    let signal = operationCase.input("signal")
    let settings = try Settings(operationCase.attributes)
    var results = OperationResults(outputs: [
      "mel": Fast.melSpectrogram(signal, shortTime: settings.shortTime, bank: settings.bank, power: settings.power)
    ])
    if operationCase.asksForGradients {
      results.gradients["signal"] = Fast.melSpectrogramGradient(
        signal, upstream: operationCase.cotangent("mel"), shortTime: settings.shortTime, bank: settings.bank,
        power: settings.power)
    }
    return results
  }
}
