import Fast
import PerceptualCore
import PerceptualFiles

/// What one step of a training found.
public struct TrainingStep: Sendable {
  /// Counts from 1.
  public let iteration: Int
  /// The loss of the batch before the step.
  public let loss: Double
  /// L2 norm of the gradient over all parameters.
  public let gradientNorm: Double
}

extension Execution {
  /// Runs a body that throws an error of the package.
  package func run<Value>(_ body: () throws(PerceptualError) -> Value) throws(PerceptualError) -> Value {
    try Execution.$current.withValue(self) { Result { () throws(PerceptualError) in try body() } }.get()
  }
}

/// A setting in which a checkpoint and a run differ.
public typealias SettingDifference = (name: String, found: String, wanted: String)

/// What is wanted and found otherwise. What a checkpoint does not say is not asked of it.
func settingDifferences(_ wanted: [String: String], _ found: [String: String]) -> [SettingDifference] {
  wanted.sorted { $0.key < $1.key }.compactMap { name, value in
    found[name].flatMap { $0 == value ? nil : (name, $0, value) }
  }
}

/// A trainer whose state can be put into files and taken from them, bit for bit.
public protocol ResumableTrainer: AnyObject {
  /// What moves the weights and counts the steps.
  var optimizer: Optimizer { get }
  /// Steps to do in all.
  var iterations: Int { get }
  /// What every step runs on: that of ``Execution/current`` where the trainer was made.
  var execution: Execution { get }
  /// The processes that take every step together; nil where there is one. Rank 0 reads and writes the files.
  var ranks: (any Communicator)? { get }
  /// All that a checkpoint says of the network and its training.
  var settings: [String: String] { get }
  /// The network's weights by the names of their PyTorch module.
  var tensors: [(name: String, tensor: Tensor<Float>)] { get }

  /// One step on the next batch, under ``execution``. Throws `.nonFinite`, with the network as it was before, where the
  /// loss or gradient is no number.
  func takeStep() throws(PerceptualError) -> TrainingStep

  /// What the log says of the step just taken besides loss, norm and time. `isCheckpoint` where a checkpoint of it
  /// follows.
  func logMembers(_ step: TrainingStep, isCheckpoint: Bool) -> JSONValue

  /// Pictures and sounds of the checkpoint that ``logMembers(_:isCheckpoint:)`` was last asked about; none by default.
  func exhibits() -> [EventValue]

  /// The settings of a checkpoint's weights that this run does not have; none where it can go on from them, bit for
  /// bit. Throws `.malformed` where they are no such network.
  func differences(from weights: SafetensorsFile) throws(PerceptualError) -> [SettingDifference]

  /// Takes over weights without such differences.
  func load(_ weights: SafetensorsFile) throws(PerceptualError)

  /// Gives rank 0's state to all ranks.
  func shareState()
}

extension ResumableTrainer {
  public var ranks: (any Communicator)? { nil }
  public func shareState() {}

  /// Steps done so far.
  public var iteration: Int { optimizer.iteration }

  public func exhibits() -> [EventValue] { [] }

  /// One step on the next batch. Throws `.nonFinite`, with the network as it was before, where the loss or gradient is
  /// no number.
  @discardableResult
  public func step() throws(PerceptualError) -> TrainingStep {
    try execution.run { () throws(PerceptualError) in try takeStep() }
  }

  /// Writes weights and optimizer state of the current iteration; returns the weights' path.
  ///
  /// Throws `.nonFinite` where a weight is no number, and writes nothing.
  @discardableResult
  public func writeCheckpoint(in directory: String) throws(PerceptualError) -> String {
    try CheckpointPair(settings: settings, weights: tensors, optimizer).write(in: directory)
  }

  /// Continues from a checkpoint of the same run, bit for bit.
  ///
  /// Throws `.usage` where settings differ, all of them named; `.malformed` where the checkpoint is damaged.
  public func resume(iteration: Int, in directory: String) throws(PerceptualError) {
    let pair = try CheckpointPair(iteration: iteration, in: directory)
    let differences = try differences(from: pair.weights)
    if !differences.isEmpty {
      let sentences = differences.map { "\($0.name) is \($0.found), this run has \($0.wanted)" }
      throw .usage(
        "\(pair.weights.source): \(sentences.joined(separator: "; ")); resume with the same settings or another --out")
    }
    try load(pair.weights)
    try optimizer.restore(iteration, from: pair.optimizer)
  }
}
