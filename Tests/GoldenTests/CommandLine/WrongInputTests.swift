import Foundation
import PerceptualCore
import PerceptualFiles
import PerceptualTestSupport
import Testing

/// What a user gets wrong ends with the exit code of docs/command-line.md and one line that names the file and what to
/// do, never with a crash.
@Suite struct WrongInputTests {
  struct Row: Sendable, CustomTestStringConvertible {
    let testDescription: String
    /// Words of the command line; the names of files below stand for their paths.
    let arguments: [String]
    let exitCode: Int32
    /// The file that the message must name, and a word of its advice.
    let file: String
    let advice: String
    /// It is the first file of the command where no other is named.
    init(_ label: String, _ line: String, _ exitCode: Int32, names file: String? = nil, advice: String) {
      testDescription = label
      arguments = line.words
      self.exitCode = exitCode
      self.file = file ?? arguments.first { $0.contains(".") } ?? line
      self.advice = advice
    }
  }

  static let rows = [
    Row("missing array", "metric mse missing.npy right.npy", 66, advice: "check the path"),
    Row("missing recording", "spectrogram missing.wav out.npy", 66, advice: "check the path"),
    Row("missing checkpoint", "inspect missing.safetensors", 66, advice: "check the path"),
    Row("text named .wav", "spectrogram text.wav out.npy", 65, advice: "convert it"),
    Row("text named .wav, inspected", "inspect text.wav", 65, advice: "convert it"),
    Row("text named .npy", "metric mse text.npy right.npy", 65, advice: "give a .npy file"),
    Row("text named .png", "metric mse text.png right.npy", 65, advice: "convert it"),
    Row("text named .safetensors", "inspect text.safetensors", 65, advice: "damaged"),
    Row("truncated FLAC", "spectrogram cut.flac out.npy", 65, advice: "again"),
    Row("truncated FLAC, inspected", "inspect cut.flac", 65, advice: "again"),
    Row("truncated FLAC, resynthesized", "resynthesize cut.flac out.wav", 65, advice: "again"),
    Row("empty file named .flac", "spectrogram empty.flac out.npy", 65, advice: "again"),
    Row("checkpoint cut in half", "inspect half.safetensors", 65, advice: "again"),
    Row(
      "JPEG compared", "metric ssim photo.jpg right.npy", 65,
      advice: "a picture, an array or a recording was expected"),
    Row("JPEG inspected", "inspect photo.jpg", 65, advice: "found a JPEG picture: convert it to PNG"),
    Row("array cut in half", "metric mse half.npy right.npy", 65, advice: "again"),
    Row("directory without fixtures", "fixtures check nothing", 66, names: "nothing", advice: "name one"),
    Row("array of the wrong shape", "resynthesize right.npy out.wav", 65, advice: "write it with"),
    Row("array of the wrong rank", "metric ssim row.npy row.npy", 65, advice: "reshape"),
    Row(
      "pictures of different sizes", "metric mse right.npy other.npy", 65, names: "other.npy", advice: "equal shapes"),
    Row("picture under the smallest size", "metric ms-ssim right.npy right.npy", 65, advice: "161"),
    Row("numbers that are not finite", "metric mse nan.npy right.npy", 65, advice: "clean"),
    Row("spectrogram out of range", "resynthesize loud.npy out.wav", 65, advice: "scale"),
    Row(
      "directory without audio", "train --data nothing --loss mse --out run", 66, names: "nothing",
      advice: "check the path"),
    Row(
      "no directory of audio", "train --data missing --loss mse --out run", 66, names: "missing",
      advice: "check the path"),
    Row("no checkpoint", "evaluate missing.safetensors --test nothing", 66, advice: "check"),
    Row("checkpoint cut in half, evaluated", "evaluate half.safetensors --test nothing", 65, advice: "again"),
    Row(
      "another file as checkpoint", "reconstruct other.safetensors right.wav out.wav", 65, advice: "give a checkpoint"),
    Row("recording under one frame", "spectrogram short.wav out.npy", 65, advice: "longer"),
    Row("start beyond the end", "spectrogram right.wav out.npy --from 9", 65, advice: "earlier"),
    Row("part beyond the end", "resynthesize right.wav out.wav --seconds 1", 65, advice: "earlier"),
    Row(
      "no directory to write to", "spectrogram right.wav nowhere/out.npy", 73, names: "nowhere/out.npy",
      advice: "director"),
    Row("a file where a directory is needed", "synthesize --count 1 --out text.wav", 73, advice: "name another"),
  ]

  @Test(arguments: rows) func isNamed(_ row: Row) throws {
    let directory = try Self.inputs()
    let outcome = try perceptual(row.arguments, in: directory, exits: row.exitCode, saying: row.advice)
    #expect(!outcome.wasKilled)
    #expect(outcome.output == "")
    #expect(outcome.errorLines.count == 1, "\(outcome.errors)")
    #expect(outcome.errors.hasPrefix("perceptual: "))
    #expect(outcome.errors.contains(row.file), "\(outcome.errors)")
    #expect(!FileManager.default.fileExists(atPath: directory.file("out.npy")))
    #expect(!FileManager.default.fileExists(atPath: directory.file("out.wav")))
  }

  @Test(arguments: [
    "spectrogram right.wav out.txt", "resynthesize right.npy out.txt", "metric mse right.npy right.npy --data-range 2",
    "metric ssim right.npy right.npy --data-range 0", "metric mse right.npy right.npy --preset piq",
    "metric ssim right.npy right.npy --preset pick", "metric nlpd right.npy right.npy --map map.npy",
    "metric bark right.npy right.npy --colour", "metric mse right.npy",
    "resynthesize right.wav out.wav --low -7", "resynthesize right.npy out.wav --low 3 --high 2",
    "resynthesize right.npy out.wav --iterations -1", "synthesize --out here", "synthesize --count 0 --out here",
    "spectrogram right.wav out.npy --seconds 0", "spectrogram right.wav out.npy --from nan",
    "resynthesize right.npy out.wav --from 1",
    "train --data noise --loss mse --out here --size 20",
    "train --data noise --loss nlpd --nlpd-family hepburn --out here --size 32",
    "train --data noise --loss ms-ssim --out here --size 160", "train --data noise --loss mse --out here --kernel 1",
    "train --data noise --loss mse --out here --batch 1 --size 16",
    "train --data noise --loss mse --out here --batch 0",
    "train --data noise --loss mse --out here --channels 0", "train --data noise --loss l1 --out here",
    "train --data noise --loss nlpd --out here --add-loss mse",
    "train --data noise --loss nlpd --out here --add-loss l1=2",
    "train --data noise --loss nlpd --out here --add-loss mse=-1",
    "train --data noise --loss mse --out here --add-loss mse=1",
    "train --data noise --loss nlpd --out here --nlpd-family matlab --nlpd-pooling batch",
    "train --data noise --loss mse --out here --nlpd-family matlab",
    "train --data noise --loss mse --out here --nlpd-pooling image",
    "train --data noise --loss nlpd --out here --add-loss mse=1e50",
    "train --data noise --loss nlpd --out here --add-loss mse=1e-50",
    "train --data noise --loss mse --out here --precision fp16", "table1 --precision bf16",
    "train --data noise --loss mse --out here --precision bf16 --channels 16",
    "train --data no-such-directory --loss mse --out here --precision bf16 --channels 16",
    "table1 --only-evaluate --precision bf16", "table1 --weights here --scale paper --precision bf16",
    "table1 --only-evaluate --nlpd-family matlab", "table1 --weights here --quantisation soft",
    "benchmark no-such-benchmark", "benchmark ssim --seconds -1", "synthesize --count 1 --out here --seed -1",
  ])
  func isUsage(_ line: String) throws {
    let outcome = try perceptual(line.words, in: try Self.inputs(), exits: 64)
    #expect(outcome.output == "")
    #expect(outcome.errors.hasPrefix("perceptual: "))
  }

  /// A full disk behind a redirection is no success.
  @Test(.enabled(if: FileManager.default.fileExists(atPath: "/dev/full"))) func resultsThatCannotBeWritten() throws {
    let process = try command(["fixtures", "list"])
    process.standardOutput = FileHandle(forWritingAtPath: "/dev/full")
    process.standardError = FileHandle.nullDevice
    try process.run()
    process.waitUntilExit()
    #expect(process.terminationStatus == 74)
  }

  /// A directory with every file that the rows name, but for those that are missing.
  static func inputs() throws -> ScratchDirectory {
    let directory = ScratchDirectory()
    let text = Array("This is a letter, and neither sound nor numbers.\n".utf8)
    for name in ["text.wav", "text.npy", "text.png", "text.safetensors"] { try directory.write(text, to: name) }
    try directory.write([], to: "empty.flac")
    try directory.write([0xFF, 0xD8, 0xFF, 0xE0] + text, to: "photo.jpg")
    let picture = Tensor<Float>((0..<48).map { Float($0) / 48 }, shape: [6, 8])
    try directory.write(Npy.bytes(picture), to: "right.npy")
    try directory.write(Array(Npy.bytes(picture).dropLast(96)), to: "half.npy")
    try directory.write(Npy.bytes(Tensor<Float>(shape: [8, 6])), to: "other.npy")
    try directory.write(Npy.bytes(Tensor<Float>(shape: [48])), to: "row.npy")
    var broken = picture
    broken[7] = .nan
    try directory.write(Npy.bytes(broken), to: "nan.npy")
    try directory.write(Npy.bytes(Tensor<Float>(repeating: 90, shape: [256, 4])), to: "loud.npy")
    var checkpoint = SafetensorsFile(metadata: ["step": "1"])
    checkpoint["0.weight"] = .float32(picture)
    let bytes = checkpoint.bytes()
    try directory.write(bytes, to: "other.safetensors")
    try directory.write(Array(bytes.prefix(bytes.count / 2)), to: "half.safetensors")
    let clip = AudioClip(samples: tone(samples: 3000), sampleRate: PaperAudio.sampleRate)
    try AudioFile.write(clip, to: directory.file("right.wav"))
    let flac = try AudioFile.bytes(of: clip, container: .flac).bytes
    try directory.write(Array(flac.prefix(flac.count / 2)), to: "cut.flac")
    let short = AudioClip(samples: tone(samples: 900), sampleRate: PaperAudio.sampleRate)
    try AudioFile.write(short, to: directory.file("short.wav"))
    try directory.createDirectory("nothing")
    return directory
  }

  /// A sawtooth-like tone with noise, so that FLAC cannot shrink it to nothing.
  static func tone(samples: Int) -> Tensor<Float> {
    var generator = SeededGenerator(name: "tone")
    return Tensor(
      (0..<samples).map { place -> Float in
        let tooth = 0.5 * Double(place % 73) / 73 - 0.25
        return Float(tooth + 0.1 * generator.normal() / 4)
      })
  }
}
