import PerceptualCore

/// How many bytes of samples a file declares and holds.
struct AudioPromise {
  let declared: Int
  let present: Int

  /// nil for files other than WAV, RF64, W64, AIFF and AU, and where the header does not say.
  ///
  /// Throws where the file is empty, or a WAV of more bytes than its sizes can say.
  static func of(_ source: ByteSource) throws(PerceptualError) -> AudioPromise? {
    if source.count == 0 {
      throw .malformed("\(source.name): an audio file was expected, found an empty file: download or copy it again")
    }
    guard source.count >= 40 else { return nil }
    switch String(decoding: try source.bytes(at: 0, count: 4), as: UTF8.self) {
    case "RIFF":
      if source.count > 0xFFFF_FFFF + 8 {
        throw .malformed(
          "\(source.name): a WAV of at most 4 GiB was expected, found \(source.count) bytes, which its 32-bit sizes "
            + "cannot say: convert it to RF64, W64 or FLAC")
      }
      return try chunks(source, "data", prefix: 0, isLittleEndian: true)
    case "RF64":
      return try chunks(source, "data", prefix: 0, isLittleEndian: true, wide: try dataSize64(source))
    case "FORM":
      // A chunk of samples begins with an offset and a block size.
      return try chunks(source, "SSND", prefix: 8, isLittleEndian: false)
    case "riff": return try sonyChunks(source)
    case ".snd":
      let offset = number(try source.bytes(at: 4, count: 4), isLittleEndian: false)
      let size = number(try source.bytes(at: 8, count: 4), isLittleEndian: false)
      return promise(size == 0xFFFF_FFFF ? 0 : size, at: offset, in: source)
    default: return nil
    }
  }

  private static func number(_ bytes: [UInt8], isLittleEndian: Bool) -> Int {
    // What does not fit is beyond any file.
    let value = (isLittleEndian ? bytes.reversed() : bytes).reduce(UInt64(0)) { $0 << 8 | UInt64($1) }
    return Int(min(value, 1 << 62))
  }

  /// 0 is what a program writes that does not know the size yet.
  private static func promise(_ size: Int, at position: Int, in source: ByteSource) -> AudioPromise? {
    size == 0 ? nil : AudioPromise(declared: size, present: max(0, min(size, source.count - position)))
  }

  private static func chunks(
    _ source: ByteSource, _ name: String, prefix: Int, isLittleEndian: Bool, wide: Int? = nil
  ) throws(PerceptualError) -> AudioPromise? {
    var position = 12
    while position + 8 <= source.count {
      let chunk = try source.bytes(at: position, count: 8)
      let size = number(Array(chunk[4...]), isLittleEndian: isLittleEndian)
      position += 8
      if String(decoding: chunk[..<4], as: UTF8.self) == name {
        if let wide, size == 0xFFFF_FFFF { return promise(wide, at: position, in: source) }
        // Written to a pipe, the size is unknown: all ones, or what is nearly as much in a signed number.
        if size == 0 || size >= 0x7FFF_0000 && size > source.count - position { return nil }
        return promise(max(0, size - prefix), at: position + prefix, in: source)
      }
      position += size + size % 2
    }
    return nil
  }

  /// The size of the samples in the chunk that an RF64 file begins with.
  private static func dataSize64(_ source: ByteSource) throws(PerceptualError) -> Int? {
    guard String(decoding: try source.bytes(at: 12, count: 4), as: UTF8.self) == "ds64" else { return nil }
    return number(try source.bytes(at: 28, count: 8), isLittleEndian: true)
  }

  /// Sony Wave64: names of 16 bytes, of which the first four say enough, then sizes of 8 that count both.
  private static func sonyChunks(_ source: ByteSource) throws(PerceptualError) -> AudioPromise? {
    var position = 40
    while position + 24 <= source.count {
      let size = number(try source.bytes(at: position + 16, count: 8), isLittleEndian: true)
      if String(decoding: try source.bytes(at: position, count: 4), as: UTF8.self) == "data" {
        return promise(max(0, size - 24), at: position + 24, in: source)
      }
      // Each begins at a multiple of 8.
      position += max(24, (size + 7) / 8 * 8)
    }
    return nil
  }
}
