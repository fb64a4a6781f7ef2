import Foundation
import PerceptualCore
import PerceptualFiles

/// Networks of experiment 003 and their training states as safetensors files, in the files of ``Checkpoint``: weights under
/// the names of PyTorch modules, moments and step under `optimizer.` in a file of their own.
public enum RawAudioCheckpoint {
  static let format = "perceptual raw autoencoder 1"

  /// A network and the loss that it was trained with.
  public static func read(_ path: String) throws(PerceptualError) -> (network: RawAutoencoder, loss: RawAudioLoss) {
    let file = try SafetensorsFile(contentsOf: path)
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
        throw PerceptualError(.malformed, "weights of shapes \(first), \(latent), \(levels) are those of another network")
      }
      let options = RawAutoencoderOptions(channels: first[0], latent: latent[0], levels: levels[1])
      try options.validate()
      if options.levels != loss.levels {
        throw PerceptualError(.malformed, "\(options.levels) outputs a sample, loss \(loss.rawValue) has \(loss.levels)")
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
        "\(path): \(error.description); give a checkpoint written by `perceptual raw-autoencoder train`")
    }
  }
}

extension RawAudioTrainer {
  private var metadata: [String: String] {
    [
      "format": RawAudioCheckpoint.format, "loss": options.loss.rawValue, "data": data.title,
      "iteration": "\(iteration)", "seed": "\(options.seed)", "batch": "\(options.batch)",
      "learningRate": "\(options.learningRate)",
    ]
  }

  /// Writes weights and optimizer state of the current iteration; returns the weights' path. The optimizer's file comes
  /// first, so that weights never stand without it.
  @discardableResult
  public func writeCheckpoint(in directory: String) throws(PerceptualError) -> String {
    var state = SafetensorsFile(metadata: metadata)
    for (kind, store) in [("first", firstMoment), ("second", secondMoment)] {
      for entry in store.entries { state["optimizer.\(kind).\(entry.name)"] = .float32(store.tensor(entry)) }
    }
    try state.write(to: Checkpoint.optimizerPath(iteration: iteration, in: directory))
    let path = Checkpoint.path(iteration: iteration, in: directory)
    var file = SafetensorsFile(metadata: metadata)
    for (name, tensor) in network.tensors { file[name] = .float32(tensor) }
    try file.write(to: path)
    return path
  }

  /// Continues from a checkpoint of the same run, bit for bit. Throws if its settings differ from this run's.
  public func resume(iteration: Int, in directory: String) throws(PerceptualError) {
    let path = Checkpoint.optimizerPath(iteration: iteration, in: directory)
    let state = try SafetensorsFile(contentsOf: path)
    for (key, value) in metadata.sorted(by: { $0.key < $1.key }) {
      let found = try state.metadata(key)
      let wanted = key == "iteration" ? "\(iteration)" : value
      if found != wanted {
        throw PerceptualError(
          .usage, "\(path): \(key) is \(found), this run has \(wanted); resume with the same settings or another --out")
      }
    }
    let network = try RawAudioCheckpoint.read(Checkpoint.path(iteration: iteration, in: directory)).network
    if network.options != self.network.options {
      throw PerceptualError(
        .usage, "\(path): written with other network settings; resume with the same settings or another --out")
    }
    for (kind, store) in [("first", firstMoment), ("second", secondMoment)] {
      for entry in store.entries {
        store.set(entry, to: try state.float("optimizer.\(kind).\(entry.name)", shape: entry.shape))
      }
    }
    try self.network.load(Dictionary(uniqueKeysWithValues: network.tensors))
    self.iteration = iteration
  }
}
