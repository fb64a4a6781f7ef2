import PerceptualCore
import PerceptualTestSupport
import Testing

@testable import PerceptualFiles

/// A safetensors file by hand: the length field, the header, the data.
private func file(_ header: String, data: Int = 0, length: UInt64? = nil) -> [UInt8] {
  let text = Array(header.utf8)
  let field = withUnsafeBytes(of: (length ?? UInt64(text.count)).littleEndian) { Array($0) }
  return field + text + [UInt8](repeating: 0, count: data)
}

/// A header of one tensor "x".
private func one(dtype: String = "\"F32\"", shape: String = "[2]", offsets: String = "[0,8]") -> String {
  "{\"x\":{\"dtype\":\(dtype),\"shape\":\(shape),\"data_offsets\":\(offsets)}}"
}

private func two(_ first: String, _ second: String) -> String {
  "{\"a\":{\"dtype\":\"F32\",\"shape\":[1],\"data_offsets\":\(first)},"
    + "\"b\":{\"dtype\":\"F32\",\"shape\":[1],\"data_offsets\":\(second)}}"
}

/// Bytes that must be refused, and a phrase of the sentence.
struct MalformedFile: Sendable, CustomStringConvertible {
  let description: String
  let bytes: [UInt8]
  let phrase: String
  init(_ description: String, _ bytes: [UInt8], _ phrase: String) {
    self.description = description
    self.bytes = bytes
    self.phrase = phrase
  }
}

private let nestedTooDeep = "{\"x\":" + String(repeating: "[", count: 200) + String(repeating: "]", count: 200) + "}"

@Suite struct SafetensorsTests {
  private let scratch = ScratchDirectory()
  private var directory: String { scratch.path }

  /// One tensor of each format, sizes that leave narrow numbers before wide ones, and awkward names.
  static func everything() -> SafetensorsFile {
    var generator = SeededGenerator(name: "safetensors")
    let doubles = Fill.specials.tensor([3, 5], &generator)
    let floats = Fill.specials.tensor([7], &generator)
    var file = SafetensorsFile(metadata: ["operation": "leakyReLU", "empty": "", "quote \" and \\": "line\nü\u{1}€"])
    file["half"] = .float16(Tensor([0, -0.0, 1, 65504, .infinity, 0x1p-24, -0x1p-14], shape: [7]))
    file["x"] = .float32(floats.converted())
    file["nothing"] = .float32(Tensor([], shape: [3, 0, 2]))
    file["input.\"x\"/ü"] = .float64(doubles)
    file["scalar"] = .float64(Tensor([2.5], shape: []))
    file["brain"] = .bfloat16(Tensor([1, -3.140625, .infinity], shape: [3]))
    file["count"] = .int64([.min, -1, .max], shape: [3])
    return file
  }

  /// Names, shapes and bits: a NaN equals itself here.
  static func bits(_ file: SafetensorsFile) -> [String: [UInt8]] {
    Dictionary(uniqueKeysWithValues: file.names.map { ($0, file[$0]?.bytes ?? []) })
  }

  @Test func roundTripBitForBit() throws {
    let written = Self.everything()
    try written.write(to: "\(directory)/a.safetensors")
    let read = try SafetensorsFile(contentsOf: "\(directory)/a.safetensors")
    #expect(read.metadata == written.metadata)
    #expect(read.names.sorted() == written.names.sorted())
    #expect(Self.bits(read) == Self.bits(written))
    for name in written.names {
      #expect(read[name]?.shape == written[name]?.shape)
      #expect(read[name]?.typeName == written[name]?.typeName)
    }
    #expect(try contents(of: directory) == ["a.safetensors"], "a temporary file was left")
    #expect(try FileBytes.read("\(directory)/a.safetensors") == written.bytes())
    #expect(read.bytes() == written.bytes(), "reading and writing again changes the bytes")
  }

  @Test func layout() throws {
    let bytes = Self.everything().bytes()
    let length = Int(bytes[0]) + Int(bytes[1]) << 8
    #expect(length % 8 == 0, "the data is not aligned")
    let header = try JSONValue(parsing: bytes[8..<8 + length])
    #expect(header.members?.first?.key == "__metadata__")
    #expect(header["__metadata__"]?.members?.map(\.key) == ["empty", "operation", "quote \" and \\"])
    let widest = Self.everything()["input.\"x\"/ü"]?.bytes ?? []
    #expect(bytes[(8 + length)...].starts(with: widest))
    for member in header.members ?? [] {
      guard let type = member.value["dtype"]?.string.flatMap(StoredTensor.ElementType.init) else { continue }
      let begin = try #require(member.value["data_offsets"]?.array?.first?.integer)
      #expect(begin % type.size == 0, "\(member.key) is not aligned")
    }
  }

  /// The smallest file and its bytes, counted by hand.
  @Test func bytesByHand() throws {
    var file = SafetensorsFile()
    file["x"] = .float32(Tensor([1]))
    let header = #"{"x":{"dtype":"F32","shape":[1],"data_offsets":[0,4]}}"#
    let expected: [UInt8] = [56, 0, 0, 0, 0, 0, 0, 0] + Array(header.utf8) + [0x20, 0x20] + [0, 0, 0x80, 0x3F]
    #expect(file.bytes() == expected)
  }

  /// Any order of header and data, white space and an escaped name are valid.
  @Test func otherValidLayouts() throws {
    let header = """
      { "b" : {"shape": [1], "data_offsets": [4, 8], "dtype": "F32"},
        "\\u0061": {"dtype":"F32","shape":[],"data_offsets":[0,4]} }  \n
      """
    let read = try SafetensorsFile(bytes: file(header, data: 8))
    #expect(read.names == ["b", "a"])
    #expect(read["a"] == .float32(Tensor([0], shape: [])))
    #expect(try SafetensorsFile(bytes: file("{}")).names == [])
    #expect(try SafetensorsFile(bytes: file(#"{"__metadata__":{}}"#)).metadata == [:])
  }

  static let malformed: [MalformedFile] = [
    .init("an empty file", [], "found 0 bytes in all: the file is cut short, download or copy it again"),
    .init("seven bytes", [1, 0, 0, 0, 0, 0, 0], "found 7 bytes in all"),
    .init(
      "length past the end", file("{}", length: 3), "a header of 3 bytes was expected, found 2 bytes: the file is cut"),
    .init("length over the limit", file("{}", length: 100_000_001), "at most 100000000 bytes"),
    .init("length of all ones", file("{}", length: .max), "found a length of 18446744073709551615"),
    .init("a WAV file", Array("RIFF....WAVEfmt ".utf8), "found a recording: give a .safetensors file"),
    .init("an empty header", file(""), "starts with { was expected, found an empty header"),
    .init("a space before the brace", file(" {}"), "starts with { was expected, found byte 32"),
    .init("an array", file("[]"), "starts with { was expected, found byte 91"),
    .init("no JSON", file("{x}"), "a key in quotes was expected at byte 1 of the header"),
    .init("text after the object", file("{}{}"), "text after the value at byte 2"),
    .init("a zero after the object", file("{}\0"), "text after the value at byte 2"),
    .init("an unfinished object", file("{\"x\":"), "the text ends too early"),
    .init("a comma before the brace", file("{\"x\":1,}"), "a key in quotes was expected"),
    .init("a name that is not UTF-8", [6, 0, 0, 0, 0, 0, 0, 0] + [0x7B, 0x22, 0xFF, 0x22, 0x3A, 0x31], "not UTF-8"),
    .init("half a surrogate pair", file(#"{"\ud800":1}"#), "half of a surrogate pair"),
    .init("nested too deep", file(nestedTooDeep), "nested more than 128 deep"),
    .init("a name twice", file(two("[0,4]", "[4,8]").replacing("\"b\"", with: "\"a\""), data: 8), "\"a\" stands twice"),
    .init("metadata twice", file(#"{"__metadata__":{},"__metadata__":{}}"#), "\"__metadata__\" stands twice"),
    .init("dtype twice", file(#"{"x":{"dtype":"F32","dtype":"F64"}}"#), "\"dtype\" stands twice"),
    .init("metadata no object", file(#"{"__metadata__":"text"}"#), "__metadata__ should be an object of strings"),
    .init("metadata with a number", file(#"{"__metadata__":{"step":425}}"#), "found 425 under \"step\""),
    .init("tensor no object", file(#"{"x":[]}"#), "tensor \"x\": an object was expected, found []"),
    .init(
      "no dtype", file(#"{"x":{"shape":[0],"data_offsets":[0,0]}}"#), "tensor \"x\": dtype is expected and missing"),
    .init("no shape", file(#"{"x":{"dtype":"F32","data_offsets":[0,0]}}"#), "shape is expected and missing"),
    .init("no offsets", file(#"{"x":{"dtype":"F32","shape":[0]}}"#), "data_offsets is expected and missing"),
    .init("a field too many", file(one().replacing("\"dtype\"", with: "\"z\":1,\"dtype\""), data: 8), "found \"z\""),
    .init("an unknown dtype", file(one(dtype: "\"F33\""), data: 8), "found the unknown \"F33\""),
    .init("a lower-case dtype", file(one(dtype: "\"f32\""), data: 8), "found the unknown \"f32\""),
    .init(
      "a dtype of number", file(one(dtype: "32"), data: 8), "one of F64, I64, F32, F16, BF16, found 32"),
    .init("a dtype not read", file(one(dtype: "\"U8\"", shape: "[8]"), data: 8), "dtype U8 is not read here"),
    .init("a BOOL", file(one(dtype: "\"BOOL\"", shape: "[8]"), data: 8), "dtype BOOL is not read here"),
    .init("a negative extent", file(one(shape: "[-2]"), data: 8), "found -2"),
    .init("a fraction as extent", file(one(shape: "[2.0]"), data: 8), "found 2.0"),
    .init("an extent over 64 bits", file(one(shape: "[99999999999999999999]"), data: 8), "integers from 0 to 2^63 - 1"),
    .init("a shape of text", file(one(shape: "\"2\""), data: 8), "shape should be a list of integers"),
    .init("a product that overflows", file(one(shape: "[4294967296,4294967296]"), data: 8), "whose size fits 63 bits"),
    .init("a product that wraps to 8", file(one(shape: "[4611686018427387906]"), data: 8), "whose size fits 63 bits"),
    .init("an overflow before a zero", file(one(shape: "[4294967296,4294967296,0]", offsets: "[0,0]")), "fits 63 bits"),
    .init(
      "bytes too few for the shape", file(one(shape: "[3]"), data: 8), "takes 12 bytes, data_offsets [0, 8] hold 8"),
    .init(
      "bytes too many for the shape", file(one(shape: "[1]"), data: 8), "takes 4 bytes, data_offsets [0, 8] hold 8"),
    .init("end before begin", file(one(offsets: "[8,0]"), data: 8), "an end not before it, found [8, 0]"),
    .init("one offset", file(one(offsets: "[8]"), data: 8), "a begin and an end"),
    .init("three offsets", file(one(offsets: "[0,8,8]"), data: 8), "a begin and an end"),
    .init("a negative offset", file(one(offsets: "[-8,0]"), data: 8), "found -8"),
    .init(
      "cut in the data", file(one(), data: 7),
      "should end at byte 8 of the data, found 7 bytes of data: the file is cut"),
    .init("no data", file(one()), "found 0 bytes of data"),
    .init(
      "far more promised", file(one(shape: "[1000000000000]", offsets: "[0,4000000000000]"), data: 8), "found 8 bytes"),
    .init("a byte appended", file(one(), data: 9), "1 bytes belong to no tensor"),
    .init("data without tensors", file("{}", data: 1), "0 bytes of data were expected, found 1"),
    .init(
      "an overlap", file(two("[0,4]", "[2,6]"), data: 6), "\"b\" begins at byte 2 of the data and overlaps tensor \"a\""
    ),
    .init("the same place twice", file(two("[0,4]", "[0,4]"), data: 4), "overlaps"),
    .init("a hole", file(two("[0,4]", "[8,12]"), data: 12), "found 8, a hole"),
    .init("a hole at the start", file(one(offsets: "[4,12]"), data: 12), "should begin at byte 0 of the data"),
  ]

  /// The length of the header begins with the first bytes of a pickle, a JPEG picture, a BMP picture, a ZIP archive.
  @Test(arguments: [0x0280, 0x0480, 0xFF_D8FF, 0x4D42, 0x1_4D42]) func anyLengthOfHeader(_ length: Int) throws {
    let text = #"{"__metadata__":{"a":"b"}}"#
    let padding = String(repeating: " ", count: length - text.utf8.count)
    let bytes = withUnsafeBytes(of: UInt64(length).littleEndian, Array.init) + Array((text + padding).utf8)
    #expect(try SafetensorsFile(bytes: bytes).metadata == ["a": "b"])
  }

  @Test(arguments: malformed) func refuses(_ row: MalformedFile) throws {
    let error = try #require(throws: PerceptualError.self) {
      try SafetensorsFile(bytes: row.bytes, source: "clip.safetensors")
    }
    #expect(error.kind == .malformed)
    #expect(error.description.hasPrefix("clip.safetensors: "))
    #expect(error.description.contains(row.phrase), "\(error)")
    #expect(!error.description.contains("\n"))
  }

  /// Every file cut anywhere is refused, from the disk as from memory, and never crashes.
  @Test func refusesEveryCut() throws {
    let bytes = Self.everything().bytes()
    for length in stride(from: 0, to: bytes.count, by: 7) {
      let path = "\(directory)/cut.safetensors"
      try FileBytes.write(Array(bytes.prefix(length)), to: path)
      expectError(.malformed, beginning: path) { try SafetensorsFile(contentsOf: path) }
    }
  }

  @Test func missingFile() throws {
    let none = try #require(throws: PerceptualError.self) { try SafetensorsFile(contentsOf: "/nowhere/none") }
    #expect(none.kind == .missing)
    #expect(none.description == "/nowhere/none: cannot be opened (No such file or directory): check the path")
  }

  @Test func missingFilesAndTensors() throws {
    expectError(.malformed, saying: "found a directory") { try SafetensorsFile(contentsOf: directory) }
    expectError(.cannotCreate) { try SafetensorsFile().write(to: "\(directory)/no/where") }
    expectError(.cannotCreate) { try SafetensorsFile().write(to: directory) }
    let file = Self.everything()
    expectError(saying: "a tensor \"weight\" was expected, found \"half\", \"x\"") { try file.float("weight") }
    expectError(saying: "tensor \"x\" of shape [7, 1] was expected, found [7]") { try file.double("x", shape: [7, 1]) }
    expectError(saying: "should hold \"oracle\", found \"empty\"") { try file.metadata("oracle") }
  }

  @Test func orderAndRemoval() {
    var file = SafetensorsFile()
    for name in ["c", "a", "b"] { file[name] = .float32(Tensor([1])) }
    file["c"] = .float32(Tensor([2]))
    #expect(file.names == ["c", "a", "b"])
    file["a"] = nil
    #expect(file.names == ["c", "b"])
    #expect(file["a"] == nil)
  }

  /// Both directions against the processor's own conversion, over every half and around every rounding boundary.
  @Test func halfPrecision() {
    #if !(os(macOS) && arch(x86_64))
      for bits in UInt16.min...UInt16.max {
        let value = widened(half: bits)
        let expected = Float(Float16(bitPattern: bits))
        #expect(value.isNaN ? expected.isNaN : value.bitPattern == expected.bitPattern)
        #expect(roundedToHalf(value) == bits)
        guard value.isFinite else { continue }
        let between = (value + widened(half: bits &+ 1)) / 2
        for near in [between.nextDown, between, between.nextUp] where near.isFinite {
          #expect(roundedToHalf(near) == Float16(near).bitPattern)
        }
      }
    #endif
    #expect(roundedToHalf(65519.996) == 0x7BFF)
    #expect(roundedToHalf(65520) == 0x7C00)
    #expect(roundedToHalf(1e30) == 0x7C00)
    #expect(widened(half: roundedToHalf(Float(nan: 1, signaling: false))).isNaN)
    #expect(roundedToBrain(1 + 0x1p-8) == 0x3F80, "a tie goes to even")
    #expect(roundedToBrain(1 + 0x3p-8) == 0x3F82, "a tie goes to even")
    #expect(roundedToBrain(1 + 0x1p-8 + 0x1p-20) == 0x3F81)
    #expect(widened(brain: roundedToBrain(.nan)).isNaN)
    #expect(widened(brain: roundedToBrain(Float(bitPattern: 0x7F80_0001))).isNaN)
    #expect(roundedToBrain(.greatestFiniteMagnitude) == 0x7F80)
  }
}
