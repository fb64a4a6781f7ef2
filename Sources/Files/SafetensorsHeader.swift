import PerceptualCore

/// The header of a safetensors file, checked against the length of the file: reading the tensors cannot fail any more
/// but for the disk.
struct SafetensorsHeader {
  struct Entry {
    var name: String
    /// nil for a number format that is not read here.
    var type: StoredTensor.ElementType?
    var typeName: String
    var shape: [Int]
    /// Bytes from the start of the data; the end is exclusive.
    var begin: Int
    var end: Int
  }

  static let metadataKey = "__metadata__"
  /// The specification's limit in bytes.
  static let longest = 100_000_000

  var metadata: [String: String] = [:]
  var entries: [Entry] = []
  /// Bytes from the start of the file.
  var dataStart = 0

  init(_ source: ByteSource) throws(PerceptualError) {
    let reader = Reader(source: source)
    let text = try reader.headerText()
    dataStart = 8 + text.count
    for member in try reader.members(text) {
      if member.key == Self.metadataKey {
        metadata = try reader.metadata(member.value)
      } else {
        entries.append(try reader.entry(member))
      }
    }
    try reader.checkOffsets(entries, dataBytes: source.count - dataStart)
  }
}

private struct Reader {
  let source: ByteSource

  func malformed(_ sentence: String) -> PerceptualError { .malformed("\(source.name): \(sentence)") }

  let copyAgain = "the file is cut short, download or copy it again"
  let notOne = "this is no safetensors file, or it is damaged"
  let writeAgain = "the program that wrote the file is at fault, write it again"

  func headerText() throws(PerceptualError) -> [UInt8] {
    guard source.count >= 8 else {
      throw malformed(
        "a safetensors file starts with 8 bytes that give the length of its header, "
          + "found \(source.count) bytes in all: \(copyAgain)")
    }
    let length = try source.array(at: 0, count: 1, of: UInt64.self)[0]
    switch try ContentKind(source) {
    case .safetensors, .unknown, .empty: break
    case let kind:
      throw malformed("a safetensors file was expected, found \(kind.found(else: "give a .safetensors file"))")
    }
    guard length <= SafetensorsHeader.longest else {
      throw malformed(
        "a header of at most \(SafetensorsHeader.longest) bytes was expected, found a length of \(length): \(notOne)")
    }
    guard length <= source.count - 8 else {
      throw malformed("a header of \(length) bytes was expected, found \(source.count - 8) bytes: \(copyAgain)")
    }
    let text = try source.bytes(at: 8, count: Int(length))
    guard text.first == UInt8(ascii: "{") else {
      let found = text.first.map { "byte \($0)" } ?? "an empty header"
      throw malformed("a header that starts with { was expected, found \(found): \(notOne)")
    }
    return text
  }

  func members(_ text: [UInt8]) throws(PerceptualError) -> [JSONValue.Member] {
    do throws(JSONSyntaxError) {
      return try JSONValue(parsing: text).members ?? []
    } catch {
      throw malformed("a header in JSON was expected, found \(error) of the header: \(notOne)")
    }
  }

  func metadata(_ value: JSONValue) throws(PerceptualError) -> [String: String] {
    guard let members = value.members else {
      throw malformed("__metadata__ should be an object of strings, found \(value.excerpt): \(writeAgain)")
    }
    var strings: [String: String] = [:]
    for member in members {
      guard let string = member.value.string else {
        throw malformed(
          "__metadata__ should hold strings only, found \(member.value.excerpt) under \"\(member.key)\": \(writeAgain)")
      }
      strings[member.key] = string
    }
    return strings
  }

  func entry(_ member: JSONValue.Member) throws(PerceptualError) -> SafetensorsHeader.Entry {
    let place = "tensor \"\(member.key)\""
    guard let fields = member.value.members else {
      throw malformed("\(place): an object was expected, found \(member.value.excerpt): \(writeAgain)")
    }
    let known = ["dtype", "shape", "data_offsets"]
    if let unknown = fields.first(where: { !known.contains($0.key) }) {
      throw malformed("\(place): dtype, shape and data_offsets were expected, found \"\(unknown.key)\": \(writeAgain)")
    }
    for key in known where member.value[key] == nil {
      throw malformed("\(place): \(key) is expected and missing: \(writeAgain)")
    }
    let type = try elementType(member.value["dtype"] ?? .null, place)
    let shape = try naturals(member.value["shape"] ?? .null, "\(place): shape")
    let offsets = try naturals(member.value["data_offsets"] ?? .null, "\(place): data_offsets")
    guard offsets.count == 2, offsets[0] <= offsets[1] else {
      throw malformed(
        "\(place): data_offsets should be a begin and an end not before it, found \(offsets): \(writeAgain)")
    }
    guard let bits = checkedProduct(shape, times: type.bits), bits % 8 == 0 else {
      throw malformed(
        "\(place): a shape whose size fits 63 bits, in whole bytes, was expected, found \(shape): \(writeAgain)")
    }
    let bytes = bits / 8
    guard bytes == offsets[1] - offsets[0] else {
      throw malformed(
        "\(place): shape \(shape) of \(type.name) takes \(bytes) bytes, data_offsets \(offsets) hold "
          + "\(offsets[1] - offsets[0]): \(writeAgain)")
    }
    return .init(
      name: member.key, type: .init(rawValue: type.name), typeName: type.name, shape: shape, begin: offsets[0],
      end: offsets[1])
  }

  func elementType(_ value: JSONValue, _ place: String) throws(PerceptualError) -> (name: String, bits: Int) {
    let read = StoredTensor.ElementType.allCases.map(\.rawValue).joined(separator: ", ")
    guard let name = value.string else {
      throw malformed("\(place): dtype should be one of \(read), found \(value.excerpt): \(writeAgain)")
    }
    if let type = StoredTensor.ElementType(rawValue: name) { return (name, 8 * type.size) }
    let others = [
      "BOOL": 8, "U8": 8, "I8": 8, "I16": 16, "U16": 16, "I32": 32, "U32": 32, "U64": 64, "C64": 64, "F8_E5M2": 8,
      "F8_E4M3": 8, "F8_E8M0": 8, "F4": 4, "F6_E2M3": 6, "F6_E3M2": 6,
    ]
    guard let bits = others[name] else {
      throw malformed("\(place): dtype should be one of \(read), found the unknown \(value.excerpt): \(writeAgain)")
    }
    return (name, bits)
  }

  func naturals(_ value: JSONValue, _ place: String) throws(PerceptualError) -> [Int] {
    guard let items = value.array else {
      throw malformed("\(place) should be a list of integers, found \(value.excerpt): \(writeAgain)")
    }
    var numbers: [Int] = []
    for item in items {
      guard case .integer(let number) = item, number >= 0 else {
        throw malformed("\(place) should hold integers from 0 to 2^63 - 1, found \(item.excerpt): \(writeAgain)")
      }
      numbers.append(number)
    }
    return numbers
  }

  /// The tensors must cover the data without gap or overlap, to its last byte.
  func checkOffsets(_ entries: [SafetensorsHeader.Entry], dataBytes: Int) throws(PerceptualError) {
    var end = 0
    var before = "the start of the data"
    for entry in entries.sorted(by: { ($0.begin, $0.end) < ($1.begin, $1.end) }) {
      if entry.end > dataBytes {
        throw malformed(
          "tensor \"\(entry.name)\" should end at byte \(entry.end) of the data, found \(dataBytes) bytes of data: "
            + copyAgain)
      }
      if entry.begin < end {
        throw malformed(
          "tensor \"\(entry.name)\" begins at byte \(entry.begin) of the data and overlaps \(before), which ends at "
            + "\(end): \(writeAgain)")
      }
      if entry.begin > end {
        throw malformed(
          "tensor \"\(entry.name)\" should begin at byte \(end) of the data, where \(before) ends, found "
            + "\(entry.begin), a hole: \(writeAgain)")
      }
      end = entry.end
      before = "tensor \"\(entry.name)\""
    }
    if end != dataBytes {
      throw malformed(
        "\(end) bytes of data were expected, found \(dataBytes): \(dataBytes - end) bytes belong to no tensor; "
          + "the file was appended to or is damaged, write or copy it again")
    }
  }
}
