import Fast
import Foundation
import PerceptualCore
import PerceptualFiles
import PerceptualTestSupport
import Testing

@testable import PerceptualExperiments

@Suite struct ClipFitTests {
  /// Two tones and noise, both channels different.
  static func sound(_ seconds: Double, rate: Int, channels: Int = 1, gain: Double = 0.4) -> AudioClip {
    let count = Int(seconds * Double(rate))
    let hiss = noise(count * channels, seed: "clip fit")
    var samples = Tensor<Float>(shape: [channels, count])
    for channel in 0..<channels {
      let low = tone(300 + 90 * Double(channel), rate: Double(rate), count: count)
      for i in 0..<count { samples[channel, i] = Float(gain * (low[i] + 0.1 * hiss[channel * count + i])) }
    }
    return AudioClip(samples: samples, sampleRate: rate)
  }

  /// A recording with a NaN in the middle of its samples.
  static func writeBrokenRecording(to path: String) throws {
    try AudioFile.write(sound(1, rate: 44_100), to: path, encoding: .float32)
    var bytes = try FileBytes.read(path)
    let middle = bytes.count / 8 * 4
    bytes.replaceSubrange(middle - 4..<middle, with: littleEndianBytes([Float.nan]))
    try FileBytes.write(bytes, to: path)
  }

  @Test func stereoAt96Kilohertz() throws {
    let scratch = ScratchDirectory()
    try AudioFile.write(Self.sound(1.1, rate: 96_000, channels: 2), to: scratch.file("loud.wav"))
    let outcome = try perceptual(
      "fit-generator loud.wav --out out --iterations 4 --checkpoint-every 2 --json".words, in: scratch, exits: 0)
    let runs = try #require(try outcome.json().array)
    #expect(runs.compactMap { $0["loss"]?.string } == ["mse", "bark"])
    for run in runs {
      let checkpoints = try #require(run["checkpoints"]?.array)
      #expect(checkpoints.compactMap { $0["iteration"]?.integer } == [2, 3])
      #expect(checkpoints.allSatisfy { $0["logSpectralDistance"]?.double?.isFinite == true })
    }
    let expected = [
      "fit-generator.json", "loud-bark-000002.wav", "loud-bark-000003.wav", "loud-bark.jsonl", "loud-mse-000002.wav",
      "loud-mse-000003.wav", "loud-mse.jsonl", "loud-original.wav", "report.html",
    ]
    #expect(names(in: scratch.file("out")) == expected)
    let page = try String(contentsOfFile: scratch.file("out/report.html"), encoding: .utf8)
    // The original and two checkpoints under two losses, each with its spectrogram; two charts of two curves.
    #expect(page.components(separatedBy: "<audio ").count == 6 && page.components(separatedBy: "<img ").count == 6)
    #expect(page.components(separatedBy: "<path class=\"series-").count == 5)
    #expect(
      page.contains("bark comes nearer to the log spectrum, in dB, than mse:</b> in ") && page.contains(" of 1 clip; "))
    let original = try AudioFile.read(scratch.file("out/loud-original.wav"))
    #expect(original.frames == ClipGenerator.samples && original.sampleRate == ClipGenerator.sampleRate)
    // A step of sixteen bits.
    #expect(abs((original.samples.elements.map(abs).max() ?? 0) - 1) <= 0x1p-15)
  }

  static let refused: [(String, [String], Int32, String)] = [
    ("short.wav", [], 65, "a recording of at least 0.7430 s was expected, found 0.5000 s"),
    ("silent.wav", [], 65, "found silence"),
    ("broken.wav", [], 65, "finite"),
    ("odd.wav", [], 65, "too small a common divisor with 11025 Hz"),
    ("sound.wav", ["--start", "0.5"], 65, "a start of 0 to 0.2570 s was expected"),
    ("none.wav", [], 66, "none.wav"),
    ("sound.wav", ["--iterations", "0"], 64, "--iterations 0"),
    ("sound.wav", ["--loss", "nlpd"], 64, "nlpd"),
  ]

  @Test(arguments: refused)
  func refusesWithASentence(_ file: String, _ more: [String], _ code: Int32, _ sentence: String) throws {
    let scratch = ScratchDirectory()
    try AudioFile.write(Self.sound(0.5, rate: 44_100), to: scratch.file("short.wav"))
    try AudioFile.write(Self.sound(1, rate: 44_100, gain: 0), to: scratch.file("silent.wav"))
    try AudioFile.write(Self.sound(1, rate: 44_100), to: scratch.file("sound.wav"))
    try Self.writeBrokenRecording(to: scratch.file("broken.wav"))
    try AudioFile.write(Self.sound(1, rate: 250_007), to: scratch.file("odd.wav"))
    try perceptual(["fit-generator", file, "--out", "out"] + more, in: scratch, exits: code, saying: sentence)
  }

  @Test func aStartNeedsARecording() throws {
    try perceptual("fit-generator", "--start", "1", "--out", "nowhere", exits: 64)
  }

  /// A hum of 20 Hz and another level are not heard as a difference; a tone of 200 Hz is.
  @Test func whatCannotBeHeardIsNotJudged() {
    let clip = Self.sound(1, rate: ClipGenerator.sampleRate).samples.elements.prefix(ClipGenerator.samples)
    let original = Tensor(Array(clip))
    func judged(_ frequency: Double) -> ClipMeasures {
      let hum = tone(frequency, rate: Double(ClipGenerator.sampleRate), count: original.count)
      let changed = Tensor(zip(original.elements, hum).map { 0.3 * $0 + 0.5 * Float($1) })
      return ClipMeasures(
        audible: changed, original: original, rate: Double(ClipGenerator.sampleRate), barkDistance: 0)
    }
    let unheard = judged(20)
    let heard = judged(200)
    #expect(10 * unheard.multiResolutionDistance < heard.multiResolutionDistance)
    #expect(10 * unheard.logSpectralDistance < heard.logSpectralDistance)
    #expect(abs(unheard.highFrequencyEnergyRatio - 1) < abs(heard.highFrequencyEnergyRatio - 1))
    // The plain error knows both.
    #expect(unheard.meanSquaredError > 0.1 && heard.meanSquaredError > 0.1)
  }

  /// The same bits for any number of threads, and less loss after some steps.
  @Test(arguments: ClipLoss.allCases) func learns(_ loss: ClipLoss) throws {
    let clip = Self.sound(1, rate: ClipGenerator.sampleRate).samples.elements.prefix(ClipGenerator.samples)
    let target = Tensor(Array(clip), shape: [1, ClipGenerator.samples])
    var runs: [[Float]] = []
    for threads in [1, 2] {
      try Execution.$current.withValue(Execution(threads: threads)) {
        let generator = ClipGenerator(seed: 3)
        let objective = ClipObjective(loss, target: target)
        runs.append(
          try (0..<12).map { _ in
            let (value, gradient) = objective.valueAndGradient(generator.output())
            try generator.step(loss: Double(value), upstream: gradient)
            return value
          })
      }
    }
    #expect(runs[0] == runs[1])
    #expect(runs[0][11] < runs[0][0])
  }

  @Test func measuresOfEqualClips() {
    let clip = Self.sound(1, rate: ClipGenerator.sampleRate).samples.elements.prefix(ClipGenerator.samples)
    let tensor = Tensor(Array(clip))
    let measures = ClipMeasures(tensor, original: tensor, barkDistance: -1)
    #expect(measures.highFrequencyEnergyRatio == 1)
    #expect(measures.logSpectralDistance == 0 && measures.multiResolutionDistance == 0)
    #expect(measures.onsetSharpness == 1 && measures.meanSquaredError == 0 && measures.residualFlatness == 0)
  }

  /// Each measure moves the way its name says.
  @Test func measuresHearWhatTheySay() {
    let count = ClipGenerator.samples
    let clicks = (0..<count).map { i in Float(i % 1024 == 0 ? 1 : 0) }
    let white = noise(count, seed: "measures").map { Float(0.1 * $0) }
    let original = Tensor(zip(clicks, white).map { $0 + 0.2 * $1 })
    // A running mean takes highs and attacks away.
    let dull = Tensor(
      (0..<count).map { i in (max(0, i - 15)...i).reduce(Float(0)) { $0 + original[$1] } / 16 })
    let blurred = ClipMeasures(dull, original: original, barkDistance: 0)
    #expect(blurred.highFrequencyEnergyRatio < 0.1)
    let noisy = ClipMeasures(
      Tensor(zip(original.elements, white).map { $0 + $1 }), original: original, barkDistance: 0)
    let hum = tone(440, rate: 11_025, count: count)
    let humming = ClipMeasures(
      Tensor(zip(original.elements, hum).map { $0 + Float(0.1 * $1) }), original: original, barkDistance: 0)
    #expect(noisy.highFrequencyEnergyRatio > 1.5)
    #expect(noisy.residualFlatness > 0.5 && humming.residualFlatness < 0.1)
    #expect(noisy.logSpectralDistance > 1)
    // A tone that is switched on every 2048 samples, beside one that swells.
    func gated(_ attack: Float) -> Tensor<Float> {
      Tensor((0..<count).map { i in Float(hum[i]) * min(1, Float(i % 2048) / attack) * (i % 2048 < 1536 ? 1 : 0) })
    }
    let swelling = ClipMeasures(gated(1024), original: gated(16), barkDistance: 0)
    #expect(swelling.onsetSharpness < 0.7)
  }

  @Test func aLossFallsFromOneToZero() {
    let fall = ClipReport.fall([-0.1, -0.3, -0.5, -0.4])
    #expect(fall.map(\.x) == [1, 2, 3, 4])
    #expect(zip(fall, [1, 0.5, 0, 0.25]).allSatisfy { abs($0.y - $1) <= 2 * .ulpOfOne })
    // A loss that never fell has no curve, nor has none.
    #expect(ClipReport.fall([1, 2]).isEmpty && ClipReport.fall([]).isEmpty)
  }
}
