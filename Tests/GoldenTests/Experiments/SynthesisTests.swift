import Foundation
import PerceptualCore
import PerceptualExperiments
import PerceptualFiles
import PerceptualSynthesis
import PerceptualTestSupport
import Testing

/// The built-in music: reproducible, varied, and as loud and broad as released recordings.
@Suite struct SynthesisTests {
  static func channels(_ clip: Tensor<Float>) -> (left: [Float], right: [Float]) {
    (Array(clip.elements.prefix(Synthesis.frames)), Array(clip.elements.suffix(Synthesis.frames)))
  }

  @Test func sameIndexAndSeedGiveTheSameSamples() {
    #expect(Synthesis.samples(index: 5, seed: 9) == Synthesis.samples(index: 5, seed: 9))
    #expect(Synthesis.describe(index: 5, seed: 9) == Synthesis.describe(index: 5, seed: 9))
  }

  @Test func anotherSeedOrAnotherTurnOfTheSameEnsembleIsOtherMusic() {
    let clip = Synthesis.samples(index: 2, seed: 1)
    #expect(clip != Synthesis.samples(index: 2, seed: 2))
    #expect(clip != Synthesis.samples(index: 10, seed: 1))
    #expect(Synthesis.name(index: 2) == Synthesis.name(index: 10))
  }

  @Test func everyEnsembleHasItsName() {
    #expect(Set((0..<8).map { Synthesis.name(index: $0) }).count == 8)
    #expect(Synthesis.name(index: 0) == "chamber-strings")
  }

  /// Tests/Fixtures/audio, the clips of seed 1.
  static func shipped(_ index: Int) throws -> AudioClip {
    try AudioFile.read("\(fixturesDirectory)/audio/\(Synthesis.fileName(index: index))")
  }

  @Test(arguments: 0..<16)
  func shippedFileIsTheRendering(_ index: Int) throws {
    #expect(try Self.shipped(index) == Synthesis.render(index: index, seed: Synthesis.testSeed))
  }

  @Test func everyShippedFileIsInTheManifest() throws {
    let manifest = try String(contentsOfFile: "\(fixturesDirectory)/audio/MANIFEST.sha256", encoding: .utf8)
    let lines = manifest.split(separator: "\n").map(String.init)
    #expect(
      names(in: "\(fixturesDirectory)/audio").filter { $0.hasSuffix(".flac") } == (0..<16).map(Synthesis.fileName))
    #expect(lines.count == 16)
    for index in 0..<16 {
      let name = Synthesis.fileName(index: index)
      let bytes = try Data(contentsOf: URL(filePath: "\(fixturesDirectory)/audio/\(name)"))
      #expect(lines.contains("\(sha256(Array(bytes)))  \(name)"), "\(name)")
    }
  }

  @Test(arguments: 0..<16)
  func soundsLikeAReleasedRecording(_ index: Int) throws {
    let clip = try Self.shipped(index).samples
    #expect(clip.shape == [2, 201_984])
    #expect(clip.elements.allSatisfy { $0.isFinite && ($0 * 32_768).rounded() == $0 * 32_768 }, "16-bit values")
    let (left, right) = Self.channels(clip)
    let statistics = stereoStatistics(left: left, right: right)
    // Released music lies between -20 and -11 dB of full scale; a quarter to full scale at its peak.
    #expect((0.1...0.28).contains(statistics.rms), "RMS \(statistics.rms)")
    #expect((0.7...0.97).contains(statistics.peak), "peak \(statistics.peak)")
    #expect((-0.5...0.985).contains(statistics.correlation), "correlation of the channels \(statistics.correlation)")
    // A fifth of a second without sound would be a gap that a spectrogram shows as noise.
    #expect(quietestStretch(of: left, length: 9600) > 0.005)

    let bands = bandLevels(of: left, rate: 48_000, edges: [50, 200, 800, 3200, 8000, 16_000])
    let least = [-24.0, -24, -24, -36, -56]
    for (band, (level, floor)) in zip(bands, least).enumerated() {
      #expect(level > floor, "band \(band) of \(Synthesis.describe(index: index, seed: 1)): \(level) dB")
    }
  }

  @Test func refusesANegativeIndex() async {
    let result = await #expect(processExitsWith: .failure, observing: [\.standardErrorContent]) {
      _ = Synthesis.samples(index: -1, seed: 1)
    }
    #expect(result.stops(with: "index: -1 given, 0 or more is needed"))
  }
}
