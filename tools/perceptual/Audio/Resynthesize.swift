import ArgumentParser
import Fast
import Foundation
import PerceptualCore
import PerceptualFiles

extension GriffinLimStart: ExpressibleByArgument {}
extension InverseMelMethod: ExpressibleByArgument {}

struct ResynthesizeCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "resynthesize", abstract: "Sound from a spectrogram, by Griffin-Lim.",
    discussion: """
      IN is an .npy array [256, frames] in [0, 1] as `spectrogram` writes it, or a recording, which is then taken to \
      its spectrogram and back. The phases start at random from the seed.
      """)

  /// ln(0.001), silence, to the loud end of recordings at full scale.
  private static let assumedRange = (low: log(PaperAudio.logEpsilon), high: 4.0)

  @Argument(help: ArgumentHelp("An .npy spectrogram or a recording.", valueName: "in"))
  var input: String
  @Argument(help: ArgumentHelp("The audio file to write.", valueName: "out"))
  var outputFile: String
  @Option(help: ArgumentHelp("Iterations of Griffin-Lim, at most.", valueName: "number"))
  var iterations = 32
  @Option(
    help: ArgumentHelp(
      "Stop when an iteration brings the spectral convergence down by less than this share.", valueName: "number"))
  var tolerance: Double?
  @Option(help: "Where the random start lies: unitPhasors (librosa's) or firstQuadrant (TorchAudio's).")
  var start: GriffinLimStart = .unitPhasors
  @Option(help: "Magnitudes by nonNegativeLeastSquares, or by minimumNorm as TorchAudio does.")
  var inverse: InverseMelMethod = .nonNegativeLeastSquares
  @Option(
    parsing: .unconditional,
    help: ArgumentHelp("The natural logarithm that 0 stands for in an .npy.", valueName: "number"))
  var low: Double?
  @Option(
    parsing: .unconditional,
    help: ArgumentHelp("The natural logarithm that 1 stands for in an .npy.", valueName: "number"))
  var high: Double?
  @OptionGroup var window: WindowOptions
  @OptionGroup var frontEnd: FrontEndOptions
  @OptionGroup var seed: SeedOptions
  @OptionGroup var output: OutputOptions
  @OptionGroup var execution: ExecutionOptions

  func validate() throws {
    try checkEnding(of: outputFile, isOneOf: "wav", "flac")
    try check((0...100_000).contains(iterations), "--iterations \(iterations): 0 to 100000 is needed.")
    if let tolerance, !(tolerance >= 0 && tolerance < 1) {
      throw ValidationError("--tolerance \(tolerance): 0 or more, and less than 1, is needed.")
    }
    try check(
      low == nil && high == nil || FileKind(contentsOf: input) == .array,
      "--low and --high belong to an .npy; a recording brings its own range.")
    try check(
      !window.isGiven || FileKind(contentsOf: input) != .array,
      "--from and --seconds take a part of a recording; \(input) is a spectrogram.")
    try check(
      range.low.isFinite && range.high.isFinite && range.low < range.high && range.high < 80,
      "--low \(range.low) --high \(range.high): low must be less than high, and high less than 80.")
  }

  /// The logarithms that 0 and 1 of an .npy stand for.
  private var range: (low: Double, high: Double) { (low ?? Self.assumedRange.low, high ?? Self.assumedRange.high) }

  func run() throws {
    try execution.run {
      var frontEnd = frontEnd.frontEnd
      frontEnd.iterations = iterations
      frontEnd.tolerance = tolerance
      frontEnd.inverse = inverse
      let picture = try picture(frontEnd)
      let start = griffinLimStart(
        start, seed: seed.seed, bins: frontEnd.shortTime.bins, frames: picture.image.shape[1])
      var signal = frontEnd.waveform(
        picture.image, low: picture.low[0], high: picture.high[0], initialAngle: start)
      let peak = signal.elements.reduce(0) { max($0, abs($1)) }
      guard peak.isFinite else {
        throw PerceptualError.malformed("\(input): its sound is beyond the range of numbers; is it scaled to [0, 1]?")
      }
      // A file holds samples up to 1; louder ones would be clipped.
      let gain = peak > 1 ? 0.999 / peak : 1
      if gain < 1 { signal = signal.map { gain * $0 } }
      try AudioFile.write(AudioClip(samples: signal, sampleRate: frontEnd.sampleRate), to: outputFile)
      let seconds = Double(signal.count) / Double(frontEnd.sampleRate)
      let quieter = gain < 1 ? ", made quieter by \(short(-20 * log10(Double(gain)))) dB to fit" : ""
      try output.print(
        [
          "file": .string(input), "written": .string(outputFile), "sampleRate": .integer(frontEnd.sampleRate),
          "samples": .integer(signal.count), "gain": .number(Double(gain)),
        ], orLines: ["\(outputFile): \(short(seconds)) s at \(frontEnd.sampleRate) Hz\(quieter)"])
    }
  }

  private func picture(_ frontEnd: AudioFrontEnd) throws(PerceptualError) -> LogScalingOutput<Float> {
    guard FileKind(contentsOf: input) == .array else {
      return try frontEndImage(ofAudio: input, frontEnd, window: window)
    }
    let image = try Npy.read(input).float
    let least = 3
    guard image.rank == 2, image.shape[0] == frontEnd.bank.mels, image.shape[1] >= least else {
      throw .malformed(
        "\(input): an array of [\(frontEnd.bank.mels), \(least) frames or more] was expected, found \(image.shape); "
          + "write it with perceptual spectrogram")
    }
    if let bad = image.elements.firstIndex(where: { !($0 >= -1 && $0 <= 2) }) {
      throw .malformed(
        "\(input): values in [0, 1] were expected, found \(image[bad]) at \(coordinates(of: bad, in: image.shape)); "
          + "scale it first")
    }
    if low == nil || high == nil {
      printNote(
        "\(input): no range is given, so 0 and 1 are taken for the logarithms \(short(range.low)) and "
          + "\(short(range.high)); perceptual spectrogram prints a recording's own")
    }
    return LogScalingOutput(image: image, low: Tensor([Float(range.low)]), high: Tensor([Float(range.high)]))
  }
}
