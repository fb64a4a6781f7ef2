import PerceptualCore

/// The header of a .npy file: a Python dictionary with exactly the keys descr, fortran_order and shape.
struct NpyHeaderParser {
  struct Header {
    var type: String
    var fortranOrder: Bool
    var shape: [Int]
  }

  private let text: [UInt8]
  private let file: String
  private var position = 0

  init(_ text: [UInt8], file: String) {
    self.text = text
    self.file = file
  }

  private func malformed(_ sentence: String) -> PerceptualError {
    PerceptualError.malformed(
      "\(file): \(sentence) at byte \(position) of the header: the file is damaged, write it again with numpy.save")
  }

  mutating func header() throws(PerceptualError) -> Header {
    var type: String?
    var fortranOrder: Bool?
    var shape: [Int]?
    try expect("{")
    while !take("}") {
      let key = try string()
      try expect(":")
      switch key {
      case "descr" where type == nil: type = try description()
      case "fortran_order" where fortranOrder == nil: fortranOrder = try boolean()
      case "shape" where shape == nil: shape = try tuple()
      default: throw malformed("descr, fortran_order and shape were expected once each, found '\(key)'")
      }
      if !take(",") {
        try expect("}")
        break
      }
    }
    skipSpace()
    guard position == text.count else { throw malformed("the end of the header was expected, found more text") }
    guard let type, let fortranOrder, let shape else {
      throw malformed("descr, fortran_order and shape were expected, found fewer")
    }
    return Header(type: type, fortranOrder: fortranOrder, shape: shape)
  }

  private mutating func skipSpace() {
    while position < text.count, text[position] == 0x20 || text[position] == 0x0A { position += 1 }
  }

  private mutating func take(_ token: String) -> Bool {
    skipSpace()
    guard text[position...].starts(with: token.utf8) else { return false }
    position += token.utf8.count
    return true
  }

  private mutating func expect(_ token: String) throws(PerceptualError) {
    if !take(token) { throw malformed("\"\(token)\" was expected") }
  }

  private mutating func boolean() throws(PerceptualError) -> Bool {
    if take("True") { return true }
    if take("False") { return false }
    throw malformed("True or False was expected")
  }

  /// A string, or the list of a structured array as it stands there.
  private mutating func description() throws(PerceptualError) -> String {
    skipSpace()
    let start = position
    if !take("[") { return try string() }
    var depth = 1
    while depth > 0 {
      if take("[") {
        depth += 1
      } else if take("]") {
        depth -= 1
      } else if position < text.count, text[position] == 0x22 || text[position] == 0x27 {
        _ = try string()
      } else if position < text.count {
        position += 1
      } else {
        throw malformed("the end of a list was expected")
      }
    }
    guard let list = String(validating: text[start..<position], as: UTF8.self) else {
      throw malformed("a list in UTF-8 was expected")
    }
    return list
  }

  private mutating func string() throws(PerceptualError) -> String {
    let quote: UInt8 = take("\"") ? 0x22 : 0x27
    if quote == 0x27 && !take("'") { throw malformed("a quoted string was expected") }
    guard let end = text[position...].firstIndex(of: quote),
      let string = String(validating: text[position..<end], as: UTF8.self), !string.contains("\\")
    else { throw malformed("the end of a string was expected") }
    position = end + 1
    return string
  }

  private mutating func tuple() throws(PerceptualError) -> [Int] {
    var numbers: [Int] = []
    try expect("(")
    while !take(")") {
      skipSpace()
      let digits = text[position...].prefix { (0x30...0x39).contains($0) }
      guard let number = Int(String(decoding: digits, as: UTF8.self)) else {
        throw malformed("an integer from 0 to 2^63 - 1 was expected in the shape")
      }
      numbers.append(number)
      position += digits.count
      // Python 2 wrote 3L.
      _ = take("L")
      if !take(",") {
        try expect(")")
        break
      }
    }
    return numbers
  }
}
