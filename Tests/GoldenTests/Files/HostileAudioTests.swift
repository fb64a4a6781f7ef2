import Foundation
import PerceptualCore
import PerceptualFiles
import Testing

/// Files that are what their format allows, and yet not what a reader hopes for. docs/audio.md lists the results.
@Suite struct HostileAudioTests {
  enum Answer: Sendable, Equatable {
    /// Channels, frames, rate.
    case decodes(Int, Int, Int)
    /// The sentence contains this.
    case refused(String)
  }

  struct File: Sendable, CustomStringConvertible {
    var description: String
    var suffix: String
    var bytes: [UInt8]
    var answer: Answer
  }

  private static func little(_ value: UInt64, _ count: Int) -> [UInt8] {
    (0..<count).map { UInt8(truncatingIfNeeded: value >> UInt64(8 * $0)) }
  }
  private static func big(_ value: UInt64, _ count: Int) -> [UInt8] { little(value, count).reversed() }

  /// A WAV file; `declared` is what its header says of the data.
  private static func wav(
    format: UInt64 = 1, channels: UInt64 = 1, rate: UInt64 = 16_000, bits: UInt64 = 16,
    data: [UInt8] = [0, 64, 0, 192],
    declared: Int? = nil, before: [UInt8] = [], after: [UInt8] = []
  ) -> [UInt8] {
    let frame = channels * bits / 8
    let form =
      little(format, 2) + little(channels, 2) + little(rate, 4) + little(rate &* frame, 4) + little(frame, 2)
      + little(bits, 2)
    let size = UInt64(declared ?? data.count)
    let chunks =
      Array("fmt ".utf8) + little(16, 4) + form + before + Array("data".utf8) + little(size, 4) + data + after
    return Array("RIFF".utf8) + little(UInt64(chunks.count + 4) + size - UInt64(data.count), 4) + Array("WAVE".utf8)
      + chunks
  }

  /// A Sun AU file.
  private static func au(
    encoding: UInt64 = 3, channels: UInt64 = 1, rate: UInt64 = 16_000, offset: UInt64 = 24, size: UInt64? = nil,
    data: [UInt8] = [64, 0, 192, 0]
  ) -> [UInt8] {
    Array(".snd".utf8) + big(offset, 4) + big(size ?? UInt64(data.count), 4) + big(encoding, 4) + big(rate, 4)
      + big(channels, 4) + data
  }

  private static func floats(_ values: [Float]) -> [UInt8] { values.flatMap { little(UInt64($0.bitPattern), 4) } }
  private static func file(_ what: String, _ suffix: String, _ bytes: [UInt8], _ answer: Answer) -> File {
    File(description: what, suffix: suffix, bytes: bytes, answer: answer)
  }

  static let files: [File] = [
    file("one frame", "wav", wav(data: [0, 64]), .decodes(1, 1, 16_000)),
    file("no frames", "wav", wav(data: []), .refused("found none")),
    file("half a frame", "wav", wav(data: [1]), .refused("found none")),
    file("an odd byte at the end", "wav", wav(data: [0, 64, 0, 192, 7]), .decodes(1, 2, 16_000)),
    file("rate 1", "wav", wav(rate: 1), .decodes(1, 2, 1)),
    file("rate 0", "wav", wav(rate: 0), .refused("was expected")),
    file("rate 2^31 - 1", "wav", wav(rate: 0x7fff_ffff), .decodes(1, 2, 0x7fff_ffff)),
    file("rate 2^31", "wav", wav(rate: 0x8000_0000), .refused("was expected")),
    file("rate 2^32 - 1", "wav", wav(rate: 0xffff_ffff), .refused("was expected")),
    file("no channels", "wav", wav(channels: 0), .refused("was expected")),
    file(
      "1024 channels, one frame", "wav", wav(channels: 1024, data: [UInt8](repeating: 1, count: 2048)),
      .decodes(1024, 1, 16_000)),
    file("1024 channels claimed, two samples", "wav", wav(channels: 1024), .refused("found none")),
    file("65535 channels claimed", "wav", wav(channels: 65_535), .refused("was expected")),
    file("ten hours claimed", "wav", wav(declared: 16_000 * 2 * 36_000), .refused("cut short")),
    file("2^32 - 1 bytes claimed, as from a pipe", "wav", wav(declared: 0xffff_ffff), .decodes(1, 2, 16_000)),
    file("0 bytes claimed, as from a pipe", "wav", wav(declared: 0), .refused("found none")),
    file("NaN", "wav", wav(format: 3, bits: 32, data: floats([0.5, .nan])), .refused("found nan in frame 1")),
    file("infinity", "wav", wav(format: 3, bits: 32, data: floats([.infinity])), .refused("found inf in frame 0")),
    file(
      "minus infinity in the second channel", "wav",
      wav(format: 3, channels: 2, bits: 32, data: floats([0, 0, 0, -.infinity])), .refused("found -inf in frame 1")),
    file(
      "the greatest float", "wav", wav(format: 3, bits: 32, data: floats([.greatestFiniteMagnitude])),
      .refused("full scale is 1")),
    file("2^40", "wav", wav(format: 3, bits: 32, data: floats([-0x1p40])), .decodes(1, 1, 16_000)),
    file(
      "a subnormal", "wav", wav(format: 3, bits: 32, data: floats([.leastNonzeroMagnitude])), .decodes(1, 1, 16_000)),
    file(
      "a double beyond Float", "wav", wav(format: 3, bits: 64, data: little((1e300).bitPattern, 8)),
      .refused("found inf in frame 0")),
    file("8 bits", "wav", wav(bits: 8, data: [0, 128, 255]), .decodes(1, 3, 16_000)),
    file("24 bits", "wav", wav(bits: 24, data: [0, 0, 64]), .decodes(1, 1, 16_000)),
    file("32 bits", "wav", wav(bits: 32, data: [0, 0, 0, 128]), .decodes(1, 1, 16_000)),
    file("7 bits", "wav", wav(bits: 7), .decodes(1, 4, 16_000)),
    file("64 bits of integers", "wav", wav(bits: 64, data: little(1, 8)), .refused("was expected")),
    file("mu-law", "wav", wav(format: 7, bits: 8, data: [0, 128]), .decodes(1, 2, 16_000)),
    file("an encoding nobody knows", "wav", wav(format: 0x1234), .refused("was expected")),
    file(
      "a chunk of 4 GB before the data", "wav", wav(before: Array("junk".utf8) + little(0xffff_fff0, 4)),
      .refused("was expected")),
    file(
      "an empty chunk before the data", "wav", wav(before: Array("junk".utf8) + little(0, 4)), .decodes(1, 2, 16_000)),
    file("another file after the data", "wav", wav(after: wav()), .refused("was expected")),
    file("no data chunk", "wav", Array(wav().prefix(36)), .refused("was expected")),
    file("the first 12 bytes", "wav", Array(wav().prefix(12)), .refused("was expected")),
    file("AU of unknown length", "au", au(size: 0xffff_ffff), .decodes(1, 2, 16_000)),
    file("AU whose data start beyond the end", "au", au(offset: 0x7fff_ffff), .refused("was expected")),
    file("AU of rate 2^31 - 1", "au", au(rate: 0x7fff_ffff), .decodes(1, 2, 0x7fff_ffff)),
    file("AU of 2000 channels", "au", au(channels: 2000), .refused("was expected")),
    file("a FLAC marker and nothing more", "flac", Array("fLaC".utf8), .refused("was expected")),
    file("a FLAC that claims 2^36 - 1 frames", "flac", claimingFLAC, .refused("cut short")),
    file(
      "an Ogg page without a stream", "ogg", Array("OggS".utf8) + [UInt8](repeating: 0, count: 60),
      .refused("was expected")),
    file("a thousand zeros", "mp3", [UInt8](repeating: 0, count: 1000), .refused("was expected")),
    file("text", "wav", Array("This is a recording of the sea.".utf8), .refused("was expected")),
  ]

  /// 42 bytes: a header of 16 bits, one channel at 16 kHz.
  private static let claimingFLAC: [UInt8] =
    Array("fLaC".utf8) + [0x80, 0, 0, 34] + big(4096, 2) + big(4096, 2) + [UInt8](repeating: 0, count: 6)
    + [0x03, 0xe8, 0x00, 0xff, 0xff, 0xff, 0xff, 0xff] + [UInt8](repeating: 0, count: 16)

  @Test func thereAreForty() { #expect(Self.files.count >= 40) }

  @Test(arguments: files) func hasItsAnswer(_ file: File) throws {
    let scratch = ScratchDirectory()
    let path = scratch.file("hostile.\(file.suffix)")
    try FileBytes.write(file.bytes, to: path)
    switch (Result { () throws(PerceptualError) in try AudioFile.read(path) }, file.answer) {
    case (.success(let clip), let answer):
      #expect(.decodes(clip.channels, clip.frames, clip.sampleRate) == answer)
      #expect(clip.samples.elements.allSatisfy { $0.isFinite })
    case (.failure(let error), .refused(let phrase)):
      #expect(error.kind == .malformed && error.description.hasPrefix(path))
      #expect(error.description.contains(phrase), "\(error)")
    case (.failure(let error), .decodes): Issue.record("refused: \(error)")
    }
  }
}
