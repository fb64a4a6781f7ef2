import Fast
import Foundation
import PerceptualCore
import PerceptualExperiments
import PerceptualFiles
import PerceptualTestSupport
import Testing

/// Recordings longer than what is decoded at once, and longer than what is made room for on a header's word.
@Suite struct LongAudioTests {
  private let scratch = ScratchDirectory()
  private var directory: String { scratch.path }

  private static func little(_ value: Int, _ count: Int) -> [UInt8] {
    (0..<count).map { UInt8(truncatingIfNeeded: value >> (8 * $0)) }
  }

  /// A sparse RF64 file of stereo at 48 kHz and 16 bits, silent but for (0.5, -0.5) in the frames of `marks`.
  private static func write(_ path: String, frames: Int, marks: [Int]) throws {
    let size = 4 * frames
    let header =
      Array("RF64".utf8) + little(-1, 4) + Array("WAVEds64".utf8) + little(28, 4) + little(size + 72, 8)
      + little(size, 8)
      + little(frames, 8) + little(0, 4) + Array("fmt ".utf8) + little(16, 4) + little(1, 2) + little(2, 2)
      + little(48_000, 4) + little(192_000, 4) + little(4, 2) + little(16, 2) + Array("data".utf8) + little(-1, 4)
    try FileBytes.write(header, to: path)
    let file = try FileHandle(forUpdating: URL(filePath: path))
    try file.truncate(atOffset: UInt64(header.count + size))
    for mark in marks {
      try file.seek(toOffset: UInt64(header.count + 4 * mark))
      try file.write(contentsOf: little(0x4000, 2) + little(-0x4000, 2))
    }
    try file.close()
  }

  /// Ten hours: 6.9 GB, of which a window is read at once and the whole is refused.
  @Test func tenHours() throws {
    let path = "\(directory)/long.wav"
    let frames = 36_000 * 48_000
    try Self.write(path, frames: frames, marks: [frames / 2, frames - 1])
    let information = try AudioFile.information(path)
    #expect(information.frames == frames && information.channels == 2 && information.seconds == 36_000)
    let end = try AudioFile.read(path, from: frames - 3)
    #expect(end.samples == Tensor([0, 0, 0.5, 0, 0, -0.5], shape: [2, 3]))
    let middle = try AudioFile.read(path, from: frames / 2 - 1, frames: 3)
    #expect(middle.samples == Tensor([0, 0.5, 0, 0, -0.5, 0], shape: [2, 3]))

    let whole = try #require(throws: PerceptualError.self) { try AudioFile.read(path) }
    #expect(whole.kind == .malformed)
    #expect(
      whole.description
        == "\(path): at most 100000000 samples at once were expected, found \(frames) frames of 2 channels: take a "
        + "part of it"
    )
    let most = AudioFile.largestClip / 2
    let part = try #require(throws: PerceptualError.self) { try AudioFile.read(path, from: 5, frames: most + 1) }
    #expect(part.description.hasSuffix("found \(most + 1) frames of 2 channels: take a shorter part"))

    // Of a data set, the middle clip alone: its start is where an even spread puts it.
    let set = try ClipSet.load([path], limit: 1)
    let clip = PaperAudio.clipSamples * 3
    #expect(set.clips.map(\.start) == [Double((frames - clip) / 2) / 48_000] && set.skipped.isEmpty)
  }

  /// Beyond 16 MB room is made at once where the header keeps its word; where it does not, as far as frames come.
  @Test func beyondTheModest() throws {
    let path = "\(directory)/large.flac"
    let frames = 1_500_001
    var samples = Tensor<Float>(repeating: 0.25, shape: [3, frames])
    for (channel, frame) in [(0, 0), (0, frames - 1), (1, 777_777), (2, 1), (2, frames - 1)] {
      samples[channel, frame] = Float(channel + 1) / 8 - 0.75
    }
    let clip = AudioClip(samples: samples, sampleRate: 48_000)
    try AudioFile.write(clip, to: path)
    #expect(try AudioFile.read(path) == clip)
    let bytes = try FileBytes.read(path)
    try FileBytes.write(Array(bytes.prefix(bytes.count * 99 / 100)), to: path)
    expectError(saying: "\(frames) frames were expected, found 1", "cut short") { try AudioFile.read(path) }
  }
}
