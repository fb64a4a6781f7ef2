import ArgumentParser
import PerceptualCore
import PerceptualFiles

struct InspectCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "inspect", abstract: "What a checkpoint, fixture, array or recording holds.")

  @Argument(help: ArgumentHelp("A safetensors or .npy file, or audio.", valueName: "file"))
  var file: String
  @OptionGroup var output: OutputOptions

  func run() throws {
    let contents = try FileContents(of: file)
    try output.print(contents.json, orLines: contents.lines)
  }
}

/// What `inspect` says of a file.
struct FileContents {
  var file: String
  var kind: String
  var properties: [(name: String, value: JSONValue)] = []
  var metadata: [String: String] = [:]
  var tensors: [TensorSummary] = []

  init(of file: String) throws(PerceptualError) {
    self.file = file
    switch try FileKind(contentsOf: file, expected: "a recording, a picture, an array or a safetensors file") {
    case .safetensors:
      let contents = try SafetensorsFile(contentsOf: file, allowingUnread: true)
      kind = "safetensors"
      metadata = contents.metadata
      tensors = contents.names.compactMap { name in contents[name].map { TensorSummary(name, $0.typeName, $0.double) } }
      tensors += contents.unread.map { TensorSummary(unread: $0.name, $0.typeName, shape: $0.shape) }
      let checksum = contents.checksum == nil ? "none" : contents.unread.isEmpty ? "right" : "not verified"
      properties = [
        ("tensors", .integer(tensors.count)), ("elements", .integer(tensors.reduce(0) { $0 + $1.count })),
        ("checksum", .string(checksum)),
      ]
    case .array:
      let array = try Npy.inspect(file)
      kind = "npy"
      tensors = [
        array.elements.map { TensorSummary("array", $0.typeName, $0.double) }
          ?? TensorSummary(unread: "array", array.dtype, shape: array.shape)
      ]
    case .picture:
      let picture = try readPicture(file)
      kind = "png"
      properties = [
        ("width", .integer(picture.width)), ("height", .integer(picture.height)), ("bits", .integer(picture.bits)),
      ]
      let names = picture.samples.shape[0] == 1 ? ["grey"] : ["red", "green", "blue"]
      tensors = TensorSummary.channels(names, of: picture.samples)
    case .audio:
      let information = try AudioFile.information(file)
      let clip = try AudioFile.read(file)
      kind = "audio"
      properties = [
        ("format", .string(information.formatName)), ("sampleRate", .integer(clip.sampleRate)),
        ("channels", .integer(clip.channels)), ("frames", .integer(clip.frames)), ("seconds", .number(clip.seconds)),
      ]
      tensors = TensorSummary.channels((0..<clip.channels).map { "channel \($0)" }, of: clip.samples)
    }
  }

  var json: JSONValue {
    var json: JSONValue = ["file": .string(file), "kind": .string(kind)]
    for (name, value) in properties { json[name] = value }
    if kind == "safetensors" { json["metadata"] = JSONValue(metadata) }
    json["contents"] = .array(tensors.map(\.json))
    return json
  }

  var lines: [String] {
    let facts = properties.map { "\($0.name) \($0.value.string ?? $0.value.text)" }
    var lines = [(["\(file): \(kind)"] + facts).joined(separator: ", ")]
    lines += aligned(metadata.sorted { $0.key < $1.key }.map { ["  \($0.key)", $0.value] })
    let header = ["  name", "type", "shape", "least", "mean", "greatest", "not finite"]
    lines += aligned([header] + tensors.map { ["  \($0.name)"] + $0.cells })
    return lines
  }
}

/// The numbers of a tensor in short.
struct TensorSummary {
  let name: String
  let type: String
  let shape: [Int]
  let count: Int
  /// Of the finite elements; NaN where there is none.
  private(set) var least = Double.nan
  private(set) var mean = Double.nan
  private(set) var greatest = Double.nan
  /// nil where the elements were not read.
  private(set) var nonFinite: Int? = 0

  /// Of elements that were not read.
  init(unread name: String, _ type: String, shape: [Int]) {
    self.init(name, type, shape: shape, EmptyCollection())
    nonFinite = nil
  }

  init(_ name: String, _ type: String, _ tensor: Tensor<Double>) {
    self.init(name, type, shape: tensor.shape, tensor.elements)
  }

  /// Of each part along the first axis, which have these names.
  static func channels(_ names: [String], of samples: Tensor<Float>) -> [TensorSummary] {
    let shape = Array(samples.shape.dropFirst())
    let count = shape.reduce(1, *)
    return names.enumerated().map { channel, name in
      let part = samples.elements[channel * count..<(channel + 1) * count]
      return TensorSummary(name, "samples", shape: shape, part.lazy.map { Double($0) })
    }
  }

  /// The elements may be converted on the way: a recording's take half a gigabyte as they are.
  init(_ name: String, _ type: String, shape: [Int], _ elements: some Sequence<Double>) {
    self.name = name
    self.type = type
    self.shape = shape
    count = shape.reduce(1, *)
    // The mean is built up step by step, so that large numbers do not overflow a sum.
    var finite = 0.0
    var nonFinite = 0
    for element in elements {
      guard element.isFinite else {
        nonFinite += 1
        continue
      }
      finite += 1
      least = finite == 1 ? element : min(least, element)
      greatest = finite == 1 ? element : max(greatest, element)
      mean = finite == 1 ? element : mean + (element - mean) / finite
    }
    self.nonFinite = nonFinite
  }

  var json: JSONValue {
    [
      "name": .string(name), "dtype": .string(type), "shape": .array(shape.map { .integer($0) }),
      "min": .number(least), "mean": .number(mean), "max": .number(greatest),
      "nonFinite": nonFinite.map { .integer($0) } ?? .null,
    ]
  }

  var cells: [String] {
    [type, "\(shape)"]
      + (nonFinite.map { [short(least), short(mean), short(greatest), "\($0)"] } ?? ["-", "-", "-", "-"])
  }
}
