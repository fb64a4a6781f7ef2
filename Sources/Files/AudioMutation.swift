import PerceptualCore

/// Damage to files, drawn from a seed: what a decoder must answer with a value or an error, never otherwise.
public struct AudioMutation: Sendable {
  private var state: UInt64

  public init(seed: UInt64) { state = seed &* 0x9e37_79b9_7f4a_7c15 &+ 1 }

  /// SplitMix64.
  private mutating func next() -> UInt64 {
    state &+= 0x9e37_79b9_7f4a_7c15
    var z = state
    z = (z ^ z >> 30) &* 0xbf58_476d_1ce4_e5b9
    z = (z ^ z >> 27) &* 0x94d0_49bb_1331_11eb
    return z ^ z >> 31
  }

  private mutating func number(below limit: Int) -> Int { Int(next() % UInt64(max(1, limit))) }

  /// A place, more often than not near the start, where headers are.
  private mutating func place(in bytes: [UInt8]) -> Int {
    number(below: number(below: 3) > 0 ? min(bytes.count, 200) : bytes.count)
  }

  /// One to eight changes: bits turned, bytes and words set to extremes, pieces removed, doubled, moved or cut off.
  /// Every other time the checksums of Ogg pages are then made right, since a reader drops pages whose checksum is
  /// wrong.
  public mutating func applied(to original: [UInt8]) -> [UInt8] {
    var bytes = damaged(original)
    if number(below: 2) == 0 { AudioMutation.renewOggChecksums(&bytes) }
    return bytes
  }

  private static func renewOggChecksums(_ bytes: inout [UInt8]) {
    var page = 0
    while page + 27 <= bytes.count, bytes[page..<page + 4].elementsEqual("OggS".utf8) {
      let segments = Int(bytes[page + 26])
      guard page + 27 + segments <= bytes.count else { return }
      let content = bytes[page + 27..<page + 27 + segments].reduce(0) { $0 + Int($1) }
      let end = min(bytes.count, page + 27 + segments + content)
      for i in 22..<26 { bytes[page + i] = 0 }
      let sum = Checksum.ogg(bytes[page..<end])
      for i in 0..<4 { bytes[page + 22 + i] = UInt8(truncatingIfNeeded: sum >> UInt32(8 * i)) }
      page = end
    }
  }

  private mutating func damaged(_ original: [UInt8]) -> [UInt8] {
    var bytes = original
    for _ in 0...number(below: 8) {
      if bytes.isEmpty { return bytes }
      let at = place(in: bytes)
      let end = min(bytes.count, at + 1 + number(below: 64))
      switch number(below: 8) {
      case 0: bytes[at] ^= 1 << UInt8(number(below: 8))
      case 1: bytes[at] = [0, 1, 0x7f, 0x80, 0xff][number(below: 5)]
      case 2, 3:
        let words: [UInt32] = [
          0, 1, 0x7fff_ffff, 0x8000_0000, 0xffff_ffff, 0xffff_fffe, 0x0001_0000, 1024, 0x7f80_0000,
        ]
        let word = words[number(below: words.count)]
        let isBig = number(below: 2) == 0
        for i in 0..<min(4, bytes.count - at) {
          bytes[at + i] = UInt8(truncatingIfNeeded: word >> UInt32(8 * (isBig ? 3 - i : i)))
        }
      case 4: bytes.removeSubrange(at..<end)
      case 5: bytes.insert(contentsOf: bytes[at..<end], at: at)
      case 6:
        let other = place(in: bytes)
        for i in 0..<min(end - at, bytes.count - other) { bytes[other + i] = bytes[at + i] }
      default: bytes.removeSubrange(max(1, number(below: bytes.count))...)
      }
    }
    return bytes
  }

  /// What came of decoding damaged files.
  public struct Report: Sendable {
    public var decoded = 0
    public var refused = 0
    /// Seconds of the slowest, and which it was.
    public var slowest = 0.0
    public var slowestIndex = 0
  }

  /// Decodes mutants `range` of a file: its header, all of it, and a window from its middle. Mutant i depends on (seed,
  /// i) alone. Each is written to `path`, where the last one stays if decoding it ends the process.
  public static func decodeMutants(
    of original: [UInt8], _ range: Range<Int>, seed: UInt64, at path: String
  ) throws(PerceptualError) -> Report {
    var report = Report()
    for index in range {
      var mutation = AudioMutation(seed: seed &+ UInt64(index) &* 0x1_0000_0001)
      try FileBytes.write(mutation.applied(to: original), to: path)
      let start = ContinuousClock.now
      do {
        let information = try AudioFile.information(path)
        let half = information.frames / 2
        _ = try? AudioFile.read(path, from: half, frames: min(100, information.frames - half))
        _ = try AudioFile.read(path)
        report.decoded += 1
      } catch {
        report.refused += 1
      }
      let seconds = start.duration(to: .now) / .seconds(1)
      if seconds > report.slowest { (report.slowest, report.slowestIndex) = (seconds, index) }
    }
    return report
  }
}
