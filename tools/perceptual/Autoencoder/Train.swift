import ArgumentParser
import Fast
import Foundation
import PerceptualCore
import PerceptualExperiments
import PerceptualFiles

extension TrainingLoss: ExpressibleByArgument {}
extension LaplacianPyramidFamily: ExpressibleByArgument {}
extension LaplacianPyramidPooling: ExpressibleByArgument {}
extension BatchStatistics: ExpressibleByArgument {}
extension Quantisation: ExpressibleByArgument {}
extension TrainingQuantisation: ExpressibleByArgument {}
extension ProductPrecision: ExpressibleByArgument {}
extension LearningRateDecay: ExpressibleByArgument {}
extension WeightInitialisation: ExpressibleByArgument {}
extension Table1Scale: ExpressibleByArgument {}

/// Reads "mse=10".
private func lossTerm(_ text: String) throws -> LossTerm {
  let parts = text.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false).map(String.init)
  guard parts.count == 2, let loss = TrainingLoss(rawValue: parts[0]), let weight = Double(parts[1]) else {
    let names = TrainingLoss.allCases.map(\.rawValue).joined(separator: ", ")
    throw ValidationError("one of \(names), an equals sign and a weight are needed, as mse=10.")
  }
  return LossTerm(loss, weight: weight)
}

struct TrainCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "train", abstract: "Train one compressive autoencoder on noise or on a directory of music.",
    discussion: """
      Writes log.jsonl (one line an iteration), learning-curves.svg, checkpoint-NNNNNN.safetensors, which PyTorch's \
      load_state_dict takes, and optimizer-NNNNNN.safetensors beside it, from which --resume goes on bit for bit.

      --test DIR tests each checkpoint on recordings, as `evaluate` does by default: mean scores go into log.jsonl. \
      --tensorboard also writes all that the log says as TensorBoard's events, and with --test a clip's reconstruction \
      as picture and sound.
      """)

  @Option(help: ArgumentHelp("\"noise\", or a directory of recordings.", valueName: "noise|dir"))
  var data: String
  @Option(help: "What the training reduces.")
  var loss: TrainingLoss
  @Option(
    help: ArgumentHelp(
      "A loss added to --loss, and its weight, as mse=10; may be given again for another.", valueName: "loss=weight"),
    transform: lossTerm)
  var addLoss: [LossTerm] = []
  @Option(help: ArgumentHelp("Where log and checkpoints go.", valueName: "dir"))
  var out: String
  @Option(help: "Steps of AdamW.")
  var iterations = 425
  @Option(help: "Pictures a step.")
  var batch = 64
  @Option(help: "Filters of every layer.")
  var channels = 128
  @Option(help: "Side of the training pictures, a multiple of 16.")
  var size = 256
  @Option(help: "Learning rate of AdamW.")
  var learningRate = 1e-3
  @Option(help: "How the learning rate falls over the iterations.")
  var decay: LearningRateDecay = .none
  @Option(help: "What the weights are drawn from; uniform is PyTorch's default.")
  var initialisation: WeightInitialisation = .uniform
  @OptionGroup var architecture: ArchitectureOptions
  @Option(help: "Which published form of NLPD. (default: \(TrainingOptions.defaultFamily.rawValue))")
  var nlpdFamily: LaplacianPyramidFamily?
  @Option(
    help:
      "How NLPD is joined over a batch: the mean of the images, or one norm as in the authors' code. (default: image)")
  var nlpdPooling: LaplacianPyramidPooling?
  @Option(help: "How the latent is quantised while training; soft is the paper's way, the others respect the bound.")
  var quantisation: TrainingQuantisation = .soft
  @Option(
    help: ArgumentHelp(
      "In what the products of the strided convolutions but the first are computed; sums and all else are in single "
        + "precision. bf16 pays with AMX, and with AMD's AVX512_BF16."))
  var precision: ProductPrecision = .fp32
  @Option(help: "Scale s of the soft quantiser.")
  var scale = 10.0
  @Option(help: "Centres of the quantiser, equally spaced from -1 to 1.")
  var levels = 2
  @Option(help: "Slope of the leaky ReLU.")
  var slope = 0.01
  @Option(help: "Clips to cut from a directory of recordings, at most.")
  var clips = 5440
  @Flag(help: "Also write TensorBoard's event files to --out.")
  var tensorboard = false
  @Option(help: ArgumentHelp("Recordings to test checkpoints on, other than those of --data.", valueName: "dir"))
  var test: String?
  @Option(help: "Clips to cut from --test, at most. (default: 16)")
  var testClips: Int?
  @OptionGroup var cache: CacheOptions
  @Option(help: "Iterations between checkpoints; the last one is always written.")
  var checkpointEvery = 100
  @Flag(
    help:
      "Compute the largest activation again in place of storing it: about half the memory, the same bits, more time.")
  var checkpointActivations = false
  @Flag(help: "Say how the network will be computed, what was refused and why, and the memory of a step.")
  var explain = false
  @Flag(help: "Go on from the newest checkpoint in --out, with its settings where none are given.")
  var resume = false
  @OptionGroup var seed: SeedOptions
  @OptionGroup var execution: ExecutionOptions

  func validate() throws {
    try check(checkpointEvery >= 1, "--checkpoint-every \(checkpointEvery): at least 1 is needed.")
    try check((1...255).contains(levels), "--levels \(levels): 1 to 255 is needed.")
    try check(slope.isFinite, "--slope \(slope): a number is needed.")
    if loss != .nlpd && !addLoss.contains(where: { $0.loss == .nlpd }) {
      for (name, isGiven) in [("family", nlpdFamily != nil), ("pooling", nlpdPooling != nil)] where isGiven {
        throw ValidationError("--nlpd-\(name) is for NLPD, which is not among the losses: leave it out.")
      }
    }
    try check(clips >= 1, "--clips \(clips): at least 1 is needed.")
    if let testClips, testClips < 1 { throw ValidationError("--test-clips \(testClips): at least 1 is needed.") }
    try check(
      testClips == nil || test != nil, "--test-clips is about recordings to test on: give --test a directory of them.")
    if let test, test == data {
      throw ValidationError("--data and --test are both \(test): test on other recordings than those trained on.")
    }
    try check(
      cache.directory == nil || data != "noise" || test != nil,
      "--cache keeps clips of recordings: give --data or --test a directory of them.")
  }

  func run() throws {
    let ranks = try joinRanks()
    let trainer = try train(ranks: ranks) { () throws(PerceptualError) in
      try loadClips(data, limit: clips, cache).clips.map(\.picture.image)
    }
    let path = Checkpoint.path(iteration: trainer.iteration, in: out)
    printNote("\(path): the latent is bounded at \(Int(trainer.network.entropyBound(height: size, width: size))) bits")
    printNote("next: open \(out)/learning-curves.svg; perceptual evaluate \(path) --test DIR")
    try printResult(path)
  }

  /// The untrained network and how it is to be trained. Throws what of the options is wrong, before any data are read.
  func prepare(ranks: Int = 1) throws -> (network: Autoencoder, options: TrainingOptions) {
    try execution.run {
      var networkOptions = architecture.options(channels: channels)
      networkOptions.slope = slope
      networkOptions.centres = levels == 1 ? [0] : (0..<levels).map { -1 + 2 * Double($0) / Double(levels - 1) }
      networkOptions.scale = scale
      let options = TrainingOptions(
        loss: loss, added: addLoss, family: nlpdFamily ?? TrainingOptions.defaultFamily, pooling: nlpdPooling ?? .image,
        iterations: iterations, batch: batch, size: size, learningRate: learningRate, decay: decay,
        initialisation: initialisation, seed: seed.seed,
        quantisation: quantisation, checkpointsActivations: checkpointActivations, precision: precision)
      try networkOptions.validate()
      let network = Autoencoder(networkOptions, seed: seed.seed, initialisation: initialisation)
      try Trainer.validate(options, for: network, ranks: ranks)
      return (network, options)
    }
  }

  /// Trains to the last iteration, from the newest checkpoint on if `resume` is set. `label` is that of the progress
  /// bar; `lock` is that of --out where it is taken already; `ranks` are the processes that train together; `pictures`
  /// are asked for where the data are no noise. Throws `Interrupted` after a signal, with a checkpoint written.
  func train(
    _ label: String = "training", lock: DirectoryLock? = nil, ranks: (any Communicator)? = nil,
    pictures: () throws(PerceptualError) -> [Tensor<Float>]
  ) throws -> Trainer {
    let (network, options) = try prepare(ranks: ranks?.count ?? 1)
    return try execution.run {
      let isWriter = (ranks?.rank ?? 0) == 0
      let (trainingData, testSet) = try ranks.agreed { () throws(PerceptualError) -> (TrainingData, ClipSet?) in
        if isWriter { try refuseCheckpoints(in: out, resume: resume) }
        // Rank 0 tests for all.
        let tests = isWriter ? try self.testSet() : nil
        return (data == "noise" ? .noise : .pictures(try pictures()), tests)
      }
      let trainer = try Trainer(network, options: options, data: trainingData, ranks: ranks)
      trainer.test = testSet
      if explain { for line in explanation(trainer) { printNote(line) } }
      let run = TrainingRun(
        trainer, directory: out, checkpointEvery: checkpointEvery, writesEvents: tensorboard, note: printNote)
      run.lock = lock
      let first = resume ? try run.resume() : 0
      try drive(run, from: first, label) {
        if !isWriter { return }
        let curves = try LearningCurves(contentsOf: "\(out)/log.jsonl")
        let title = "\(trainingData.title), \(options.lossTitle), seed \(seed.seed)"
        let chart = curves.chart(title: title).svg(file: true) + "\n"
        try FileBytes.write(Array(chart.utf8), to: "\(out)/learning-curves.svg")
      }
      #if MPI
        (ranks as? Ranks)?.noteCost(steps: trainer.iteration - first)
      #endif
      return trainer
    }
  }

  /// What checkpoints are tested on; throws `.usage` where some of it is trained on too.
  private func testSet() throws(PerceptualError) -> ClipSet? {
    guard let test else { return nil }
    if data != "noise" {
      try RecordingOverlap.refuse(
        training: try AudioFile.list(in: data), test: try AudioFile.list(in: test), option: "--data")
    }
    return try loadClips(test, limit: testClips ?? 16, cache)
  }
}

/// Carries out a training with a progress bar; `finish` is done at its end, also where a signal has stopped it. Throws
/// `Interrupted` after a signal, with a checkpoint written.
func drive<Trainer>(
  _ run: TrainingRun<Trainer>, from first: Int, _ label: String = "training", finish: () throws -> Void = {}
) throws {
  var progress = Progress(label, total: run.trainer.iterations, unit: "iterations", first: first)
  try Interruption.awaited { interruption in
    let outcome = try run.run(shouldStop: { interruption.signal != nil }) { step in
      progress.update(step.iteration, loss: step.loss)
    }
    progress.finish()
    try finish()
    if case .stopped(let iteration) = outcome {
      let path = Checkpoint.path(iteration: iteration, in: run.directory)
      throw Interrupted(signal: interruption.signal ?? SIGINT, saved: "\(path) is written, --resume goes on from it")
    }
  }
}

/// Throws `.usage` where a training that is not to be resumed would overwrite another.
func refuseCheckpoints(in directory: String, resume: Bool) throws(PerceptualError) {
  guard !resume, let newest = try Checkpoint.newest(in: directory) else { return }
  throw .usage(
    "\(directory): a checkpoint of iteration \(newest) is there already; give --resume to go on from it, or another "
      + "--out")
}

/// How the trainer computes: the paths in the order they are tried, and what a step holds in memory.
private func explanation(_ trainer: Trainer) -> [String] {
  var lines: [String] = []
  var isTaken = false
  let passes = trainer.network.passes(height: trainer.options.size, width: trainer.options.size)
  for pass in passes {
    if let obstacle = pass.obstacle {
      lines.append("\(pass.name): refused, \(obstacle)")
    } else {
      lines.append("\(pass.name): \(isTaken ? "not needed" : "taken")")
      isTaken = true
    }
  }
  if passes[0].obstacle == nil { lines += trainer.network.methods }
  let execution = Execution.current
  lines.append("\(execution.threads) threads, \(execution.instructionSet.rawValue)")
  if trainer.options.precision == .bf16 {
    lines.append(
      execution.hasBF16Products
        ? "products in bf16: by the instructions of \(execution.instructionSet == .amx ? "AMX" : "AVX512_BF16")"
        : "products in bf16: without instructions of their own, slower than fp32")
  }
  lines.append("activations, gradients and working memory of a step: \(trainer.passBytes >> 20) MB")
  return lines
}
