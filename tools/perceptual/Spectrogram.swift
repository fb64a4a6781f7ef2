import ArgumentParser
import Fast
import PerceptualCore
import PerceptualFiles

/// Choices of the audio front end that the paper leaves open.
struct FrontEndOptions: ParsableArguments {
  @Option(help: "The logarithm of x + 0.001 (add) or of the greater of x and 0.001 (clamp).")
  var logForm: LogForm = .add
  @Option(help: "The resampling filter: TorchAudio's, or one that aliases less.")
  var resampling: ResamplingDesign = .torchaudio

  var frontEnd: AudioFrontEnd {
    var frontEnd = AudioFrontEnd()
    frontEnd.form = logForm
    frontEnd.design = resampling
    return frontEnd
  }
}

extension LogForm: ExpressibleByArgument {}
extension ResamplingDesign: ExpressibleByArgument {}

struct SpectrogramCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "spectrogram", abstract: "The picture of a recording that the autoencoder sees.",
    discussion: """
      Mono, 16 kHz, mel-spectrogram of magnitudes (window 1024, hop 260, 256 bins), logarithm, scaled to [0, 1] over the \
      recording's own range, which is printed: `resynthesize` needs it to restore the loudness. The array is \
      [mels, frames], low frequencies first; the picture has low frequencies at the bottom.
      """)

  @Argument(help: ArgumentHelp("A recording.", valueName: "in"))
  var input: String
  @Argument(help: ArgumentHelp("An .npy or .png file to write.", valueName: "out"))
  var outputFile: String
  @OptionGroup var frontEnd: FrontEndOptions
  @OptionGroup var output: OutputOptions
  @OptionGroup var execution: ExecutionOptions

  func validate() throws {
    if ![.array, .picture].contains(FileKind(outputFile)) {
      throw ValidationError("\(outputFile): the name of what is written must end in .npy or .png.")
    }
  }

  func run() throws {
    try execution.run {
      let picture = try frontEndImage(ofAudio: input, frontEnd.frontEnd)
      if FileKind(outputFile) == .array {
        try Npy.write(picture.image, to: outputFile)
      } else {
        try PNG.write(grey: picture.image.upsideDown, to: outputFile)
      }
      let (low, high) = (Double(picture.low[0]), Double(picture.high[0]))
      if output.json {
        try printResult([
          "file": .string(input), "written": .string(outputFile),
          "shape": .array(picture.image.shape.map { .integer($0) }), "low": .number(low), "high": .number(high),
        ])
      } else {
        let shape = picture.image.shape.map(String.init).joined(separator: " x ")
        try printResult("\(outputFile): \(shape), logarithms from \(low) to \(high)")
      }
    }
  }
}

extension Tensor {
  /// The rows of [H, W] in the opposite order: low frequencies to the bottom of a picture.
  fileprivate var upsideDown: Tensor {
    let width = shape[1]
    let rows = (0..<shape[0]).reversed().flatMap { elements[$0 * width..<($0 + 1) * width] }
    return Tensor(rows, shape: shape)
  }
}
