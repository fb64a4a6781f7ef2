import PerceptualFiles

/// A PNG file written by hand: any kind of pixels, any chunks.
public struct PNGSample {
  public enum Colour: UInt8 {
    case grey = 0
    case rgb = 2
    case palette = 3
    case greyAlpha = 4
    case rgba = 6
  }

  public let bytes: [UInt8]

  /// `samples` row by row, as packed bytes, big-endian; `chunks` stand before the samples.
  public init(
    width: Int, height: Int, bits: UInt8, colour: Colour, _ samples: [UInt8], _ chunks: [(String, [UInt8])] = []
  ) {
    func word(_ number: UInt32) -> [UInt8] { withUnsafeBytes(of: number.bigEndian) { Array($0) } }
    func chunk(_ name: String, _ data: [UInt8]) -> [UInt8] {
      let body = Array(name.utf8) + data
      return word(UInt32(data.count)) + body + word(Checksum(body).value)
    }
    // Each row begins with the number of its filter, 0: none. Stored blocks of deflate, in zlib's frame.
    let row = samples.count / height
    let raw = (0..<height).flatMap { [0] + samples[$0 * row..<($0 + 1) * row] }
    var (a, b) = (UInt32(1), UInt32(0))
    for byte in raw {
      a = (a + UInt32(byte)) % 65_521
      b = (b + a) % 65_521
    }
    func little(_ number: UInt16) -> [UInt8] { [UInt8(number & 255), UInt8(number >> 8)] }
    let blocks = stride(from: 0, to: raw.count, by: 65_535).flatMap { start in
      let block = raw[start..<min(start + 65_535, raw.count)]
      let count = UInt16(block.count)
      let head: [UInt8] = [start + 65_535 >= raw.count ? 1 : 0]
      return head + little(count) + little(~count) + block
    }
    let deflated = [0x78, 0x01] + blocks + word(b << 16 | a)
    bytes =
      [0x89, 0x50, 0x4E, 0x47, 0x0D, 0x0A, 0x1A, 0x0A]
      + chunk("IHDR", word(UInt32(width)) + word(UInt32(height)) + [bits, colour.rawValue, 0, 0, 0])
      + chunks.flatMap { chunk($0.0, $0.1) } + chunk("IDAT", deflated) + chunk("IEND", [])
  }
}
