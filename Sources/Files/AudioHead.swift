import PerceptualCore

/// What stands in place of a sound file's beginning, so that libsndfile reads all of it, at the right rate.
///
/// - MP3: the length stands in a first frame that is no sound (Xing's), or nowhere; then libsndfile guesses from the
///   bytes a second and ends there. Where there is none, or further frames follow those that it counts (files that were
///   joined), a frame that counts them all takes its place.
/// - Opus: the rate of what was encoded may be 0, "unspecified", of which libsndfile makes 8 kHz. Opus itself runs at
///   48.
struct AudioHead {
  let bytes: [UInt8]
  /// How many bytes of the file it stands for.
  let replaced: Int

  /// nil where the file can stay as it is.
  static func of(_ source: ByteSource) throws(PerceptualError) -> AudioHead? {
    let start = try source.bytes(at: 0, count: min(64, source.count))
    if start.starts(with: Array("OggS".utf8)) { return try opus(source) }
    return try mpeg(source, start)
  }

  // MARK: - Opus

  private static func opus(_ source: ByteSource) throws(PerceptualError) -> AudioHead? {
    // A page of 27 bytes, a size, then "OpusHead", version, channels, frames to skip, rate.
    let header = 28
    guard source.count >= header + 19 else { return nil }
    var page = try source.bytes(at: 0, count: header + Int(try source.bytes(at: 27, count: 1)[0]))
    guard page[26] == 1, page.count >= header + 19, page[header...].starts(with: Array("OpusHead".utf8)) else {
      return nil
    }
    let rate = header + 12..<header + 16
    guard page[rate].allSatisfy({ $0 == 0 }) else { return nil }
    let checksum = 22..<26
    page.replaceSubrange(rate, with: littleEndian(48_000))
    page.replaceSubrange(checksum, with: [0, 0, 0, 0])
    page.replaceSubrange(checksum, with: littleEndian(Checksum.ogg(page)))
    return AudioHead(bytes: page, replaced: page.count)
  }

  private static func littleEndian(_ number: UInt32) -> [UInt8] {
    withUnsafeBytes(of: number.littleEndian) { Array($0) }
  }

  // MARK: - MP3

  private static func mpeg(_ source: ByteSource, _ start: [UInt8]) throws(PerceptualError) -> AudioHead? {
    var first = 0
    if start.starts(with: Array("ID3".utf8)), start.count >= 10 {
      // Seven bits a byte; a footer repeats the header.
      first = 10 + start[6..<10].reduce(0) { $0 << 7 | Int($1 & 0x7F) } + (start[5] & 0x10 != 0 ? 10 : 0)
    }
    guard first + 4 <= source.count,
      let frame = MPEGFrame(try source.bytes(at: first, count: 4)), first + frame.length <= source.count
    else { return nil }
    let contents = try source.bytes(at: first, count: frame.length)
    if let stated = frame.statedCount(contents) {
      let frames = try countFrames(source, like: frame, from: first + frame.length)
      // Fewer: it was cut short, which is said elsewhere.
      return frames > stated ? AudioHead(bytes: frame.counting(frames), replaced: first + frame.length) : nil
    }
    let frames = try countFrames(source, like: frame, from: first)
    // A single frame may be no sound at all.
    return frames > 1 ? AudioHead(bytes: frame.counting(frames), replaced: first) : nil
  }
}

/// The header of a frame of MPEG-1, 2 or 2.5, layer III.
private struct MPEGFrame {
  private let header: [UInt8]
  /// In bytes, with the header.
  let length: Int

  private static let kilobits = [
    [32, 40, 48, 56, 64, 80, 96, 112, 128, 160, 192, 224, 256, 320],
    [8, 16, 24, 32, 40, 48, 56, 64, 80, 96, 112, 128, 144, 160],
  ]

  /// nil for four bytes that are none. Frames of a free bit rate are none here.
  init?(_ bytes: [UInt8]) {
    let version = bytes[1] >> 3 & 3
    let (rate, sampling) = (Int(bytes[2] >> 4), Int(bytes[2] >> 2 & 3))
    guard bytes[0] == 0xFF, bytes[1] >> 5 == 7, version != 1, bytes[1] >> 1 & 3 == 1, (1...14).contains(rate),
      sampling < 3, bytes[3] & 3 != 2
    else { return nil }
    let isFirst = version == 3
    let hertz = [44_100, 48_000, 32_000][sampling] >> (isFirst ? 0 : version == 2 ? 1 : 2)
    header = bytes
    length = (isFirst ? 144 : 72) * Self.kilobits[isFirst ? 0 : 1][rate - 1] * 1000 / hertz + Int(bytes[2] >> 1 & 1)
  }

  /// Version, layer and rate, which are the same in all frames of a stream.
  var stream: [UInt8] { [header[1] & 0xFE, header[2] & 0x0C] }

  /// Where a frame that is no sound says what it is: behind the header and what decoders need besides.
  private var mark: Int {
    let isMono = header[3] >> 6 == 3
    return 4 + (header[1] >> 3 & 3 == 3 ? (isMono ? 17 : 32) : (isMono ? 9 : 17))
  }

  /// The number of frames that this one, with its `contents`, says follow it; nil where it is sound or does not say.
  func statedCount(_ contents: [UInt8]) -> Int? {
    func number(at place: Int) -> Int? {
      place + 4 <= contents.count ? contents[place..<place + 4].reduce(0) { $0 << 8 | Int($1) } : nil
    }
    func has(_ text: String, at place: Int) -> Bool { contents.dropFirst(place).starts(with: Array(text.utf8)) }
    if has("Xing", at: mark) || has("Info", at: mark) {
      return number(at: mark + 4).flatMap { $0 & 1 == 0 ? nil : number(at: mark + 8) }
    }
    return has("VBRI", at: 36) ? number(at: 36 + 14) : nil
  }

  /// A frame that is no sound and says that so many follow.
  func counting(_ frames: Int) -> [UInt8] {
    // No checksum, no padding; a rate at which it has room.
    let long = [header[0], header[1] | 1, 0x90 | header[2] & 0x0C, header[3]]
    guard let frame = MPEGFrame(long) else { return [] }
    let text = Array("Xing".utf8) + [0, 0, 0, 1] + withUnsafeBytes(of: UInt32(frames).bigEndian) { Array($0) }
    let start = long + [UInt8](repeating: 0, count: mark - 4) + text
    return start + [UInt8](repeating: 0, count: frame.length - start.count)
  }
}

/// The whole frames of an MP3 from a place on, of the stream of its first. Between them there may be tags and damaged
/// parts.
private func countFrames(_ source: ByteSource, like first: MPEGFrame, from start: Int) throws(PerceptualError) -> Int {
  let stream = first.stream
  var block: [UInt8] = []
  var blockStart = 0
  func frame(at place: Int) throws(PerceptualError) -> MPEGFrame? {
    guard place + 4 <= source.count else { return nil }
    if place < blockStart || place + 4 > blockStart + block.count {
      blockStart = place
      block = try source.bytes(at: place, count: min(1 << 20, source.count - place))
    }
    // Most places of what is no frame end here.
    guard block[place - blockStart] == 0xFF else { return nil }
    let frame = MPEGFrame(Array(block[place - blockStart..<place - blockStart + 4]))
    return frame?.stream == stream ? frame : nil
  }
  var frames = 0
  var place = start
  var isInStep = true
  while place + 4 <= source.count {
    // Where the step is lost, a frame counts if another follows it.
    if let found = try frame(at: place), place + found.length <= source.count {
      let next = place + found.length
      let follows = isInStep || next == source.count ? true : try frame(at: next) != nil
      if follows {
        frames += 1
        place = next
        isInStep = true
        continue
      }
    }
    isInStep = false
    place += 1
  }
  return frames
}
