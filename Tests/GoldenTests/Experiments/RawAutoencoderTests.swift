import Fast
import Foundation
import PerceptualCore
import PerceptualFiles
import PerceptualTestSupport
import Testing

@testable import PerceptualExperiments

@Suite struct RawAutoencoderTests {
  private let scratch = ScratchDirectory()

  /// Recordings in a directory "music" to train on.
  private func writeMusic() throws {
    try scratch.createDirectory("music")
    try AudioFile.write(ClipFitTests.sound(1.5, rate: 96_000, channels: 2), to: scratch.file("music/a.wav"))
    try AudioFile.write(ClipFitTests.sound(1.2, rate: 11_025), to: scratch.file("music/b.wav"))
  }

  private static let small = "--channels 4 --latent 8 --batch 3 --windows 50"

  @Test func sizesAreThoseOfTheExperiment() {
    let network = RawAutoencoder(RawAutoencoderOptions(channels: 2, latent: 3))
    #expect(network.encoder.map(\.width) == [2048, 256, 64, 16, 4] && network.encoder[4].outputWidth == 1)
    #expect(network.decoder.map(\.width) == [1, 4, 16, 64, 256] && network.decoder[4].outputWidth == 2048)
    let names = network.tensors.map(\.name)
    #expect(names.count == 21 && names[0] == "encoder.0.conv.weight" && names[20] == "decoder.4.gate.weight")
    // The report's own: 23.7 million weights.
    let full = RawAutoencoderOptions()
    #expect(full.channels == 256 && full.latent == 128)
    let answer = network.reconstruct(Tensor(repeating: 0.5, shape: [2, 2048]))
    #expect(answer.shape == [2, 2048] && answer.elements.allSatisfy(\.isFinite))
  }

  @Test(arguments: RawAudioLoss.allCases)
  func trainsResumesAndReconstructs(_ loss: RawAudioLoss) throws {
    try writeMusic()
    let train = "raw-autoencoder train --data music --loss \(loss.rawValue) \(Self.small)"
    func run(_ line: String, exits exitCode: Int32 = 0, saying phrase: String? = nil) throws {
      try perceptual(line.words, in: scratch, exits: exitCode, saying: phrase)
    }
    try run("\(train) --out once --iterations 4 --checkpoint-every 2 --threads 1")
    try run("\(train) --out twice --iterations 2 --checkpoint-every 2")
    try run("\(train) --out twice --iterations 4", exits: 64, saying: "--resume")
    try run("\(train) --out twice --iterations 4 --checkpoint-every 2 --resume")
    let checkpoint = "checkpoint-000004.safetensors"
    #expect(
      try FileBytes.read(scratch.file("once/\(checkpoint)")) == FileBytes.read(scratch.file("twice/\(checkpoint)")))
    let lines = try String(contentsOfFile: scratch.file("twice/log.jsonl"), encoding: .utf8).split(separator: "\n")
    #expect(lines.count == 4)
    let last = try JSONValue(parsing: lines[3].utf8)
    #expect(last["iteration"]?.integer == 4 && last["validationLoss"]?.double?.isFinite == true)
    #expect(last["barkDistance"]?.double?.isFinite == true)

    let reconstruct = "raw-autoencoder reconstruct once/\(checkpoint)"
    try run("\(reconstruct) music/a.wav out.wav \(loss == .categorical ? "--decoding mode" : "")")
    let audio = try AudioFile.read(scratch.file("out.wav"))
    #expect(audio.sampleRate == 11_025 && abs(audio.frames - 16_538) <= 1)
    try run("raw-autoencoder report once twice --audio music/a.wav --out page")
    let page = try String(contentsOfFile: scratch.file("page/report.html"), encoding: .utf8)
    // The original and both checkpoints of both runs, each with its spectrogram; the curves of both.
    #expect(page.components(separatedBy: "<audio ").count == 6 && page.components(separatedBy: "<img ").count == 6)
    #expect(page.components(separatedBy: "<path class=\"series-").count == 5)
    if loss == .mse {
      try run("raw-autoencoder report music --audio music/a.wav --out p", exits: 66, saying: "checkpoints of")
      try run("\(reconstruct) music/a.wav out.wav --decoding mean", exits: 64, saying: "--decoding is about classes")
      try ClipFitTests.writeBrokenRecording(to: scratch.file("broken.wav"))
      let untouched = try FileBytes.read(scratch.file("out.wav"))
      let broken = try perceptual(
        "\(reconstruct) broken.wav out.wav".words, in: scratch, exits: 65, saying: "broken.wav")
      #expect(broken.errors.contains("finite"), "\(broken.errors)")
      #expect(try FileBytes.read(scratch.file("out.wav")) == untouched)
    }
  }

  /// Silence comes back silent, a clip shorter than a window as long as it was.
  @Test func silenceAndShortClips() throws {
    let network = RawAutoencoder(RawAutoencoderOptions(channels: 2, latent: 3), seed: 1)
    let silence = AudioClip(samples: Tensor<Float>(shape: [2, 5000]), sampleRate: 11_025)
    let answer = try network.reconstruct(silence, file: "silence").output
    #expect(answer.samples.shape == [1, 5000] && answer.samples.elements.allSatisfy { $0 == 0 })
    let short = try network.reconstruct(ClipFitTests.sound(0.01, rate: 11_025), file: "short").output
    #expect(short.frames == 110 && short.samples.elements.allSatisfy(\.isFinite))
    #expect(short.samples.elements.contains { $0 != 0 })
  }

  /// Overlapping windows add up to what was there but for half a sample, by which the symmetric window's middle is off.
  @Test func windowsOverlapToOne() {
    let window = RawAutoencoderOptions.window
    let hann = (0..<window).map { 0.5 - 0.5 * cos(2 * Double.pi * Double($0) / Double(window - 1)) }
    #expect(
      (0..<window / 2).allSatisfy {
        abs(hann[$0] + hann[$0 + window / 2] - 1) <= 0.5 * .pi / Double(window - 1)
      })
  }

  @Test func heldOutWindowsDoNotOverlapThoseTrainedOn() throws {
    // Samples that say where they come from.
    let count = 20_000
    let data = try RawAudioData(recordings: [(0..<count).map { Float($0 + 1) }])
    func firsts(_ windows: Tensor<Float>) -> [Float] {
      (0..<windows.shape[0]).map { row in
        // Scaled by the last, largest sample: first / last.
        let ratio = Double(windows[row, 0]) / Double(windows[row, 2047])
        return Float((2047 * ratio / (1 - ratio)).rounded()) - 1
      }
    }
    #expect(data.trainingCount == (15_000 - 2048) / 16 + 1 && data.validationCount == (5_000 - 2048) / 16 + 1)
    #expect(firsts(data.heldOutWindows(9)).allSatisfy { $0 >= 14_950 })
    #expect(firsts(data.batch(0, count: 200, seed: 3)).allSatisfy { $0 <= 15_000 - 2040 })
    #expect(data.batch(5, count: 7, seed: 3) == data.batch(5, count: 7, seed: 3))
    #expect(data.batch(5, count: 7, seed: 3) != data.batch(6, count: 7, seed: 3))
  }

  static let refused: [(String, [String], Int32, String)] = [
    ("silent", [], 66, "found silence"), ("short", [], 66, "a recording of at least 0.74 s was expected"),
    ("broken", [], 66, "finite"), ("odd", [], 66, "too small a common divisor with 11025 Hz"), ("none", [], 66, "none"),
    ("music", ["--channels", "3"], 64, "an even number"),
    ("music", ["--batch", "0"], 64, "batch: 0 given"), ("music", ["--learning-rate", "nan"], 64, "learning rate"),
    ("music", ["--loss", "nlpd"], 64, "nlpd"), ("music", ["--windows", "0"], 64, "--windows 0"),
  ]

  @Test(arguments: refused)
  func refusesWithASentence(_ folder: String, _ more: [String], _ code: Int32, _ sentence: String) throws {
    try writeMusic()
    for name in ["silent", "short", "broken", "odd"] { try scratch.createDirectory(name) }
    try AudioFile.write(ClipFitTests.sound(1, rate: 44_100, gain: 0), to: scratch.file("silent/a.wav"))
    try AudioFile.write(ClipFitTests.sound(0.5, rate: 44_100), to: scratch.file("short/a.wav"))
    try AudioFile.write(ClipFitTests.sound(1, rate: 250_007), to: scratch.file("odd/a.wav"))
    try ClipFitTests.writeBrokenRecording(to: scratch.file("broken/a.wav"))
    let loss = more.contains("--loss") ? "" : "--loss mse"
    let train = "raw-autoencoder train --data \(folder) --out out --iterations 1 \(loss)".words
    try perceptual(train + more, in: scratch, exits: code, saying: sentence)
  }

  @Test func refusesOtherCheckpoints() throws {
    try writeMusic()
    var file = SafetensorsFile(metadata: ["format": "perceptual autoencoder 1"])
    file["0.weight"] = .float32(Tensor(shape: [4, 1, 4, 4]))
    try file.write(to: scratch.file("other.safetensors"))
    try perceptual(
      "raw-autoencoder reconstruct other.safetensors music/a.wav o.wav".words, in: scratch, exits: 65,
      saying: "raw-autoencoder train")
  }

  /// The same bits for any number of threads, and less loss after some steps.
  @Test(arguments: RawAudioLoss.allCases) func learns(_ loss: RawAudioLoss) throws {
    let sound = ClipFitTests.sound(1, rate: 11_025).samples.elements
    var runs: [[Double]] = []
    for threads in [1, 2] {
      try Execution.$current.withValue(Execution(threads: threads)) {
        let network = RawAutoencoder(RawAutoencoderOptions(channels: 8, latent: 4, levels: loss.levels), seed: 2)
        let trainer = try RawAudioTrainer(
          network, options: RawAudioTrainingOptions(loss: loss, batch: 4, learningRate: 1e-3, seed: 5),
          data: try RawAudioData(recordings: [sound]))
        runs.append(try (0..<8).map { _ in try trainer.step().loss })
      }
    }
    #expect(runs[0] == runs[1])
    #expect(runs[0][7] < runs[0][0])
  }

  /// A line with its measures is in the log before the checkpoint of its iteration is written, and a run that goes on
  /// ends with the weights of one that was not stopped.
  @Test func theLogIsAheadOfTheCheckpoint() throws {
    let sound = ClipFitTests.sound(1, rate: 11_025).samples.elements
    func trainer(latent: Int = 3, _ sound: [Float]) throws -> RawAudioTrainer {
      try RawAudioTrainer(
        RawAutoencoder(RawAutoencoderOptions(channels: 4, latent: latent, levels: 1), seed: 2),
        options: RawAudioTrainingOptions(loss: .mse, iterations: 5, batch: 2, learningRate: 1e-3, seed: 5),
        data: try RawAudioData(recordings: [sound]))
    }
    let whole = try trainer(sound)
    for _ in 0..<5 { try whole.step() }
    var stopped = false
    let first = TrainingRun(try trainer(sound), directory: scratch.path, checkpointEvery: 2)
    let outcome = try first.run(shouldStop: { stopped }) { step in
      let lines = try? LearningCurves(contentsOf: scratch.file("log.jsonl")).loss
      #expect(lines?.map(\.x) == (1...step.iteration).map(Double.init))
      #expect(!FileManager.default.fileExists(atPath: Checkpoint.path(iteration: step.iteration, in: scratch.path)))
      stopped = step.iteration == 3
    }
    #expect(outcome == .stopped(iteration: 3))
    let second = TrainingRun(try trainer(sound), directory: scratch.path, checkpointEvery: 2)
    #expect(try second.resume() == 3)
    #expect(try second.run() == .finished)
    #expect(second.trainer.network.tensors.map(\.tensor) == whole.network.tensors.map(\.tensor))
    let log = String(decoding: try FileBytes.read(scratch.file("log.jsonl")), as: UTF8.self)
    let measured = log.split(separator: "\n").map {
      $0.contains("\"validationLoss\":") && $0.contains("barkDistance")
    }
    #expect(measured == [false, true, false, true, true])
    // Of other sound, or another shape.
    let others = [try trainer(sound.map { $0 / 2 }), try trainer(latent: 5, sound)]
    for (other, phrase) in zip(others, ["sound is mean square", "latent is 3"]) {
      expectError(.usage, saying: phrase) { try TrainingRun(other, directory: scratch.path).resume() }
    }
  }

  /// A perceptual loss against mean squared error, by the last line with measures of each run.
  @Test func verdictsOfLogs() throws {
    func log(_ name: String, _ highs: Double, _ spectrum: Double) throws -> (name: String, lines: [JSONValue]) {
      let lines = [
        #"{"iteration":1,"loss":4,"validationLoss":3,"highFrequencyEnergyRatio":1,"logSpectralDistance":0}"#,
        #"{"validationLoss":3,"highFrequencyEnergyRatio":\#(highs),"logSpectralDistance":\#(spectrum)}"#,
        #"{"loss":1}"#,
      ]
      return (name, try lines.map { try JSONValue(parsing: $0.utf8) })
    }
    let plain = try log("mse", 0.4, 16)
    #expect(RawAudioReport.verdicts([plain]) == [])
    let found = RawAudioReport.verdicts([plain, try log("bark", 2, 18)])
    // One pair decides nothing.
    #expect(
      found == [
        ClaimVerdict(
          .undecided, "bark keeps the highs nearer to the original's than mse",
          "in 1 of 1 pair; mean 2 for 0.4, the original 1"),
        ClaimVerdict(
          .undecided, "bark comes nearer to the log spectrum, in dB, than mse", "in 0 of 1 pair; mean 18 for 16"),
      ])
    func verdicts(_ second: (name: String, lines: [JSONValue])) throws -> [OrderingResult.Verdict] {
      RawAudioReport.verdicts([plain, try log("bark", 2, 18), second]).map(\.verdict)
    }
    #expect(try verdicts(log("bark", 1.5, 17)) == [.shown, .contradicted])
    #expect(try verdicts(log("bark", 3, 12)) == [.undecided, .undecided])
  }

  /// Training and held-out losses are relative to the same first loss; a log without checkpoints has no second curve.
  @Test func curvesOfALog() throws {
    let lines = try [
      #"{"iteration":1,"loss":4}"#, #"{"iteration":2,"loss":2,"validationLoss":3}"#, #"{"iteration":3,"loss":1}"#,
    ].map { try JSONValue(parsing: $0.utf8) }
    let curves = RawAudioReport.curves("mse", lines)
    #expect(curves.map(\.name) == ["mse", "mse, held out"])
    #expect(curves[0].points.map(\.y) == [1, 0.5, 0.25])
    #expect(curves[1].points.map(\.x) == [2] && curves[1].points.map(\.y) == [0.75])
    #expect(
      RawAudioReport.curves("mse", [lines[0]])[1].points.isEmpty && RawAudioReport.curves("mse", [])[0].points.isEmpty)
  }
}
