import Foundation
import PerceptualCore
import PerceptualExperiments
import PerceptualFiles
import PerceptualTestSupport
import Testing

/// `export-onnx`, and what `--tensorboard` and `--test` add to trainings.
@Suite struct ExchangeCommandTests {
  private let directory = ScratchDirectory()

  @Test func exportsTheModel() throws {
    let network = try smallNetwork(channels: 3)
    try Checkpoint.write(network, to: directory.file("a.safetensors"), metadata: ["seed": "4"])
    for (words, part, quantisation) in [
      ("", NetworkPart.whole, Quantisation.soft), ("--part encoder --quantisation hard", .encoder, .hard),
      ("--part decoder", .decoder, .soft),
    ] {
      let outcome = try perceptual("export-onnx a.safetensors a.onnx \(words)".words, in: directory, exits: 0)
      #expect(outcome.output == "a.onnx\n", "\(outcome.errors)")
      var metadata = try Checkpoint.readWithMetadata(directory.file("a.safetensors")).metadata
      // Of the other file.
      #expect(metadata.removeValue(forKey: "crc32") != nil)
      #expect(
        try FileBytes.read(directory.file("a.onnx"))
          == (try network.onnx(part: part, quantisation: quantisation, metadata: metadata)))
    }
  }

  /// Command, exit code, what the message must say.
  static let mistakes: [(String, Int32, String)] = [
    ("export-onnx a.safetensors a.bin", 64, "must end in .onnx"),
    ("export-onnx a.safetensors a.onnx --part middle", 64, "--part"),
    ("export-onnx a.safetensors a.onnx --quantisation softly", 64, "--quantisation"),
    ("export-onnx missing.safetensors a.onnx", 66, "missing.safetensors"),
    ("export-onnx text.safetensors a.onnx", 65, "text.safetensors"),
    ("export-onnx a.safetensors nowhere/a.onnx", 73, "nowhere/a.onnx"),
    ("train --data noise --loss mse --out here --test-clips 2", 64, "give --test"),
    ("train --data noise --loss mse --out here --test music --test-clips 0", 64, "at least 1"),
    ("train --data music --loss mse --out here --test music", 64, "test on other recordings"),
    ("train --data copies --loss mse --out here --test music", 64, "are both in --data and in --test"),
    ("train --data noise --loss mse --out here --test missing", 66, "missing"),
    ("train --data noise --loss mse --out here --test nothing", 66, "nothing"),
    ("table1 --weights here --tensorboard", 64, "--tensorboard is for training"),
  ]

  @Test(arguments: mistakes) func wrongInputIsNamed(_ line: String, _ exitCode: Int32, _ phrase: String) throws {
    try Checkpoint.write(Autoencoder(AutoencoderOptions(channels: 2)), to: directory.file("a.safetensors"))
    try directory.write(Array("A letter.".utf8), to: "text.safetensors")
    for name in ["music", "copies", "nothing"] {
      try directory.createDirectory(name)
      if name != "nothing" { try writeMusic(to: directory.file("\(name)/\(name).wav")) }
    }
    let outcome = try perceptual(line.words, in: directory, exits: exitCode)
    #expect(!outcome.wasKilled, "\(outcome.errors)")
    #expect(outcome.errors.hasPrefix("perceptual: ") && outcome.errors.contains(phrase), "\(outcome.errors)")
    #expect(!FileManager.default.fileExists(atPath: directory.file("a.onnx")))
    #expect(!FileManager.default.fileExists(atPath: directory.file("here")))
  }

  /// Events hold the numbers of the log, each step once, also where a kill came after the checkpoint; scores are those
  /// of `evaluate`; weights are the same with and without.
  @Test func trainingsShowTheirLog() throws {
    try directory.createDirectory("music")
    try writeMusic(to: directory.file("music/a.wav"))
    let train = "train --data noise --loss mse --batch 2 --size 32 --channels 3 --iterations 4 --checkpoint-every 2 "
    try perceptual((train + "--out run --tensorboard --test music --test-clips 1").words, in: directory, exits: 0)
    // As after a kill behind the checkpoint of iteration 2.
    try directory.removeCheckpoint(4, of: "run")
    try perceptual(
      "train --out run --resume --iterations 4 --checkpoint-every 2 --tensorboard --test music".words, in: directory,
      exits: 0)
    try perceptual((train + "--out plain").words, in: directory, exits: 0)
    let last = "checkpoint-000004.safetensors"
    #expect(
      try FileBytes.read(directory.file("run/\(last)")) == (try FileBytes.read(directory.file("plain/\(last)"))))
    #expect(try contents(of: directory.file("plain")).allSatisfy { !$0.contains("tfevents") })

    let events = try StoredEvent.read(directory: directory.file("run")).filter { !$0.scalars.isEmpty }
    let log = try FileBytes.read(directory.file("run/log.jsonl")).split(separator: 0x0A)
      .map { try JSONValue(parsing: $0) }
    #expect(events.map(\.step) == [1, 2, 3, 4] && log.count == 4)
    for (event, line) in zip(events, log) {
      var expected: [String: Float] = [:]
      for key in ["loss", "gradientNorm", "seconds", "liveLatents", "offCentreLatents"] {
        expected[key] = line[key]?.double.map { Float($0) }
      }
      for score in Scores.keys {
        expected["test/\(score.name)"] = line["test"]?[score.name]?.double.map { Float($0) }
      }
      #expect(event.scalars == expected)
      #expect(event.scalars.count == [5, 7, 3, 7][event.step - 1])
      let isCheckpoint = event.step % 2 == 0
      #expect(event.images.keys.sorted() == (isCheckpoint ? ["test/spectrogram"] : []))
      #expect(event.sounds.keys.sorted() == (isCheckpoint ? ["test/sound"] : []))
    }
    let sound = try #require(events.last?.sounds["test/sound"])
    try directory.write(sound, to: "sound.wav")
    let frames = PaperAudio.windowLength + (PaperAudio.mels - 1) * PaperAudio.hop
    #expect(try AudioFile.read(directory.file("sound.wav")).frames == frames)
    let picture = try #require(events.last?.images["test/spectrogram"])
    try directory.write(picture, to: "picture.png")
    #expect(try PNG.read(directory.file("picture.png")).width > 2 * PaperAudio.mels)

    let evaluated = try perceptual("evaluate run/\(last) --test music --clips 1 --json".words, in: directory).json()
    for score in Scores.keys {
      #expect(log[3]["test"]?[score.name]?.double == evaluated[score.name]?.double)
    }
  }

  @Test func earlierExperimentsShowTheirLogs() throws {
    try directory.createDirectory("music")
    try writeMusic(to: directory.file("music/a.wav"))
    try perceptual(
      ("raw-autoencoder train --data music --loss mse --out raw --iterations 2 --batch 2 --channels 2 --latent 2 "
        + "--tensorboard").words, in: directory, exits: 0)
    let events = try StoredEvent.read(directory: directory.file("raw")).filter { !$0.scalars.isEmpty }
    #expect(events.map(\.step) == [1, 2])
    #expect(events[1].scalars["validationLoss"] != nil && events[1].scalars["gradientNorm"] != nil)

    let fit = "fit-generator music/a.wav --loss mse --out fit --iterations 3 --checkpoint-every 1 --tensorboard".words
    for _ in 0..<2 {
      try perceptual(fit, in: directory, exits: 0)
    }
    // The second run's stand in place of the first's.
    let fitted = try StoredEvent.read(directory: directory.file("fit/tensorboard/a-mse"))
      .filter { !$0.scalars.isEmpty }
    #expect(fitted.map(\.step) == [0, 1, 2])
    let line = try JSONValue(
      parsing: try #require(try FileBytes.read(directory.file("fit/a-mse.jsonl")).split(separator: 0x0A).first))
    #expect(fitted[0].scalars["loss"] == line["loss"]?.double.map { Float($0) })
    #expect(fitted.map { $0.sounds.keys.sorted() } == [[], ["sound"], ["sound"]])
  }

  /// A clip's length of a tone with noise.
  private func writeMusic(to path: String) throws {
    let clip = AudioClip(samples: WrongInputTests.tone(samples: 70_000), sampleRate: PaperAudio.sampleRate)
    try AudioFile.write(clip, to: path)
  }
}
