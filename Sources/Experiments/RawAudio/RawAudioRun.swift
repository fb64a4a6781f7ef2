import Fast
import Foundation
import PerceptualCore
import PerceptualFiles

/// Drives a training of the autoencoder of raw samples: log.jsonl, measures on windows held out, checkpoints.
public struct RawAudioRun {
  public let trainer: RawAudioTrainer
  public let directory: String
  /// Iterations between checkpoints; the last one is always written.
  public let checkpointEvery: Int
  /// Windows held out that measures are taken of.
  public static let judged = 64

  public init(_ trainer: RawAudioTrainer, directory: String, checkpointEvery: Int = 100) {
    self.trainer = trainer
    self.directory = directory
    self.checkpointEvery = checkpointEvery
  }

  /// Continues from the newest checkpoint in the directory, if there is one. Returns the iteration found.
  @discardableResult
  public func resume() throws(PerceptualError) -> Int {
    guard let newest = Checkpoint.newest(in: directory) else { return 0 }
    try trainer.resume(iteration: newest, in: directory)
    return newest
  }

  /// Trains up to the options' iterations. `report` hears of every step; `shouldStop` is asked between steps.
  ///
  /// When a step meets a non-finite number the weights before it are written, then the error is thrown.
  public func run(
    shouldStop: () -> Bool = { false }, report: (RawAudioTrainer.Step) -> Void = { _ in }
  ) throws(PerceptualError) -> TrainingRun.Outcome {
    try createDirectory(directory)
    let log = try TrainingLog(path: "\(directory)/log.jsonl", keeping: trainer.iteration)
    let heldOut = trainer.data.heldOutWindows(Self.judged)
    let clock = ContinuousClock()
    var written = -1
    while trainer.iteration < trainer.options.iterations {
      let start = clock.now
      let step: RawAudioTrainer.Step
      do {
        step = try trainer.step()
      } catch {
        try trainer.writeCheckpoint(in: directory)
        throw error
      }
      let seconds = start.duration(to: clock.now) / .seconds(1)
      var members: [JSONValue.Member] = [
        .init(key: "iteration", value: .integer(step.iteration)), .init(key: "loss", value: .number(step.loss)),
        .init(key: "gradientNorm", value: .number(step.gradientNorm)), .init(key: "seconds", value: .number(seconds)),
        .init(
          key: "epoch",
          value: .number(Double(step.iteration * trainer.options.batch) / Double(trainer.data.trainingCount))),
      ]
      report(step)
      let isLast = trainer.iteration == trainer.options.iterations
      let stops = shouldStop() && !isLast
      if trainer.iteration % checkpointEvery == 0 || isLast || stops {
        try trainer.writeCheckpoint(in: directory)
        written = trainer.iteration
        if !stops {
          let found = measures(heldOut)
          members.append(.init(key: "validationLoss", value: .number(found.loss)))
          members += found.measures.map { .init(key: $0.name, value: .number($0.value)) }
        }
      }
      try log.append(members)
      if stops { return .stopped(iteration: trainer.iteration) }
    }
    if written != trainer.iteration { try trainer.writeCheckpoint(in: directory) }
    return .finished
  }

  /// The loss on windows held out, and means of the measures of ``ClipMeasures`` over them; the Bark distance is that of
  /// ``BarkDistanceOptions/rawAutoencoder``.
  public func measures(_ windows: Tensor<Float>) -> (loss: Double, measures: [(name: String, value: Double)]) {
    let (loss, output) = trainer.validate(windows)
    return (loss, rawAudioMeasures(output, target: windows))
  }
}

/// Means over windows [N, 2048] of ``ClipMeasures``; energies are added up before their ratio is taken.
func rawAudioMeasures(_ output: Tensor<Float>, target: Tensor<Float>) -> [(name: String, value: Double)] {
  let count = target.shape[0]
  let window = target.shape[1]
  let distances = barkDistance(output, target: target, options: .rawAutoencoder)
  let each = Execution.current.map(count) { n in
    let range = n * window..<(n + 1) * window
    return ClipMeasures(
      Tensor(Array(output.elements[range])), original: Tensor(Array(target.elements[range])),
      barkDistance: Double(distances[n]))
  }
  let names = each.first?.named.map(\.name) ?? []
  return names.enumerated().map { place, name in
    let values = each.map { $0.named[place].value }
    // Ratios have no mean worth the name: their geometric one, within a millionth and a million.
    let isRatio = name == "highFrequencyEnergyRatio" || name == "onsetSharpness"
    let sum = values.reduce(0) { $0 + (isRatio ? log(min(max($1, 1e-6), 1e6)) : $1) } / Double(count)
    return (name, isRatio ? exp(sum) : sum)
  }
}
