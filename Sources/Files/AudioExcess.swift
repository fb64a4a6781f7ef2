import Foundation
import PerceptualCore

/// Sound in a file behind the place where libsndfile stops reading without a word.
enum AudioExcess {
  /// "what was expected, what was found: what to do", nil where there is no such sound.
  static func find(_ source: ByteSource) throws(PerceptualError) -> String? {
    guard source.count >= 42 else { return nil }
    switch String(decoding: try source.bytes(at: 0, count: 4), as: UTF8.self) {
    case "OggS": return try ogg(source)
    case "fLaC": return try flac(source)
    default: return nil
    }
  }

  /// Streams that follow one another: the pages on which they begin stand behind other pages.
  private static func ogg(_ source: ByteSource) throws(PerceptualError) -> String? {
    var place = 0
    var hasBegun = false
    while place + 27 <= source.count {
      let page = try source.bytes(at: place, count: min(27 + 255, source.count - place))
      let segments = Int(page[26])
      // Damaged: the decoder says so.
      guard page.starts(with: Array("OggS".utf8)), page.count >= 27 + segments else { return nil }
      let begins = page[5] & 2 != 0
      if begins && hasBegun {
        return "one stream of sound was expected, found another behind it at byte \(place): "
          + "the file was joined from several, convert it to FLAC or WAV"
      }
      hasBegun = hasBegun || !begins
      place += 27 + segments + page[27..<27 + segments].reduce(0) { $0 + Int($1) }
    }
    return nil
  }

  private static func flac(_ source: ByteSource) throws(PerceptualError) -> String? {
    let information = try source.bytes(at: 8, count: 34)
    // STREAMINFO comes first: block sizes, frame sizes, 20 + 3 + 5 bits, the number of samples in 36.
    let declared = information[13..<18].reduce(0) { $0 << 8 | Int($1) } & (1 << 36 - 1)
    guard declared > 0 else { return nil }
    if let place = try repeated(Array(try source.bytes(at: 0, count: 8)), in: source) {
      return "one FLAC stream was expected, found another behind it at byte \(place): "
        + "the file was joined from several, convert each by itself"
    }
    guard let end = try FLACFrame.last(of: source, information), end > declared else { return nil }
    return "\(declared) frames were expected by the header, found \(end): write it anew, by flac or ffmpeg"
  }

  /// Where a file holds its own beginning again.
  private static func repeated(_ pattern: [UInt8], in source: ByteSource) throws(PerceptualError) -> Int? {
    let step = 1 << 20
    var place = 1
    while place + pattern.count <= source.count {
      let block = try source.bytes(at: place, count: min(step + pattern.count - 1, source.count - place))
      let found = block.withUnsafeBytes { all -> Int? in
        guard let base = all.baseAddress else { return nil }
        var start = 0
        while start + pattern.count <= all.count,
          let hit = memchr(base + start, Int32(pattern[0]), all.count - pattern.count + 1 - start)
        {
          start = UnsafeRawPointer(hit) - base
          if memcmp(base + start, pattern, pattern.count) == 0 { return start }
          start += 1
        }
        return nil
      }
      if let found { return place + found }
      place += step
    }
    return nil
  }
}

/// The header of a FLAC frame.
private enum FLACFrame {
  /// The number of samples up to the end of the last frame; nil where the file does not end with a whole frame.
  static func last(of source: ByteSource, _ information: [UInt8]) throws(PerceptualError) -> Int? {
    let greatest = information[7..<10].reduce(0) { $0 << 8 | Int($1) }
    let window = Swift.min(greatest > 0 ? greatest : 1 << 16, source.count)
    let tail = try source.bytes(at: source.count - window, count: window)
    for start in (0..<max(0, tail.count - 8)).reversed() where tail[start] == 0xFF && tail[start + 1] & 0xFE == 0xF8 {
      if let end = end(of: tail[start...], information), checksum(tail[start...], width: 16, polynomial: 0x8005) == 0 {
        return end
      }
    }
    return nil
  }

  private static func end(of frame: ArraySlice<UInt8>, _ information: [UInt8]) -> Int? {
    let bytes = Array(frame.prefix(16))
    let (sizeCode, rateCode) = (bytes[2] >> 4, bytes[2] & 15)
    // The number is coded as UTF-8 codes characters, with up to seven bytes.
    let leading = (~bytes[4]).leadingZeroBitCount
    let numberBytes = leading == 0 ? 1 : leading
    guard leading != 1, leading < 8, sizeCode > 0, rateCode < 15 else { return nil }
    var number = leading == 0 ? Int(bytes[4]) : leading == 7 ? 0 : Int(bytes[4] & (0x7F >> leading))
    var place = 5
    for _ in 1..<max(2, numberBytes) where numberBytes > 1 {
      guard place < bytes.count, bytes[place] >> 6 == 2 else { return nil }
      number = number << 6 | Int(bytes[place] & 0x3F)
      place += 1
    }
    let sizeBytes = sizeCode == 6 ? 1 : sizeCode == 7 ? 2 : 0
    let rateBytes = rateCode == 12 ? 1 : rateCode > 12 ? 2 : 0
    guard place + sizeBytes + rateBytes < bytes.count else { return nil }
    let samples =
      switch sizeCode {
      case 1: 192
      case 2...5: 576 << Int(sizeCode - 2)
      case 6, 7: bytes[place..<place + sizeBytes].reduce(0) { $0 << 8 | Int($1) } + 1
      default: 256 << Int(sizeCode - 8)
      }
    place += sizeBytes + rateBytes
    guard checksum(bytes[...place], width: 8, polynomial: 0x07) == 0 else { return nil }
    // Blocks of varying size count samples, others blocks.
    let block = information[0..<2].reduce(0) { $0 << 8 | Int($1) }
    return (bytes[1] & 1 == 1 ? number : number * block) + samples
  }

  /// A CRC, not reflected, from 0: 0 where the bytes end with that of those before.
  private static func checksum(_ bytes: ArraySlice<UInt8>, width: Int, polynomial: Int) -> Int {
    bytes.reduce(0) { checksum, byte in
      (0..<8).reduce(checksum ^ Int(byte) << (width - 8)) { value, _ in
        (value << 1 ^ (value >> (width - 1) & 1) * polynomial) & (1 << width - 1)
      }
    }
  }
}
