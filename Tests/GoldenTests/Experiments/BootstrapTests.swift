import Foundation
import PerceptualCore
import PerceptualTestSupport
import Testing

@testable import PerceptualExperiments

@Suite struct BootstrapTests {
  private static func names(_ count: Int) -> [String] { (0..<count).map { "\($0).wav" } }

  /// For many independent normal values the interval is that of Student: mean +- 1.96 standard errors.
  @Test func agreesWithTheNormalIntervalForManyClips() throws {
    var generator = SeededGenerator(name: "normal interval")
    let values = (0..<400).map { _ in 3 + generator.normal() }
    let mean = values.reduce(0, +) / 400
    let error = (values.reduce(0) { $0 + ($1 - mean) * ($1 - mean) } / 400 / 400).squareRoot()
    let interval = try #require(Bootstrap(recordings: Self.names(400)).interval(values))
    // 2000 draws know a quantile of the means to about 0.05 standard errors (binomial count of 50 beyond it).
    #expect(abs(interval.low - (mean - 1.96 * error)) < 4 * 0.05 * error)
    #expect(abs(interval.high - (mean + 1.96 * error)) < 4 * 0.05 * error)
  }

  @Test func isTheSameForTheSameSeedAndAnotherForAnother() throws {
    var generator = SeededGenerator(name: "seeds")
    let values = (0..<30).map { _ in generator.normal() }
    let first = Bootstrap(recordings: Self.names(30), seed: 1).interval(values)
    #expect(first == Bootstrap(recordings: Self.names(30), seed: 1).interval(values))
    #expect(first != Bootstrap(recordings: Self.names(30), seed: 2).interval(values))
  }

  /// Ten clips of each of four recordings that differ: what is known is four numbers, not forty.
  @Test func clipsOfOneRecordingAreNoNewEvidence() throws {
    var generator = SeededGenerator(name: "recordings")
    var values: [Double] = []
    var recordings: [String] = []
    for recording in 0..<4 {
      for _ in 0..<10 {
        values.append(Double(recording) + 0.01 * generator.normal())
        recordings.append("\(recording).wav")
      }
    }
    let grouped = Bootstrap(recordings: recordings)
    #expect(grouped.drawsRecordings && grouped.units == 4)
    let wide = try #require(grouped.interval(values))
    let narrow = try #require(Bootstrap(recordings: Self.names(40)).interval(values))
    #expect(wide.width > 2 * narrow.width)
  }

  /// Paired: what all models share cancels, so that a small difference is clear of 0 where the means' intervals
  /// overlap.
  @Test func differencesArePaired() throws {
    var generator = SeededGenerator(name: "pairs")
    let hard = (0..<20).map { _ in generator.normal() }
    let worse = hard.map { $0 + 0.1 + 0.01 * generator.normal() }
    let bootstrap = Bootstrap(recordings: Self.names(20))
    let (a, b) = (try #require(bootstrap.interval(hard)), try #require(bootstrap.interval(worse)))
    #expect(a.high > b.low)
    let difference = try #require(bootstrap.interval(zip(worse, hard).map { $0 - $1 }))
    #expect(difference.low > 0)
    // The same draws: the interval of a shifted list is shifted.
    let shifted = try #require(bootstrap.interval(hard.map { $0 + 5 }))
    #expect(abs(shifted.low - a.low - 5) < 20 * 8 * Double.ulpOfOne)
  }

  @Test func nothingIsSaidOfASingleClip() {
    #expect(Bootstrap(recordings: ["a.wav"]).interval([1]) == nil)
    // Two clips of one recording are drawn by themselves.
    let pair = Bootstrap(recordings: ["a.wav", "a.wav"])
    #expect(!pair.drawsRecordings && pair.interval([1, 2]) == Interval(low: 1, high: 2))
  }
}
