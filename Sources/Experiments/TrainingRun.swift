import Foundation
import PerceptualCore
import PerceptualFiles

/// Drives a trainer: log.jsonl and checkpoints in a directory, resumable at every checkpoint.
public struct TrainingRun {
  public let trainer: Trainer
  public let directory: String
  /// Iterations between checkpoints; the last one is always written.
  public let checkpointEvery: Int

  public enum Outcome: Equatable, Sendable {
    case finished
    /// Stopped on request; the newest checkpoint is that of this iteration.
    case stopped(iteration: Int)
  }

  public init(_ trainer: Trainer, directory: String, checkpointEvery: Int = 100) {
    self.trainer = trainer
    self.directory = directory
    self.checkpointEvery = checkpointEvery
  }

  var logPath: String { "\(directory)/log.jsonl" }

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
    shouldStop: () -> Bool = { false }, report: (Trainer.Step) -> Void = { _ in }
  ) throws(PerceptualError) -> Outcome {
    try createDirectory(directory)
    let log = try TrainingLog(path: logPath, keeping: trainer.iteration)
    let clock = ContinuousClock()
    var written = -1
    while trainer.iteration < trainer.options.iterations {
      let start = clock.now
      let step: Trainer.Step
      do {
        step = try trainer.step()
      } catch {
        try trainer.writeCheckpoint(in: directory)
        throw error
      }
      let seconds = start.duration(to: clock.now) / .seconds(1)
      let latents = step.iteration % 25 == 0 || step.iteration == 1 ? trainer.latents : nil
      try log.append(step, seconds: seconds, latents: latents)
      report(step)
      if trainer.iteration % checkpointEvery == 0 {
        try trainer.writeCheckpoint(in: directory)
        written = trainer.iteration
      }
      if shouldStop() && trainer.iteration < trainer.options.iterations {
        if written != trainer.iteration { try trainer.writeCheckpoint(in: directory) }
        return .stopped(iteration: trainer.iteration)
      }
    }
    if written != trainer.iteration { try trainer.writeCheckpoint(in: directory) }
    return .finished
  }
}

/// Creates a directory and those above it.
func createDirectory(_ path: String) throws(PerceptualError) {
  do {
    try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
  } catch {
    throw PerceptualError(
      .cannotCreate, "\(path): cannot create the directory (\(error.localizedDescription)); choose another --out")
  }
}

/// Lines of a training, one JSON object each, in the file as soon as they are known.
struct TrainingLog {
  let path: String
  private let handle: FileHandle

  /// Keeps the lines of an earlier run up to the iteration that it is resumed from.
  init(path: String, keeping iteration: Int) throws(PerceptualError) {
    self.path = path
    var kept = ""
    if iteration > 0, let text = try? String(contentsOfFile: path, encoding: .utf8) {
      for line in text.split(separator: "\n") {
        let document = try? JSONValue(parsing: line.utf8)
        if let found = document?["iteration"]?.integer, found <= iteration { kept += line + "\n" }
      }
    }
    do {
      try Data(kept.utf8).write(to: URL(fileURLWithPath: path), options: .atomic)
      handle = try FileHandle(forWritingTo: URL(fileURLWithPath: path))
      try handle.seekToEnd()
    } catch {
      throw Self.unwritable(path, error)
    }
  }

  func append(_ step: Trainer.Step, seconds: Double, latents: LatentStatistics?) throws(PerceptualError) {
    var members: [JSONValue.Member] = [
      .init(key: "iteration", value: .integer(step.iteration)), .init(key: "loss", value: .number(step.loss)),
      .init(key: "gradientNorm", value: .number(step.gradientNorm)), .init(key: "seconds", value: .number(seconds)),
    ]
    if let latents {
      members.append(.init(key: "liveLatents", value: .number(latents.live)))
      members.append(.init(key: "offCentreLatents", value: .number(latents.offCentre)))
    }
    try append(members)
  }

  func append(_ members: [JSONValue.Member]) throws(PerceptualError) {
    do {
      try handle.write(contentsOf: Data((JSONValue.object(members).text + "\n").utf8))
    } catch {
      throw Self.unwritable(path, error)
    }
  }

  private static func unwritable(_ path: String, _ error: any Error) -> PerceptualError {
    PerceptualError(
      .inputOutput, "\(path): cannot write the log (\(error.localizedDescription)); free space or choose another --out")
  }
}
