import ArgumentParser
import PerceptualCore
import PerceptualExperiments
import PerceptualFiles

struct EncodeCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "encode", abstract: "A recording as the autoencoder's code: 4096 bytes for 4.208 s at 128 channels.",
    discussion: """
      The recording is cut into clips of 256 frames (4.16 s apart); each clip's latent is quantised to the nearest \
      centres and written bit by bit, after a header of 48 bytes and 8 for each clip. `decode` needs the same weights.
      """)

  @Argument(help: ArgumentHelp("A checkpoint of `train` or `table1`.", valueName: "checkpoint"))
  var checkpoint: String
  @Argument(help: ArgumentHelp("A recording.", valueName: "in"))
  var input: String
  @Argument(help: ArgumentHelp("The code file, .code.", valueName: "out"))
  var outputFile: String
  @Flag(help: "Code the bits by their statistics where that is shorter.")
  var entropyCoded = false
  @OptionGroup var window: WindowOptions
  @OptionGroup var output: OutputOptions
  @OptionGroup var execution: ExecutionOptions

  func validate() throws {
    try check(outputFile.hasSuffix(".code"), "\(outputFile): the name of what is written must end in .code.")
  }

  func run() throws {
    try execution.run {
      let network = try Checkpoint.read(checkpoint)
      let audio = try window.read(input)
      let file = try network.encode(audio, source: input)
      let bytes = file.bytes(entropyCoded: entropyCoded)
      try FileBytes.write(bytes, to: outputFile)
      let code = bytes.count - file.headerBytes
      let estimate = CodeEntropy.estimate([file])
      let seconds = Double(file.samples) / Double(PaperAudio.sampleRate)
      let rate = 8 * Double(bytes.count) / seconds
      try output.print(
        [
          "file": .string(input), "written": .string(outputFile), "samples": .integer(file.samples),
          "clips": .integer(file.clips.count), "headerBytes": .integer(file.headerBytes), "codeBytes": .integer(code),
          "plainBytes": .integer(file.plainBytes), "entropyCoded": .bool(code < file.plainBytes),
          "bitsPerSecond": .number(rate),
          "bitsPerLatent": [
            "bound": .number(estimate.bound), "together": .number(estimate.together),
            "byChannel": .number(estimate.byChannel), "coded": .number(estimate.coded),
          ],
        ],
        orLines: [
          "\(outputFile): \(file.headerBytes) bytes of header and \(code) of code for \(short(seconds)) s in "
            + "\(file.clips.count) clips, \(short(rate)) bit/s; entropy \(short(estimate.byChannel)) bits a latent "
            + "channel by channel, \(short(estimate.bound)) at most"
        ])
    }
  }
}

struct DecodeCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "decode", abstract: "Sound from a code file, by the decoder and Griffin-Lim.")

  @Argument(help: ArgumentHelp("The checkpoint that `encode` used.", valueName: "checkpoint"))
  var checkpoint: String
  @Argument(help: ArgumentHelp("A code file.", valueName: "in"))
  var input: String
  @Argument(help: ArgumentHelp("The sound, .wav or .flac: mono, 16 kHz, 16 bit.", valueName: "out"))
  var outputFile: String
  @OptionGroup var seed: SeedOptions
  @OptionGroup var output: OutputOptions
  @OptionGroup var execution: ExecutionOptions

  func validate() throws {
    try checkEnding(of: outputFile, isOneOf: "wav", "flac")
  }

  func run() throws {
    try execution.run {
      let network = try Checkpoint.read(checkpoint)
      let file = try CodeFile(bytes: try FileBytes.read(input), source: input)
      let audio = try network.decode(file, seed: seed.seed, source: input)
      try AudioFile.write(audio, to: outputFile)
      try output.print(
        [
          "file": .string(input), "written": .string(outputFile), "sampleRate": .integer(audio.sampleRate),
          "samples": .integer(audio.frames), "clips": .integer(file.clips.count),
        ], orLines: ["\(outputFile): \(short(audio.seconds)) s at \(audio.sampleRate) Hz"])
    }
  }
}
