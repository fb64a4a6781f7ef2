import ArgumentParser
import PerceptualCore
import PerceptualExperiments
import PerceptualFiles

extension RawAudioLoss: ExpressibleByArgument {}
extension RawAudioDecoding: ExpressibleByArgument {}

struct RawAutoencoderCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "raw-autoencoder", abstract: "Experiment 003: an autoencoder of raw samples.",
    subcommands: [
      RawAutoencoderTrainCommand.self, RawAutoencoderReconstructCommand.self, RawAutoencoderReportCommand.self,
    ])
}

struct RawAutoencoderTrainCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "train", abstract: "Train on the recordings of a directory.",
    discussion: """
      Windows of 2048 samples at 11 025 Hz; the last quarter of every recording is held out. Writes log.jsonl (one \
      line an iteration, with measures on windows held out at every checkpoint), checkpoint-NNNNNN.safetensors and \
      optimizer-NNNNNN.safetensors beside it, from which --resume goes on bit for bit.
      """)

  @Option(help: ArgumentHelp("A directory of recordings.", valueName: "dir"))
  var data: String
  @Option(help: "What the training reduces.")
  var loss: RawAudioLoss
  @Option(help: ArgumentHelp("Where log and checkpoints go.", valueName: "dir"))
  var out: String
  @Option(help: "Steps of Adam.")
  var iterations = 1000
  @Option(help: "Windows a step.")
  var batch = 32
  @Option(help: "Channels of the first layer; the next have twice as many. Even.")
  var channels = 256
  @Option(help: "Numbers in the latent.")
  var latent = 128
  @Option(help: "Learning rate of Adam.")
  var learningRate = 5e-5
  @Option(help: "Windows to train on, at most.")
  var windows = 100_000
  @Option(help: "Iterations between checkpoints; the last one is always written.")
  var checkpointEvery = 100
  @Flag(help: "Also write TensorBoard's event files to --out.")
  var tensorboard = false
  @Flag(help: "Go on from the newest checkpoint in --out.")
  var resume = false
  @OptionGroup var seed: SeedOptions
  @OptionGroup var execution: ExecutionOptions

  func validate() throws {
    try check(checkpointEvery >= 1, "--checkpoint-every \(checkpointEvery): at least 1 is needed.")
    try check(windows >= 1, "--windows \(windows): at least 1 is needed.")
  }

  func run() throws {
    try execution.run {
      let networkOptions = RawAutoencoderOptions(channels: channels, latent: latent, levels: loss.levels)
      let options = RawAudioTrainingOptions(
        loss: loss, iterations: iterations, batch: batch, learningRate: learningRate, seed: seed.seed)
      try networkOptions.validate()
      try options.validate()
      try refuseCheckpoints(in: out, resume: resume)
      let listing = try AudioFile.listing(of: data)
      let data = try RawAudioData(files: listing.files, limit: windows)
      for sentence in listing.skipped + data.skipped { printNote("skipped \(sentence)") }
      printNote(data.title)
      let trainer = try RawAudioTrainer(
        RawAutoencoder(networkOptions, seed: seed.seed), options: options, data: data)
      let run = TrainingRun(
        trainer, directory: out, checkpointEvery: checkpointEvery, writesEvents: tensorboard, note: printNote)
      let first = resume ? try run.resume() : 0
      try drive(run, from: first)
      try printResult(Checkpoint.path(iteration: trainer.iteration, in: out))
    }
  }
}

struct RawAutoencoderReconstructCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "reconstruct", abstract: "Audio through the autoencoder, in windows that overlap by half.")

  @Argument(help: ArgumentHelp("A checkpoint of `raw-autoencoder train`.", valueName: "checkpoint"))
  var checkpoint: String
  @Argument(help: ArgumentHelp("A recording.", valueName: "in"))
  var input: String
  @Argument(help: ArgumentHelp("The reconstruction, .wav or .flac: mono, 11 025 Hz.", valueName: "out"))
  var output: String
  @Option(help: "For a categorical network: the mean of the classes' samples, or the most likely one.")
  var decoding: RawAudioDecoding?
  @OptionGroup var execution: ExecutionOptions

  func run() throws {
    try execution.run {
      let (network, loss) = try RawAudioCheckpoint.read(checkpoint)
      if decoding != nil && loss != .categorical {
        throw PerceptualError.usage(
          "--decoding is about classes: \(checkpoint) was trained with \(loss.rawValue); leave it out")
      }
      let result = try network.reconstruct(try AudioFile.read(input), file: input, decoding: decoding ?? .mean)
      try AudioFile.write(result.output, to: output)
      try printResult(output)
    }
  }
}

struct RawAutoencoderReportCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "report", abstract: "A page of trainings side by side: sounds, pictures, measures, curves.")

  @Argument(help: ArgumentHelp("Directories of `raw-autoencoder train`.", valueName: "run"))
  var runs: [String]
  @Option(help: ArgumentHelp("The recording that goes through the networks; its middle 4 s.", valueName: "in"))
  var audio: String
  @Option(help: ArgumentHelp("Where report.html goes.", valueName: "dir"))
  var out: String
  @OptionGroup var execution: ExecutionOptions

  func run() throws {
    try execution.run {
      try printResult(try RawAudioReport.write(runs: runs, recording: audio, to: out))
    }
  }
}
