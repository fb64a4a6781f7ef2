import PerceptualCore

/// What a file is by its first bytes, whatever its name.
package enum ContentKind: Equatable {
  case picture, array, safetensors, audio, empty
  /// What nothing here reads: what it is, and what to do about it.
  case foreign(String, remedy: String)
  case unknown

  /// Throws as ``FileBytes/read(_:)`` does.
  package init(of path: String) throws(PerceptualError) { try self.init(ByteSource(path: path)) }

  init(_ source: ByteSource) throws(PerceptualError) {
    let start = try source.bytes(at: 0, count: min(64, source.count))
    func has(_ magic: [UInt8], at offset: Int = 0) -> Bool { start.dropFirst(offset).starts(with: magic) }
    func has(_ text: String, at offset: Int = 0) -> Bool { has(Array(text.utf8), at: offset) }
    self =
      if start.isEmpty {
        .empty
      } else if start.count > 8 && start[8] == UInt8(ascii: "{") && start[4..<8].allSatisfy({ $0 == 0 }) {
        // Before all others: the length of the header, which comes first, may be any magic number.
        .safetensors
      } else if has(PNG.magic) {
        .picture
      } else if has(Npy.magic) {
        .array
      } else if ["fLaC", "OggS", "FORM", ".snd", "caff", "ID3", "RF64", "riff"].contains(where: { has($0) })
        || has("RIFF") && has("WAVE", at: 8)
      {
        .audio
      } else if let name = Self.pictures.first(where: { has($0.magic, at: $0.offset) })?.name {
        .foreign("a \(name) picture", remedy: "convert it to PNG")
      } else if has("PK\u{3}\u{4}") {
        Self.archive(firstName: String(decoding: start.dropFirst(30), as: UTF8.self))
      } else if has([0x80]) && start.count > 1 && (2...5).contains(start[1]) {
        Self.pickle
      } else if has([0x89, 0x48, 0x44, 0x46]) {
        .foreign("an HDF5 file", remedy: "save the array with numpy.save, weights with safetensors")
      } else if has([0x1F, 0x8B]) {
        .foreign("a gzip archive", remedy: "unpack it first")
      } else {
        .unknown
      }
  }

  /// "what it is: what to do", for the end of a message of a reader that wanted something else.
  func found(else remedy: String) -> String {
    switch self {
    case .picture: "a PNG picture: \(remedy)"
    case .array: "an array of numpy.save: \(remedy)"
    case .safetensors: "a safetensors file: \(remedy)"
    case .audio: "a recording: \(remedy)"
    case .empty: "an empty file: \(remedy)"
    case .foreign(let name, let remedy): "\(name): \(remedy)"
    case .unknown: "another kind of file: \(remedy)"
    }
  }

  private static let pictures: [(magic: [UInt8], offset: Int, name: String)] = [
    ([0xFF, 0xD8, 0xFF], 0, "JPEG"), (Array("GIF8".utf8), 0, "GIF"), (Array("WEBP".utf8), 8, "WebP"),
    ([0x49, 0x49, 0x2A, 0x00], 0, "TIFF"), ([0x4D, 0x4D, 0x00, 0x2A], 0, "TIFF"),
    (Array("ftypavif".utf8), 4, "AVIF"), (Array("ftypheic".utf8), 4, "HEIC"), (Array("BM".utf8), 0, "BMP"),
  ]

  private static let pickle = ContentKind.foreign(
    "a PyTorch file or another pickle", remedy: "save its tensors with safetensors.torch.save_file")

  private static func archive(firstName name: String) -> ContentKind {
    if name.contains(".npy") {
      return .foreign("an NPZ archive of arrays", remedy: "save one array with numpy.save")
    }
    if name.contains("data.pkl") || name.contains(".format_version") || name.contains("byteorder") { return pickle }
    return .foreign("a ZIP archive", remedy: "unpack it first")
  }
}
