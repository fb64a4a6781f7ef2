/// A JSON document, objects in the order of the text.
///
/// Foundation's parsers keep the last of two equal keys without a word; a checkpoint's header with a key twice is
/// malformed and has to be refused, hence this parser.
public enum JSONValue: Equatable, Sendable {
  case null
  case bool(Bool)
  /// An integer literal that fits 64 bits, except -0.
  case integer(Int)
  case number(Double)
  case string(String)
  case array([JSONValue])
  case object([Member])

  public struct Member: Equatable, Sendable {
    public var key: String
    public var value: JSONValue
    public init(key: String, value: JSONValue) {
      self.key = key
      self.value = value
    }
  }

  /// The value under `key`, nil if absent or if this is no object. A value that is set takes the place of the key's, or
  /// comes last; nil removes the key.
  public subscript(key: String) -> JSONValue? {
    get { members?.first { $0.key == key }?.value }
    set {
      var members = members ?? []
      let place = members.firstIndex { $0.key == key } ?? members.count
      let end = min(place + 1, members.count)
      members.replaceSubrange(place..<end, with: newValue.map { [Member(key: key, value: $0)] } ?? [])
      self = .object(members)
    }
  }

  /// The members of both objects, this one's first.
  public func adding(_ other: JSONValue) -> JSONValue { .object((members ?? []) + (other.members ?? [])) }

  /// An object of texts, in the order of their keys.
  package init(_ texts: [String: String]) {
    self = .object(texts.sorted { $0.key < $1.key }.map { Member(key: $0.key, value: .string($0.value)) })
  }

  /// An object of numbers, in their order.
  package init(_ numbers: [(name: String, value: Double)]) {
    self = .object(numbers.map { Member(key: $0.name, value: .number($0.value)) })
  }

  public var double: Double? {
    switch self {
    case .integer(let value): Double(value)
    case .number(let value): value
    default: nil
    }
  }
  public var integer: Int? {
    switch self {
    case .integer(let value): value
    case .number(let value): Int(exactly: value)
    default: nil
    }
  }
  public var string: String? { if case .string(let value) = self { value } else { nil } }
  public var bool: Bool? { if case .bool(let value) = self { value } else { nil } }
  public var array: [JSONValue]? { if case .array(let value) = self { value } else { nil } }
  public var members: [Member]? { if case .object(let value) = self { value } else { nil } }
}

/// Where and why a JSON text is malformed.
public struct JSONSyntaxError: Error, Equatable, CustomStringConvertible {
  public var reason: String
  /// Offset in bytes from the start of the text.
  public var offset: Int
  public var description: String { "\(reason) at byte \(offset)" }
}

extension JSONValue {
  /// Parses UTF-8 text holding exactly one JSON value (RFC 8259); equal keys in one object are an error.
  public init(parsing text: some Collection<UInt8>) throws(JSONSyntaxError) {
    var parser = JSONParser(bytes: Array(text))
    self = try parser.document()
  }
}

private struct JSONParser {
  let bytes: [UInt8]
  var position = 0
  var depth = 0

  func failure(_ reason: String) -> JSONSyntaxError { JSONSyntaxError(reason: reason, offset: position) }

  mutating func document() throws(JSONSyntaxError) -> JSONValue {
    let result = try value()
    skipSpace()
    if position < bytes.count { throw failure("text after the value") }
    return result
  }

  mutating func skipSpace() {
    while position < bytes.count, [0x20, 0x09, 0x0A, 0x0D].contains(bytes[position]) { position += 1 }
  }

  func peek() throws(JSONSyntaxError) -> UInt8 {
    guard position < bytes.count else { throw failure("the text ends too early") }
    return bytes[position]
  }

  mutating func take(_ character: Character) -> Bool {
    guard position < bytes.count, bytes[position] == character.asciiValue else { return false }
    position += 1
    return true
  }

  mutating func value() throws(JSONSyntaxError) -> JSONValue {
    skipSpace()
    depth += 1
    defer { depth -= 1 }
    if depth > 128 { throw failure("nested more than 128 deep") }
    switch Character(Unicode.Scalar(try peek())) {
    case "{": return try object()
    case "[": return try array()
    case "\"": return .string(try string())
    case "t": return try word("true", .bool(true))
    case "f": return try word("false", .bool(false))
    case "n": return try word("null", .null)
    default: return try number()
    }
  }

  mutating func word(_ word: String, _ value: JSONValue) throws(JSONSyntaxError) -> JSONValue {
    guard bytes[position...].starts(with: word.utf8) else { throw failure("unknown word") }
    position += word.utf8.count
    return value
  }

  mutating func object() throws(JSONSyntaxError) -> JSONValue {
    position += 1
    var members: [JSONValue.Member] = []
    var keys: Set<String> = []
    skipSpace()
    if take("}") { return .object(members) }
    repeat {
      skipSpace()
      guard try peek() == 0x22 else { throw failure("a key in quotes was expected") }
      let key = try string()
      if !keys.insert(key).inserted { throw failure("the key \"\(key)\" stands twice") }
      skipSpace()
      if !take(":") { throw failure("a colon was expected") }
      members.append(.init(key: key, value: try value()))
      skipSpace()
    } while take(",")
    if !take("}") { throw failure("a comma or } was expected") }
    return .object(members)
  }

  mutating func array() throws(JSONSyntaxError) -> JSONValue {
    position += 1
    var items: [JSONValue] = []
    skipSpace()
    if take("]") { return .array(items) }
    repeat {
      items.append(try value())
      skipSpace()
    } while take(",")
    if !take("]") { throw failure("a comma or ] was expected") }
    return .array(items)
  }

  mutating func number() throws(JSONSyntaxError) -> JSONValue {
    let start = position
    func isDigit(_ index: Int) -> Bool { index < bytes.count && (0x30...0x39).contains(bytes[index]) }
    _ = take("-")
    guard isDigit(position) else { throw failure("a value was expected") }
    if take("0") {
      if isDigit(position) { throw failure("a number with a leading 0") }
    } else {
      while isDigit(position) { position += 1 }
    }
    var isInteger = true
    if take(".") {
      isInteger = false
      guard isDigit(position) else { throw failure("a digit was expected after the point") }
      while isDigit(position) { position += 1 }
    }
    if take("e") || take("E") {
      isInteger = false
      if !take("+") { _ = take("-") }
      guard isDigit(position) else { throw failure("a digit was expected in the exponent") }
      while isDigit(position) { position += 1 }
    }
    let text = String(decoding: bytes[start..<position], as: UTF8.self)
    // -0 has a sign that an integer would lose.
    if isInteger, text != "-0", let value = Int(text) { return .integer(value) }
    guard let value = Double(text), value.isFinite else { throw failure("a number out of range") }
    return .number(value)
  }

  mutating func string() throws(JSONSyntaxError) -> String {
    position += 1
    var content: [UInt8] = []
    while true {
      let byte = try peek()
      position += 1
      switch byte {
      case 0x22:
        guard let text = String(validating: content, as: UTF8.self) else { throw failure("a string that is not UTF-8") }
        return text
      case 0x5C: content.append(contentsOf: try escape())
      case 0..<0x20: throw failure("a control character in a string")
      default: content.append(byte)
      }
    }
  }

  mutating func escape() throws(JSONSyntaxError) -> [UInt8] {
    let byte = try peek()
    position += 1
    switch Character(Unicode.Scalar(byte)) {
    case "\"", "\\", "/": return [byte]
    case "b": return [0x08]
    case "f": return [0x0C]
    case "n": return [0x0A]
    case "r": return [0x0D]
    case "t": return [0x09]
    case "u":
      var code = try hexadecimal()
      if (0xD800..<0xDC00).contains(code) {
        guard take("\\"), take("u") else { throw failure("half of a surrogate pair") }
        let low = try hexadecimal()
        guard (0xDC00..<0xE000).contains(low) else { throw failure("half of a surrogate pair") }
        code = 0x10000 + (code - 0xD800) << 10 + (low - 0xDC00)
      }
      guard let scalar = Unicode.Scalar(code) else { throw failure("half of a surrogate pair") }
      return Array(String(Character(scalar)).utf8)
    default: throw failure("an unknown escape")
    }
  }

  mutating func hexadecimal() throws(JSONSyntaxError) -> UInt32 {
    guard position + 4 <= bytes.count else { throw failure("the text ends too early") }
    let digits = bytes[position..<position + 4]
    let hexadecimal = Set("0123456789abcdefABCDEF".utf8)
    guard digits.allSatisfy(hexadecimal.contains), let code = UInt32(String(decoding: digits, as: UTF8.self), radix: 16)
    else { throw failure("four hexadecimal digits were expected") }
    position += 4
    return code
  }
}
