import Foundation
import PerceptualCore
import PerceptualFiles
import PerceptualTestSupport
import Testing

/// Tests/Fixtures/containers: the same two tones in every container (tools/oracles/containers.py).
@Suite struct AudioContainerTests {
  private let scratch = ScratchDirectory()
  private var directory: String { scratch.path }

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
      let (distance, _) = leastDelayedDistance(
        clip.samples.elements[..<5512].map { Double($0) }, expected[..<5512].map { Double($0) }, delays: 0..<2400)
      #expect(decibels(distance) < -15)
    }
  }

  /// A window is what decoding everything gives there; of MP3, whose frames lean on those before, as nearly as it
  /// decodes.
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
    let report = try AudioMutation.decodeMutants(
      of: try FileBytes.read(container.path), 0..<60, seed: 7, at: "\(directory)/mutant.\(container.suffix)")
    #expect(report.decoded + report.refused == 60)
    #expect(report.refused > 0)
  }

  /// The header knows the length: what is left of a file is not taken for the whole.
  @Test(arguments: ["wav", "rf64", "w64", "aiff", "au"]) func aCutIsSeen(_ suffix: String) throws {
    let path = "\(directory)/cut.\(suffix)"
    let bytes = try FileBytes.read(containerPath("tone.\(suffix)"))
    try FileBytes.write(Array(bytes.prefix(bytes.count * 3 / 5)), to: path)
    #expect(try AudioFile.information(path).frames == 5512)
    expectError(saying: "cut short") { try AudioFile.read(path) }
    let part = try AudioFile.read(path, from: 100, frames: 1000)
    #expect(part == (try AudioFile.read(containerPath("tone.\(suffix)"), from: 100, frames: 1000)))
  }

  private func read(_ bytes: [UInt8], as suffix: String) throws -> AudioClip {
    try AudioFile.read(scratch.write(bytes, to: "a.\(suffix)"))
  }

  /// MP3 of so many frames gives 1152 samples each, but for the 529 by which a decoder runs behind.
  private func expectLength(_ clip: AudioClip, frames: Int) {
    #expect(clip.frames == 1152 * frames - 529)
  }

  /// Without a frame that counts, frames are counted: the sound is that of the file with one, and nothing is cut off.
  @Test func mp3WithoutACount() throws {
    let whole = try FileBytes.read(containerPath("tone.mp3"))
    let clip = try AudioFile.read(containerPath("tone.mp3"))
    // 44.1 kHz: the first frame holds the count.
    let bitRate = [0, 32, 40, 48, 56, 64, 80, 96, 112, 128, 160, 192, 224, 256, 320][Int(whole[2] >> 4)]
    let bare = Array(whole[(144 * bitRate * 1000 / 44_100 + Int(whole[2] >> 1 & 1))...])
    let found = try read(bare, as: "mp3")
    #expect(found.frames > clip.frames && (found.frames + 529) % 1152 == 0)
    let sound = Array(clip.samples.elements[..<clip.frames])
    let delay = (0..<found.frames - clip.frames).first {
      found.samples.elements[$0..<$0 + clip.frames].elementsEqual(sound)
    }
    #expect(delay != nil)
    // Tags before and behind; a cut in the last frame takes that one.
    let title = Array("ID3".utf8) + [4, 0, 0, 0, 0, 2, 44] + [UInt8](repeating: 0, count: 300)
    #expect(try read(title + bare + Array("TAG".utf8) + [UInt8](repeating: 0, count: 125), as: "mp3") == found)
    expectLength(try read(bare.dropLast(10), as: "mp3"), frames: (found.frames + 529) / 1152 - 1)
  }

  /// The first frames say nothing of those that follow.
  @Test func mp3OfVaryingRate() throws {
    // Silence of 320 and of 32 kbit/s, one channel.
    let long: [UInt8] = [0xFF, 0xFB, 0xE0, 0xC0] + [UInt8](repeating: 0, count: 1044 - 4)
    let short: [UInt8] = [0xFF, 0xFB, 0x10, 0xC0] + [UInt8](repeating: 0, count: 104 - 4)
    func repeated(_ frame: [UInt8], _ count: Int) -> [UInt8] { Array(repeatElement(frame, count: count).joined()) }
    expectLength(try read(repeated(long, 10) + repeated(short, 300), as: "mp3"), frames: 310)
    expectLength(try read(repeated(short, 10) + repeated(long, 300), as: "mp3"), frames: 310)
    // Damage between them costs what was damaged.
    let damaged = repeated(long, 5) + [UInt8](repeating: 0x55, count: 333) + repeated(long, 5)
    #expect(try read(damaged, as: "mp3").frames > 1152 * 8)
  }

  /// What was joined is read whole or refused.
  @Test func joinedFiles() throws {
    let mp3 = try FileBytes.read(containerPath("tone.mp3"))
    let clip = try read(mp3 + mp3, as: "mp3")
    #expect((clip.frames + 529) % 1152 == 0 && clip.frames > 2 * 5512)
    for suffix in ["ogg", "opus", "flac"] {
      let bytes = try FileBytes.read(containerPath("tone.\(suffix)"))
      expectError(saying: "found another behind it at byte \(bytes.count)") { try read(bytes + bytes, as: suffix) }
    }
  }

  /// A FLAC that holds more or less than its header says; 0 is "unknown".
  @Test func flacOfAWrongCount() throws {
    let bytes = try FileBytes.read(containerPath("tone.flac"))
    func with(_ count: Int) -> [UInt8] {
      var changed = bytes
      changed[21] = changed[21] & 0xF0
      for (place, byte) in withUnsafeBytes(of: UInt32(count).bigEndian, Array.init).enumerated() {
        changed[22 + place] = byte
      }
      return changed
    }
    #expect(with(5512) == bytes)
    #expect(try read(with(0), as: "flac") == AudioFile.read(containerPath("tone.flac")))
    for (count, phrase) in [
      (5511, "5511 frames were expected by the header, found 5512"), (6000, "found 5512 that can be decoded"),
    ] {
      expectError(saying: phrase) { try read(with(count), as: "flac") }
    }
  }

  /// Opus of an unspecified input rate is of 48 kHz.
  @Test func opusOfNoRate() throws {
    var bytes = try FileBytes.read(containerPath("tone.opus"))
    let page = 28 + Int(bytes[27])
    bytes.replaceSubrange(40..<44, with: [0, 0, 0, 0])
    bytes.replaceSubrange(22..<26, with: [0, 0, 0, 0])
    // The checksum of Ogg, bit by bit.
    var checksum: UInt32 = 0
    for byte in bytes[..<page] {
      for bit in (0..<8).reversed() {
        let isOdd = (checksum >> 31 ^ UInt32(byte) >> UInt32(bit)) & 1 == 1
        checksum = checksum << 1 ^ (isOdd ? 0x04C1_1DB7 : 0)
      }
    }
    bytes.replaceSubrange(22..<26, with: withUnsafeBytes(of: checksum.littleEndian, Array.init))
    #expect(try read(bytes, as: "opus") == AudioFile.read(containerPath("tone.opus")))
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
