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

  static func describe(_ options: RawAutoencoderOptions) -> [String: String] {
    ["format": format, "channels": "\(options.channels)", "latent": "\(options.latent)"]
  }

  static func network(
    of file: SafetensorsFile
  ) throws(PerceptualError) -> (network: RawAutoencoder, loss: RawAudioLoss) {
    do throws(PerceptualError) {
      guard file.metadata["format"] == format else {
        throw .malformed("metadata format: \(file.metadata["format"] ?? "nothing") found, \"\(format)\" was expected")
      }
      guard let loss = RawAudioLoss(rawValue: file.metadata["loss"] ?? "") else {
        let words = RawAudioLoss.allCases.map(\.rawValue).joined(separator: ", ")
        throw .malformed("metadata loss: \(file.metadata["loss"] ?? "nothing") found, one of \(words) was expected")
      }
      let first = try file.float("encoder.0.conv.weight").shape
      let latent = try file.float(RawAutoencoder.latentName).shape
      let levels = try file.float("decoder.4.conv.weight").shape
      guard first.count == 3, latent.count == 2, levels.count == 3 else {
        throw .malformed("weights of shapes \(first), \(latent), \(levels) are those of another network")
      }
      let options = RawAutoencoderOptions(channels: first[0], latent: latent[0], levels: levels[1])
      try options.validate()
      if options.levels != loss.levels {
        throw .malformed("\(options.levels) outputs a sample, loss \(loss.rawValue) has \(loss.levels)")
      }
      let network = RawAutoencoder(options)
      try network.load(file.floats)
      return (network, loss)
    } catch {
      // A usage error of sizes is the file's fault here.
      throw .malformed(
        "\(file.source): \(error.description); give a checkpoint written by `perceptual raw-autoencoder train`")
    }
  }
}

extension RawAudioTrainer {
  public var tensors: [(name: String, tensor: Tensor<Float>)] { network.tensors }

  public var settings: [String: String] {
    RawAudioCheckpoint.describe(network.options).merging([
      "loss": options.loss.rawValue, "data": data.title, "seed": "\(options.seed)", "batch": "\(options.batch)",
      "learningRate": "\(options.learningRate)", "sound": data.fingerprint,
    ]) { $1 }
  }

  public func differences(from weights: SafetensorsFile) throws(PerceptualError) -> [SettingDifference] {
    let network = try RawAudioCheckpoint.network(of: weights).network
    return settingDifferences(
      settings, weights.metadata.merging(RawAudioCheckpoint.describe(network.options)) { $1 })
  }

  public func load(_ weights: SafetensorsFile) throws(PerceptualError) { try network.load(weights.floats) }
}
