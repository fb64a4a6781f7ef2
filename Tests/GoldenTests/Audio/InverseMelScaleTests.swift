import Fast
@testable import PerceptualConformance
import PerceptualCore
import PerceptualFiles
import PerceptualTestSupport
import Reference
import Testing

@Suite struct InverseMelScaleTests {
  private let tested = InverseMelScale.self

  static func sample(_ label: String, mels: Int, frames: Int, bins: Int, _ more: [String: JSONValue] = [:]) -> Sample {
    Sample(
      label, ["mel": [mels, frames]],
      ["sampleRate": 16_000, "bins": .integer(bins)].merging(more) { $1 })
  }

  static let samples = [
    sample("one value", mels: 1, frames: 1, bins: 2),
    sample("one past vectors of 4, 8 and 16", mels: 7, frames: 17, bins: 33),
    sample("5 and 9 frames", mels: 12, frames: 9, bins: 65),
    sample("33 frames", mels: 5, frames: 33, bins: 17),
    sample("more filters than bins", mels: 13, frames: 5, bins: 9),
    sample("Slaney", mels: 20, frames: 3, bins: 65, ["scale": "slaney", "norm": "slaney"]),
    sample("a band", mels: 12, frames: 4, bins: 65, ["lowFrequency": 300, "highFrequency": 5000]),
    sample("the paper's", mels: 256, frames: 2, bins: 513),
    sample("minimum norm", mels: 12, frames: 9, bins: 65, ["method": "minimumNorm"]),
    sample("minimum norm, more filters than bins", mels: 13, frames: 5, bins: 9, ["method": "minimumNorm"]),
  ]

  /// `picture` gives values that no spectrum has: the least residual is not 0.
  @Test(arguments: samples)
  func agreesWithReference(_ sample: Sample) throws {
    try expectAgreement(tested, sample, fill: .picture)
  }

  /// The mel values of a spectrum are reproduced by what is found for them, within the operation's tolerance of 1e-4.
  @Test(arguments: [5, 17])
  func reproducesASpectrum(frames: Int) throws {
    let options = MelFilterBankOptions()
    let bank: Tensor<Double> = Reference.melFilterBank(options)
    let spectrum = Tensor(
      noise(513 * frames, seed: "spectrum \(frames)").map { $0 * $0 * $0 * $0 }, shape: [513, frames])
    let mel: Tensor<Double> = bankTransposed(bank, spectrum).converted(to: Float.self).converted()
    let operationCase = OperationCase(
      inputs: ["mel": mel], attributes: Attributes(["sampleRate": 16_000, "bins": 513]))
    // The spectrum itself is expected: its residual is a rounding.
    let expected = OperationResults(outputs: ["magnitude": spectrum])
    for side in [Side.reference, .fast] {
      let actual = try tested.run(side, operationCase)
      try expectResults(expected, of: tested, side, operationCase, found: actual)
      let greatest = actual.outputs["magnitude"]?.elements.max() ?? .infinity
      let ofSpectrum = spectrum.elements.max() ?? 0
      #expect(greatest < 2 * ofSpectrum, "a bin at a filter's edge was given \(greatest)")
    }
  }

  /// What is not attainable comes out no worse than the minimum-norm solution, clipped at 0, of a full-rank bank.
  @Test func beatsClippedMinimumNorm() {
    let options = MelFilterBankOptions(bins: 33, mels: 10)
    let bank: Tensor<Double> = Reference.melFilterBank(options)
    let mel = Tensor(noise(30, seed: "out of reach").map { abs($0) }, shape: [10, 3])
    let clipped = clippedMinimumNorm(bank, mel)
    for magnitude in [
      Reference.inverseMelScale(mel, bank: options),
      Fast.inverseMelScale(mel.converted(), bank: options).converted(to: Double.self),
    ] {
      #expect(magnitude.elements.allSatisfy { $0 >= 0 })
      for t in 0..<3 {
        #expect(squaredResidual(bank, magnitude, mel, frame: t) <= squaredResidual(bank, clipped, mel, frame: t) + 1e-9)
      }
    }
  }

  /// Values that the paper's bank, of rank 230, cannot make, such as a network's: no frame comes out worse than by
  /// minimum norm, and none is negative.
  @Test func beatsMinimumNormOnThePapersBank() {
    let bank: Tensor<Double> = Reference.melFilterBank(MelFilterBankOptions())
    let mel = Tensor(noise(256 * 20, seed: "a network's").map { abs($0) }, shape: [256, 20])
    let ours = Fast.inverseMelScale(mel.converted())
    let clipped = Fast.inverseMelScale(mel.converted(), method: .minimumNorm)
    #expect(ours.elements.allSatisfy { $0 >= 0 } && clipped.elements.allSatisfy { $0 >= 0 })
    for t in 0..<20 {
      let own = squaredResidual(bank, ours.converted(to: Double.self), mel, frame: t)
      let other = squaredResidual(bank, clipped.converted(to: Double.self), mel, frame: t)
      #expect(own <= other)
    }
  }

  @Test func minimumNormIsTheSameForAnyThreads() {
    let mel = Tensor(noise(256 * 5, seed: "threads").map { Float(abs($0)) }, shape: [256, 5])
    let results = [1, 2, 3, 7].map { threads in
      Execution.$current.withValue(Execution(threads: threads)) {
        Fast.inverseMelScale(mel, method: .minimumNorm)
      }
    }
    for result in results { #expect(result == results[0]) }
  }

  @Test func silenceStaysSilent() {
    let silence = Tensor<Double>(shape: [256, 3])
    #expect(Reference.inverseMelScale(silence).elements.allSatisfy { $0 == 0 })
    #expect(Fast.inverseMelScale(silence.converted()).elements.allSatisfy { $0 == 0 })
  }
}
