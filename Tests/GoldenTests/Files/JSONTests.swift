import PerceptualFiles
import Testing

@Suite struct JSONTests {
  static let documents: [(String, JSONValue)] = [
    ("null", .null), (" true\n", .bool(true)), ("false", .bool(false)), ("0", .integer(0)), ("-12", .integer(-12)),
    ("9223372036854775807", .integer(.max)), ("-9223372036854775808", .integer(.min)),
    ("9223372036854775808", .number(0x1p63)),
    ("-0", .number(-0.0)), ("0.1", .number(0.1)), ("1e3", .number(1000)), ("-1.5E-2", .number(-0.015)),
    ("1e+2", .number(100)),
    (#""""#, .string("")), (#""a\"\\\/\b\f\n\r\tü""#, .string("a\"\\/\u{8}\u{C}\n\r\tü")),
    (#""\u00fc\u20AC\ud83d\ude00""#, .string("ü€😀")), ("[]", .array([])),
    ("[1, [2] ]", .array([.integer(1), .array([.integer(2)])])),
    ("{}", .object([])),
    (#"{"b":1,"a":null}"#, .object([.init(key: "b", value: .integer(1)), .init(key: "a", value: .null)])),
  ]

  @Test func parses() throws {
    for (text, value) in Self.documents {
      #expect(try JSONValue(parsing: text.utf8) == value, "\(text)")
      #expect(try JSONValue(parsing: value.text.utf8) == value, "\(value.text)")
    }
  }

  static let malformed: [(String, String)] = [
    ("", "the text ends too early at byte 0"), ("  ", "ends too early at byte 2"), ("nul", "unknown word"),
    ("True", "a value was expected"),
    ("01", "a leading 0"), ("-", "a value was expected"), ("+1", "a value was expected"),
    (".5", "a value was expected"),
    ("1.", "a digit was expected after the point"), ("1e", "a digit was expected in the exponent"),
    ("1e999", "out of range"),
    ("NaN", "a value was expected"), ("Infinity", "a value was expected"), ("1 2", "text after the value at byte 2"),
    ("[1,]", "a value was expected"), ("[1 2]", "a comma or ]"), ("[1", "a comma or ]"), ("{\"a\"}", "a colon"),
    ("{a:1}", "a key in quotes"),
    ("{\"a\":1,\"a\":2}", "the key \"a\" stands twice"), ("{\"a\":1,\"\\u0061\":2}", "stands twice"),
    ("{\"a\":1", "a comma or }"),
    ("\"a", "ends too early"), ("\"\n\"", "a control character"), ("\"\\x\"", "an unknown escape"),
    ("\"\\u12G4\"", "four hexadecimal digits"),
    ("\"\\u12", "ends too early"), ("\"\\ud800\"", "half of a surrogate pair"),
    ("\"\\udc00\"", "half of a surrogate pair"),
    ("\"\\ud800\\u0041\"", "half of a surrogate pair"), ("/**/1", "a value was expected"),
    ("'a'", "a value was expected"),
  ]

  @Test func refuses() throws {
    for (text, phrase) in Self.malformed {
      let error = try #require(throws: JSONSyntaxError.self) { try JSONValue(parsing: text.utf8) }
      #expect(error.description.contains(phrase), "\(text): \(error)")
    }
    #expect(throws: JSONSyntaxError.self) { try JSONValue(parsing: [0x22, 0xC3, 0x22]) }
    #expect(throws: JSONSyntaxError.self) { try JSONValue(parsing: [0x22, 0xED, 0xA0, 0x80, 0x22]) }
  }

  @Test func writes() {
    let value = JSONValue.object([
      .init(key: "z", value: .number(0.1)), .init(key: "a", value: .array([.number(.nan), .number(-.infinity)])),
      .init(key: "quote\"", value: .string("\u{1}\n\\é")),
    ])
    #expect(value.text == #"{"z":0.1,"a":[null,null],"quote\"":"\u0001\n\\é"}"#)
    #expect(JSONValue.number(.leastNonzeroMagnitude).text == "5e-324")
    #expect(JSONValue.number(1).text == "1.0")
  }
}
