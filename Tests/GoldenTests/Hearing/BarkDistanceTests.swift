import Fast
import Foundation
@testable import PerceptualConformance
import PerceptualCore
import PerceptualFiles
import PerceptualTestSupport
import Reference
import Testing

/// A sample of the Bark distance at 11 025 Hz. The Gaussians are narrow: with few taps most low bands miss the
/// frequencies that are sampled, and let nothing through.
func barkSample(
  _ label: String, _ shape: [Int], bands: Int = 7, taps: Int = 128, stride: Int = 1, factor: Double = 10,
  weighted: Bool = true, low: Double = 2000, high: Double = 5300, distance: String = "cosine"
) -> Sample {
  Sample(
    label, ["prediction": shape, "target": shape],
    [
      "sampleRate": 11_025, "lowFrequency": .number(low), "highFrequency": .number(high),
      "bands": .integer(bands), "taps": .integer(taps), "stride": .integer(stride), "logFactor": .number(factor),
      "aWeighting": .bool(weighted), "distance": .string(distance),
    ])
}

@Suite struct BarkDistanceTests {
  private let tested = BarkDistance.self

  static let samples = [
    barkSample("smallest", [1, 1], bands: 1, taps: 2, low: 2756.25, high: 2756.25, distance: "meanSquaredError"),
    barkSample("a signal shorter than the filters", [2, 5]),
    barkSample("one past a vector of 4 bands", [2, 61], bands: 5),
    barkSample("one past a vector of 8 bands", [1, 83], bands: 9, distance: "meanSquaredError"),
    barkSample("one past a vector of 16 bands", [3, 47], bands: 17),
    barkSample("one past two vectors", [1, 71], bands: 33, weighted: false),
    barkSample("several segments", [1, 1911], taps: 64),
    barkSample(
      "lap 2 and factor 10 000, as experiment 003", [2, 211], stride: 2, factor: 10_000, weighted: false,
      distance: "meanSquaredError"),
    barkSample("a lap that does not divide the segment", [1, 1201], taps: 100, stride: 7),
    barkSample("a lap as long as the filters", [1, 530], stride: 128, factor: 100),
    barkSample("an odd number of taps", [1, 190], taps: 127),
    barkSample("the whole band, as experiment 004", [1, 350], bands: 40, taps: 256, low: 1, high: 5512.5),
  ]

  @Test(arguments: samples) func agreesWithReference(_ sample: Sample) throws {
    try expectAgreement(tested, sample, fill: .normals) { $0.scaleSignals(by: 0.25) }
  }

  /// Gated sound: where a signal is silent every response is 0, and so is the rectifier's derivative.
  @Test func silenceBetweenSoundsIsExact() throws {
    let sample = barkSample("gated", [1, 700], taps: 64, factor: 100, distance: "meanSquaredError")
    let operationCase = try sample.operationCase(of: tested, fill: .normals) { operationCase in
      for i in 100..<500 { operationCase.inputs["prediction"]?[i] = 0 }
      // All but silent: the transform's error is far larger than these.
      for i in 500..<600 { operationCase.inputs["prediction"]?[i] *= 0x1p-24 }
    }
    try expectAgreement(tested, operationCase)
  }

  /// Segments of 512 samples, 385 apart, go through the transforms two at a time: each with its own level, 2^-60 times
  /// the other's or nothing. A tone in the middle of a band has a response far above what noise of its power has (with
  /// some noise on it: what a filter leaves of a tone alone is rounding, in any precision).
  @Test(arguments: [0x1p-60, 0], ["noise", "a tone", "a tone of 2^-60"])
  func aQuietSegmentBesideALoudOneIsExact(_ level: Double, _ sound: String) throws {
    let stretches = [
      (257..<1300, "the second"), (0..<384, "the first"), (0..<600, "the first and a part of the second"),
      (450..<1300, "a part of the second"),
    ]
    for (quiet, label) in stretches {
      let sample = barkSample(
        "\(label) is quiet", [1, 1300], distance: "meanSquaredError")
      let operationCase = try sample.operationCase(of: tested, fill: .normals) { operationCase in
        if sound != "noise" {
          let amplitude = sound == "a tone" ? 1 : 0x1p-60
          for i in 0..<1300 {
            let noise = operationCase.inputs["prediction"]?[i] ?? 0
            operationCase.inputs["prediction"]?[i] =
              amplitude * (sin(2 * .pi * 2000 * Double(i) / 11_025) + 1e-3 * noise)
          }
        }
        for i in quiet { operationCase.inputs["prediction"]?[i] *= level }
      }
      try expectAgreement(tested, operationCase)
    }
  }

  /// A band's response must not have the rounding of what is loud in other bands: a hum of 40 Hz, and noise 80 dB below
  /// it.
  @Test func whatIsSoftBesideAHumIsExact() throws {
    let sample = barkSample("a hum", [1, 600], factor: 100, distance: "meanSquaredError")
    let operationCase = try sample.operationCase(of: tested, fill: .normals) { operationCase in
      for i in 0..<600 {
        let noise = operationCase.inputs["prediction"]?[i] ?? 0
        operationCase.inputs["prediction"]?[i] = sin(2 * .pi * 40 * Double(i) / 11_025) + 1e-4 * noise
      }
    }
    try expectAgreement(tested, operationCase)
  }

  @Test(arguments: ["meanSquaredError", "cosine"]) func silenceHasAValueAndNoGradient(_ distance: String) throws {
    let sample = barkSample("silence", [2, 50], distance: distance)
    let operationCase = try sample.operationCase(of: tested, fill: .normals) { operationCase in
      operationCase.inputs["prediction"] = Tensor(shape: [2, 50])
    }
    for side in [Side.reference, .fast] {
      let results = try tested.run(side, operationCase)
      #expect(results.outputs["value"]?.elements.allSatisfy { $0.isFinite } == true)
      #expect(results.gradients["prediction"]?.elements.allSatisfy { $0 == 0 } == true)
      if distance == "cosine" { #expect(results.outputs["value"]?.elements == [0, 0]) }
    }
    try expectAgreement(tested, operationCase)
  }

  @Test func equalSignals() throws {
    let signal = Tensor(noise(300, seed: "bark, equal").map { Float($0) }, shape: [1, 300])
    var options = BarkDistanceOptions(
      filters: AuditoryFilterOptions(sampleRate: 11_025, lowFrequency: 2000, highFrequency: 5000, bands: 19, taps: 128),
      stride: 1, logFactor: 10, aWeighting: true)
    let squared = Fast.barkDistanceAndGradient(signal, target: signal, upstream: Tensor([1]), options: options)
    #expect(squared.value[0] == 0)
    #expect(squared.gradient.elements.allSatisfy { $0 == 0 })
    options.distance = .cosine
    #expect(abs(Fast.barkDistance(signal, target: signal, options: options)[0] + 1) <= .ulpOfOne)
  }

  @Test(arguments: [nil, BarkMasking(frame: 50, offset: 5.5)])
  func aTargetPreparedOnceIsTheSame(_ masking: BarkMasking?) {
    let (a, b) = (
      Tensor(noise(2 * 333, seed: "bark a").map { Float($0) }, shape: [2, 333]),
      Tensor(noise(2 * 333, seed: "bark b").map { Float($0) }, shape: [2, 333])
    )
    let options = BarkDistanceOptions(
      filters: AuditoryFilterOptions(sampleRate: 16_000, lowFrequency: 2000, highFrequency: 8000, bands: 21, taps: 96),
      stride: 3, logFactor: 100, aWeighting: false, distance: .cosine, masking: masking)
    let upstream = Tensor<Float>([0.5, -2])
    let plan = BarkPlan(options, samples: 333)
    let target = BarkTarget(plan, b)
    let direct = Fast.barkDistanceAndGradient(a, target: b, upstream: upstream, options: options)
    let prepared = plan.distanceAndGradient(a, target: target, upstream: upstream)
    #expect(prepared.value == direct.value)
    #expect(prepared.gradient == direct.gradient)
    #expect(plan.distanceAndGradient(a, target: target, upstream: nil).value == direct.value)
    #expect(Fast.barkDistance(a, target: b, options: options) == direct.value)
  }

  @Test func whatIsNotFiniteIsNotHidden() {
    var signal = Tensor<Float>(repeating: 0.5, shape: [2, 100])
    let other = Tensor<Float>(repeating: 0.25, shape: [2, 100])
    let options = BarkDistanceOptions(
      filters: AuditoryFilterOptions(sampleRate: 8000, lowFrequency: 50, highFrequency: 4000, bands: 5, taps: 16),
      stride: 1, logFactor: 10, aWeighting: false)
    for bad in [Float.nan, .infinity, -.infinity] {
      signal[1, 40] = bad
      let value = Fast.barkDistance(signal, target: other, options: options)
      #expect(value[0].isFinite && !value[1].isFinite)
    }
  }

  static let refused: [(String, [Int], [Int], [String: JSONValue])] = [
    ("rank 1", [5], [5], [:]), ("shapes differ", [1, 5], [1, 6], [:]), ("nothing", [1, 0], [1, 0], [:]),
    ("no band", [1, 5], [1, 5], ["bands": 0]), ("one tap", [1, 5], [1, 5], ["taps": 1]),
    ("stride 0", [1, 5], [1, 5], ["stride": 0]),
    ("a stride beyond the taps", [1, 5], [1, 5], ["stride": 129]),
    ("factor 0", [1, 5], [1, 5], ["logFactor": 0]),
    ("beyond Nyquist", [1, 5], [1, 5], ["highFrequency": 6000]),
    ("band reversed", [1, 5], [1, 5], ["lowFrequency": 5301]),
    ("A-weighting at 0 Hz", [1, 5], [1, 5], ["lowFrequency": 0]),
    ("A-weighting next to 0 Hz", [1, 5], [1, 5], ["lowFrequency": .number(.leastNonzeroMagnitude)]),
    ("an unknown distance", [1, 5], [1, 5], ["distance": "euclidean"]),
  ]

  @Test(arguments: refused)
  func refusesWhatDoesNotFit(
    _ label: String, _ prediction: [Int], _ target: [Int], _ more: [String: JSONValue]
  ) throws {
    let attributes = barkSample("", [1, 5]).attributes.merging(more) { $1 }
    let sample = Sample(label, ["prediction": prediction, "target": target], attributes)
    #expect(throws: PerceptualError.self) { try sample.operationCase(of: tested, fill: .normals) }
  }

  @Test func callersStopWithASentence() async {
    let fast = await #expect(processExitsWith: .failure, observing: [\.standardErrorContent]) {
      _ = Fast.barkDistance(Tensor(shape: [1, 3]), target: Tensor(shape: [1, 4]), options: .clipGenerator)
    }
    #expect(fast.stops(with: "target: shape [1, 4], prediction has [1, 3]"))
    let reference = await #expect(processExitsWith: .failure, observing: [\.standardErrorContent]) {
      let x = Tensor<Double>(shape: [2, 3])
      _ = Reference.barkDistanceGradient(x, target: x, upstream: Tensor([1]), options: .clipGenerator)
    }
    #expect(reference.stops(with: "upstream: shape [1], one number a sample is [2]"))
  }
}

extension OperationCase {
  mutating func scaleSignals(by factor: Scalar) {
    inputs = inputs.mapValues { $0.map { factor * $0 } }
  }
}
