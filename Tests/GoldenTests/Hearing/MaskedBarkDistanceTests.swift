import Fast
import Foundation
@testable import PerceptualConformance
import PerceptualCore
import PerceptualFiles
import PerceptualTestSupport
import Reference
import Testing

@Suite struct MaskedBarkDistanceTests {
  private let tested = MaskedBarkDistance.self

  static func masked(_ sample: Sample, frame: Int, offset: Double = 5.5) -> Sample {
    var attributes = sample.attributes
    attributes["logFactor"] = nil
    attributes["frame"] = .integer(frame)
    attributes["offset"] = .number(offset)
    return Sample("\(sample.label), frames of \(frame)", sample.shapes, attributes)
  }

  static let samples = [
    masked(barkSample("smallest", [1, 1], bands: 1, taps: 2, low: 2756.25, high: 2756.25), frame: 1),
    masked(barkSample("frames of prime length", [2, 83], bands: 9), frame: 13),
    masked(barkSample("one past 16 bands", [3, 47], bands: 17, distance: "meanSquaredError"), frame: 32),
    masked(barkSample("frames across segments", [1, 1911], taps: 64), frame: 100),
    masked(barkSample("a frame under the lap", [1, 400], stride: 7, weighted: false), frame: 3),
    masked(barkSample("a frame beyond the signal", [1, 120]), frame: 5000, offset: 14),
    masked(barkSample("the whole band", [1, 350], bands: 40, taps: 256, low: 1, high: 5512.5), frame: 128),
  ]

  @Test(arguments: samples) func agreesWithReference(_ sample: Sample) throws {
    try expectAgreement(tested, sample, fill: .normals) { $0.scaleSignals(by: 0.25) }
  }

  private func tones(_ parts: [(frequency: Double, amplitude: Double)]) -> Tensor<Float> {
    var signal = [Double](repeating: 0, count: 4096)
    for part in parts {
      let one = tone(part.frequency, rate: 11_025, count: 4096)
      for i in 0..<4096 { signal[i] += part.amplitude * one[i] }
    }
    return Tensor(signal.map { Float($0) }, shape: [1, 4096])
  }

  /// Noise beside a loud tone costs less than the same noise where nothing hides it, and the plain loss does not know.
  @Test func aMaskerHides() {
    var options = BarkDistanceOptions.maskedClipGenerator
    options.distance = .meanSquaredError
    let target = tones([(1000, 0.5)])
    let hidden = tones([(1000, 0.5), (1060, 0.002)])
    let heard = tones([(1000, 0.5), (3000, 0.002)])
    func distance(_ prediction: Tensor<Float>, _ options: BarkDistanceOptions) -> Float {
      Fast.barkDistance(prediction, target: target, options: options)[0]
    }
    #expect(20 * distance(hidden, options) < distance(heard, options))
    #expect(distance(target, options) == 0)
    options.masking = nil
    #expect(20 * distance(hidden, options) > distance(heard, options))
  }

  /// In quiet the threshold is that of the ear: a tone under it costs next to nothing at 60 Hz, and more at 3 kHz.
  @Test func quietHides() {
    var options = BarkDistanceOptions.maskedClipGenerator
    options.distance = .meanSquaredError
    let silence = tones([])
    func distance(_ frequency: Double) -> Float {
      Fast.barkDistance(tones([(frequency, 1e-4)]), target: silence, options: options)[0]
    }
    #expect(distance(3000) > 100 * distance(60))
  }

  /// The thresholds by hand: two bands an octave apart, one of them excited.
  @Test func thresholdsByHand() {
    #expect(abs(Reference.maskingSpread(0) + 4e-3) < 2e-2)
    // Upwards it falls by 10 dB a bark, downwards by 25.
    #expect(Reference.maskingSpread(3) > -25 && Reference.maskingSpread(-3) < -45)
    #expect(abs(Reference.maskingSpread(20) - Reference.maskingSpread(19) + 10) < 0.1)
    #expect(abs(Reference.maskingSpread(-20) - Reference.maskingSpread(-19) + 25) < 0.1)
    #expect(abs(Reference.thresholdInQuiet(1000) - 3.37) < 0.02 && Reference.thresholdInQuiet(1) == 96)
    let options = BarkDistanceOptions(
      filters: AuditoryFilterOptions(sampleRate: 8000, lowFrequency: 1000, highFrequency: 1000, bands: 1, taps: 4),
      stride: 1, logFactor: 1, aWeighting: false, masking: BarkMasking(frame: 2, offset: 10))
    let responses = Tensor<Double>([3, -4, 0, 0, 0.1], shape: [1, 1, 5])
    let thresholds = Reference.maskingThresholds(responses, options: options)
    let quiet = pow(10, (Reference.thresholdInQuiet(1000) - 96) / 10) / 2
    #expect(thresholds.shape == [1, 1, 3])
    #expect(agree(thresholds[0], 1.25, roundings: 16) && thresholds[1] == quiet)
    #expect(agree(thresholds[2], 1e-3, roundings: 16))
  }

  @Test func refusesWhatDoesNotFit() throws {
    for sample in [
      Self.masked(barkSample("frame 0", [1, 9]), frame: 0),
      Self.masked(barkSample("offset", [1, 9]), frame: 4, offset: 201),
      barkSample("a log factor", [1, 9]),
    ] {
      #expect(throws: PerceptualError.self) { try sample.operationCase(of: tested, fill: .normals) }
    }
  }
}
