import Fast
import Foundation
import PerceptualCore
import Reference

enum MelSpectrogram: OperationWithOptions {
  static let name = "melSpectrogram"
  static let inputs: [InputDescription] = [.init("signal", "[T]")]
  static let attributes: [AttributeDescription] =
    [
      "sampleRate", "windowLength", "hop", "mels", .init("power", default: "1"), .init("centred", default: "false"),
    ] + Attributes.band
  static let outputs = ["mel"]
  static let gradients = ["signal"]

  static func tolerance(_ tensor: ResultName, _ side: Side) -> Tolerance {
    let epsilons = side == .fast ? 16.0 : 32
    return .bound(
      epsilons: epsilons,
      reason: "each bin errs as the transform's; its phase, in the gradient, by that over its modulus, 2 at most"
    ) { given throws(PerceptualError) in
      let (shortTime, bankOptions, power) = try options(given.attributes)
      let signal = given.input("signal")
      let bounds = ShortTimeBounds(shortTime, side)
      let errors = bounds.transform(signal)
      let spectrum = Reference.shortTimeFourierTransform(signal, options: shortTime)
      let bank: Tensor<Double> = Reference.melFilterBank(bankOptions)
      // Oracles err in the filters too, by half of 32 epsilons of this; Float sides only round them.
      let ofBank = MelFilterBank.errorScale(bank, bankOptions)
      let bankShare = side == .reference ? 0.5 : 0
      let shape = [bankOptions.mels, errors.count]
      var ofMel = Tensor<Double>(shape: shape)
      var ofSpectrum = spectrum.real.map { _ in 0 }
      for t in 0..<errors.count {
        for k in 0..<shortTime.bins {
          let (re, im) = (spectrum.real[k, t], spectrum.imaginary[k, t])
          let modulus = (re * re + im * im).squareRoot()
          let error = power * pow(modulus + errors[t] * side.epsilon, power - 1) * errors[t]
          var upstream = 0.0
          var ofFilters = 0.0
          for m in 0..<bankOptions.mels where bank[k, m] != 0 {
            let weight = bank[k, m] + bankShare * ofBank[k, m]
            ofMel[m, t] += weight * pow(modulus, power) + bank[k, m] * error
            if case .gradient = tensor {
              let cotangent = abs(given.cotangent("mel")[m, t])
              upstream += bank[k, m] * cotangent
              ofFilters += weight * cotangent
            }
          }
          let turn = modulus == 0 ? 0 : min(errors[t] / modulus, 2 / (epsilons * side.epsilon))
          ofSpectrum[k, t] = power * pow(modulus, power - 1) * (ofFilters + upstream * turn)
        }
      }
      if case .output = tensor { return ofMel }
      let sizes = bounds.sizes(ofSpectrum, ofSpectrum)
      return bounds.transformTransposed(sizes, samples: signal.count)
    }
  }

  typealias Options = (shortTime: ShortTimeOptions, bank: MelFilterBankOptions, power: Double)

  static func options(_ attributes: Attributes) throws(PerceptualError) -> Options {
    let shortTime = try attributes.shortTime(centredDefault: false)
    let bank = try attributes.melBank(bins: shortTime.bins, mels: try attributes.integer("mels", atLeast: 1))
    let power = try attributes.number("power", default: 1)
    guard power > 0, power.isFinite else {
      throw .malformed("attribute power: a positive number was expected, found \(power)")
    }
    return (shortTime, bank, power)
  }

  static func validate(_ given: CaseShapes, _ options: Options) throws(PerceptualError) {
    try given.checkSignal(options.shortTime)
  }

  static func outputShapes(_ given: CaseShapes, _ options: Options) -> [String: [Int]] {
    ["mel": outputShape(given, options)]
  }

  static func outputShape(_ given: CaseShapes, _ options: Options) -> [Int] {
    [options.bank.mels, options.shortTime.frames(samples: given.count("signal"))]
  }

  static func reference<Scalar>(_ given: OperationCase<Scalar>, _ options: Options) -> OperationResults<Scalar> {
    unaryResults(
      given, Reference.melSpectrogram, gradient: Reference.melSpectrogramGradient, options: options.shortTime,
      options.bank, options.power)
  }

  static func fast(_ given: OperationCase<Float>, _ options: Options) -> OperationResults<Float> {
    unaryResults(
      given, Fast.melSpectrogram, gradient: Fast.melSpectrogramGradient, options: options.shortTime, options.bank,
      options.power)
  }
}
