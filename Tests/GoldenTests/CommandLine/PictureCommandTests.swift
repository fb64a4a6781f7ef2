import Fast
import Foundation
import PerceptualCore
import PerceptualFiles
import PerceptualTestSupport
import Testing

/// metric, spectrogram, resynthesize, inspect and synthesize on right inputs.
@Suite struct PictureCommandTests {
  private let directory = ScratchDirectory()

  private func array(_ name: String, _ elements: [Float], _ shape: [Int]) throws -> String {
    try directory.write(Npy.bytes(Tensor(elements, shape: shape)), to: name)
  }

  @Test func meanSquaredErrorByHand() throws {
    let a = try array("a.npy", [0, 1, 2, 3], [2, 2])
    let b = try array("b.npy", [0, 0, 0, 0], [2, 2])
    let gradient = directory.file("gradient.npy")
    let outcome = try perceptual("metric", "mse", a, b, "--gradient", gradient, exits: 0)
    #expect(outcome.output == "3.5\n")
    #expect(try Npy.read(gradient) == .float32(Tensor([0, 0.5, 1, 1.5], shape: [2, 2])))
  }

  /// The value is the mean over the batch, and the gradient that of the mean.
  @Test func batchesGiveAValueEach() throws {
    let a = try array("a.npy", [1, 1, 3, 3], [2, 1, 1, 2])
    let b = try array("b.npy", [0, 0, 0, 0], [2, 1, 1, 2])
    let gradient = directory.file("gradient.npy")
    let value = try perceptual("metric", "mse", a, b, "--json", "--gradient", gradient).json()
    #expect(value["metric"]?.string == "mse")
    #expect(value["value"]?.double == 5)
    #expect(value["values"]?.array?.compactMap(\.double) == [1, 9])
    #expect(try Npy.read(gradient) == .float32(Tensor([0.5, 0.5, 1.5, 1.5], shape: [2, 1, 1, 2])))
  }

  @Test func signalsAreComparedSampleBySample() throws {
    let a = try array("a.npy", [1, 0, 0, 0], [4])
    let b = try array("b.npy", [0, 0, 0, 3], [4])
    #expect(try perceptual("metric", "mse", a, b, "--json").json()["value"]?.double == 2.5)
  }

  @Test func equalPicturesAreAlike() throws {
    var generator = SeededGenerator(name: "equal pictures")
    let picture = Fill.picture.tensor([176, 180], &generator).converted(to: Float.self)
    let a = try array("a.npy", picture.elements, picture.shape)
    for (metric, value) in [("mse", 0.0), ("ssim", 1), ("ms-ssim", 1), ("nlpd", 0)] {
      let found = try perceptual("metric", metric, a, a, "--json").json()["value"]?.double
      #expect(found == value, "\(metric)")
    }
  }

  /// `--from` and `--seconds` give what the part alone gives.
  @Test(arguments: ["spectrogram", "resynthesize"]) func partsOfARecording(_ command: String) throws {
    let whole = WrongInputTests.tone(samples: 9000)
    let part = Tensor(Array(whole.elements[3200..<3200 + 4000]))
    for (name, samples) in [("whole", whole), ("part", part)] {
      try AudioFile.write(AudioClip(samples: samples, sampleRate: 16_000), to: directory.file("\(name).wav"))
    }
    let suffix = command == "spectrogram" ? "npy" : "flac"
    let files = ["a", "b"].map { directory.file("\($0).\(suffix)") }
    let window = ["--from", "0.2", "--seconds", "0.25"]
    let one = try perceptual([command, directory.file("whole.wav"), files[0]] + window)
    let other = try perceptual([command, directory.file("part.wav"), files[1]])
    #expect(one.exitCode == 0 && other.exitCode == 0, "\(one.errors)")
    #expect(try FileBytes.read(files[0]) == FileBytes.read(files[1]))
  }

  /// Presets differ where they should: sides that are odd at some scale, borders, channels.
  @Test func presetsTakeTheirConventions() throws {
    var generator = SeededGenerator(name: "presets")
    let x = Fill.picture.tensor([1, 3, 177, 180], &generator).converted(to: Float.self)
    let y = Fill.picture.tensor([1, 3, 177, 180], &generator).converted(to: Float.self)
    let (a, b) = (try array("a.npy", x.elements, x.shape), try array("b.npy", y.elements, y.shape))
    func value(_ metric: String, _ preset: String? = nil) throws -> Float {
      let words = ["metric", metric, a, b, "--json"] + (preset.map { ["--preset", $0] } ?? [])
      return Float(try #require(try perceptual(words).json()["value"]?.double))
    }
    for preset in MultiScaleStructuralSimilarityPreset.allCases {
      let expected = multiScaleStructuralSimilarity(x, target: y, options: preset.options())
      #expect(try value("ms-ssim", preset.rawValue) == expected[0], "\(preset)")
    }
    for preset in [StructuralSimilarityPreset.torchmetrics, .scikitImageDefault, .pyiqa] {
      let expected = structuralSimilarity(x, target: y, options: preset.options())
      #expect(try value("ssim", preset.rawValue) == expected[0], "\(preset)")
    }
    #expect(try value("nlpd", "matlab") != value("nlpd", "hepburn"))
    // The defaults are the library's, and the help says their names.
    #expect(try value("ssim") == structuralSimilarity(x, target: y)[0])
    #expect(try value("ms-ssim") == multiScaleStructuralSimilarity(x, target: y)[0])
    #expect(try value("nlpd") == normalizedLaplacianPyramidDistance(x, target: y)[0])
    let help = try perceptual("metric", "--help").output.split { $0.isWhitespace }.joined(separator: " ")
    for phrase in [
      "ssim: paper (default)", "pytorch-msssim (default)", "hepburn (default)", "clip-generator (default)",
    ] {
      #expect(help.contains(phrase), "\(phrase)")
    }
  }

  @Test func mapsAndDecibels() throws {
    var generator = SeededGenerator(name: "maps")
    let x = Fill.picture.tensor([13, 17], &generator).converted(to: Float.self)
    let a = try array("a.npy", x.elements, x.shape)
    let b = try array("b.npy", x.elements.map { $0 + 0.1 }, x.shape)
    let map = directory.file("map.npy")
    try perceptual("metric", "ssim", a, b, "--map", map, exits: 0)
    #expect(try Npy.read(map).float.shape == [3, 7])
    let decibels = try #require(try perceptual("metric", "psnr", a, b, "--json").json()["value"]?.double)
    #expect(agree(Float(decibels), 20, roundings: 16))
    #expect(try perceptual("metric", "psnr", a, a).output == "inf\n")
  }

  /// Values of 0 to 255 under a data range of 1 are compared, and the note says what is odd.
  @Test func valuesBeyondTheDataRangeAreTold() throws {
    let a = try array("a.npy", (0..<256).map(Float.init), [16, 16])
    let b = try array("b.npy", (0..<256).map { Float(255 - $0) }, [16, 16])
    let outcome = try perceptual("metric", "psnr", a, b, exits: 0)
    #expect(
      outcome.errors.contains("from 0.0 to 255.0, further than the data range of 1: give --data-range"),
      "\(outcome.errors)")
    #expect(try perceptual("metric", "psnr", a, b, "--data-range", "255").errors == "")
    #expect(try perceptual("metric", "mse", a, b).errors == "")
  }

  @Test func coloursAreThreeChannels() throws {
    let picture = Picture(width: 2, height: 1, pixels: [255, 0, 51, 0, 102, 255])
    try PNG.write(picture, to: directory.file("a.png"))
    let b = try array("b.npy", [1, 0, 0, 0.4, 0.2, 1], [1, 3, 1, 2])
    #expect(try perceptual("metric", "mse", directory.file("a.png"), b, "--colour").output == "0.0\n")
  }

  @Test func picturesAreReadFromPNG() throws {
    let levels = (0..<96).map { Float(($0 * 37) % 256) / 255 }
    let image = Tensor(levels, shape: [8, 12])
    try PNG.write(grey: image, to: directory.file("a.png"))
    let b = try array("b.npy", levels, [8, 12])
    #expect(try perceptual("metric", "mse", directory.file("a.png"), b).output == "0.0\n")
    let inspected = try perceptual("inspect", directory.file("a.png"), "--json").json()
    #expect(inspected["width"]?.integer == 12 && inspected["height"]?.integer == 8)
  }

  @Test func spectrogramAndBack() throws {
    let clip = AudioClip(samples: WrongInputTests.tone(samples: 12_000), sampleRate: PaperAudio.sampleRate)
    let wave = directory.file("in.wav")
    try AudioFile.write(clip, to: wave)
    let array = directory.file("out.npy")
    let value = try perceptual("spectrogram", wave, array, "--json").json()
    let image = try Npy.read(array).float
    let frames = 1 + (12_000 - PaperAudio.windowLength) / PaperAudio.hop
    #expect(image.shape == [PaperAudio.mels, frames])
    #expect(image.elements.min() == 0 && image.elements.max() == 1)
    let low = try #require(value["low"]?.double)
    let high = try #require(value["high"]?.double)
    #expect(low < high)

    let picture = directory.file("out.png")
    try perceptual("spectrogram", wave, picture, exits: 0)
    // Low frequencies stand at the bottom; the mark turns them back.
    let rows = try PNG.readGrey(picture)
    #expect(rows.shape == image.shape)
    #expect(zip(rows.elements, image.elements).allSatisfy { abs($0 - $1) <= 0.5001 / 255 })
    let rounding = try #require(try perceptual("metric", "mse", wave, picture, "--json").json()["value"]?.double)
    #expect(rounding <= (0.5001 / 255) * (0.5001 / 255))

    // With axes there is more than the values; beside others there are they and their differences.
    let figure = directory.file("figure.png")
    try perceptual("spectrogram", wave, figure, "--axes", exits: 0)
    let alone = try PNG.read(figure)
    #expect(alone.width > frames && alone.height > PaperAudio.mels)
    try perceptual("spectrogram", wave, figure, "--compare", wave, wave, exits: 0)
    let compared = try PNG.read(figure)
    #expect(compared.width > 2 * alone.width && compared.height > alone.height)
    try perceptual("spectrogram", wave, array, "--compare", wave, exits: 64)

    let back = directory.file("back.wav")
    let arguments = ["resynthesize", array, back, "--low=\(low)", "--high=\(high)"]
    try perceptual(arguments, exits: 0)
    let sound = try AudioFile.read(back)
    #expect(sound.sampleRate == PaperAudio.sampleRate)
    #expect(sound.frames == (frames - 1) * PaperAudio.hop + PaperAudio.windowLength)
    // Nearer to the original than silence is.
    let silence = directory.file("silence.wav")
    try AudioFile.write(AudioClip(samples: Tensor(shape: [sound.frames]), sampleRate: 16_000), to: silence)
    let cut = AudioClip(
      samples: Tensor(Array(clip.samples.elements.prefix(sound.frames))), sampleRate: PaperAudio.sampleRate)
    try AudioFile.write(cut, to: wave)
    let error = try #require(try perceptual("metric", "mse", back, wave, "--json").json()["value"]?.double)
    let worst = try #require(try perceptual("metric", "mse", silence, wave, "--json").json()["value"]?.double)
    #expect(error < worst / 2)
  }

  @Test func theSameSeedGivesTheSameBytes() throws {
    let wave = directory.file("in.wav")
    try AudioFile.write(AudioClip(samples: WrongInputTests.tone(samples: 9000), sampleRate: 48_000), to: wave)
    var files: [[UInt8]] = []
    for (seed, threads) in [("5", "1"), ("5", "2"), ("5", "7"), ("6", "2")] {
      let out = directory.file("out.wav")
      try perceptual("resynthesize", wave, out, "--seed", seed, "--threads", threads, exits: 0)
      files.append(Array(try Data(contentsOf: URL(filePath: out))))
    }
    #expect(files[0] == files[1] && files[0] == files[2])
    #expect(files[0] != files[3])
  }

  @Test func inspectCountsWhatIsNotFinite() throws {
    let file = try array("a.npy", [1, .nan, 3, -.infinity, 5], [5])
    let contents = try #require(try perceptual("inspect", file, "--json").json()["contents"]?.array?.first)
    #expect(contents["dtype"]?.string == "F32")
    #expect(contents["shape"]?.array?.compactMap(\.integer) == [5])
    #expect(contents["min"]?.double == 1 && contents["mean"]?.double == 3 && contents["max"]?.double == 5)
    #expect(contents["nonFinite"]?.integer == 2)
  }

  /// A name that is no UTF-8 is opened by its bytes, and JSON that holds it is JSON.
  @Test func namesAreBytes() throws {
    let name = FilePath.text(of: Array("caf".utf8) + [0xE9] + Array(".npy".utf8))
    try Npy.write(Tensor<Float>([1, 2]), to: directory.file(name))
    let process = try command([])
    let executable = try #require(process.executableURL?.path)
    process.executableURL = URL(filePath: "/bin/sh")
    process.arguments = ["-c", "cd \"$1\"; exec \"$0\" inspect caf*.npy --json", executable, directory.path]
    let outcome = try outcome(of: process)
    #expect(outcome.exitCode == 0, "\(outcome.errors)")
    #expect(try outcome.json()["file"]?.string == "caf\\xE9.npy")
  }

  @Test func inspectShowsMetadataAndTensors() throws {
    let file = "\(fixturesDirectory)/leakyReLU/rank-1.safetensors"
    let value = try perceptual("inspect", file, "--json").json()
    #expect(value["kind"]?.string == "safetensors")
    #expect(value["checksum"]?.string == "none")
    #expect(value["metadata"]?["operation"]?.string == "leakyReLU")
    #expect(value["contents"]?.array?.compactMap { $0["name"]?.string }.contains("input.x") == true)
    #expect(try perceptual("inspect", file).lines.count >= 6)
  }

  @Test func synthesizeRendersTheSameClipsForAnyCount() throws {
    let one = directory.file("one")
    let two = directory.file("two")
    try perceptual("synthesize", "--count", "1", "--seed", "3", "--out", one, "--threads", "1", exits: 0)
    let outcome = try perceptual("synthesize", "--count", "2", "--seed", "3", "--out", two, "--json")
    let listed = try outcome.json()["files"]?.array
    let files = try #require(listed).compactMap(\.string)
    #expect(files.count == 2)
    let alone = try #require(names(in: one).first)
    #expect(files[0] == "\(two)/\(alone)")
    let first = try Data(contentsOf: URL(filePath: files[0]))
    #expect(try Data(contentsOf: URL(filePath: "\(one)/\(alone)")) == first)
    #expect(try Data(contentsOf: URL(filePath: files[1])) != first)
    let clip = try AudioFile.read(files[0])
    #expect(clip.channels == 2 && clip.sampleRate == 48_000 && clip.frames == 201_984)
  }

  @Test func benchmarksCheckAndTime() throws {
    let outcome = try perceptual("benchmark", "mel", "--seconds", "0", "--json", exits: 0)
    let value = try outcome.json()
    #expect(value["name"]?.string == "mel")
    let median = try #require(value["medianSeconds"]?.double)
    let minimum = try #require(value["minimumSeconds"]?.double)
    #expect(0 < minimum && minimum <= median)
    #expect((value["runs"]?.integer ?? 0) >= 5)
  }
}
