import Foundation
import PerceptualCore
import PerceptualFiles

/// Networks and training states as safetensors files, named as `load_state_dict` of the equivalent PyTorch module wants
/// them. Moments lie under `optimizer.` in a file of their own beside the weights; both name all settings.
public enum Checkpoint {
  static let format = "perceptual autoencoder 1"

  /// `checkpoint-000425.safetensors` in `directory`.
  public static func path(iteration: Int, in directory: String) -> String {
    "\(directory)/\(name("checkpoint", iteration))"
  }

  static func optimizerPath(iteration: Int, in directory: String) -> String {
    "\(directory)/\(name("optimizer", iteration))"
  }

  private static func name(_ stem: String, _ iteration: Int) -> String {
    String(format: "\(stem)-%06d.safetensors", iteration)
  }

  /// The iterations of the checkpoints in `directory` that have their optimizer file too, or all, the newest first.
  ///
  /// Throws `.missing` or `.inputOutput` where the directory is there and cannot be listed.
  static func iterations(in directory: String, needsOptimizer: Bool = true) throws(PerceptualError) -> [Int] {
    let names = Set(try FilePath.names(in: directory))
    let iterations = names.compactMap { file -> Int? in
      guard file.hasPrefix("checkpoint-"), file.hasSuffix(".safetensors") else { return nil }
      return Int(file.dropFirst("checkpoint-".count).dropLast(".safetensors".count))
    }
    return iterations.filter { !needsOptimizer || names.contains(name("optimizer", $0)) }.sorted(by: >)
  }

  /// The iteration of the newest checkpoint in `directory` that has its optimizer file too, nil if there is none.
  public static func newest(in directory: String) throws(PerceptualError) -> Int? {
    try iterations(in: directory).first
  }

  /// The iteration of the newest checkpoint in `directory` whose two files are whole, belong to one another and hold
  /// numbers alone; nil if there is no checkpoint. `note` hears of each that is passed over.
  ///
  /// Throws `.malformed` where there are some and all are damaged.
  public static func newestIntact(in directory: String, note: (String) -> Void) throws(PerceptualError) -> Int? {
    try firstIntact(in: directory, note: note) { iteration throws(PerceptualError) in
      _ = try CheckpointPair(iteration: iteration, in: directory)
    }
  }

  /// Tries checkpoints from the newest on until one is not refused as damaged; returns its iteration, nil if there is
  /// none.
  static func firstIntact(
    in directory: String, note: (String) -> Void, _ take: (Int) throws(PerceptualError) -> Void
  ) throws(PerceptualError) -> Int? {
    var first: PerceptualError?
    for iteration in try iterations(in: directory) {
      do throws(PerceptualError) {
        try take(iteration)
        if first != nil { note("going on from the checkpoint of iteration \(iteration), the newest that is intact") }
        return iteration
      } catch  where error.kind == .malformed {
        note(error.description)
        first = first ?? error
      }
    }
    if let first { throw first }
    return nil
  }

  /// Writes the network; `metadata` adds to what describes its options.
  public static func write(
    _ network: Autoencoder, to path: String, metadata: [String: String] = [:], precision: WeightPrecision = .float32
  ) throws(PerceptualError) {
    try file(network, metadata: metadata, precision: precision).write(to: path)
  }

  /// Reads a network, whatever its options and the precision of its weights.
  public static func read(_ path: String) throws(PerceptualError) -> Autoencoder {
    try network(of: try SafetensorsFile(contentsOf: path), path)
  }

  /// A network and the strings that its file holds: settings, seed, iterations.
  public static func readWithMetadata(
    _ path: String
  ) throws(PerceptualError) -> (network: Autoencoder, metadata: [String: String]) {
    let file = try SafetensorsFile(contentsOf: path)
    return (try network(of: file, path), file.metadata)
  }

  static func file(
    _ network: Autoencoder, metadata: [String: String], precision: WeightPrecision
  ) -> SafetensorsFile {
    var described = describe(network.options).merging(metadata) { _, new in new }
    if precision != .float32 { described["precision"] = precision.rawValue }
    var file = SafetensorsFile(metadata: described)
    for (name, tensor) in network.tensors { file[name] = precision.stored(tensor) }
    return file.sealed()
  }

  static func network(of file: SafetensorsFile, _ path: String) throws(PerceptualError) -> Autoencoder {
    do {
      let network = Autoencoder(try options(of: file))
      try network.load(file.floats)
      return network
    } catch {
      throw PerceptualError(
        error.kind,
        error.description.hasPrefix(path)
          ? error.description : "\(path): \(error.description); give a checkpoint written by `perceptual train`")
    }
  }

  static func describe(_ options: AutoencoderOptions) -> [String: String] {
    [
      "format": format, "channels": "\(options.channels)", "latentChannels": "\(options.latentChannels)",
      "encoderKernel": "\(options.encoderKernel)", "decoder": options.decoder.rawValue,
      "decoderKernel": "\(options.decoderKernel)", "lastKernel": "\(options.lastKernel)", "slope": "\(options.slope)",
      "centres": options.centres.map { "\($0)" }.joined(separator: " "), "scale": "\(options.scale)",
      "epsilon": "\(options.epsilon)", "momentum": "\(options.momentum)",
    ]
  }

  /// Sizes follow from the weights, so that a plain PyTorch state dict opens too, and a file from before the decoder
  /// had kinds; the rest from the metadata, with the defaults where it says nothing.
  private static func options(of file: SafetensorsFile) throws(PerceptualError) -> AutoencoderOptions {
    var decoder = Stage.Kind.transposed
    if let text = file.metadata["decoder"] {
      guard let kind = Stage.Kind(rawValue: text) else {
        let kinds = Stage.Kind.allCases.dropFirst().map(\.rawValue).joined(separator: ", ")
        throw .malformed("metadata decoder: \"\(text)\" found, one of \(kinds) was expected")
      }
      decoder = kind
    }
    let first = try square("0.weight", in: file)
    let latent = try square("\(3 * Autoencoder.latentLayer).weight", in: file)
    let doubling = try square("\(Autoencoder.decoderIndex(0, decoder)).weight", in: file)
    let last = try square("\(Autoencoder.lastConvolution(of: decoder)).weight", in: file)
    var options = AutoencoderOptions(
      channels: first[0], latentChannels: latent[0], encoderKernel: first[2], decoder: decoder,
      decoderKernel: doubling[2], lastKernel: last[2])
    options.slope = try number("slope", in: file) ?? options.slope
    options.scale = try number("scale", in: file) ?? options.scale
    options.epsilon = try number("epsilon", in: file) ?? options.epsilon
    options.momentum = try number("momentum", in: file) ?? options.momentum
    if let text = file.metadata["centres"] {
      let words = text.split(separator: " ")
      options.centres = words.compactMap { Double($0) }
      if options.centres.count != words.count {
        throw .malformed("metadata centres: \"\(text)\" found, numbers were expected")
      }
    }
    try options.validate()
    return options
  }

  /// The shape of a square kernel's weight.
  private static func square(_ name: String, in file: SafetensorsFile) throws(PerceptualError) -> [Int] {
    let shape = try file.float(name).shape
    if shape.count != 4 || shape[2] != shape[3] {
      throw .malformed("tensor \(name) has shape \(shape), expected [outputs, inputs, kernel, kernel]")
    }
    return shape
  }

  private static func number(_ key: String, in file: SafetensorsFile) throws(PerceptualError) -> Double? {
    guard let text = file.metadata[key] else { return nil }
    guard let value = Double(text), value.isFinite else {
      throw .malformed("metadata \(key): \"\(text)\" found, a number was expected")
    }
    return value
  }
}

extension Trainer {
  public var tensors: [(name: String, tensor: Tensor<Float>)] { network.tensors }

  public var settings: [String: String] {
    Checkpoint.describe(network.options)
      .merging(Self.settings(options, data: data.title, fingerprint: fingerprint)) { $1 }
  }

  /// What a run must have in common with the one that it goes on from.
  private static func settings(_ options: TrainingOptions, data: String, fingerprint: String?) -> [String: String] {
    var settings = [
      "loss": options.loss.rawValue, "data": data, "seed": "\(options.seed)", "batch": "\(options.batch)",
      "size": "\(options.size)", "learningRate": "\(options.learningRate)", "pooling": options.pooling.rawValue,
      "quantisation": options.quantisation.rawValue,
    ]
    if options.losses.contains(.nlpd) { settings["family"] = options.family.rawValue }
    if !options.added.isEmpty {
      settings["added"] = options.added.map { "\($0.loss.rawValue)=\($0.weight)" }.joined(separator: " ")
    }
    if options.precision != .fp32 { settings["products"] = options.precision.rawValue }
    if options.decay != .none { settings["decay"] = options.decay.rawValue }
    if options.initialisation != .uniform { settings["initialisation"] = options.initialisation.rawValue }
    // Its scale, or its rate, follows from where the run ends.
    if options.quantisation == .risingScale || options.decay != .none {
      settings["iterations"] = "\(options.iterations)"
    }
    settings["pictures"] = fingerprint
    return settings
  }

  /// The settings in which a checkpoint differs from what a run would write; none where the run can go on from it.
  ///
  /// - Parameters:
  ///   - data: "noise" or "music".
  ///   - fingerprint: of the pictures; nil where they are noise, or not asked about.
  public static func differences(
    of checkpoint: (network: Autoencoder, metadata: [String: String]), from network: AutoencoderOptions,
    _ options: TrainingOptions, data: String, fingerprint: String? = nil
  ) -> [SettingDifference] {
    // What older files do not say is not asked of them; but these they had in one way.
    let unsaid = [
      "family": LaplacianPyramidFamily.hepburn.rawValue, "added": "none", "products": ProductPrecision.fp32.rawValue,
      "decay": LearningRateDecay.none.rawValue, "initialisation": WeightInitialisation.uniform.rawValue,
    ]
    let wanted = unsaid.merging(settings(options, data: data, fingerprint: fingerprint)) { $1 }
      .merging(Checkpoint.describe(network)) { $1 }
    let found = unsaid.merging(checkpoint.metadata) { $1 }
      .merging(Checkpoint.describe(checkpoint.network.options)) { $1 }
    return settingDifferences(wanted, found)
  }

  /// Losses, data, seed, sizes, rate and its decay, initialisation, quantisation, precision and all of the network are
  /// asked of a checkpoint; not the number of iterations (but with a rising scale or a decay), threads or whether
  /// activations are kept.
  public func differences(from weights: SafetensorsFile) throws(PerceptualError) -> [SettingDifference] {
    let found = try Checkpoint.network(of: weights, weights.source)
    return Self.differences(
      of: (found, weights.metadata), from: network.options, options, data: data.title, fingerprint: fingerprint)
  }

  public func load(_ weights: SafetensorsFile) throws(PerceptualError) { try network.load(weights.floats) }
}
