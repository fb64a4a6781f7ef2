import PerceptualCore
import PerceptualExperiments
import PerceptualFiles

/// The carrying out of a plan, run after run.
final class Sweep {
  private let plan: SweepPlan
  private let command: SweepCommand
  private var results: SweepResults
  /// The pictures last trained on, which the next run most often wants again.
  private var training: (data: String, clips: Int, pictures: [Tensor<Float>])?
  private var test: (pictures: Tensor<Float>, bootstrap: Bootstrap)?

  /// A run of the plan, and what its options come to.
  private struct Job {
    let run: SweepPlan.Run
    let command: TrainCommand
    let model: TableModel
    var record: SweepRecord
    var seed: UInt64 { command.seed.seed }
  }

  init(_ plan: SweepPlan, _ command: SweepCommand) throws(PerceptualError) {
    self.plan = plan
    self.command = command
    results = try SweepResults(in: command.out)
  }

  /// Trains and tests the share's runs that are not done yet and that no other process has. Returns the names of those
  /// that met a number that is not finite.
  ///
  /// What is wrong with the plan, or with runs that are there, is found before anything is trained. Throws
  /// `Interrupted` after a signal.
  func carryOut() throws -> [String] {
    let jobs = try plan.runs.map(job)
    try checkCells(jobs)
    if command.cache.directory != nil && plan.evaluation == nil && jobs.allSatisfy({ $0.model.data == "noise" }) {
      throw PerceptualError.usage("--cache keeps clips of recordings, and \(command.plan) has none: leave it out")
    }
    if let evaluation = plan.evaluation {
      try results.check(evaluation)
      try checkOverlap(jobs, evaluation)
    }
    let known = Set(jobs.map(\.run.name).filter(results.haveFailure))
    var failed: [String] = []
    let share = command.task ?? SweepShare()
    var open = jobs.enumerated().filter { share.has($0.offset) }
    var isUnderWay = true
    // As long as there was something to do, a process that had a run may have ended without finishing it.
    while isUnderWay && !open.isEmpty {
      isUnderWay = false
      var taken: [(offset: Int, element: Job)] = []
      for (index, job) in open {
        switch try carryOut(job, number: index + 1, of: jobs.count, failedBefore: known) {
        case .finished: isUnderWay = true
        case .failed:
          isUnderWay = true
          failed.append(job.run.name)
        case .wasFinished: break
        case .isTaken: taken.append((index, job))
        }
      }
      open = taken
    }
    if !open.isEmpty { printNote("\(open.count) of \(jobs.count) runs are left to other processes, which have them") }
    return failed
  }

  private enum Outcome {
    case finished, failed
    /// Before, or by another process.
    case wasFinished
    /// Another process has it.
    case isTaken
  }

  private func carryOut(
    _ job: Job, number: Int, of count: Int, failedBefore: Set<String>
  ) throws -> Outcome {
    let name = job.run.name
    if try isFinished(job) { return .wasFinished }
    try FilePath.createDirectory(job.command.out)
    guard let lock = try DirectoryLock(ifFree: job.command.out) else { return .isTaken }
    // Whoever had the directory until now may have finished.
    if try isFinished(job) { return .wasFinished }
    if results.haveFailure(name) && !failedBefore.contains(name) { return .failed }
    let start = ContinuousClock.now
    do {
      guard let note = try carryOut(job, lock, label: "\(number)/\(count) \(name)") else { return .wasFinished }
      let seconds = Int((start.duration(to: .now) / .seconds(1)).rounded())
      printNote("\(name): \(note), \(seconds) s; \(number) of \(count) runs")
      return .finished
    } catch let interrupted as Interrupted {
      throw Interrupted(
        signal: interrupted.signal,
        saved: "run \"\(job.run.name)\" left a checkpoint, the same command goes on from it")
    } catch let error as PerceptualError where error.kind == .nonFinite {
      // The other runs do not suffer; this one is kept, and its end is a result.
      complain("run \"\(name)\": \(error.description)")
      if !results.haveFailure(name) { try results.append(try members(job), failure: error.description) }
      return .failed
    } catch let error as PerceptualError {
      throw named(job.run, error)
    }
  }

  /// Whether a run is tested, by whatever process. Results outlive their run's directory: on another machine what is
  /// tested need not be trained again.
  private func isFinished(_ job: Job) throws -> Bool {
    guard plan.evaluation != nil else { return false }
    if !results.areComplete(job.run.name) { results = try SweepResults(in: command.out) }
    return try results.areComplete(job.run.name) && Checkpoint.newest(in: job.command.out) == nil
  }

  /// Trains and tests a run whose directory is locked. Returns what was done, nil where nothing was left to do.
  private func carryOut(_ job: Job, _ lock: DirectoryLock, label: String) throws -> String? {
    var job = job
    job.record = try SweepRecord(in: job.command.out) ?? job.record
    let newest = try Checkpoint.newestIntact(in: job.command.out, note: printNote)
    let isTrained = newest == job.command.iterations
    if !isTrained {
      try job.record.begin(on: try job.command.execution.run { Machine.current }, in: job.command.out)
      _ = try job.command.train(label, lock: lock) { () throws(PerceptualError) in try pictures(job.command) }
    }
    if let evaluation = plan.evaluation, !results.areComplete(job.run.name) {
      try test(job, evaluation)
    } else if isTrained {
      return nil
    }
    let loss = try LearningCurves(contentsOf: "\(job.command.out)/log.jsonl").loss.last?.y ?? .nan
    return isTrained ? "tested" : "trained to a loss of \(short(loss))"
  }

  private func test(_ job: Job, _ evaluation: SweepPlan.Evaluation) throws {
    let (pictures, bootstrap) = try testPictures(evaluation)
    let path = Checkpoint.path(iteration: job.command.iterations, in: job.command.out)
    let network = try Checkpoint.read(path)
    let tested = Table1.results(network, pictures, largestGroup: evaluation.group, bootstrap).results
    try results.append(job.run.name, try members(job), tested, weights: network.identity, evaluation)
  }

  private func members(_ job: Job) throws(PerceptualError) -> JSONValue {
    let curves = try LearningCurves(contentsOf: "\(job.command.out)/log.jsonl")
    return job.run.resultMembers(job.model, seed: job.seed, curves: curves, record: job.record)
  }

  /// Of the recordings that a run is trained on.
  private func pictures(_ command: TrainCommand) throws(PerceptualError) -> [Tensor<Float>] {
    if let training, training.data == command.data, training.clips == command.clips { return training.pictures }
    training = nil
    let pictures = try loadClips(command.data, limit: command.clips, command.cache).clips.map(\.picture.image)
    training = (command.data, command.clips, pictures)
    return pictures
  }

  private func testPictures(
    _ evaluation: SweepPlan.Evaluation
  ) throws -> (pictures: Tensor<Float>, bootstrap: Bootstrap) {
    if let test { return test }
    let set = try loadClips(evaluation.test, limit: evaluation.clips, command.cache)
    let made = (pictures: set.batch, bootstrap: Bootstrap(recordings: set.clips.map(\.file)))
    test = made
    return made
  }
}

// MARK: - What can be wrong

extension Sweep {
  /// What a run's options come to. Throws where they are wrong, or other than those of the run that is there.
  private func job(_ run: SweepPlan.Run) throws -> Job {
    let place = "\(self.command.out)/\(run.name)"
    var words = run.options.words + ["--out=\(place)", "--resume"] + self.command.words
    if let kept = self.command.cache.directory, run.options["data"] != "noise" { words.append("--cache=\(kept)") }
    let command: TrainCommand
    do {
      command = try TrainCommand.parse(words)
    } catch  where TrainCommand.exitCode(for: error).isSuccess {
      throw malformed(run, "an option asks for help, which trains nothing; leave it out")
    } catch {
      throw malformed(run, TrainCommand.message(for: error))
    }
    let prepared: (network: Autoencoder, options: TrainingOptions)
    do {
      prepared = try command.prepare()
    } catch let error as PerceptualError {
      throw named(run, error)
    }
    let model = TableModel(command.data == "noise" ? "noise" : "music", command.loss)
    // What else a run depends on stands in its checkpoints.
    var options = run.options.setting("data", to: .string(command.data))
      .setting("iterations", to: .integer(command.iterations))
    if model.data == "music" { options = options.setting("clips", to: .integer(command.clips)) }
    let record = try SweepRecord(in: place)
    for (found, source) in [(record?.options, place), (results.options(run.name), results.path)] {
      if let difference = found?.difference(from: options) {
        throw differs(run, source, difference.name, difference.value, difference.other)
      }
    }
    if let newest = try Checkpoint.newestIntact(in: place, note: printNote) {
      let checkpoint = try Checkpoint.readWithMetadata(Checkpoint.path(iteration: newest, in: place))
      let difference = Trainer.differences(
        of: checkpoint, from: prepared.network.options, prepared.options, data: model.data
      ).first
      if let difference { throw differs(run, place, difference.name, difference.found, difference.wanted) }
      if newest > command.iterations { throw differs(run, place, "iterations", "\(newest)", "\(command.iterations)") }
    }
    return Job(run: run, command: command, model: model, record: record ?? SweepRecord(options: options))
  }

  /// A recipe has one model for each seed and cell of the table.
  private func checkCells(_ jobs: [Job]) throws(PerceptualError) {
    var names: [String: String] = [:]
    for job in jobs {
      for recipe in job.run.recipes {
        let cell = "\(job.model.title), seed \(job.seed), of recipe \"\(recipe)\""
        if let other = names.updateValue(job.run.name, forKey: cell) {
          throw malformed(job.run, "it is \(cell), as run \"\(other)\" is; a recipe has one of each")
        }
      }
    }
  }

  /// Recordings to test on must not be trained on.
  private func checkOverlap(_ jobs: [Job], _ evaluation: SweepPlan.Evaluation) throws(PerceptualError) {
    let test = try AudioFile.list(in: evaluation.test)
    var seen: Set<String> = []
    for job in jobs where job.model.data == "music" && seen.insert(job.command.data).inserted {
      let pairs = try RecordingOverlap.find(try AudioFile.list(in: job.command.data), test)
      if let (one, _) = pairs.first {
        throw malformed(
          job.run,
          "\(pairs.count) recordings are both in its data \(job.command.data) and in evaluate.test "
            + "\(evaluation.test), such as \(one); test on others")
      }
    }
  }

  private func differs(
    _ run: SweepPlan.Run, _ place: String, _ option: String, _ found: String, _ wanted: String
  ) -> PerceptualError {
    malformed(run, "\(option) is \(found) in \(place), the plan has \(wanted); choose another name or --out")
  }

  private func malformed(_ run: SweepPlan.Run, _ sentence: String) -> PerceptualError {
    .malformed("\(command.plan): run \"\(run.name)\": \(sentence)")
  }

  /// What is wrong with an argument of a run is wrong with the plan.
  private func named(_ run: SweepPlan.Run, _ error: PerceptualError) -> PerceptualError {
    PerceptualError(
      error.kind == .usage ? .malformed : error.kind, "\(command.plan): run \"\(run.name)\": \(error.description)")
  }
}
