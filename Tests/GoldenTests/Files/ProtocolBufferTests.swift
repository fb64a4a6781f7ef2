import PerceptualFiles
import Testing

/// The wire format against bytes worked out by hand from the specification's rules.
@Suite struct ProtocolBufferTests {
  typealias Row = LabelledChange<[UInt8], ProtocolBuffer>

  static let rows = [
    Row("nothing", []) { _ in },
    Row("zero is written", [0x08, 0x00]) { $0.integer(1, 0) },
    Row("two bytes of varint", [0x08, 0x96, 0x01]) { $0.integer(1, 150) },
    Row("the greatest of one byte and the next", [0x08, 0x7F, 0x08, 0x80, 0x01]) {
      $0.integer(1, 127)
      $0.integer(1, 128)
    },
    Row("a negative number takes ten bytes", [0x08] + Array(repeating: 0xFF, count: 9) + [0x01]) { $0.integer(1, -1) },
    Row("the greatest number", [0x08] + Array(repeating: 0xFF, count: 8) + [0x7F]) { $0.integer(1, .max) },
    Row("a key of two bytes", [0x80, 0x01, 0x05]) { $0.integer(16, 5) },
    Row("float", [0x15, 0x00, 0x00, 0xA0, 0xC0]) { $0.float(2, -5) },
    Row("double", [0x09, 0, 0, 0, 0, 0, 0, 0xF8, 0x3F]) { $0.double(1, 1.5) },
    Row("text", [0x12, 0x07, 0x74, 0x65, 0x73, 0x74, 0x69, 0x6E, 0x67]) { $0.text(2, "testing") },
    Row("text in UTF-8", [0x0A, 0x02, 0xC3, 0xA9]) { $0.text(1, "\u{E9}") },
    Row("no data", [0x22, 0x00]) { $0.data(4, []) },
    Row("a message within", [0x1A, 0x03, 0x08, 0x96, 0x01]) { $0.message(3, ProtocolBuffer { $0.integer(1, 150) }) },
    Row("packed", [0x32, 0x06, 0x03, 0x8E, 0x02, 0x9E, 0xA7, 0x05]) { $0.packed(6, [3, 270, 86942]) },
    Row("nothing packed", [0x32, 0x00]) { $0.packed(6, []) },
  ]

  @Test(arguments: rows) func bytesAreThoseOfTheSpecification(_ row: Row) {
    #expect(ProtocolBuffer(row.change).bytes == row.due)
  }

  /// A length of two bytes, and that the tests' reader finds what was written.
  @Test func longDataIsReadBack() throws {
    let data = (0..<300).map { UInt8(truncatingIfNeeded: $0 * 7) }
    let bytes = ProtocolBuffer { buffer in
      buffer.data(5, data)
      buffer.packed(6, [3, -1, 300])
      buffer.float(7, 0.1)
    }.bytes
    #expect(Array(bytes.prefix(3)) == [0x2A, 0xAC, 0x02])
    let fields = try ProtocolBufferFields(bytes)
    #expect(fields.data(5) == [data])
    #expect(try fields.integers(6) == [3, -1, 300])
    #expect(fields.float(7) == 0.1)
  }

  static let ascending: [UInt8] = Array(0..<32)
  /// RFC 3720, B.4, and the check value of the polynomial.
  static let checksums: [([UInt8], UInt32)] = [
    (Array(repeating: 0, count: 32), 0x8A91_36AA), (Array(repeating: 0xFF, count: 32), 0x62A8_AB43),
    (ascending, 0x46DD_794E), (ascending.reversed(), 0x113F_DB5C), (Array("123456789".utf8), 0xE306_9283), ([], 0),
  ]

  @Test(arguments: checksums) func castagnoliChecksum(_ bytes: [UInt8], _ expected: UInt32) {
    #expect(Checksum.castagnoli(bytes) == expected)
  }
}
