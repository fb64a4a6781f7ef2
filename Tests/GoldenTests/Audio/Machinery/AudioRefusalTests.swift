import Fast
import PerceptualConformance
import PerceptualCore
import PerceptualFiles
import PerceptualTestSupport
import Reference
import Testing

/// What the audio operations refuse: files by an error that names the place, callers by a sentence.
@Suite struct AudioRefusalTests {
  struct Row: Sendable, CustomStringConvertible {
    var operation: String
    var shapes: [String: [Int]]
    var attributes: [String: JSONValue]
    var expected: String
    var description: String { "\(operation): \(expected)" }
  }

  static let resampling: [String: JSONValue] = ["from": 3, "to": 2]
  static let bank: [String: JSONValue] = ["sampleRate": 8000, "bins": 9, "mels": 4]

  static let rows = [
    Row(operation: "resample", shapes: ["signal": [5]], attributes: resampling, expected: "input.signal has shape [5]"),
    Row(
      operation: "resample", shapes: ["signal": [1, 5]], attributes: ["from": 0, "to": 2],
      expected: "attribute from"),
    Row(
      operation: "resample", shapes: ["signal": [1, 5]],
      attributes: resampling.merging(["design": "best"]) { $1 }, expected: "attribute design"),
    Row(
      operation: "resample", shapes: ["signal": [1, 5]],
      attributes: ["from": 2_147_483_647, "to": 2_147_483_646],
      expected: "at most 200000 was expected"),
    Row(
      operation: "shortTimeFourierTransform", shapes: ["signal": [15]], attributes: shortTime(16, 4),
      expected: "15 samples, expected at least 16"),
    Row(
      operation: "shortTimeFourierTransform", shapes: ["signal": [8]], attributes: shortTime(16, 4, centred: true),
      expected: "8 samples, expected more than 8"),
    Row(
      operation: "shortTimeFourierTransform", shapes: ["signal": [20]], attributes: shortTime(1, 4),
      expected: "attribute windowLength"),
    Row(
      operation: "shortTimeFourierTransform", shapes: ["signal": [20]], attributes: shortTime(16, 0),
      expected: "attribute hop"),
    Row(
      operation: "inverseShortTimeFourierTransform", shapes: ["real": [9, 3], "imaginary": [9, 2]],
      attributes: shortTime(16, 4).merging(["length": 20]) { $1 },
      expected: "input.imaginary has shape [9, 2]"),
    Row(
      operation: "inverseShortTimeFourierTransform", shapes: ["real": [8, 3], "imaginary": [8, 3]],
      attributes: shortTime(16, 4).merging(["length": 20]) { $1 }, expected: "input.real has shape [8, 3]"),
    Row(
      operation: "melFilterBank", shapes: [:], attributes: bank.merging(["lowFrequency": 4000]) { $1 },
      expected: "low below high"),
    Row(
      operation: "melFilterBank", shapes: [:],
      attributes: bank.merging(["highFrequency": .number(.leastNonzeroMagnitude)]) { $1 }, expected: "room for"),
    Row(
      operation: "melFilterBank", shapes: [:], attributes: bank.merging(["sampleRate": 0]) { $1 },
      expected: "attribute sampleRate"),
    Row(
      operation: "melFilterBank", shapes: [:], attributes: bank.merging(["bins": 1]) { $1 },
      expected: "attribute bins"),
    Row(
      operation: "melFilterBank", shapes: [:], attributes: bank.merging(["scale": "bark"]) { $1 },
      expected: "attribute scale"),
    Row(
      operation: "melSpectrogram", shapes: ["signal": [40]],
      attributes: melAttributes(16, 4, mels: 3, ["power": 0]), expected: "attribute power"),
    Row(operation: "logScaling", shapes: ["mel": [2, 3]], attributes: ["range": [2, 1]], expected: "attribute range"),
    Row(operation: "logScaling", shapes: ["mel": [2, 3]], attributes: ["range": "batch"], expected: "attribute range"),
    Row(operation: "logScaling", shapes: ["mel": [2, 3]], attributes: ["epsilon": -1], expected: "attribute epsilon"),
    Row(
      operation: "inverseMelScale", shapes: ["mel": [5]],
      attributes: ["sampleRate": 8000, "bins": 9],
      expected: "input.mel has shape [5]"),
    Row(
      operation: "griffinLim", shapes: ["magnitude": [9, 2], "initialPhase": [9, 3]], attributes: shortTime(16, 4),
      expected: "input.initialPhase has shape [9, 3]"),
    Row(
      operation: "griffinLim", shapes: ["magnitude": [9, 2], "initialPhase": [9, 2]],
      attributes: shortTime(16, 4, centred: true), expected: "not as many frames again"),
    Row(
      operation: "griffinLim", shapes: ["magnitude": [9, 2], "initialPhase": [9, 2]],
      attributes: shortTime(16, 4).merging(["momentum": -1]) { $1 }, expected: "attribute momentum"),
  ]

  @Test(arguments: rows)
  func refusesWithASentence(_ row: Row) throws {
    let tested = try #require(operation(named: row.operation))
    let sample = Sample(row.description, row.shapes, row.attributes)
    expectError(.malformed, saying: row.expected) { try sample.operationCase(of: tested, fill: .integers) }
  }

  @Test func callersBugsStopWithASentence() async {
    let rates = await #expect(processExitsWith: .failure, observing: [\.standardErrorContent]) {
      _ = Fast.resample(Tensor<Float>(shape: [1, 4]), from: 0, to: 5)
    }
    expect(rates, says: "rates: from 0 to 5, both must be positive")
    let gradient = await #expect(processExitsWith: .failure, observing: [\.standardErrorContent]) {
      _ = Fast.resampleGradient(upstream: Tensor(shape: [1, 3]), samples: 4, from: 2, to: 1)
    }
    expect(gradient, says: "upstream: shape [1, 3], expected [channels, 2] for 4 samples")
    let short = await #expect(processExitsWith: .failure, observing: [\.standardErrorContent]) {
      _ = Fast.shortTimeFourierTransform(Tensor<Float>(shape: [100]))
    }
    expect(short, says: "signal: 100 samples, one frame of 1024 is needed")
    let spectrum = await #expect(processExitsWith: .failure, observing: [\.standardErrorContent]) {
      let plane = Tensor<Float>(shape: [12, 3])
      _ = Fast.inverseShortTimeFourierTransform(Spectrum(real: plane, imaginary: plane), length: 9)
    }
    expect(spectrum, says: "spectrum: shape [12, 3], expected [513, frames]")
    let bins = await #expect(processExitsWith: .failure, observing: [\.standardErrorContent]) {
      _ = Fast.melSpectrogram(Tensor<Float>(shape: [2000]), bank: MelFilterBankOptions(bins: 99))
    }
    expect(bins, says: "bank: 99 bins, a window of 1024 has 513")
    let mel = await #expect(processExitsWith: .failure, observing: [\.standardErrorContent]) {
      _ = Fast.inverseMelScale(Tensor<Float>(shape: [12, 3]))
    }
    expect(mel, says: "mel: shape [12, 3], expected [256, frames]")
    let phase = await #expect(processExitsWith: .failure, observing: [\.standardErrorContent]) {
      _ = Fast.griffinLim(Tensor<Float>(shape: [513, 3]), initialPhase: Tensor(shape: [513, 2]))
    }
    expect(phase, says: "initialPhase: shape [513, 2], magnitude has [513, 3]")
    let reflection = await #expect(processExitsWith: .failure, observing: [\.standardErrorContent]) {
      _ = Reference.shortTimeFourierTransform(
        Tensor<Double>(shape: [8]), options: ShortTimeOptions(windowLength: 16, hop: 4, centred: true))
    }
    expect(reflection, says: "signal: 8 samples, reflection by 8 needs more")
    let band = await #expect(processExitsWith: .failure, observing: [\.standardErrorContent]) {
      let _: Tensor<Double> = Reference.melFilterBank(MelFilterBankOptions(lowFrequency: 100, highFrequency: 50))
    }
    expect(band, says: "band: 100.0 to 50.0 Hz")
  }
  private func expect(_ result: ExitTest.Result?, says sentence: String) {
    let found = String(decoding: result?.standardErrorContent ?? [], as: UTF8.self)
    #expect(found.contains(sentence), "expected \(sentence), found \(found)")
  }
}
