import PerceptualCore
import PerceptualFiles

/// Drives a trainer: log.jsonl and checkpoints in a directory, which it alone writes to, resumable at every checkpoint.
/// Of several ranks, each of which has such a run, rank 0 alone reads and writes.
///
/// A line of the log is in the file before the next step begins, and on the disk before the checkpoint of its iteration
/// is. So are TensorBoard's events, where they are asked for: every number of the line, and at checkpoints what the
/// trainer has to show.
public final class TrainingRun<Subject: ResumableTrainer> {
  public let trainer: Subject
  public let directory: String
  /// Iterations between checkpoints; the last one is always written.
  public let checkpointEvery: Int
  private let writesEvents: Bool
  private let note: (String) -> Void
  /// That of the directory; the caller may have taken it already.
  package var lock: DirectoryLock?

  /// `writesEvents` writes an ``EventLog`` into the directory. `note` hears what a person should know: a checkpoint
  /// that is damaged and passed over, a log with lines missing.
  public init(
    _ trainer: Subject, directory: String, checkpointEvery: Int = 100, writesEvents: Bool = false,
    note: @escaping (String) -> Void = { _ in }
  ) {
    self.trainer = trainer
    self.directory = directory
    self.checkpointEvery = checkpointEvery
    self.writesEvents = writesEvents
    self.note = note
  }

  /// Continues from the newest intact checkpoint in the directory, if there is one. Returns the iteration found.
  ///
  /// Throws `.usage` where that is of other settings, `.cannotCreate` where another process trains in the directory,
  /// `.malformed` where there are checkpoints and all are damaged.
  @discardableResult
  public func resume() throws(PerceptualError) -> Int {
    try onWriter { () throws(PerceptualError) in
      try takeDirectory()
      _ = try Checkpoint.firstIntact(in: directory, note: note) { iteration throws(PerceptualError) in
        try trainer.resume(iteration: iteration, in: directory)
      }
    }
    trainer.shareState()
    return trainer.iteration
  }

  /// Does what rank 0 alone does. Where it fails there, it fails on every rank.
  private func onWriter(_ body: () throws(PerceptualError) -> Void) throws(PerceptualError) {
    let isWriter = (trainer.ranks?.rank ?? 0) == 0
    try trainer.ranks.agreed { () throws(PerceptualError) in if isWriter { try body() } }
  }

  /// Trains up to the trainer's iterations. `report` hears of every step; `shouldStop` is asked between steps.
  ///
  /// When a step meets a non-finite number the weights before it are written, then the error is thrown.
  public func run(
    shouldStop: () -> Bool = { false }, report: (TrainingStep) -> Void = { _ in }
  ) throws(PerceptualError) -> TrainingOutcome {
    defer { lock = nil }
    var log: TrainingLog?
    var events: EventLog?
    try onWriter { () throws(PerceptualError) in
      try takeDirectory()
      log = try TrainingLog(path: "\(directory)/log.jsonl", keeping: trainer.iteration, note: note)
      events = writesEvents ? try EventLog(directory: directory, keeping: trainer.iteration) : nil
      // Events beyond the iteration go even where none are written any more, as the log's lines do.
      if !writesEvents { try EventLog.cut(in: directory, keeping: trainer.iteration) }
    }
    var written = -1
    func writeCheckpoint() throws(PerceptualError) {
      if written == trainer.iteration { return }
      try onWriter { () throws(PerceptualError) in
        try log?.synchronize()
        try events?.synchronize()
        try trainer.writeCheckpoint(in: directory)
      }
      written = trainer.iteration
    }
    while trainer.iteration < trainer.iterations {
      let start = ContinuousClock.now
      let step: TrainingStep
      do {
        step = try trainer.step()
      } catch {
        try writeCheckpoint()
        throw error
      }
      let seconds = start.duration(to: .now) / .seconds(1)
      let isCheckpoint = step.iteration % checkpointEvery == 0 || step.iteration == trainer.iterations
      let members = trainer.logMembers(step, isCheckpoint: isCheckpoint)
      try onWriter { () throws(PerceptualError) in
        guard let line = try log?.append(step, seconds: seconds, members) else { return }
        try events?.append(
          step: step.iteration, EventValue.scalars(of: line) + (isCheckpoint ? trainer.exhibits() : []))
      }
      report(step)
      if isCheckpoint { try writeCheckpoint() }
      let stops = shouldStop()
      if trainer.ranks?.anywhere(stops) ?? stops, trainer.iteration < trainer.iterations {
        try writeCheckpoint()
        return .stopped(iteration: trainer.iteration)
      }
    }
    try writeCheckpoint()
    return .finished
  }

  private func takeDirectory() throws(PerceptualError) {
    if lock != nil { return }
    try FilePath.createDirectory(directory)
    lock = try DirectoryLock(directory)
  }
}

/// How a training run ended.
public enum TrainingOutcome: Equatable, Sendable {
  case finished
  /// Stopped on request; the newest checkpoint is that of this iteration.
  case stopped(iteration: Int)
}
