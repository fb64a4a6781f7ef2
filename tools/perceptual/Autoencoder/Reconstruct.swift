import ArgumentParser
import Fast
import PerceptualCore
import PerceptualExperiments
import PerceptualFiles

struct ReconstructCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "reconstruct", abstract: "Audio through the autoencoder and Griffin-Lim.")

  @Argument(help: ArgumentHelp("A checkpoint of `train` or `table1`.", valueName: "checkpoint"))
  var checkpoint: String
  @Argument(help: ArgumentHelp("A recording.", valueName: "in"))
  var input: String
  @Argument(help: ArgumentHelp("The reconstruction, .wav or .flac: mono, 16 kHz.", valueName: "out"))
  var output: String
  @Option(help: ArgumentHelp("A picture of both spectrograms.", valueName: "png"))
  var figure: String?
  @Option(help: "What batch norm normalises by.")
  var batchStatistics: BatchStatistics = .running
  @Option(help: "Whether the latent is Eq. 1's mean or the nearest centre.")
  var quantisation: Quantisation = .soft
  @OptionGroup var seed: SeedOptions
  @OptionGroup var execution: ExecutionOptions

  func run() throws {
    try execution.run {
      let network = try Checkpoint.read(checkpoint)
      let audio = try AudioFile.read(input)
      let result = network.reconstruct(
        audio, statistics: batchStatistics, quantisation: quantisation, seed: seed.seed)
      try AudioFile.write(result.audio, to: output)
      if let figure {
        try PNG.write(reconstructionFigure(result, title: input), to: figure)
      }
      try printResult(output)
    }
  }
}
