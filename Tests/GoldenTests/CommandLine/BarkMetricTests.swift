import Fast
import PerceptualCore
import PerceptualFiles
import PerceptualTestSupport
import Testing

@Suite struct BarkMetricTests {
  private let scratch = ScratchDirectory()

  @Test(arguments: ["", "clip-generator", "raw-autoencoder", "masked"])
  func comparesSounds(_ preset: String) throws {
    let a = ClipFitTests.sound(0.2, rate: 11_025).samples
    let b = Tensor(
      zip(a.elements, noise(a.count, seed: "bark metric")).map { 0.8 * $0 + Float(0.01 * $1) }, shape: a.shape)
    try Npy.write(Tensor(a.elements), to: scratch.file("a.npy"))
    try Npy.write(Tensor(b.elements), to: scratch.file("b.npy"))
    let words = "metric bark a.npy b.npy --json --gradient g.npy \(preset.isEmpty ? "" : "--preset \(preset)")".words
    let outcome = try perceptual(words, in: scratch, exits: 0)
    let options: BarkDistanceOptions =
      preset == "raw-autoencoder" ? .rawAutoencoder : preset == "masked" ? .maskedClipGenerator : .clipGenerator
    let expected = barkDistanceAndGradient(a, target: b, upstream: Tensor([1]), options: options)
    let json = try outcome.json()
    #expect(json["value"]?.double.map { Float($0) } == expected.value[0])
    #expect(try Npy.read(scratch.file("g.npy")).float.elements == expected.gradient.elements)
  }

  /// Stereo at 96 kHz is averaged and resampled; equal recordings are at distance -1.
  @Test func comparesRecordings() throws {
    try AudioFile.write(ClipFitTests.sound(0.3, rate: 96_000, channels: 2), to: scratch.file("a.wav"))
    let json = try perceptual("metric bark a.wav a.wav --json".words, in: scratch, exits: 0).json()
    #expect(json["value"]?.double.map { agree(Float($0), -1, roundings: 8) } == true)
    #expect(json["shape"]?.array?.compactMap(\.integer) == [3308])
  }

  static let refused: [([String], Int32, String)] = [
    (["image.npy", "image.npy"], 65, "needs [T] or [N, T]"), (["a.npy", "short.npy"], 65, "equal shapes are needed"),
    (["frames.npy", "frames.npy"], 65, "[11025, 2], which looks transposed: [N, T] is needed"),
    (["a.npy", "nan.npy"], 65, "not finite"), (["a.npy", "none.wav"], 66, "none.wav"),
    (["a.npy", "a.npy", "--preset", "hepburn"], 64, "bark has clip-generator, raw-autoencoder, masked"),
    (["a.npy", "a.npy", "--data-range", "2"], 64, "--data-range has no meaning for bark"),
    (["a.npy", "a.npy", "--colour"], 64, "--colour has no meaning for bark"),
    (["a.npy", "a.npy", "--map", "m.npy"], 64, "--map has no meaning for bark"),
  ]

  @Test(arguments: refused) func refusesWithASentence(_ arguments: [String], _ code: Int32, _ sentence: String) throws {
    try Npy.write(Tensor<Float>(repeating: 0.5, shape: [40]), to: scratch.file("a.npy"))
    try Npy.write(Tensor<Float>(repeating: 0.5, shape: [39]), to: scratch.file("short.npy"))
    try Npy.write(Tensor<Float>(repeating: .nan, shape: [40]), to: scratch.file("nan.npy"))
    try Npy.write(Tensor<Float>(repeating: 0.5, shape: [1, 1, 4, 10]), to: scratch.file("image.npy"))
    try Npy.write(Tensor<Float>(repeating: 0.5, shape: [11_025, 2]), to: scratch.file("frames.npy"))
    try perceptual(["metric", "bark"] + arguments, in: scratch, exits: code, saying: sentence)
  }
}
