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
    var sample: Sample
    var expected: String
    var description: String { sample.label }

    init(_ operation: String, _ shapes: [String: [Int]], _ attributes: [String: JSONValue], _ expected: String) {
      self.operation = operation
      self.expected = expected
      sample = Sample("\(operation): \(expected)", shapes, attributes)
    }
  }

  static let resampling: [String: JSONValue] = ["from": 3, "to": 2]
  static let bank: [String: JSONValue] = ["sampleRate": 8000, "bins": 9, "mels": 4]

  static let rows = [
    Row("resample", ["signal": [5]], resampling, "input.signal has shape [5]"),
    Row("resample", ["signal": [1, 5]], ["from": 0, "to": 2], "attribute from"),
    Row("resample", ["signal": [1, 5]], resampling.merging(["design": "best"]) { $1 }, "attribute design"),
    Row("resample", ["signal": [1, 5]], ["from": 2_147_483_647, "to": 2_147_483_646], "at most 200000 was expected"),
    Row("shortTimeFourierTransform", ["signal": [15]], shortTime(16, 4), "15 samples, expected at least 16"),
    Row(
      "shortTimeFourierTransform", ["signal": [8]], shortTime(16, 4, centred: true), "8 samples, expected more than 8"),
    Row("shortTimeFourierTransform", ["signal": [20]], shortTime(1, 4), "attribute windowLength"),
    Row("shortTimeFourierTransform", ["signal": [20]], shortTime(16, 0), "attribute hop"),
    Row(
      "inverseShortTimeFourierTransform", ["real": [9, 3], "imaginary": [9, 2]],
      shortTime(16, 4).merging(["length": 20]) { $1 }, "input.imaginary has shape [9, 2]"),
    Row(
      "inverseShortTimeFourierTransform", ["real": [8, 3], "imaginary": [8, 3]],
      shortTime(16, 4).merging(["length": 20]) { $1 }, "input.real has shape [8, 3]"),
    Row("melFilterBank", [:], bank.merging(["lowFrequency": 4000]) { $1 }, "low below high"),
    Row("melFilterBank", [:], bank.merging(["highFrequency": .number(.leastNonzeroMagnitude)]) { $1 }, "room for"),
    Row("melFilterBank", [:], bank.merging(["sampleRate": 0]) { $1 }, "attribute sampleRate"),
    Row("melFilterBank", [:], bank.merging(["bins": 1]) { $1 }, "attribute bins"),
    Row("melFilterBank", [:], bank.merging(["scale": "bark"]) { $1 }, "attribute scale"),
    Row("melSpectrogram", ["signal": [40]], melAttributes(16, 4, mels: 3, ["power": 0]), "attribute power"),
    Row("logScaling", ["mel": [2, 3]], ["range": [2, 1]], "attribute range"),
    Row("logScaling", ["mel": [2, 3]], ["range": "batch"], "attribute range"),
    Row("logScaling", ["mel": [2, 3]], ["epsilon": -1], "attribute epsilon"),
    Row("inverseMelScale", ["mel": [5]], ["sampleRate": 8000, "bins": 9], "input.mel has shape [5]"),
    Row(
      "griffinLim", ["magnitude": [9, 2], "initialPhase": [9, 3]], shortTime(16, 4),
      "input.initialPhase has shape [9, 3]"),
    Row(
      "griffinLim", ["magnitude": [9, 2], "initialPhase": [9, 2]], shortTime(16, 4, centred: true),
      "not as many frames again"),
    Row(
      "griffinLim", ["magnitude": [9, 2], "initialPhase": [9, 2]], shortTime(16, 4).merging(["momentum": -1]) { $1 },
      "attribute momentum"),
  ]

  @Test(arguments: rows)
  func refusesWithASentence(_ row: Row) throws {
    let tested = try #require(operation(named: row.operation))
    expectError(.malformed, saying: row.expected) { try row.sample.operationCase(of: tested, fill: .integers) }
  }

  @Test func callersBugsStopWithASentence() async {
    let rates = await #expect(processExitsWith: .failure, observing: [\.standardErrorContent]) {
      _ = Fast.resample(Tensor<Float>(shape: [1, 4]), from: 0, to: 5)
    }
    #expect(rates.stops(with: "rates: from 0 to 5, both must be positive"))
    let gradient = await #expect(processExitsWith: .failure, observing: [\.standardErrorContent]) {
      _ = Fast.resampleGradient(upstream: Tensor(shape: [1, 3]), samples: 4, from: 2, to: 1)
    }
    #expect(gradient.stops(with: "upstream: shape [1, 3], expected [channels, 2] for 4 samples"))
    let short = await #expect(processExitsWith: .failure, observing: [\.standardErrorContent]) {
      _ = Fast.shortTimeFourierTransform(Tensor<Float>(shape: [100]))
    }
    #expect(short.stops(with: "signal: 100 samples, one frame of 1024 is needed"))
    let spectrum = await #expect(processExitsWith: .failure, observing: [\.standardErrorContent]) {
      let plane = Tensor<Float>(shape: [12, 3])
      _ = Fast.inverseShortTimeFourierTransform(Spectrum(real: plane, imaginary: plane), length: 9)
    }
    #expect(spectrum.stops(with: "spectrum: shape [12, 3], expected [513, frames]"))
    let bins = await #expect(processExitsWith: .failure, observing: [\.standardErrorContent]) {
      _ = Fast.melSpectrogram(Tensor<Float>(shape: [2000]), bank: MelFilterBankOptions(bins: 99))
    }
    #expect(bins.stops(with: "bank: 99 bins, a window of 1024 has 513"))
    let mel = await #expect(processExitsWith: .failure, observing: [\.standardErrorContent]) {
      _ = Fast.inverseMelScale(Tensor<Float>(shape: [12, 3]))
    }
    #expect(mel.stops(with: "mel: shape [12, 3], expected [256, frames]"))
    let phase = await #expect(processExitsWith: .failure, observing: [\.standardErrorContent]) {
      _ = Fast.griffinLim(Tensor<Float>(shape: [513, 3]), initialPhase: Tensor(shape: [513, 2]))
    }
    #expect(phase.stops(with: "initialPhase: shape [513, 2], magnitude has [513, 3]"))
    let reflection = await #expect(processExitsWith: .failure, observing: [\.standardErrorContent]) {
      _ = Reference.shortTimeFourierTransform(
        Tensor<Double>(shape: [8]), options: ShortTimeOptions(windowLength: 16, hop: 4, centred: true))
    }
    #expect(reflection.stops(with: "signal: 8 samples, reflection by 8 needs more"))
    let band = await #expect(processExitsWith: .failure, observing: [\.standardErrorContent]) {
      let _: Tensor<Double> = Reference.melFilterBank(MelFilterBankOptions(lowFrequency: 100, highFrequency: 50))
    }
    #expect(band.stops(with: "band: 100.0 to 50.0 Hz"))
  }
}
