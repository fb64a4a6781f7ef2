@testable import PerceptualConformance
import PerceptualCore
import PerceptualFiles
import PerceptualTestSupport
import Reference
import Testing

/// Every differentiable operation of the audio path.
@Suite struct AudioGradientTests {
  @Test(arguments: [
    Sample("torchaudio", ["signal": [2, 13]], ["from": 3, "to": 2]),
    Sample("Kaiser", ["signal": [1, 11]], ["from": 2, "to": 3, "design": "kaiser"]),
  ])
  func resample(_ sample: Sample) throws {
    try expectWholeJacobian(of: Resample.self, sample)
  }

  static let transforms: [Sample] = [
    Sample("uncentred", ["signal": [27]], shortTime(8, 3)),
    Sample("centred, length 10", ["signal": [19]], shortTime(10, 3, centred: true)),
    Sample("odd window", ["signal": [20]], shortTime(7, 3, centred: true)),
  ]

  @Test(arguments: transforms)
  func shortTimeFourierTransform(_ sample: Sample) throws {
    try expectWholeJacobian(of: ShortTimeFourierTransform.self, sample)
  }

  static let inverses: [Sample] = [
    Sample(
      "uncentred", ["real": [5, 4], "imaginary": [5, 4]], shortTime(8, 3).merging(["length": 19]) { $1 }),
    Sample(
      "centred", ["real": [6, 4], "imaginary": [6, 4]],
      shortTime(10, 3, centred: true).merging(["length": 9]) { $1 }),
  ]

  @Test(arguments: inverses)
  func inverseShortTimeFourierTransform(_ sample: Sample) throws {
    try expectWholeJacobian(of: InverseShortTimeFourierTransform.self, sample)
  }

  static let mels: [Sample] = [(1.0, false), (2, true), (1.5, false)].map { power, centred in
    Sample(
      "power \(power)", ["signal": [33]],
      shortTime(16, 7, centred: centred).merging(
        ["sampleRate": 8000, "mels": 6, "power": .number(power)]) { $1 })
  }

  @Test(arguments: mels)
  func melSpectrogram(_ sample: Sample) throws {
    try expectWholeJacobian(of: MelSpectrogram.self, sample)
  }

  @Test(arguments: [
    Sample("add, clip", ["mel": [3, 7]], ["epsilon": 0.25]),
    Sample("add, fixed", ["mel": [3, 7]], ["epsilon": 0.1, "range": [-2, 1.5]]),
    Sample("clamp, clip", ["mel": [3, 7]], ["epsilon": 0.5, "form": "clamp"]),
  ])
  func logScaling(_ sample: Sample) throws {
    let tested = LogScaling.self
    let operationCase = try sample.operationCase(of: tested, fill: .normals) { operationCase in
      operationCase.inputs["mel"] = operationCase.inputs["mel"]?.map { abs($0) }
    }
    let epsilon = try operationCase.attributes.number("epsilon", default: 0.001)
    let check = GradientCheck(step: 1e-7) { $0.input("mel").elements.map { $0 > epsilon } }
    try expectWholeJacobian(of: tested, operationCase, by: check)
  }

  /// The picture of a waveform, so that a loss on pictures reaches the samples.
  static let pictures: [Sample] = [
    ("add, clip", [:]), ("clamp, clip", ["form": "clamp", "epsilon": 0.1]),
    ("energies, fixed", ["power": 2, "range": [-3, 2], "epsilon": 0.05]),
  ].map { (label: String, more: [String: JSONValue]) in
    Sample(
      label, ["signal": [40]],
      shortTime(16, 7).merging(["sampleRate": 8000, "mels": 4]) { $1 }.merging(more) { $1 })
  }

  @Test(arguments: pictures)
  func logMelSpectrogram(_ sample: Sample) throws {
    try expectWholeJacobian(of: LogMelSpectrogram.self, sample)
  }

  @Test(arguments: [
    ("no iteration", false, 0, 0.99), ("one", false, 1, 0.99), ("three with momentum", true, 3, 0.5),
    ("two without", false, 2, 0.0),
  ])
  func griffinLim(_ label: String, _ centred: Bool, _ iterations: Int, _ momentum: Double) throws {
    let options = ShortTimeOptions(windowLength: 8, hop: 2, centred: centred)
    let shape = [5, 6]
    let sample = Sample(
      label, ["magnitude": shape, "initialPhase": shape],
      shortTime(8, 2, centred: centred).merging([
        "iterations": .integer(iterations), "momentum": .number(momentum),
      ]) { $1 })
    let tested = GriffinLim.self
    let operationCase = try sample.operationCase(of: tested, fill: .normals) { operationCase in
      let signal = Tensor(noise(options.samples(frames: 6), seed: "gradient of \(label)"))
      let spectrum = Reference.shortTimeFourierTransform(signal, options: options)
      operationCase.inputs["magnitude"] = moduli(spectrum)
    }
    try expectWholeJacobian(of: tested, operationCase)
  }
}
