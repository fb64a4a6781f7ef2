import PerceptualCore

/// Arrays in NumPy's .npy format.
///
/// Read: versions 1 to 3, little-endian f2, f4, f8, i1 to i8, u1 to u4 and booleans, C or Fortran order. Written:
/// version 1.0, C order; the same array always gives the same bytes, those of `numpy.save`.
/// Source: the format's specification, numpy.lib.format.
public enum Npy {
  /// Reads an array; `.float` and `.double` of the result convert it.
  ///
  /// Integers become ``StoredTensor/int64(_:shape:)``. Throws `.missing` where there is no file, `.malformed` with a
  /// sentence that names the fault where it is no such array.
  public static func read(_ path: String) throws(PerceptualError) -> StoredTensor {
    try read(ByteSource(path: path)).array()
  }

  /// An array's dtype and shape, and its elements where they are of a kind that ``read(_:)`` reads.
  ///
  /// Throws as ``read(_:)`` does, but for the dtype.
  public static func inspect(
    _ path: String
  ) throws(PerceptualError) -> (dtype: String, shape: [Int], elements: StoredTensor?) {
    let file = try read(ByteSource(path: path))
    return (file.header.type, file.header.shape, file.type == nil ? nil : try file.array())
  }

  /// Reads the bytes of a file; messages call them `source`.
  public static func read(bytes: [UInt8], source: String = "npy data") throws(PerceptualError) -> StoredTensor {
    try read(ByteSource(bytes: bytes, name: source)).array()
  }

  /// Writes f4. Throws `.cannotCreate` or `.inputOutput`.
  public static func write(_ tensor: Tensor<Float>, to path: String) throws(PerceptualError) {
    try FileBytes.write(bytes(.float32(tensor), "<f4"), to: path)
  }

  /// Writes f8. Throws `.cannotCreate` or `.inputOutput`.
  public static func write(_ tensor: Tensor<Double>, to path: String) throws(PerceptualError) {
    try FileBytes.write(bytes(.float64(tensor), "<f8"), to: path)
  }

  /// The bytes of an f4 file.
  public static func bytes(_ tensor: Tensor<Float>) -> [UInt8] { bytes(.float32(tensor), "<f4") }

  fileprivate static let copyAgain = "the file is cut short, download or copy it again"
  static let magic: [UInt8] = [0x93] + Array("NUMPY".utf8)

  private static func bytes(_ tensor: StoredTensor, _ type: String) -> [UInt8] {
    let extents = tensor.shape.map(String.init).joined(separator: ", ")
    let shape = tensor.shape.count == 1 ? "(\(extents),)" : "(\(extents))"
    var header = Array("{'descr': '\(type)', 'fortran_order': False, 'shape': \(shape), }".utf8)
    // Ten bytes stand before the header; it ends in a newline, and the data starts at a multiple of 64 bytes.
    header += [UInt8](repeating: 0x20, count: (64 - (10 + header.count + 1) % 64) % 64) + [0x0A]
    require(header.count <= UInt16.max, "shape: \(tensor.shape.count) axes are too many for a .npy file")
    return magic + [1, 0, UInt8(header.count & 0xFF), UInt8(header.count >> 8)] + header + tensor.bytes
  }

  private static func read(_ source: ByteSource) throws(PerceptualError) -> NpyFile {
    func malformed(_ sentence: String) -> PerceptualError { PerceptualError.malformed("\(source.name): \(sentence)") }
    let start = try source.bytes(at: 0, count: min(12, source.count))
    guard start.starts(with: magic) else {
      let found = try ContentKind(source).found(else: "give a .npy file")
      throw malformed("an array written by numpy.save was expected, found \(found)")
    }
    guard start.count >= 10 else { throw malformed("a header was expected, found the end of the file: \(copyAgain)") }
    guard (1...3).contains(start[6]) else {
      throw malformed("version 1, 2 or 3 of the format was expected, found \(start[6]): write it again with numpy.save")
    }
    let lengthBytes = start[6] == 1 ? 2 : 4
    guard start.count >= 8 + lengthBytes else {
      throw malformed("a header was expected, found the end of the file: \(copyAgain)")
    }
    let length = start[8..<8 + lengthBytes].reversed().reduce(0) { $0 << 8 | Int($1) }
    let dataStart = 8 + lengthBytes + length
    guard dataStart <= source.count else {
      throw malformed(
        "a header of \(length) bytes was expected, found \(source.count - 8 - lengthBytes) bytes: \(copyAgain)")
    }
    var parser = NpyHeaderParser(try source.bytes(at: 8 + lengthBytes, count: length), file: source.name)
    let header = try parser.header()
    return NpyFile(source: source, header: header, type: NpyType(header.type), dataStart: dataStart)
  }
}

/// A file whose header was read.
private struct NpyFile {
  let source: ByteSource
  let header: NpyHeaderParser.Header
  let type: NpyType?
  let dataStart: Int

  func array() throws(PerceptualError) -> StoredTensor {
    func malformed(_ sentence: String) -> PerceptualError { PerceptualError.malformed("\(source.name): \(sentence)") }
    guard let type else {
      throw malformed(
        "little-endian f2, f4, f8, i1 to i8, u1 to u4 or booleans were expected, found dtype '\(header.type)': "
          + (header.type.hasPrefix("[")
            ? "save a field of the structured array by itself" : "save it with .astype('<f4')"))
    }
    guard let bytes = checkedProduct(header.shape, times: type.size) else {
      throw malformed("a shape whose size fits 63 bits was expected, found \(header.shape): save it again")
    }
    let found = source.count - dataStart
    guard bytes == found else {
      throw malformed(
        "\(bytes) bytes of data were expected for shape \(header.shape) of '\(header.type)', found \(found): "
          + (found < bytes ? Npy.copyAgain : "save one array a file"))
    }
    let tensor = try type.read(
      source, at: dataStart, shape: header.fortranOrder ? header.shape.reversed() : header.shape)
    return header.fortranOrder ? transposed(tensor, shape: header.shape) : tensor
  }

  /// From Fortran order: `tensor` has the axes reversed.
  private func transposed(_ tensor: StoredTensor, shape: [Int]) -> StoredTensor {
    // Element (i, j, ...) of the result stands at i + shape[0] (j + shape[1] (...)).
    func permuted<Element>(_ elements: [Element]) -> [Element] {
      elements.indices.map { index in
        let position = coordinates(of: index, in: shape)
        return elements[zip(position, shape).reversed().reduce(0) { $0 * $1.1 + $1.0 }]
      }
    }
    return switch tensor {
    case .float64(let tensor): .float64(Tensor(permuted(tensor.elements), shape: shape))
    case .float32(let tensor): .float32(Tensor(permuted(tensor.elements), shape: shape))
    case .float16(let tensor): .float16(Tensor(permuted(tensor.elements), shape: shape))
    case .bfloat16(let tensor): .bfloat16(Tensor(permuted(tensor.elements), shape: shape))
    case .int64(let elements, _): .int64(permuted(elements), shape: shape)
    }
  }
}

/// A number format of .npy files.
private struct NpyType {
  let kind: Character
  let size: Int

  init?(_ name: String) {
    guard name.count == 3, let order = name.first, let size = name.last?.wholeNumberValue else { return nil }
    kind = name[name.index(after: name.startIndex)]
    self.size = size
    let sizes: [Character: [Int]] = ["f": [2, 4, 8], "i": [1, 2, 4, 8], "u": [1, 2, 4], "b": [1]]
    guard sizes[kind]?.contains(size) == true, order == "<" || (size == 1 && order == "|") else { return nil }
  }

  func read(_ source: ByteSource, at offset: Int, shape: [Int]) throws(PerceptualError) -> StoredTensor {
    let count = shape.reduce(1, *)
    func integers<Element: FixedWidthInteger & BitwiseCopyable>(
      _ type: Element.Type
    ) throws(PerceptualError) -> StoredTensor {
      .int64(try source.array(at: offset, count: count, of: type).map { Int64($0) }, shape: shape)
    }
    switch (kind, size) {
    case ("f", 8): return try StoredTensor(.float64, shape: shape, from: source, at: offset)
    case ("f", 4): return try StoredTensor(.float32, shape: shape, from: source, at: offset)
    case ("f", _): return try StoredTensor(.float16, shape: shape, from: source, at: offset)
    case ("i", 8): return try integers(Int64.self)
    case ("i", 4): return try integers(Int32.self)
    case ("i", 2): return try integers(Int16.self)
    case ("i", _): return try integers(Int8.self)
    case (_, 4): return try integers(UInt32.self)
    case (_, 2): return try integers(UInt16.self)
    default: return try integers(UInt8.self)
    }
  }
}
