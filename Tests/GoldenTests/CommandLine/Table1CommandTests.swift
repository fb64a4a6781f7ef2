import Foundation
import PerceptualCore
import PerceptualFiles
import PerceptualTestSupport
import Testing

@testable import PerceptualExperiments

/// `table1` on weights that are there already, and what it refuses.
@Suite struct Table1CommandTests {
  private let directory = ScratchDirectory()

  private func writeInputs() throws {
    for name in ["weights", "empty"] { try directory.createDirectory(name) }
    for (name, seed) in [("noise-mse", UInt64(4)), ("noise-nlpd", 5), ("music-mse", 6)] {
      try Checkpoint.write(
        try smallNetwork(channels: 4, seed: seed), to: directory.file("weights/\(name).safetensors"),
        metadata: ["seed": "\(seed)", "iteration": "3"], precision: .float16)
    }
    try directory.copyRecordings()
  }

  @Test func testsWeightsAsTheyAre() throws {
    try writeInputs()
    let words = ["table1", "--weights", "weights", "--test", "test", "--out", "out", "--group", "1"]
    let outcome = try perceptual(
      words + ["--json"], in: directory, exits: 0, saying: "U(x), MS-SSIM: no weights in weights, left out")
    let rows = try #require(try outcome.json().array)
    #expect(rows.map { $0["data"]?.string } == ["music", "noise", "noise"])
    for row in rows {
      #expect(row["clips"]?.array?.count == 2 && row["alternatives"]?.array?.count == 3)
      #expect(row["intervals"]?["nlpd"]?.array?.count == 2)
      #expect(row["withoutMeanError"]?["mse"]?.double != nil && row["offCentreLatents"]?.double != nil)
      let clip = try #require(row["clips"]?.array?.first)
      #expect(clip["withoutMeanError"]?["msSSIM"]?.double != nil)
    }
    let record = try Table1Record(contentsOf: directory.file("out/record.json")).document
    #expect(record["models"]?.array?.count == 3)
    #expect(record["test"]?["batchGroups"]?.array?.compactMap(\.integer) == [1, 1])
    #expect(record["baselines"]?.array?.count == 5)
    #expect(record["measures"]?.array?.count == 4)
    // Nine pairs of noise need MS-SSIM but for three; one of music against noise has both models, on three metrics.
    #expect(record["orderings"]?.array?.count == 4 * (3 + 3))
    #expect(record["test"]?["recordings"]?.array?.count == 2)
    for name in ["table1.json", "table1.csv", "figure2.png", "report.html", "audio/00-noise-nlpd.wav"] {
      #expect(FileManager.default.fileExists(atPath: directory.file("out/\(name)")), "\(name)")
    }
    // Rounded weights are not rounded again; the text says the same as the JSON.
    #expect(record["models"]?.array?[0]["halfPrecision"]?.array == [])
    let text = try perceptual(words, in: directory).output
    let phrases = [
      "batch statistics of 1 clips together", "constant answer 0.5", "orderings of the paper, running statistics",
    ]
    for phrase in phrases {
      #expect(text.contains(phrase), "\(phrase): \(text)")
    }
  }

  @Test(arguments: [
    ("table1 --weights empty --test test --out out", Int32(66), "train first"),
    ("table1 --only-evaluate --test test --out out", 66, "train first"),
    ("table1 --weights weights --only-evaluate --test test --out out", 64, "give one"),
    ("table1 --weights weights --music music --test test --out out", 64, "leave it out"),
    ("table1 --seeds 0 --out out", 64, "--seeds 0"), ("table1 --group 0 --out out", 64, "--group 0"),
    ("table1 --music music --test both --out out", 64, "1 recordings are both in --music and in --test"),
    ("table1 --music music --test music --out out", 64, "other recordings"),
  ])
  func refuses(_ line: String, _ exitCode: Int32, _ phrase: String) throws {
    try writeInputs()
    try directory.createDirectory("both")
    for (from, to) in [("music/c.flac", "both/copy.flac"), ("test/a.flac", "both/a.flac")] {
      try FileManager.default.copyItem(atPath: directory.file(from), toPath: directory.file(to))
    }
    try perceptual(line.words, in: directory, exits: exitCode, saying: phrase)
  }

  @Test func evaluateSaysMoreThanMeans() throws {
    try writeInputs()
    try Checkpoint.write(try smallNetwork(channels: 4), to: directory.file("exact.safetensors"))
    let words = ["evaluate", "exact.safetensors", "--test", "test", "--batch-statistics", "batch", "--half-precision"]
    let document = try perceptual(words + ["--json"], in: directory).json()
    #expect(document["batchGroups"]?.array?.compactMap(\.integer) == [2])
    #expect(document["halfPrecision"]?["mse"]?.double != nil)
    #expect(document["halfPrecision"]?["mse"] != document["mse"])
    #expect(document["intervals"]?["msSSIM"]?.array?.count == 2)
    let apart = try perceptual(words + ["--json", "--group", "1"], in: directory).json()
    #expect(apart["batchGroups"]?.array?.compactMap(\.integer) == [1, 1])
    #expect(apart["mse"] != document["mse"])
    let text = try perceptual(words, in: directory).output
    #expect(text.contains("normalised together: 2 clips") && text.contains("weights in half precision"), "\(text)")
  }

  /// `--precision bf16` is what the library makes of it, for networks that can run so.
  @Test func evaluateTakesAPrecision() throws {
    try writeInputs()
    try Checkpoint.write(try smallNetwork(channels: 4), to: directory.file("narrow.safetensors"))
    for line in ["evaluate narrow.safetensors --test test", "reconstruct narrow.safetensors test/a.flac out.wav"] {
      try perceptual(
        (line + " --precision bf16").words, in: directory, exits: 64, saying: "--precision bf16 is there for")
    }
    let network = try smallNetwork(channels: 32)
    try Checkpoint.write(network, to: directory.file("wide.safetensors"))
    let words = "evaluate wide.safetensors --test test --clips 1 --json".words
    let document = try perceptual(words + ["--precision", "bf16"], in: directory).json()
    let clips = try ClipSet.load(try AudioFile.listing(of: directory.file("test")).files, limit: 1).batch
    let expected = Scores.of(network.reconstruct(clips, precision: .bf16), target: clips)[0]
    #expect(document["mse"]?.double == expected.mse && document["precision"]?.string == "bf16")
    let exact = try perceptual(words, in: directory).json()
    #expect(exact["mse"] != document["mse"] && exact["precision"] == nil)
  }

  /// The middles of pictures, those that are too small named; a grey answer scores what the metrics say of it.
  @Test func evaluatesPictures() throws {
    try directory.createDirectory("photos/below")
    let network = try smallNetwork(channels: 4)
    try Checkpoint.write(network, to: directory.file("exact.safetensors"))
    var wide = Tensor<Float>(shape: [300, 258])
    for row in 0..<300 { for column in 0..<258 { wide[row, column] = Float(row + column) / 557 } }
    try PNG.write(grey: wide, to: directory.file("photos/below/wide.png"))
    try PNG.write(grey: Tensor(repeating: 0.5, shape: [256, 255]), to: directory.file("photos/narrow.png"))
    let outcome = try perceptual(["evaluate", "exact.safetensors", "--pictures", "photos", "--json"], in: directory)
    #expect(outcome.errors.contains("photos/narrow.png: 255x256, at least 256x256 is needed"), "\(outcome.errors)")
    let document = try outcome.json()
    let clips = try #require(document["clips"]?.array)
    #expect(clips.map { $0["file"]?.string } == ["photos/below/wide.png"] && clips[0]["start"] == nil)
    let stored = try PNG.readGrey(directory.file("photos/below/wide.png"))
    var middle = Tensor<Float>(shape: [1, 1, 256, 256])
    for row in 0..<256 { for column in 0..<256 { middle[0, 0, row, column] = stored[row + 22, column + 1] } }
    let expected = Scores.of(network.reconstruct(middle), target: middle)[0]
    #expect(document["mse"]?.double == expected.mse && document["nlpd"]?.double == expected.nlpd)
    let text = try perceptual(["evaluate", "exact.safetensors", "--pictures", "photos"], in: directory).output
    #expect(text.contains("mean of 1 pictures"), "\(text)")
  }

  /// Finite weights whose answer is none: a sentence, not a row of nan.
  @Test func scoresThatAreNoNumbers() throws {
    let network = try smallNetwork(channels: 4)
    try Checkpoint.write(network, to: directory.file("exact.safetensors"))
    var file = try SafetensorsFile(contentsOf: directory.file("exact.safetensors"))
    for name in file.names where name.hasSuffix(".weight") {
      file[name] = .float32(try file.float(name).map { $0 * 1e36 })
    }
    try file.sealed().write(to: directory.file("huge.safetensors"))
    try PNG.write(grey: Tensor(repeating: 0.5, shape: [256, 256]), to: directory.file("a.png"))
    let outcome = try perceptual("evaluate huge.safetensors --pictures .".words, in: directory, exits: 3)
    #expect(outcome.output.isEmpty, "\(outcome.output) \(outcome.errors)")
    #expect(
      outcome.errors.contains(
        "huge.safetensors: scores that are numbers were expected, found others for 1 of 1, ./a.png"),
      "\(outcome.errors)")
  }

  /// The grey of colours is BT.601's, or that of --grey; what is transparent is said.
  @Test func greyOfPictures() throws {
    try Checkpoint.write(try smallNetwork(channels: 4), to: directory.file("exact.safetensors"))
    let side = 256
    let red = (0..<side * side).flatMap { pixel -> [UInt8] in [UInt8(pixel & 255), 0, 0, 255] }
    var clear = red
    clear[3] = 0
    for (name, samples) in [("red", red), ("clear", clear)] {
      try directory.createDirectory(name)
      let picture = PNGSample(width: side, height: side, bits: 8, colour: .rgba, samples)
      try directory.write(picture.bytes, to: "\(name)/a.png")
    }
    func evaluate(_ words: String) throws -> CommandOutcome {
      try perceptual("evaluate exact.safetensors --json --pictures \(words)".words, in: directory)
    }
    let usual = try evaluate("red")
    #expect(usual.errors == "")
    #expect(try evaluate("red --grey bt601").output == usual.output)
    #expect(try evaluate("red --grey bt709").json()["mse"] != usual.json()["mse"])
    #expect(try evaluate("clear").errors.contains("clear/a.png: has transparent pixels, laid on white"))
  }

  @Test(arguments: [
    ("evaluate exact.safetensors", Int32(64), "Either --test or --pictures"),
    ("evaluate exact.safetensors --test test --pictures photos", 64, "Either --test or --pictures"),
    ("evaluate exact.safetensors --pictures test", 66, "pictures (.png) were expected, found none"),
    ("evaluate exact.safetensors --pictures photos --cache cache", 64, "--cache is for recordings"),
    ("evaluate exact.safetensors --test test --grey bt709", 64, "--grey is for --pictures"),
    ("evaluate exact.safetensors --pictures photos", 66, "no usable picture among 1 files"),
  ])
  func refusesPictures(_ line: String, _ exitCode: Int32, _ phrase: String) throws {
    try writeInputs()
    try Checkpoint.write(try smallNetwork(channels: 4), to: directory.file("exact.safetensors"))
    try directory.createDirectory("photos")
    try PNG.write(grey: Tensor(repeating: 0.5, shape: [16, 16]), to: directory.file("photos/small.png"))
    try perceptual(line.words, in: directory, exits: exitCode, saying: phrase)
  }
}
