/// The wire format of protocol buffers, as far as ONNX models and TensorBoard's event files need it: fields one after
/// the other in the order of the calls.
///
///     field      varint(8 number + type), value
///     varint     type 0: 7 bits a byte, lowest first, the high bit set where more follow; two's complement of 64 bits
///     fixed      type 1: 8 bytes, type 5: 4 bytes, little-endian
///     delimited  type 2: varint(bytes), bytes: text, data, a message, packed numbers
///
/// These lines stand in place of swift-protobuf: the code that it generates of onnx.proto alone is thousands of lines,
/// and every user of the package would build its library for the two dozen fields written here. A field is written
/// whatever its value, defaults too. Source: Protocol Buffers, Encoding.
package struct ProtocolBuffer: Equatable, Sendable {
  package private(set) var bytes: [UInt8] = []

  package init() {}

  /// A message of the fields that `fill` appends.
  package init(_ fill: (inout ProtocolBuffer) -> Void) { fill(&self) }

  /// int32, int64, an enumeration or bool.
  package mutating func integer(_ field: Int, _ value: Int) {
    tag(field, 0)
    varint(UInt64(bitPattern: Int64(value)))
  }

  package mutating func float(_ field: Int, _ value: Float) {
    tag(field, 5)
    append(value.bitPattern)
  }

  package mutating func double(_ field: Int, _ value: Double) {
    tag(field, 1)
    append(value.bitPattern)
  }

  package mutating func data(_ field: Int, _ value: [UInt8]) {
    tag(field, 2)
    varint(UInt64(value.count))
    bytes += value
  }

  package mutating func text(_ field: Int, _ value: String) { data(field, Array(value.utf8)) }

  package mutating func message(_ field: Int, _ value: ProtocolBuffer) { data(field, value.bytes) }

  package mutating func message(_ field: Int, _ fill: (inout ProtocolBuffer) -> Void) {
    message(field, ProtocolBuffer(fill))
  }

  /// A repeated integer in one field.
  package mutating func packed(_ field: Int, _ values: [Int]) {
    var list = ProtocolBuffer()
    for value in values { list.varint(UInt64(bitPattern: Int64(value))) }
    message(field, list)
  }

  private mutating func tag(_ field: Int, _ type: UInt64) { varint(UInt64(field) << 3 | type) }

  private mutating func varint(_ value: UInt64) {
    var rest = value
    while rest >= 0x80 {
      bytes.append(UInt8(truncatingIfNeeded: rest) | 0x80)
      rest >>= 7
    }
    bytes.append(UInt8(rest))
  }

  private mutating func append(_ bits: some FixedWidthInteger) {
    withUnsafeBytes(of: bits.littleEndian) { bytes += $0 }
  }
}
