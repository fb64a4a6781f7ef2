import PerceptualCore
import PerceptualFiles

/// Networks of experiment 003 and their training states as safetensors files, in the files of ``Checkpoint``: weights
/// under the names of PyTorch modules, moments and step under `optimizer.` in a file of their own.
public enum RawAudioCheckpoint {
  static let format = "perceptual raw autoencoder 1"

  /// A network and the loss that it was trained with.
  public static func read(_ path: String) throws(PerceptualError) -> (network: RawAutoencoder, loss: RawAudioLoss) {
    try network(of: try SafetensorsFile(contentsOf: path))
  }

  static func network(
    of file: SafetensorsFile
  ) throws(PerceptualError) -> (network: RawAutoencoder, loss: RawAudioLoss) {
    do throws(PerceptualError) {
      guard file.metadata["format"] == format else {
        throw PerceptualError(
          .malformed, "metadata format: \(file.metadata["format"] ?? "nothing") found, \"\(format)\" was expected")
      }
      guard let loss = RawAudioLoss(rawValue: file.metadata["loss"] ?? "") else {
        let words = RawAudioLoss.allCases.map(\.rawValue).joined(separator: ", ")
        throw PerceptualError(
          .malformed, "metadata loss: \(file.metadata["loss"] ?? "nothing") found, one of \(words) was expected")
      }
      let first = try file.float("encoder.0.conv.weight").shape
      let latent = try file.float(RawAutoencoder.latentName).shape
      let levels = try file.float("decoder.4.conv.weight").shape
      guard first.count == 3, latent.count == 2, levels.count == 3 else {
        throw PerceptualError(
          .malformed, "weights of shapes \(first), \(latent), \(levels) are those of another network")
      }
      let options = RawAutoencoderOptions(channels: first[0], latent: latent[0], levels: levels[1])
      try options.validate()
      if options.levels != loss.levels {
        throw PerceptualError(
          .malformed, "\(options.levels) outputs a sample, loss \(loss.rawValue) has \(loss.levels)")
      }
      let network = RawAutoencoder(options)
      var tensors: [String: Tensor<Float>] = [:]
      for name in file.names { tensors[name] = try file.float(name) }
      try network.load(tensors)
      return (network, loss)
    } catch {
      // A usage error of sizes is the file's fault here.
      throw PerceptualError(
        .malformed,
        "\(file.source): \(error.description); give a checkpoint written by `perceptual raw-autoencoder train`")
    }
  }
}

extension RawAudioTrainer {
  private var metadata: [String: String] {
    [
      "format": RawAudioCheckpoint.format, "loss": options.loss.rawValue, "data": data.title, "seed": "\(options.seed)",
      "batch": "\(options.batch)", "learningRate": "\(options.learningRate)", "channels": "\(network.options.channels)",
      "latent": "\(network.options.latent)", "sound": data.fingerprint,
    ]
  }

  @discardableResult
  public func writeCheckpoint(in directory: String) throws(PerceptualError) -> String {
    try CheckpointPair(
      iteration: iteration, metadata: metadata, weights: network.tensors, first: firstMoment, second: secondMoment
    ).write(in: directory)
  }

  /// Continues from a checkpoint of the same run, bit for bit. Throws if its settings differ from this run's.
  public func resume(iteration: Int, in directory: String) throws(PerceptualError) {
    let pair = try CheckpointPair(iteration: iteration, in: directory)
    let network = try RawAudioCheckpoint.network(of: pair.weights).network
    let found = pair.weights.metadata.merging([
      "channels": "\(network.options.channels)", "latent": "\(network.options.latent)",
    ]) { _, new in new }
    // What older files do not say is not asked of them.
    for (key, wanted) in metadata.sorted(by: { $0.key < $1.key }) {
      guard let value = found[key], value != wanted else { continue }
      throw PerceptualError(
        .usage,
        "\(pair.weights.source): \(key) is \(value), this run has \(wanted); resume with the same settings or another "
          + "--out")
    }
    try pair.restore(first: firstMoment, second: secondMoment)
    try self.network.load(Dictionary(uniqueKeysWithValues: network.tensors))
    self.iteration = iteration
  }
}
