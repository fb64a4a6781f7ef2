import PerceptualCore
import PerceptualFiles

/// A training's state in two files: the weights, and what the optimizer knows. Both name every setting; the optimizer's
/// file names the checksum of the weights that it belongs to.
struct CheckpointPair {
  /// In the optimizer's file.
  private static let weightsKey = "weights"

  let iteration: Int
  var weights: SafetensorsFile
  var optimizer: SafetensorsFile

  init(settings: [String: String], weights: [(name: String, tensor: Tensor<Float>)], _ state: Optimizer) {
    iteration = state.iteration
    let metadata = settings.merging(["iteration": "\(iteration)"]) { _, new in new }
    self.weights = SafetensorsFile(metadata: metadata)
    for (name, tensor) in weights { self.weights[name] = .float32(tensor) }
    self.weights = self.weights.sealed()
    optimizer = SafetensorsFile(metadata: metadata)
    optimizer.metadata[Self.weightsKey] = self.weights.checksum
    state.save(to: &optimizer)
    optimizer = optimizer.sealed()
  }

  /// Reads the two files of an iteration. Throws `.malformed` where one is damaged, or they are not of one another.
  init(iteration: Int, in directory: String) throws(PerceptualError) {
    self.iteration = iteration
    let path = Checkpoint.optimizerPath(iteration: iteration, in: directory)
    optimizer = try SafetensorsFile(contentsOf: path)
    weights = try SafetensorsFile(contentsOf: Checkpoint.path(iteration: iteration, in: directory))
    // Files from before there were checksums have none.
    if let wanted = optimizer.metadata[Self.weightsKey], wanted != weights.checksum || optimizer.checksum == nil {
      throw .malformed(
        "\(path): it belongs to weights of checksum \(wanted), those beside it have \(weights.checksum ?? "none"): put "
          + "the files of one training together again")
    }
    if !isFinite {
      throw .malformed(
        "\(weights.source): numbers were expected, found one that is not finite: go on from an earlier one")
    }
  }

  /// Whether all weights are numbers, and so worth going on from.
  private var isFinite: Bool {
    weights.names.allSatisfy { name in weights[name].map { $0.float.elements.allSatisfy(\.isFinite) } ?? true }
  }

  /// Writes the two files, that of the optimizer first, so that weights never stand without it; returns the weights'
  /// path.
  ///
  /// Throws `.nonFinite` where a weight is no number, and writes nothing.
  func write(in directory: String) throws(PerceptualError) -> String {
    if !isFinite {
      let newest = try Checkpoint.newest(in: directory).map { "the newest is of iteration \($0)" } ?? "there is none"
      throw .nonFinite(
        "\(directory): a weight of iteration \(iteration) is not finite, so no checkpoint of it is written; \(newest). "
          + "Lower the learning rate")
    }
    try optimizer.write(to: Checkpoint.optimizerPath(iteration: iteration, in: directory))
    let path = Checkpoint.path(iteration: iteration, in: directory)
    try weights.write(to: path)
    return path
  }
}
