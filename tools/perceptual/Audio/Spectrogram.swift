import ArgumentParser
import Fast
import Foundation
import PerceptualCore
import PerceptualExperiments
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
      Mono, 16 kHz, mel-spectrogram of magnitudes (window 1024, hop 260, 256 bins), logarithm, scaled to [0, 1] over \
      the recording's own range, which is printed: `resynthesize` needs it to restore the loudness. The array is \
      [mels, frames], low frequencies first; a picture has one grey pixel for each value, low frequencies at the \
      bottom, which a mark in the file tells the other commands. With --axes it is coloured and has axes in seconds \
      and hertz and a colour bar. With --compare the other recordings stand beside it, with axes, all over the first \
      one's range, and below each its difference from the first. --from and --seconds take a part, of all of them.
      """)

  @Argument(help: ArgumentHelp("A recording.", valueName: "in"))
  var input: String
  @Argument(help: ArgumentHelp("An .npy or .png file to write.", valueName: "out"))
  var outputFile: String
  @Option(parsing: .upToNextOption, help: ArgumentHelp("Recordings to set beside it, in a picture.", valueName: "file"))
  var compare: [String] = []
  @Flag(help: "Draw the picture in colours, with axes and a colour bar.")
  var axes = false
  @OptionGroup var window: WindowOptions
  @OptionGroup var frontEnd: FrontEndOptions
  @OptionGroup var output: OutputOptions
  @OptionGroup var execution: ExecutionOptions

  func validate() throws {
    try checkEnding(of: outputFile, isOneOf: "npy", "png")
    try check(
      !axes && compare.isEmpty || FileKind(nameOf: outputFile) == .picture,
      "\(outputFile): with --axes or --compare the name of what is written must end in .png.")
  }

  func run() throws {
    try execution.run {
      let picture = try frontEndImage(ofAudio: input, frontEnd.frontEnd, window: window)
      if FileKind(nameOf: outputFile) == .array {
        try Npy.write(picture.image, to: outputFile)
      } else if axes || !compare.isEmpty {
        try PNG.write(try figure(picture).render(), to: outputFile)
      } else {
        try PNG.write(grey: picture.image, to: outputFile, lowestFirst: true)
      }
      try output.print(
        [
          "file": .string(input), "written": .string(outputFile),
          "shape": .array(picture.image.shape.map { .integer($0) }), "low": .number(Double(picture.low[0])),
          "high": .number(Double(picture.high[0])),
        ], orLines: [description(of: picture, writtenTo: outputFile)])
    }
  }
}

/// What a picture was written to, its shape, and the logarithms that 0 and 1 stand for.
func description(of picture: LogScalingOutput<Float>, writtenTo path: String) -> String {
  let shape = picture.image.shape.map(String.init).joined(separator: " x ")
  return "\(path): \(shape), logarithms from \(Double(picture.low[0])) to \(Double(picture.high[0]))"
}

extension SpectrogramCommand {
  /// The recording, beside it those to compare, and below each of them what it has more or less than the first.
  private func figure(_ picture: LogScalingOutput<Float>) throws -> SpectrogramFigure {
    let name = FilePath.name(of:)
    let first = SpectrogramPanel(title: name(input), image: picture.image)
    if compare.isEmpty { return SpectrogramFigure(title: "Mel-spectrogram", panels: [first], columns: 1) }
    var frontEnd = frontEnd.frontEnd
    frontEnd.range = .fixed(low: Double(picture.low[0]), high: Double(picture.high[0]))
    var upper: [SpectrogramPanel?] = [first]
    var lower: [SpectrogramPanel?] = [nil]
    for path in compare {
      let other = try frontEndImage(ofAudio: path, frontEnd, window: window).image
      upper.append(SpectrogramPanel(title: name(path), image: other))
      // Over the time that both have.
      let frames = min(other.shape[1], picture.image.shape[1])
      let (a, b) = (other.columns(frames), picture.image.columns(frames))
      let squares = zip(a.elements, b.elements).reduce(0.0) { $0 + pow(Double($1.0 - $1.1), 2) }
      lower.append(
        SpectrogramPanel.difference(
          title: "\(name(path)) - \(name(input))", note: "mean square \(short(squares / Double(a.count)))", a, minus: b)
      )
    }
    var figure = SpectrogramFigure(
      title: "Mel-spectrograms and their differences", panels: upper + lower, columns: upper.count)
    // All but one in two hundred differences are within the colours.
    let sizes = lower.compactMap { $0 }.flatMap { $0.image.elements.map(abs) }.sorted()
    let most = sizes.isEmpty ? 0 : sizes[sizes.count - 1 - sizes.count / 200]
    figure.differenceLimit = [0.01, 0.02, 0.05, 0.1, 0.2].first { $0 >= most } ?? 0.5
    return figure
  }
}
