import PerceptualExperiments

extension TrainCommand {
  /// The arguments of `train --resume` with the settings of the newest checkpoint in --out for all that are not given.
  ///
  /// Unchanged where there is no such checkpoint, or it cannot be read: what is wrong is said later.
  static func resumed(_ arguments: [String]) -> [String] {
    func value(_ option: String) -> String? {
      if let place = arguments.firstIndex(of: option), place + 1 < arguments.count { return arguments[place + 1] }
      return arguments.first { $0.hasPrefix("\(option)=") }.map { String($0.dropFirst(option.count + 1)) }
    }
    guard arguments.contains("--resume"), let out = value("--out"),
      let newest = try? Checkpoint.newestIntact(in: out, note: { _ in }),
      let stored = try? Checkpoint.readWithMetadata(Checkpoint.path(iteration: newest, in: out))
    else { return arguments }
    var result = arguments
    func add(_ option: String, _ values: [String?], unless others: String...) {
      if ([option] + others).allSatisfy({ value($0) == nil }) {
        for case let value? in values { result += ["\(option)=\(value)"] }
      }
    }
    let (network, metadata) = (stored.network.options, stored.metadata)
    // Of music only the directory's pictures are known, by their fingerprint.
    if metadata["data"] == "noise" { add("--data", ["noise"]) }
    add("--loss", [metadata["loss"]])
    add("--add-loss", metadata["added"]?.split(separator: " ").map { String($0) } ?? [])
    if let family = metadata["family"] {
      add("--nlpd-family", [family])
      add("--nlpd-pooling", [metadata["pooling"]])
    }
    for (option, key) in [
      ("--batch", "batch"), ("--size", "size"), ("--learning-rate", "learningRate"), ("--decay", "decay"),
      ("--initialisation", "initialisation"), ("--quantisation", "quantisation"), ("--precision", "products"),
      ("--seed", "seed"), ("--iterations", "iterations"), ("--slope", "slope"), ("--scale", "scale"),
    ] { add(option, [metadata[key]]) }
    add("--channels", ["\(network.channels)"])
    add("--latent-channels", ["\(network.latentChannels)"], unless: "--channels")
    add("--levels", ["\(network.centres.count)"])
    add("--encoder-kernel", ["\(network.encoderKernel)"], unless: "--kernel")
    add("--decoder-kernel", ["\(network.decoderKernel)"], unless: "--kernel")
    add("--last-kernel", ["\(network.lastKernel)"])
    add("--decoder", [network.decoder.rawValue])
    return result
  }
}
