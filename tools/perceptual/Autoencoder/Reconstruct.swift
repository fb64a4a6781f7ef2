import ArgumentParser
import PerceptualCore
import PerceptualExperiments
import PerceptualFiles

struct ReconstructCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "reconstruct", abstract: "Audio through the autoencoder and Griffin-Lim.",
    discussion: """
      The picture that `spectrogram` writes, with silence to fill the last frame, passes through the network, its last \
      column repeated up to a multiple of 16; the sound comes back over the recording's own range of logarithms.
      """)

  @Argument(help: ArgumentHelp("A checkpoint of `train` or `table1`.", valueName: "checkpoint"))
  var checkpoint: String
  @Argument(help: ArgumentHelp("A recording.", valueName: "in"))
  var input: String
  @Argument(
    help: ArgumentHelp(
      "The reconstruction: .wav or .flac, mono, 16 kHz; or .npy, its picture, for `resynthesize`.", valueName: "out"))
  var output: String
  @Option(help: ArgumentHelp("A picture of both spectrograms.", valueName: "png"))
  var figure: String?
  @Option(help: "What batch norm normalises by.")
  var batchStatistics: BatchStatistics = .running
  @Option(help: "Whether the latent is Eq. 1's mean or the nearest centre.")
  var quantisation: Quantisation = .soft
  @Option(help: "In what the products of the strided convolutions but the first are computed.")
  var precision: ProductPrecision = .fp32
  @OptionGroup var window: WindowOptions
  @OptionGroup var seed: SeedOptions
  @OptionGroup var execution: ExecutionOptions

  func validate() throws {
    try checkEnding(of: output, isOneOf: "wav", "flac", "npy")
  }

  func run() throws {
    try execution.run {
      let network = try Checkpoint.read(checkpoint)
      try requireProducts(precision, network)
      let audio = try window.read(input)
      let result = network.reconstruct(
        audio, statistics: batchStatistics, quantisation: quantisation, seed: seed.seed, precision: precision)
      if FileKind(nameOf: output) == .array {
        try Npy.write(result.output.image, to: output)
      } else {
        try AudioFile.write(result.audio, to: output)
      }
      if let figure {
        try PNG.write(reconstructionFigure(result, title: input), to: figure)
      }
      try printResult(FileKind(nameOf: output) == .array ? description(of: result.output, writtenTo: output) : output)
    }
  }
}
