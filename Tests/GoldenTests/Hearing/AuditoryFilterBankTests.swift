import Fast
import Foundation
@testable import PerceptualConformance
import PerceptualCore
import PerceptualFiles
import PerceptualTestSupport
import Reference
import Testing

@Suite struct AuditoryFilterBankTests {
  static func sample(
    _ label: String, _ rate: Double, _ low: Double, _ high: Double, _ bands: Int, _ taps: Int,
    _ more: [String: JSONValue] = [:]
  ) -> Sample {
    Sample(
      label, [:],
      [
        "sampleRate": .number(rate), "lowFrequency": .number(low), "highFrequency": .number(high),
        "bands": .integer(bands), "taps": .integer(taps),
      ].merging(more) { $1 })
  }

  static let samples = [
    sample("smallest", 8000, 2000, 2000, 1, 2), sample("bands that begin at 0 Hz", 11_025, 1, 5512.5, 24, 64),
    sample("an odd number of taps", 16_000, 30, 7000, 7, 33), sample("taps no power of two", 16_000, 30, 7000, 7, 100),
    sample("mel", 22_050, 60, 11_025, 13, 48, ["scale": "mel"]),
    sample("geometric", 44_100, 55, 14_080, 9, 64, ["scale": "geometric", "bandwidthRatio": 0.2]),
    sample("0 Hz without weights", 8000, 0, 4000, 5, 16, ["aWeighting": .bool(false)]),
  ]

  @Test(arguments: samples) func agreesWithReference(_ sample: Sample) throws {
    try expectAgreement(AuditoryFilterBank.self, sample, fill: .normals)
  }

  @Test func bandsLieAsTheScalesSay() {
    let bark = AuditoryFilterOptions(sampleRate: 11_025, lowFrequency: 1, highFrequency: 5512.5)
    let centres = Reference.auditoryCentres(bark)
    #expect(agree(centres[0], 1, roundings: 64) && agree(centres[511], 5512.5, roundings: 64))
    // Four bands of experiment 004 begin at or below 0 Hz.
    #expect(zip(centres, Reference.auditoryBandwidths(bark)).filter { $0 - $1 / 2 <= 0 }.count == 4)
    // 1000 mel are 1000 Hz, but for a part in ten thousand.
    let mel = AuditoryFilterOptions(sampleRate: 8000, lowFrequency: 0, highFrequency: 2000, bands: 3, scale: .mel)
    let middle = 1127 * log(1 + 2000.0 / 700) / 2
    #expect(agree(1127 * log(1 + Fast.auditoryCentres(mel)[1] / 700), middle, roundings: 64))
    let octaves = AuditoryFilterOptions(
      sampleRate: 44_100, lowFrequency: 110, highFrequency: 880, bands: 4, scale: .geometric, bandwidthRatio: 0.5)
    let found = zip(Fast.auditoryCentres(octaves), Fast.auditoryBandwidths(octaves))
    for ((centre, width), expected) in zip(found, [110.0, 220, 440, 880]) {
      #expect(agree(centre, expected, roundings: 64) && agree(width, expected / 2, roundings: 64))
    }
  }

  /// IEC 61672 gives 0 dB at 1 kHz and -19.1 dB at 100 Hz.
  @Test func aWeightsAreThoseOfTheStandard() {
    let weights = Reference.aWeights(centres: [100, 1000])
    #expect(weights[0] == 1)
    #expect(abs(weights[1] - 1 - 19.1) < 0.1)
    for (a, b) in zip(weights, Fast.aWeights(centres: [100, 1000])) { #expect(agree(a, b, roundings: 16)) }
  }

  /// Each filter is symmetric and lets its own centre through best.
  @Test func filtersAreSymmetricAndPassTheirBand() {
    let options = AuditoryFilterOptions(
      sampleRate: 16_000, lowFrequency: 400, highFrequency: 7000, bands: 6, taps: 512)
    let bank = Fast.auditoryFilterBank(options)
    let centres = Fast.auditoryCentres(options)
    for band in 0..<6 {
      let taps = (0..<512).map { Double(bank[band, $0]) }
      #expect(taps == Array(taps.reversed()))
      let gains = centres.map { centre -> Double in
        let parts = taps.enumerated().map { (n, tap) -> (Double, Double) in
          let angle = 2 * Double.pi * centre * Double(n) / 16_000
          return (tap * cos(angle), tap * sin(angle))
        }
        let (c, s) = parts.reduce((0, 0)) { ($0.0 + $1.0, $0.1 + $1.1) }
        return (c * c + s * s).squareRoot()
      }
      #expect(gains.indices.max { gains[$0] < gains[$1] } == band)
    }
  }

  @Test func callersStopWithASentence() async {
    let fast = await #expect(processExitsWith: .failure, observing: [\.standardErrorContent]) {
      _ = Fast.auditoryFilterBank(
        AuditoryFilterOptions(sampleRate: 8000, lowFrequency: 50, highFrequency: 5000, bands: 3, taps: 8))
    }
    #expect(fast.stops(with: "band: 50.0 to 5000.0 Hz, 0 to 4000.0 Hz is needed"))
    let reference = await #expect(processExitsWith: .failure, observing: [\.standardErrorContent]) {
      _ = Reference.aWeights(centres: [0, 100])
    }
    #expect(reference.stops(with: "centres: A-weighting has no value at 0 Hz"))
  }
}
