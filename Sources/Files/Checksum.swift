import Foundation
import PerceptualCPNG

/// CRC-32 as in Ethernet, gzip and PNG (polynomial 04C11DB7, reflected), of bytes that come one after the other:
/// zlib's.
package struct Checksum {
  package private(set) var value: UInt32 = 0

  package init() {}

  package init(_ bytes: [UInt8]) { add(bytes) }

  /// Numbers as they lie in memory.
  package mutating func add<Element: BitwiseCopyable>(_ elements: [Element]) {
    value = elements.withUnsafeBytes { bytes in
      // zlib starts anew where it is given no address.
      guard let base = bytes.baseAddress else { return value }
      return UInt32(truncatingIfNeeded: crc32_z(UInt(value), base, bytes.count))
    }
  }

  /// A text and a zero, which ends it.
  package mutating func add(_ text: String) { add(Array(text.utf8) + [0]) }

  /// That of an Ogg page whose own is 0: the same polynomial, highest bit first, from 0.
  static func ogg(_ bytes: some Sequence<UInt8>) -> UInt32 {
    bytes.reduce(0) { checksum, byte in
      (0..<8).reduce(checksum ^ UInt32(byte) << 24) { value, _ in value << 1 ^ (value >> 31) &* 0x04C1_1DB7 }
    }
  }

  /// CRC-32C (polynomial 1EDC6F41, reflected), as of iSCSI and of TensorFlow's records. Source: RFC 3720, B.4.
  package static func castagnoli(_ bytes: some Sequence<UInt8>) -> UInt32 {
    ~bytes.reduce(~UInt32(0)) { checksum, byte in
      castagnoliTable[Int(UInt8(truncatingIfNeeded: checksum) ^ byte)] ^ checksum >> 8
    }
  }

  /// What each byte does to the checksum.
  private static let castagnoliTable: [UInt32] = (0..<256).map { byte in
    (0..<8).reduce(UInt32(byte)) { value, _ in value >> 1 ^ (value & 1) &* 0x82F6_3B78 }
  }

  /// Eight hexadecimal digits.
  package var digits: String { String(format: "%08x", value) }
}
