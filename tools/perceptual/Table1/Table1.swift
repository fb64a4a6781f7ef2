import ArgumentParser
import Foundation
import PerceptualCore
import PerceptualExperiments
import PerceptualFiles
import PerceptualSynthesis

struct Table1Command: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "table1", abstract: "Train the six models of the paper's Table 1 and test them on held-out music.",
    discussion: """
      Without --music and --test the built-in music is rendered and used. Writes table1.json, table1.csv, figure2.png, \
      the audio of every reconstruction and report.html. Models already trained in --out are taken as they are.
      """)

  @Option(help: "How much work: quick takes minutes, paper takes hours.")
  var scale: Table1Scale = .quick
  @Option(help: ArgumentHelp("Recordings to train the P(x) models on.", valueName: "dir"))
  var music: String?
  @Option(help: ArgumentHelp("Recordings to test on, other than those of --music.", valueName: "dir"))
  var test: String?
  @Option(help: ArgumentHelp("Where everything goes.", valueName: "dir"))
  var out = "perceptual-out/table1"
  @Option(help: "Clips to test on, in place of the scale's number.")
  var clips: Int?
  @Option(help: "Seeds: the first trains all six models, each further one those of noise.")
  var seeds = 1
  @Option(help: "With batch statistics at most so many clips are normalised together.")
  var group = 64
  @OptionGroup var architecture: ArchitectureOptions
  @Option(help: "How the latent is quantised while training; soft is the paper's way. (default: soft)")
  var quantisation: TrainingQuantisation?
  @Option(
    help: ArgumentHelp(
      "Which published form of NLPD to train with; the test's is hepburn. "
        + "(default: \(TrainingOptions.defaultFamily.rawValue))"))
  var nlpdFamily: LaplacianPyramidFamily?
  @Option(
    help:
      "In what products are computed while training, at --scale small or paper; see train --help. (default: fp32)"
  )
  var precision: ProductPrecision?
  @Flag(help: "Train nothing: test what is trained in --out, leaving out what is not.")
  var onlyEvaluate = false
  @Option(
    help: ArgumentHelp(
      "Train nothing: test the weights {noise,music}-{mse,nlpd,ms-ssim}.safetensors of this directory.",
      valueName: "dir"))
  var weights: String?
  @Flag(help: "Also write TensorBoard's event files, of each model in models/ of --out.")
  var tensorboard = false
  @OptionGroup var cache: CacheOptions
  @OptionGroup var seed: SeedOptions
  @OptionGroup var output: OutputOptions
  @OptionGroup var execution: ExecutionOptions

  func validate() throws {
    try check((1...1000).contains(seeds), "--seeds \(seeds): 1 to 1000 is needed.")
    try check(group >= 1, "--group \(group): at least 1 is needed.")
    try check(
      !onlyEvaluate || weights == nil,
      "--only-evaluate tests what is trained in --out, --weights another directory: give one.")
    if onlyEvaluate || weights != nil {
      let given =
        [
          ("music", music != nil), ("quantisation", quantisation != nil), ("nlpd-family", nlpdFamily != nil),
          ("precision", precision != nil), ("tensorboard", tensorboard),
        ] + architecture.given
      for (name, isGiven) in given where isGiven {
        throw ValidationError("--\(name) is for training, and nothing is trained: leave it out.")
      }
    }
    let network = architecture.options(channels: scale.channels)
    do {
      try network.validate()
    } catch {
      throw ValidationError(error.description)
    }
    if let precision, precision != .fp32 {
      do {
        try Autoencoder(network).requireFusedBlocks(
          for: "--precision \(precision.rawValue)", height: scale.size, width: scale.size)
      } catch {
        throw ValidationError("\(error.description); give --scale small or paper, or leave it out.")
      }
    }
    if let clips, clips < 1 { throw ValidationError("--clips \(clips): at least 1 is needed.") }
    try check(
      cache.directory == nil || music != nil || test != nil,
      "--cache keeps clips of recordings: give --music or --test.")
    if let music, music == test {
      throw ValidationError("--music and --test are both \(music): test on other recordings than those trained on.")
    }
  }

  func run() throws {
    try execution.run {
      let start = ContinuousClock.now
      if let music, let test {
        try RecordingOverlap.refuse(training: try AudioFile.list(in: music), test: try AudioFile.list(in: test))
      }
      try FilePath.createDirectory(out)
      let lock = try DirectoryLock(out)
      defer { withExtendedLifetime(lock) {} }
      let testSet = try self.testSet()
      let trains = !onlyEvaluate && weights == nil
      let table = Table1(
        scale: scale, seed: seed.seed, architecture: architecture.options(channels: scale.channels),
        training: trains ? try training() : [], test: testSet, directory: out, largestGroup: group,
        quantisation: quantisation ?? .soft, family: nlpdFamily ?? TrainingOptions.defaultFamily,
        precision: precision ?? .fp32)
      let result = try table.result(
        seeds: seeds, weights: weights,
        command: (["perceptual"] + CommandLine.arguments.dropFirst()).joined(separator: " "),
        note: printNote, train: trains ? { try train(table, $0, seed: $1, $2) } : nil)
      let files = try result.write()
      try output.print(result.json, orLines: Table1Text(result: result).lines)
      let seconds = Int(start.duration(to: .now) / .seconds(1))
      printNote("\(seconds) s in all; written to \(out): \(files.joined(separator: ", "))")
      printNote("next: open \(out)/report.html")
    }
  }

  /// Trains a model and says how far it came.
  private func train(
    _ table: Table1, _ model: TableModel, seed: UInt64, _ label: String
  ) throws -> String {
    var progress = Progress(label.padded(to: 13), total: scale.iterations, unit: "iterations")
    var last: TrainingStep?
    try Interruption.awaited { interruption in
      let network = try table.train(
        model, seed: seed, writesEvents: tensorboard, shouldStop: { interruption.signal != nil }, note: printNote
      ) { step in
        last = step
        progress.update(step.iteration, loss: step.loss)
      }
      progress.finish()
      if network == nil {
        let directory = table.modelDirectory(model, seed: seed)
        throw Interrupted(
          signal: interruption.signal ?? SIGINT,
          saved: "a checkpoint is written in \(directory), the same command goes on from it")
      }
    }
    return last.map { "trained to a loss of \(short($0.loss))" } ?? "already trained"
  }

  private func testSet() throws(PerceptualError) -> ClipSet {
    let limit = clips ?? scale.testClips
    if let test { return try loadClips(test, limit: limit, cache) }
    // The built-in clips go through files like anybody's, so that the quick run covers the whole audio path.
    let directory = "\(out)/music"
    var files: [String] = []
    var progress = Progress("rendering the test music", total: limit, unit: "clips")
    for index in 0..<limit {
      let path = "\(directory)/\(Synthesis.fileName(index: index))"
      if !FilePath.exists(path) {
        try Synthesis.write(index: index, seed: Synthesis.testSeed, to: path)
      }
      files.append(path)
      progress.update(index + 1)
    }
    progress.finish()
    return try ClipSet.load(files, limit: limit)
  }

  private func training() throws(PerceptualError) -> [Tensor<Float>] {
    if let music { return try loadClips(music, limit: scale.trainingClips, cache).clips.map(\.picture.image) }
    let count = min(scale.trainingClips, 256)
    var progress = Progress("rendering the training music", total: count, unit: "clips")
    let pictures = Synthesis.pictures(count: count, seed: Synthesis.trainingSeed) { progress.update($0) }
    progress.finish()
    return pictures
  }
}
