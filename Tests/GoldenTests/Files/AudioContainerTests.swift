import Foundation
import PerceptualCore
import PerceptualFiles
import PerceptualTestSupport
import Testing

/// Tests/Fixtures/containers: the same two tones in every container (tools/oracles/containers.py).
@Suite struct AudioContainerTests {
  struct Container: Sendable, CustomStringConvertible {
    var suffix: String
    var format: String
    var rate = 44_100
    var isLossless = true
    var description: String { suffix }
    var path: String { containerPath("tone.\(suffix)") }
  }

  static let containers = [
    Container(suffix: "wav", format: "WAV"), Container(suffix: "w64", format: "W64"),
    Container(suffix: "rf64", format: "RF64"), Container(suffix: "aiff", format: "AIFF"),
    Container(suffix: "au", format: "AU"), Container(suffix: "caf", format: "CAF"),
    Container(suffix: "flac", format: "FLAC"), Container(suffix: "ogg", format: "OGG", isLossless: false),
    Container(suffix: "opus", format: "OGG", rate: 48_000, isLossless: false),
    Container(suffix: "mp3", format: "MPEG", isLossless: false),
  ]

  /// 0.5 sin(2 pi 440 t) and 0.25 sin(2 pi 1000 t), rounded to 16 bits.
  private static func tones(_ rate: Int, _ frames: Range<Int>) -> [Float] {
    [(0.5, 440.0), (0.25, 1000.0)].flatMap { (gain, frequency) in
      frames.map { n in
        Float((gain * sin(2 * Double.pi * frequency * Double(n) / Double(rate)) * 32_767).rounded(.toNearestOrEven))
          / 32_768
      }
    }
  }

  @Test(arguments: containers) func decodes(_ container: Container) throws {
    let information = try AudioFile.information(container.path)
    #expect(information.sampleRate == container.rate && information.channels == 2 && information.frames == 5512)
    #expect(information.formatName.contains(container.format), "\(information.formatName)")
    let clip = try AudioFile.read(container.path)
    #expect(clip.samples.shape == [2, 5512] && clip.sampleRate == container.rate)
    let expected = Self.tones(container.rate, 0..<5512)
    if container.isLossless {
      #expect(clip.samples.elements == expected)
    } else {
      // MP3 decoders give what the encoder laid before the sound.
      let (distance, delay) = leastDelayedDistance(
        clip.samples.elements[..<5512].map { Double($0) }, expected[..<5512].map { Double($0) }, delays: 0..<2400)
      print("\(container): \(decibels(distance)) dB, \(delay) samples late")
      #expect(decibels(distance) < -15)
    }
  }

  /// A window is what decoding everything gives there; of MP3, whose frames lean on those before, as nearly as it decodes.
  @Test(arguments: containers) func windowIsSlice(_ container: Container) throws {
    let clip = try AudioFile.read(container.path)
    for (start, frames) in [(0, 10), (1, 100), (2048, 1000), (5000, 512), (5511, 1)] {
      let window = try AudioFile.read(container.path, from: start, frames: frames)
      #expect(window.samples.shape == [2, frames])
      for channel in 0..<2 {
        let part = clip.samples.elements[channel * 5512 + start..<channel * 5512 + start + frames].map { Double($0) }
        let own = window.samples.elements[channel * frames..<(channel + 1) * frames].map { Double($0) }
        if container.isLossless || container.suffix == "ogg" {
          #expect(own == part)
        } else {
          #expect(largestDifference(own, part) < 0.02, "\(container) from \(start)")
        }
      }
    }
  }

  /// A seeded slice of tools/fuzz-audio: whatever is done to a file, it decodes or is refused.
  @Test(arguments: containers) func damageIsDecodedOrRefused(_ container: Container) throws {
    try withTemporaryDirectory { directory in
      let report = try AudioMutation.decodeMutants(
        of: try FileBytes.read(container.path), 0..<60, seed: 7, at: "\(directory)/mutant.\(container.suffix)")
      #expect(report.decoded + report.refused == 60)
      #expect(report.refused > 0)
    }
  }

  /// The header knows the length: what is left of a file is not taken for the whole.
  @Test(arguments: ["wav", "rf64", "w64", "aiff", "au"]) func aCutIsSeen(_ suffix: String) throws {
    try withTemporaryDirectory { directory in
      let path = "\(directory)/cut.\(suffix)"
      let bytes = try FileBytes.read(containerPath("tone.\(suffix)"))
      try FileBytes.write(Array(bytes.prefix(bytes.count * 3 / 5)), to: path)
      #expect(try AudioFile.information(path).frames == 5512)
      let error = #expect(throws: PerceptualError.self) { try AudioFile.read(path) }
      #expect(error?.description.contains("cut short") == true, "\(error?.description ?? "")")
      let part = try AudioFile.read(path, from: 100, frames: 1000)
      #expect(part == (try AudioFile.read(containerPath("tone.\(suffix)"), from: 100, frames: 1000)))
    }
  }

  @Test func mutantsDependOnTheirSeed() throws {
    let bytes = try FileBytes.read(Self.containers[0].path)
    var (a, b, c) = (AudioMutation(seed: 1), AudioMutation(seed: 1), AudioMutation(seed: 2))
    let first = a.applied(to: bytes)
    #expect(first == b.applied(to: bytes) && first != bytes && first != c.applied(to: bytes))
    #expect(a.applied(to: []) == [])
  }
}

func containerPath(_ name: String) -> String {
  URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent()
    .appendingPathComponent("Fixtures/containers/\(name)").path
}
