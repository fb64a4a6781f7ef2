import PerceptualCore

/// Named tensors and strings in a safetensors file: checkpoints and golden fixtures.
///
/// The format: eight bytes, the length of the header as a little-endian integer; the header, a JSON object from names
/// to `{"dtype", "shape", "data_offsets"}`, with strings under `__metadata__`; the tensors, row-major and
/// little-endian, without gaps. In Python: `safetensors.numpy.load_file(path)`.
///
///     var file = SafetensorsFile(metadata: ["step": "425"])
///     file["0.weight"] = .float32(weight)
///     try file.write(to: "checkpoint.safetensors")
///     let weight = try SafetensorsFile(contentsOf: "checkpoint.safetensors").float("0.weight", shape: [128, 1, 4, 4])
///
/// Reading refuses whatever the specification forbids and everything is checked before anything is allocated. The same
/// contents always give the same bytes. A file may carry a checksum of its contents (``sealed()``), which reading
/// verifies. Source: the safetensors specification, github.com/huggingface/safetensors.
public struct SafetensorsFile: Equatable, Sendable {
  /// Strings that belong to the whole file.
  public var metadata: [String: String]
  /// The names of the tensors: in the order of the header, or in which they were added.
  public private(set) var names: [String] = []
  /// What messages call this file: its path.
  public private(set) var source = "safetensors data"
  /// Tensors of number formats that are not read here, which ``init(contentsOf:allowingUnread:)`` leaves out.
  public private(set) var unread: [UnreadTensor] = []
  private var tensors: [String: StoredTensor] = [:]

  /// A tensor whose number format is not read here.
  public struct UnreadTensor: Equatable, Sendable {
    public var name: String
    public var typeName: String
    public var shape: [Int]
  }

  public init(metadata: [String: String] = [:]) { self.metadata = metadata }

  public static func == (a: SafetensorsFile, b: SafetensorsFile) -> Bool {
    a.metadata == b.metadata && a.names == b.names && a.tensors == b.tensors
  }

  /// The tensor of that name, nil where there is none; nil removes it.
  public subscript(name: String) -> StoredTensor? {
    get { tensors[name] }
    set {
      require(name != SafetensorsHeader.metadataKey, "name: \(name) is the key of the metadata")
      if newValue == nil { names.removeAll { $0 == name } }
      if newValue != nil && tensors[name] == nil { names.append(name) }
      tensors[name] = newValue
    }
  }

  /// The tensor of that name in Float, rounded where the file holds Double.
  ///
  /// Throws `.malformed` where there is none, or where its shape is another than `shape`.
  public func float(_ name: String, shape: [Int]? = nil) throws(PerceptualError) -> Tensor<Float> {
    try required(name, shape: shape).float
  }

  /// The tensor of that name in Double, exactly.
  ///
  /// Throws `.malformed` where there is none, or where its shape is another than `shape`.
  public func double(_ name: String, shape: [Int]? = nil) throws(PerceptualError) -> Tensor<Double> {
    try required(name, shape: shape).double
  }

  /// All tensors by name, in Float.
  package var floats: [String: Tensor<Float>] { tensors.mapValues(\.float) }

  private func required(_ name: String, shape: [Int]?) throws(PerceptualError) -> StoredTensor {
    guard let tensor = tensors[name] else {
      let found = names.isEmpty ? "no tensors" : listed(names)
      throw .malformed(
        "\(source): a tensor \"\(name)\" was expected, found \(found): check that this is the right file")
    }
    if let shape, tensor.shape != shape {
      throw .malformed(
        "\(source): tensor \"\(name)\" of shape \(shape) was expected, found \(tensor.shape): "
          + "check that this is the right file")
    }
    return tensor
  }

  /// The string under `key` of the metadata. Throws `.malformed` where there is none.
  public func metadata(_ key: String) throws(PerceptualError) -> String {
    guard let value = metadata[key] else {
      let found = metadata.isEmpty ? "no metadata" : listed(metadata.keys.sorted())
      throw .malformed(
        "\(source): the metadata should hold \"\(key)\", found \(found): check that this is the right file")
    }
    return value
  }
}

// MARK: - Reading

extension SafetensorsFile {
  /// Reads a file.
  ///
  /// Throws `.missing` where there is none, `.malformed` with a sentence that names the fault where it is no valid
  /// safetensors file, or, unless they are allowed, holds a number format other than F64, F32, F16, BF16 or I64. The
  /// checksum of a file with such tensors is not verified.
  public init(contentsOf path: String, allowingUnread: Bool = false) throws(PerceptualError) {
    try self.init(ByteSource(path: path), allowingUnread: allowingUnread)
  }

  /// Reads the bytes of a file; messages call them `source`.
  public init(bytes: [UInt8], source: String = "safetensors data") throws(PerceptualError) {
    try self.init(ByteSource(bytes: bytes, name: source), allowingUnread: false)
  }

  private init(_ bytes: ByteSource, allowingUnread: Bool) throws(PerceptualError) {
    let header = try SafetensorsHeader(bytes)
    metadata = header.metadata
    source = bytes.name
    for entry in header.entries {
      if let type = entry.type {
        self[entry.name] = try StoredTensor(type, shape: entry.shape, from: bytes, at: header.dataStart + entry.begin)
      } else if allowingUnread {
        unread.append(UnreadTensor(name: entry.name, typeName: entry.typeName, shape: entry.shape))
      } else {
        let read = StoredTensor.ElementType.allCases.map(\.rawValue).joined(separator: ", ")
        throw .malformed(
          "\(source): tensor \"\(entry.name)\": dtype \(entry.typeName) is not read here, only \(read): "
            + "convert it to F32 first")
      }
    }
    if let expected = checksum, unread.isEmpty {
      let found = contentsChecksum
      if found != expected {
        throw .malformed(
          "\(source): contents of checksum \(expected) were expected, found \(found): the file is damaged, copy it "
            + "again; or it was changed by a program that left \"\(Self.checksumKey)\" in its metadata, which take out")
      }
    }
  }
}

// MARK: - Checksum

extension SafetensorsFile {
  /// Of the metadata.
  package static let checksumKey = "crc32"

  /// The checksum that the file carries; nil where it has none.
  public var checksum: String? { metadata[Self.checksumKey] }

  /// With a checksum of its contents in its metadata, under "crc32".
  public func sealed() -> SafetensorsFile {
    var file = self
    file.metadata[Self.checksumKey] = contentsChecksum
    return file
  }

  /// CRC-32 over the other strings of the metadata (key, value) and the tensors (name, number format, shape as
  /// "128,1,4,4", elements), each in the order of their keys' and names' bytes, each text followed by a zero; eight
  /// hexadecimal digits. So a program that writes the same contents in another order leaves it right.
  private var contentsChecksum: String {
    func ordered(_ names: some Sequence<String>) -> [String] {
      names.sorted { $0.utf8.lexicographicallyPrecedes($1.utf8) }
    }
    var checksum = Checksum()
    for key in ordered(metadata.keys) where key != Self.checksumKey {
      checksum.add(key)
      checksum.add(metadata[key] ?? "")
    }
    for name in ordered(names) {
      guard let tensor = tensors[name] else { continue }
      checksum.add(name)
      checksum.add(tensor.typeName)
      checksum.add(tensor.shape.map { "\($0)" }.joined(separator: ","))
      checksum.add(tensor.bytes)
    }
    return checksum.digits
  }
}

// MARK: - Writing

extension SafetensorsFile {
  /// Writes the file: to a temporary one in the same directory, then renamed, so that a crash never leaves half.
  ///
  /// Throws `.cannotCreate` or `.inputOutput`.
  public func write(to path: String) throws(PerceptualError) {
    let sink = try FileSink(path: path)
    try sink.write(headerBytes())
    for name in namesByWidth {
      if let tensor = tensors[name] { try sink.write(tensor.bytes) }
    }
    try sink.close()
  }

  /// The bytes that ``write(to:)`` writes.
  public func bytes() -> [UInt8] {
    namesByWidth.reduce(into: headerBytes()) { $0 += tensors[$1]?.bytes ?? [] }
  }

  /// Widest numbers first, so that each stands at a multiple of its size; otherwise as added.
  private var namesByWidth: [String] {
    [8, 4, 2].flatMap { size in names.filter { tensors[$0]?.type.size == size } }
  }

  private func headerBytes() -> [UInt8] {
    var members: [JSONValue.Member] = []
    if !metadata.isEmpty { members.append(.init(key: SafetensorsHeader.metadataKey, value: JSONValue(metadata))) }
    var offset = 0
    for name in namesByWidth {
      guard let tensor = tensors[name] else { continue }
      let end = offset + tensor.count * tensor.type.size
      let entry: JSONValue = [
        "dtype": .string(tensor.typeName), "shape": .array(tensor.shape.map { .integer($0) }),
        "data_offsets": [.integer(offset), .integer(end)],
      ]
      members.append(.init(key: name, value: entry))
      offset = end
    }
    var text = Array(JSONValue.object(members).text.utf8)
    // Spaces until the data starts at a multiple of eight bytes.
    text += [UInt8](repeating: 0x20, count: (8 - text.count % 8) % 8)
    return withUnsafeBytes(of: UInt64(text.count).littleEndian) { Array($0) } + text
  }
}

/// At most eight names, for messages.
func listed(_ names: [String]) -> String {
  let shown = names.prefix(8).map { "\"\($0)\"" }.joined(separator: ", ")
  return names.count > 8 ? "\(shown) and \(names.count - 8) more" : shown
}
