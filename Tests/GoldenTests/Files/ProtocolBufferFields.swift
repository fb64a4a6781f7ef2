import Testing

/// A protocol buffer read back: its fields in the order of the bytes. A reader of the tests' own, so that what the
/// writer believes of the format is not taken from itself.
struct ProtocolBufferFields {
  enum Value: Equatable {
    case varint(UInt64)
    case eight(UInt64)
    case delimited([UInt8])
    case four(UInt32)
  }

  let list: [(number: Int, value: Value)]

  struct Malformed: Error {}

  init(_ bytes: [UInt8]) throws {
    var rest = bytes[...]
    func take(_ count: Int) throws -> ArraySlice<UInt8> {
      guard count >= 0, count <= rest.count else { throw Malformed() }
      defer { rest = rest.dropFirst(count) }
      return rest.prefix(count)
    }
    func varint() throws -> UInt64 {
      var value: UInt64 = 0
      for place in 0..<10 {
        guard let byte = try take(1).first else { throw Malformed() }
        value |= UInt64(byte % 128) << (7 * UInt64(place))
        if byte < 128 { return value }
      }
      throw Malformed()
    }
    func fixed(_ count: Int) throws -> UInt64 {
      try take(count).enumerated().reduce(0) { $0 + UInt64($1.element) << (8 * UInt64($1.offset)) }
    }
    var list: [(number: Int, value: Value)] = []
    while !rest.isEmpty {
      let key = try varint()
      let value: Value
      switch key % 8 {
      case 0: value = .varint(try varint())
      case 1: value = .eight(try fixed(8))
      case 2: value = .delimited(Array(try take(Int(try varint()))))
      case 5: value = .four(UInt32(try fixed(4)))
      default: throw Malformed()
      }
      list.append((Int(key / 8), value))
    }
    self.list = list
  }

  func data(_ number: Int) -> [[UInt8]] {
    list.compactMap { field in
      if field.number == number, case .delimited(let bytes) = field.value { bytes } else { nil }
    }
  }
  func texts(_ number: Int) -> [String] { data(number).map { String(decoding: $0, as: UTF8.self) } }
  func messages(_ number: Int) throws -> [ProtocolBufferFields] {
    try data(number).map { try ProtocolBufferFields($0) }
  }
  func message(_ number: Int) throws -> ProtocolBufferFields { try #require(try messages(number).first) }

  func integers(_ number: Int) throws -> [Int] {
    try list.flatMap { field -> [Int] in
      switch field.value {
      case .varint(let value) where field.number == number: return [Int(truncatingIfNeeded: value)]
      // Packed: varints without keys, which a key of field 0 before each turns into fields.
      case .delimited(let bytes) where field.number == number:
        var keyed: [UInt8] = []
        var isStart = true
        for byte in bytes {
          if isStart { keyed.append(0) }
          keyed.append(byte)
          isStart = byte < 128
        }
        return try ProtocolBufferFields(keyed).integers(0)
      default: return []
      }
    }
  }

  func float(_ number: Int) -> Float? {
    list.lazy.compactMap { field in
      if field.number == number, case .four(let bits) = field.value { Float(bitPattern: bits) } else { nil }
    }.first
  }
  func double(_ number: Int) -> Double? {
    list.lazy.compactMap { field in
      if field.number == number, case .eight(let bits) = field.value { Double(bitPattern: bits) } else { nil }
    }.first
  }
}
