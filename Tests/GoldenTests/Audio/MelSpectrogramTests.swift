import Fast
@testable import PerceptualConformance
import PerceptualCore
import PerceptualFiles
import PerceptualTestSupport
import Reference
import Testing

/// Attributes of a mel-spectrogram.
func melAttributes(
  _ window: Int, _ hop: Int, mels: Int, rate: Int = 16_000, _ more: [String: JSONValue] = [:]
) -> [String: JSONValue] {
  ["sampleRate": .integer(rate), "windowLength": .integer(window), "hop": .integer(hop), "mels": .integer(mels)]
    .merging(more) { $1 }
}

@Suite struct MelSpectrogramTests {
  private let tested = MelSpectrogram.self

  static let samples = [
    Sample("one frame, one filter", ["signal": [16]], melAttributes(16, 4, mels: 1)),
    Sample("uncentred", ["signal": [77]], melAttributes(32, 9, mels: 7)),
    Sample("centred", ["signal": [70]], melAttributes(32, 9, mels: 7, ["centred": .bool(true)])),
    Sample("energies", ["signal": [77]], melAttributes(32, 9, mels: 5, ["power": 2])),
    Sample("a power between", ["signal": [77]], melAttributes(32, 9, mels: 5, ["power": 1.5])),
    Sample("33 frames", ["signal": [32 + 32 * 5]], melAttributes(32, 5, mels: 9)),
    Sample("more filters than bins", ["signal": [60]], melAttributes(16, 7, mels: 17)),
    Sample("a band", ["signal": [150]], melAttributes(64, 17, mels: 9, ["lowFrequency": 200])),
    Sample(
      "Slaney", ["signal": [150]],
      melAttributes(64, 17, mels: 12, rate: 22_050, ["scale": "slaney", "norm": "slaney"])),
    Sample("an odd window", ["signal": [61]], melAttributes(31, 6, mels: 5)),
    Sample("the paper's", ["signal": [1024 + 260]], melAttributes(1024, 260, mels: 256)),
  ]

  @Test(arguments: samples, [Fill.integers, .normals])
  func agreesWithReference(_ sample: Sample, _ fill: Fill) throws {
    try expectAgreement(tested, sample, fill: fill)
  }

  /// A magnitude has a kink at 0: there the gradient is 0, not 0 / 0.
  @Test(arguments: [1.0, 1.5, 2])
  func silenceHasGradientZero(_ power: Double) {
    let shortTime = ShortTimeOptions(windowLength: 16, hop: 8)
    let bank = MelFilterBankOptions(bins: 9, mels: 5)
    let silence = Tensor<Double>(shape: [40])
    let upstream = Tensor<Double>(repeating: 1, shape: [5, 4])
    let zeros = [Double](repeating: 0, count: 40)
    let ours = Reference.melSpectrogramGradient(
      silence, upstream: upstream, shortTime: shortTime, bank: bank, power: power)
    #expect(ours.elements == zeros)
    let fast = Fast.melSpectrogramGradient(
      silence.converted(), upstream: upstream.converted(), shortTime: shortTime, bank: bank, power: power)
    #expect(fast.elements.map { Double($0) } == zeros)
  }

  /// Twice the signal has twice the magnitudes and four times the energies, exactly.
  @Test func scalesWithTheSignal() {
    let signal = Tensor(noise(200, seed: "mel scale")).converted(to: Float.self)
    let double = signal.map { 2 * $0 }
    let shortTime = ShortTimeOptions(windowLength: 32, hop: 10)
    let bank = MelFilterBankOptions(bins: 17, mels: 6)
    for (power, factor) in [(1.0, Float(2)), (2, 4)] {
      let once = Fast.melSpectrogram(signal, shortTime: shortTime, bank: bank, power: power)
      let twice = Fast.melSpectrogram(double, shortTime: shortTime, bank: bank, power: power)
      #expect(twice == once.map { factor * $0 })
    }
  }

  /// The paper's whole clip, Fast judged by the naive sum in Double.
  @Test func paperClip() throws {
    let sample = Sample("clip", ["signal": [PaperAudio.clipSamples]], melAttributes(1024, 260, mels: 256))
    let operationCase = try sample.operationCase(of: tested, fill: .normals, withGradients: false)
    let expected = try tested.run(.reference, operationCase)
    #expect(expected.outputs["mel"]?.shape == [256, 256])
    try expectResults(expected, of: tested, .fast, operationCase)
  }
}
