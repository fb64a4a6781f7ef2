import Foundation
import PerceptualCore
import PerceptualFiles
import PerceptualTestSupport
import Synchronization
import Testing

@Suite struct AudioFileTests {
  private let scratch = ScratchDirectory()
  private var directory: String { scratch.path }

  /// Samples on the grid of 16 bits, so that every format holds them exactly.
  static func clip(channels: Int, frames: Int, sampleRate: Int = 44_100) -> AudioClip {
    AudioClip(
      samples: Tensor(Array(noise.prefix(channels * frames)), shape: [channels, frames]), sampleRate: sampleRate)
  }

  private static let noise: [Float] = {
    var generator = SeededGenerator(name: "AudioFileTests")
    let numbers = Fill.picture.tensor([6 * 70_001], &generator)
    return numbers.map { ($0 * 65_536).rounded(.down) / 32_768 - 1 }.converted(to: Float.self).elements
  }()

  struct Format: Sendable, CustomStringConvertible {
    var container: AudioContainer
    var encoding: AudioEncoding
    var description: String { "\(container.rawValue) \(encoding.rawValue)" }
  }
  static let formats = AudioContainer.allCases.flatMap { container in
    AudioEncoding.allCases.map { Format(container: container, encoding: $0) }
  }.filter { $0.container == .wav || $0.encoding != .float32 }

  @Test(arguments: formats, [1, 2, 6]) func roundTrip(_ format: Format, _ channels: Int) throws {
    let path = "\(directory)/clip.\(format.container.rawValue)"
    let clip = Self.clip(channels: channels, frames: 70_001)
    #expect(try AudioFile.write(clip, to: path, encoding: format.encoding) == 0)
    #expect(try AudioFile.read(path) == clip)
    let information = try AudioFile.information(path)
    #expect(information.sampleRate == 44_100 && information.channels == channels && information.frames == 70_001)
    #expect(information.formatName.hasPrefix(format.container == .wav ? "WAV" : "FLAC"))
    #expect(try contents(of: directory) == ["clip.\(format.container.rawValue)"])
  }

  @Test(arguments: formats) func windowIsSlice(_ format: Format) throws {
    let path = "\(directory)/clip.\(format.container.rawValue)"
    let clip = Self.clip(channels: 2, frames: 70_001)
    try AudioFile.write(clip, to: path, encoding: format.encoding)
    for (start, frames) in [(0, 1), (1, 4096), (4095, 2), (12_345, 30_000), (69_999, 2), (70_000, 1)] {
      let window = try AudioFile.read(path, from: start, frames: frames)
      #expect(window.samples.shape == [2, frames])
      for channel in 0..<2 {
        let offset = channel * 70_001 + start
        #expect(
          Array(window.samples.elements[channel * frames..<(channel + 1) * frames])
            == Array(clip.samples.elements[offset..<offset + frames]))
      }
    }
    #expect(try AudioFile.read(path, from: 70_000).frames == 1)
    expectError(.malformed, saying: "frames 69000 to 70001 were expected, found 70001 frames at 44100 Hz") {
      try AudioFile.read(path, from: 69_000, frames: 1002)
    }
    expectError { try AudioFile.read(path, from: 70_001) }
  }

  /// The 46 bytes of a WAV file of one frame, counted by hand; no time of writing in any format.
  @Test func deterministicBytes() throws {
    let one = AudioClip(samples: Tensor([0.5]), sampleRate: 16_000)
    let expected: [UInt8] =
      Array("RIFF".utf8) + [38, 0, 0, 0] + Array("WAVEfmt ".utf8) + [16, 0, 0, 0, 1, 0, 1, 0]
      + [0x80, 0x3E, 0, 0, 0, 0x7D, 0, 0, 2, 0, 16, 0] + Array("data".utf8) + [2, 0, 0, 0, 0, 0x40]
    #expect(try AudioFile.bytes(of: one).bytes == expected)
    let float = try AudioFile.bytes(of: one, encoding: .float32).bytes
    #expect(!String(decoding: float, as: UTF8.self).contains("PEAK"))
    let clip = Self.clip(channels: 2, frames: 5000)
    for format in Self.formats {
      let first = try AudioFile.bytes(of: clip, container: format.container, encoding: format.encoding).bytes
      #expect(first == (try AudioFile.bytes(of: clip, container: format.container, encoding: format.encoding).bytes))
      let path = "\(directory)/clip.\(format.container.rawValue)"
      try AudioFile.write(clip, to: path, encoding: format.encoding)
      #expect(try FileBytes.read(path) == first)
    }
  }

  @Test func roundingAndClipping() throws {
    let steps: [Float] = [0.5, 1.5, 2.5, -0.5, -1.5, 2.4999, -2.5001, 32766.5, 32768, 40000, -32768, -32769]
    let clip = AudioClip(samples: Tensor(steps.map { $0 / 32768 }), sampleRate: 16_000)
    let (bytes, clipped) = try AudioFile.bytes(of: clip)
    let values = stride(from: 44, to: bytes.count, by: 2).map {
      Int16(bitPattern: UInt16(bytes[$0]) | UInt16(bytes[$0 + 1]) << 8)
    }
    #expect(values == [0, 2, 2, 0, -2, 2, -3, 32766, 32767, 32767, -32768, -32768])
    #expect(clipped == 2, "1.0 is full scale, not beyond it")
    let wide = try AudioFile.bytes(
      of: AudioClip(samples: Tensor([1, -1, 0x1p-23, 3]), sampleRate: 16_000), encoding: .pcm24)
    #expect(Array(wide.bytes.suffix(12)) == [0xFF, 0xFF, 0x7F, 0, 0, 0x80, 1, 0, 0, 0xFF, 0xFF, 0x7F])
    #expect(wide.clipped == 1)
  }

  @Test func mono() {
    let clip = AudioClip(samples: Tensor([1, 0, 0.5, 0, 0.5, -0.5], shape: [2, 3]), sampleRate: 16_000)
    #expect(clip.mono == Tensor([0.5, 0.25, 0]))
  }

  /// A file of `bytes` under `name` must be refused with all phrases; the command line prints the sentence as it is.
  private func refused(_ name: String, _ bytes: [UInt8]?, _ phrases: [String], kind: PerceptualError.Kind = .malformed)
    throws
  {
    let path = "\(directory)/\(name)"
    if let bytes { try FileBytes.write(bytes, to: path) }
    let error = try #require(throws: PerceptualError.self) { try AudioFile.read(path) }
    #expect(error.kind == kind)
    #expect(error.description.hasPrefix(path + ": "))
    #expect(!error.description.contains("\n"))
    for phrase in phrases { #expect(error.description.contains(phrase), "\(error)") }
  }

  @Test func refusesOtherFiles() throws {
    try refused("none.wav", nil, ["cannot be opened (No such file or directory)"], kind: .missing)
    try refused("empty.wav", [], ["found an empty file", "download or copy it again"])
    try refused(
      "text.wav", Array("This is no sound.\n".utf8), ["an audio file", "found something that is none", "convert it"])
    try refused("short.flac", Array("fLaC".utf8), ["an audio file"])
    try refused("header.wav", Array("RIFF".utf8), ["an audio file"])
    expectError(.malformed, saying: "found a directory") { try AudioFile.read(directory) }
  }

  /// libsndfile keeps the reason for a refusal in one place for all threads.
  @Test func refusesForItsOwnReasonWhateverOtherThreadsOpen() throws {
    let (sound, text) = ("\(directory)/sound.wav", "\(directory)/text.wav")
    try FileBytes.write(AudioFile.bytes(of: Self.clip(channels: 1, frames: 10)).bytes, to: sound)
    try FileBytes.write(Array("This is no sound.\n".utf8), to: text)
    let sentences = Mutex<Set<String>>([])
    DispatchQueue.concurrentPerform(iterations: 4) { thread in
      for _ in 0..<10_000 {
        do { _ = try AudioFile.information(thread % 2 == 0 ? sound : text) } catch {
          sentences.withLock { _ = $0.insert("\(error)") }
        }
      }
    }
    let found = sentences.withLock { $0 }
    #expect(found.count == 1 && found.allSatisfy { $0.contains("none (Format not recognised): convert") }, "\(found)")
  }

  /// Cut after 60 %: what is there can be read, all of it cannot.
  @Test(arguments: formats) func refusesCutFiles(_ format: Format) throws {
    let path = "\(directory)/cut.\(format.container.rawValue)"
    let whole = try AudioFile.bytes(
      of: Self.clip(channels: 2, frames: 70_001), container: format.container, encoding: format.encoding
    ).bytes
    try FileBytes.write(Array(whole.prefix(whole.count * 6 / 10)), to: path)
    expectError(
      .malformed, saying: "70001 frames were expected, found ",
      "the file is cut short or damaged, download or copy it again"
    ) {
      try AudioFile.read(path)
    }
    #expect(try AudioFile.information(path).frames == 70_001)
    #expect(try AudioFile.read(path, from: 1000, frames: 20_000).frames == 20_000)
    expectError { try AudioFile.read(path, from: 60_000, frames: 5000) }
  }

  /// An AIFF file by hand, 16 bits, one channel: whole, and cut.
  @Test func aiff() throws {
    func aiff(_ samples: [UInt8]) -> [UInt8] {
      let rate: [UInt8] = [0x40, 0x0C, 0xFA, 0, 0, 0, 0, 0, 0, 0]
      let common = Array("COMM".utf8) + [0, 0, 0, 18, 0, 1, 0, 0, 0, 4, 0, 16] + rate
      let sound = Array("SSND".utf8) + [0, 0, 0, 16, 0, 0, 0, 0, 0, 0, 0, 0] + samples
      return Array("FORM".utf8) + [0, 0, 0, 54] + Array("AIFF".utf8) + common + sound
    }
    try FileBytes.write(aiff([0x40, 0, 0xC0, 0, 0, 1, 0x80, 0]), to: "\(directory)/a.aiff")
    let clip = try AudioFile.read("\(directory)/a.aiff")
    #expect(clip == AudioClip(samples: Tensor([0.5, -0.5, 0x1p-15, -1]), sampleRate: 16_000))
    try refused("cut.aiff", aiff([0x40, 0, 0xC0, 0]), ["4 frames were expected, found 2 that can be decoded"])
  }

  /// Every length of a small file is either whole or refused, and never crashes.
  @Test(arguments: AudioContainer.allCases) func refusesEveryCut(_ container: AudioContainer) throws {
    let whole = try AudioFile.bytes(of: Self.clip(channels: 1, frames: 300), container: container).bytes
    for length in stride(from: 0, to: whole.count, by: 5) {
      let path = "\(directory)/cut"
      try FileBytes.write(Array(whole.prefix(length)), to: path)
      expectError(.malformed) { try AudioFile.read(path) }
    }
  }

  /// Programs that write to a pipe cannot go back to enter the length: 0 or all ones stand there.
  @Test func readsUnknownLengths() throws {
    let clip = Self.clip(channels: 2, frames: 1000)
    var wav = try AudioFile.bytes(of: clip).bytes
    for place in [4, 5, 6, 7, 40, 41, 42, 43] { wav[place] = 0xFF }
    var flac = try AudioFile.bytes(of: clip, container: .flac).bytes
    // The last 36 bits before the checksum of the first block.
    flac[21] &= 0xF0
    for place in 22..<26 { flac[place] = 0 }
    try FileBytes.write(wav, to: "\(directory)/a.wav")
    try FileBytes.write(flac, to: "\(directory)/a.flac")
    #expect(try AudioFile.read("\(directory)/a.wav") == clip)
    #expect(try AudioFile.read("\(directory)/a.flac") == clip)
    // What programs write that read ahead: nearly the greatest signed number.
    for size in [0x7FFF_F000, 0x7FFF_0000, 0x7FFF_FFDA] {
      for (place, value) in [(4, size + 36), (40, size)] {
        for byte in 0..<4 { wav[place + byte] = UInt8(truncatingIfNeeded: value >> (8 * byte)) }
      }
      try FileBytes.write(wav, to: "\(directory)/pipe.wav")
      #expect(try AudioFile.information("\(directory)/pipe.wav").frames == 1000)
      #expect(try AudioFile.read("\(directory)/pipe.wav") == clip)
    }
  }

  /// More than 4 GiB, of which the header can say 64 000 bytes alone; sparse.
  @Test func aSizeThatWrappedIsRefused() throws {
    let path = "\(directory)/wrapped.wav"
    var wav = try AudioFile.bytes(of: Self.clip(channels: 1, frames: 10)).bytes.prefix(44)
    for (place, value) in [(4, 64_036), (40, 64_000)] {
      for byte in 0..<4 { wav[place + byte] = UInt8(truncatingIfNeeded: value >> (8 * byte)) }
    }
    try FileBytes.write(Array(wav), to: path)
    let handle = try FileHandle(forWritingTo: URL(filePath: path))
    try handle.truncate(atOffset: 44 + (1 << 32) + 64_000)
    try handle.close()
    expectError(.malformed, saying: "convert it to RF64") { try AudioFile.information(path) }
  }

  /// 2^36 - 1 frames promised: refused without allocating them.
  @Test func refusesLyingHeader() throws {
    var flac = try AudioFile.bytes(of: Self.clip(channels: 1, frames: 1000), container: .flac).bytes
    flac[21] |= 0x0F
    for place in 22..<26 { flac[place] = 0xFF }
    try refused("lie.flac", flac, ["68719476735 frames were expected, found 1000"])
  }

  @Test func refusesNonFinite() throws {
    let bad = AudioClip(samples: Tensor([0, .nan, 0, 0], shape: [2, 2]), sampleRate: 16_000)
    expectError(.malformed, saying: "found nan in frame 1") { try AudioFile.bytes(of: bad, name: "x.wav") }
    var wav = try AudioFile.bytes(of: AudioClip(samples: Tensor([0, 1, 0]), sampleRate: 16_000), encoding: .float32)
      .bytes
    for (offset, byte) in [0x00, 0x00, 0x80, 0x7F].enumerated() { wav[wav.count - 8 + offset] = UInt8(byte) }
    try refused("infinite.wav", wav, ["finite samples were expected, found inf in frame 1"])
    // So loud that its power would be no number: 1e18.
    for (offset, byte) in [0x6B, 0x0B, 0x5E, 0x5D].enumerated() { wav[wav.count - 8 + offset] = UInt8(byte) }
    try refused(
      "loud.wav", wav, ["samples up to 1.0995116e+12 (full scale is 1) were expected, found 1e+18", "less gain"])
  }

  @Test func refusesToWrite() throws {
    let clip = Self.clip(channels: 1, frames: 10)
    func error(_ path: String, _ clip: AudioClip, _ encoding: AudioEncoding = .pcm16) throws -> PerceptualError {
      try #require(throws: PerceptualError.self) { try AudioFile.write(clip, to: path, encoding: encoding) }
    }
    #expect(try error("x.mp3", clip).kind == .usage)
    #expect(try error("x.flac", clip, .float32).description.contains("FLAC holds integers only"))
    #expect(try error("/nowhere/x.wav", clip).kind == .cannotCreate)
    #expect(try error("x.flac", Self.clip(channels: 9, frames: 10)).description.contains("cannot hold 9 channels"))
  }

  @Test func lists() throws {
    for name in ["b.WAV", "a/z.flac", "a/y.ogg", "B.aiff", "notes.txt", ".hidden.wav", ".git/x.wav", "empty/x.json"] {
      let folder = URL(fileURLWithPath: "\(directory)/\(name)").deletingLastPathComponent()
      try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
      try FileBytes.write([0], to: "\(directory)/\(name)")
    }
    // A circle must end.
    try FileManager.default.createSymbolicLink(atPath: "\(directory)/a/up", withDestinationPath: directory)
    let names = try AudioFile.list(in: directory).map { $0.dropFirst(directory.count + 1) }
    #expect(names == ["B.aiff", "a/y.ogg", "a/z.flac", "b.WAV"])
    #expect(try AudioFile.list(in: directory + "/").count == 4)
    expectError(.missing, saying: "were expected, found none") { try AudioFile.list(in: "\(directory)/empty") }
    expectError(.missing, saying: "No such file or directory") { try AudioFile.list(in: "\(directory)/absent") }
    expectError(.malformed) { try AudioFile.list(in: "\(directory)/b.WAV") }
  }
}
