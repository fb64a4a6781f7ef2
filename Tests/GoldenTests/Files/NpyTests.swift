import PerceptualCore
import PerceptualFiles
import PerceptualTestSupport
import Testing

/// A file of version 1 by hand, its header padded as given.
private func npy(
  _ header: String, _ data: [UInt8] = [], version: UInt8 = 1, magic: [UInt8] = [0x93] + Array("NUMPY".utf8)
) -> [UInt8] {
  let length = header.utf8.count
  let field = [UInt8(length & 0xFF), UInt8(length >> 8)] + (version == 1 ? [] : [0, 0])
  return magic + [version, 0] + field + Array(header.utf8) + data
}

private func header(_ type: String = "<f4", fortran: Bool = false, shape: String) -> String {
  "{'descr': '\(type)', 'fortran_order': \(fortran ? "True" : "False"), 'shape': \(shape), }\n"
}

private func bytes<Number: BitwiseCopyable>(_ numbers: [Number]) -> [UInt8] { numbers.withUnsafeBytes { Array($0) } }

@Suite struct NpyTests {
  @Test(arguments: [[], [1], [7], [3, 5], [1, 2, 3, 4], [2, 0, 3]])
  func roundTripBitForBit(_ shape: [Int]) throws {
    let scratch = ScratchDirectory()
    var generator = SeededGenerator(name: "npy \(shape)")
    let doubles = (shape == [2, 0, 3] ? Fill.normals : .specials).tensor(shape, &generator)
    let floats: Tensor<Float> = doubles.converted()
    try Npy.write(floats, to: scratch.file("f4.npy"))
    try Npy.write(doubles, to: scratch.file("f8.npy"))
    let single = try Npy.read(scratch.file("f4.npy"))
    let double = try Npy.read(scratch.file("f8.npy"))
    #expect(single.typeName == "F32" && double.typeName == "F64")
    #expect(single.shape == shape && double.shape == shape)
    #expect(single.float.elements.map(\.bitPattern) == floats.elements.map(\.bitPattern))
    #expect(double.double.elements.map(\.bitPattern) == doubles.elements.map(\.bitPattern))
    #expect(try FileBytes.read(scratch.file("f4.npy")) == Npy.bytes(floats))
  }

  /// What `numpy.save` of NumPy 2 writes for `np.array([[1, 2, 3]], "<f4")`, byte for byte.
  @Test func bytesOfNumPy() {
    let text = "{'descr': '<f4', 'fortran_order': False, 'shape': (1, 3), }"
    let expected = npy(text + String(repeating: " ", count: 117 - text.count) + "\n", bytes([1, 2, 3] as [Float]))
    #expect(expected.count == 128 + 12)
    #expect(Npy.bytes(Tensor([1, 2, 3], shape: [1, 3])) == expected)
  }

  @Test func everyFormat() throws {
    let rows: [(String, [UInt8])] = [
      ("<f8", bytes([1, 0, 3] as [Double])), ("<f4", bytes([1, 0, 3] as [Float])),
      ("<f2", bytes([0x3C00, 0, 0x4200] as [UInt16])),
      ("<i8", bytes([1, 0, 3] as [Int64])), ("<i4", bytes([1, 0, 3] as [Int32])), ("<i2", bytes([1, 0, 3] as [Int16])),
      ("|i1", [1, 0, 3]), ("<u4", bytes([1, 0, 3] as [UInt32])), ("<u2", bytes([1, 0, 3] as [UInt16])),
      ("|u1", [1, 0, 3]),
    ]
    for (type, data) in rows {
      for version: UInt8 in [1, 2, 3] {
        let read = try Npy.read(bytes: npy(header(type, shape: "(3,)"), data, version: version))
        #expect(read.double.elements == [1, 0, 3], "\(type)")
        #expect(read.float.elements == [1, 0, 3], "\(type)")
      }
    }
    #expect(try Npy.read(bytes: npy(header("|b1", shape: "(2,)"), [0, 1])).double.elements == [0, 1])
    #expect(try Npy.read(bytes: npy(header("|i1", shape: "(2,)"), [255, 128])).double.elements == [-1, -128])
    #expect(
      try Npy.read(bytes: npy(header("<u4", shape: "()"), [255, 255, 255, 255])).double.elements == [4_294_967_295])
  }

  /// Columns first in the file, rows first in memory.
  @Test func fortranOrder() throws {
    let matrix = try Npy.read(bytes: npy(header("|u1", fortran: true, shape: "(2, 3)"), [1, 4, 2, 5, 3, 6]))
    #expect(matrix.shape == [2, 3])
    #expect(matrix.double.elements == [1, 2, 3, 4, 5, 6])
    // Element (i, j, k) is 100 i + 10 j + k.
    var data: [Float] = []
    for k in 0..<4 { for j in 0..<3 { for i in 0..<2 { data.append(Float(100 * i + 10 * j + k)) } } }
    let cube = try Npy.read(bytes: npy(header(fortran: true, shape: "(2, 3, 4)"), bytes(data))).float
    #expect(cube.shape == [2, 3, 4])
    #expect(cube[1, 2, 3] == 123 && cube[0, 1, 2] == 12 && cube[1, 0, 1] == 101)
  }

  /// Quotes of both kinds, any order of keys and Python 2's long integers are valid.
  @Test func otherValidHeaders() throws {
    let odd = "{\"shape\": (1L, 2L), \"fortran_order\":False,\"descr\":\"<f4\"}"
    #expect(try Npy.read(bytes: npy(odd, bytes([1, 2] as [Float]))).shape == [1, 2])
  }

  static let four = [UInt8](repeating: 0, count: 4)
  static let malformed: [MalformedFile] = [
    .init("an empty file", [], "found an empty file: give a .npy file"),
    .init("a WAV file", Array("RIFF....WAVEfmt ".utf8), "found a recording: give a .npy file"),
    .init("magic of another case", npy("", magic: [0x93] + Array("numpy".utf8)), "found another kind of file"),
    .init("cut after the magic", [0x93] + Array("NUMPY".utf8), "found the end of the file: the file is cut short"),
    .init("cut in a long length", Array(npy("", version: 2).prefix(11)), "the file is cut short"),
    .init(
      "version 0", npy(header(shape: "(1,)"), four, version: 0), "version 1, 2 or 3 of the format was expected, found 0"
    ),
    .init("version 9", npy(header(shape: "(1,)"), four, version: 9), "found 9"),
    .init(
      "cut in the header", Array(npy(header(shape: "(1,)")).prefix(30)), "a header of 58 bytes was expected, found 20"),
    .init(
      "cut in the data", npy(header(shape: "(2,)"), four),
      "8 bytes of data were expected for shape [2] of '<f4', found 4"),
    .init("bytes after the data", npy(header(shape: "(1,)"), four + [0]), "found 5: save one array a file"),
    .init("big-endian", npy(header(">f4", shape: "(1,)"), four), "found dtype '>f4': save it with .astype('<f4')"),
    .init("complex", npy(header("<c8", shape: "(1,)"), four + four), "found dtype '<c8'"),
    .init("objects", npy(header("|O", shape: "(1,)"), four), "found dtype '|O'"),
    .init("text", npy(header("<U2", shape: "(1,)"), four + four), "found dtype '<U2'"),
    .init("long double", npy(header("<f16", shape: "(1,)"), four), "found dtype '<f16'"),
    .init("unsigned of 64 bits", npy(header("<u8", shape: "(1,)"), four + four), "found dtype '<u8'"),
    .init(
      "structured", npy("{'descr': [('a', '<f4')], 'fortran_order': False, 'shape': (1,)}", four),
      "a field of the structured array"),
    .init("no dictionary", npy("descr", four), "\"{\" was expected at byte 0"),
    .init("a key too few", npy("{'descr': '<f4', 'shape': (1,)}", four), "found fewer"),
    .init("a key twice", npy("{'shape': (1,), 'shape': (1,)}", four), "once each, found 'shape'"),
    .init("an unknown key", npy("{'order': 'C'}", four), "once each, found 'order'"),
    .init("no boolean", npy("{'fortran_order': 0}", four), "True or False was expected"),
    .init("a negative extent", npy(header(shape: "(-1,)"), four), "an integer from 0 to 2^63 - 1"),
    .init(
      "an extent over 64 bits", npy(header(shape: "(99999999999999999999,)"), four), "an integer from 0 to 2^63 - 1"),
    .init("a product that overflows", npy(header(shape: "(4294967296, 4294967296)"), four), "whose size fits 63 bits"),
    .init(
      "far more promised", npy(header(shape: "(1000000000000,)"), four), "4000000000000 bytes of data were expected"),
    .init("an open tuple", npy("{'shape': (1,", four), "an integer from 0 to 2^63 - 1"),
    .init("an open string", npy("{'descr", four), "the end of a string was expected"),
    .init(
      "text after the header", npy("{'descr': '<f4', 'fortran_order': False, 'shape': (1,)} x", four), "found more text"
    ),
    .init("bytes that are no text", npy("{'descr': '", [0xFF]) + Self.four, "the end of a string was expected"),
  ]

  @Test(arguments: malformed) func refuses(_ row: MalformedFile) throws {
    expectError(.malformed, beginning: "mel.npy: ", saying: row.phrase) {
      try Npy.read(bytes: row.bytes, source: "mel.npy")
    }
  }

  @Test func missing() throws {
    let error = try #require(throws: PerceptualError.self) { try Npy.read("/nowhere/mel.npy") }
    #expect(error.kind == .missing)
    #expect(error.description == "/nowhere/mel.npy: cannot be opened (No such file or directory): check the path")
  }
}
