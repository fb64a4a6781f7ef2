import Foundation
import PerceptualCore
import PerceptualFiles
import Testing

/// `--cache` of the commands that cut clips from a directory of recordings.
@Suite struct CacheCommandTests {
  /// A recording of 5 s in `music`.
  private static func music() throws -> ScratchDirectory {
    let directory = ScratchDirectory()
    try directory.createDirectory("music")
    let second = WrongInputTests.tone(samples: 16_000)
    let clip = AudioClip(samples: Tensor((0..<5).flatMap { _ in second.elements }), sampleRate: 16_000)
    try AudioFile.write(clip, to: directory.file("music/tone.wav"))
    return directory
  }

  /// What is trained on cached clips is what is trained on the recordings, and `evaluate` finds what `train` has kept.
  @Test func clipsAreKept() throws {
    let directory = try Self.music()
    @discardableResult func run(_ line: String) throws -> CommandOutcome {
      try perceptual(line.words, in: directory, exits: 0)
    }
    let train = "train --data music --loss mse --iterations 2 --batch 2 --channels 2 --size 32"
    try run("\(train) --out plain")
    try run("\(train) --out first --cache kept/here")
    let names = try FileManager.default.contentsOfDirectory(atPath: directory.file("kept/here"))
    #expect(names.count == 1)
    let path = directory.file("kept/here/\(names.first ?? "")")
    let bytes = try FileBytes.read(path)
    try run("\(train) --out second --cache kept/here")
    let checkpoints = try ["plain", "first", "second"].map {
      try FileBytes.read(directory.file("\($0)/checkpoint-000002.safetensors"))
    }
    #expect(checkpoints[1] == checkpoints[0] && checkpoints[2] == checkpoints[0])
    let evaluate = "evaluate plain/checkpoint-000002.safetensors --test music --clips 1"
    #expect(try run("\(evaluate) --cache kept/here").output == run(evaluate).output)
    try run("spectrograms music --clips 1 --cache kept/here")
    #expect(try FileManager.default.contentsOfDirectory(atPath: directory.file("kept/here")) == names)
    #expect(try FileBytes.read(path) == bytes)
  }

  /// Where there is nothing to keep the option is refused, not ignored.
  @Test(arguments: ["train --data noise --loss mse --out here --cache kept", "table1 --out here --cache kept"])
  func nothingToKeep(_ line: String) throws {
    try perceptual(line.words, in: try Self.music(), exits: 64, saying: "--cache keeps clips of recordings")
  }

  @Test func whereNothingCanBeKept() throws {
    let outcome = try perceptual(
      ["spectrograms", "music", "--clips", "1", "--cache", "music/tone.wav"], in: try Self.music(), exits: 73)
    #expect(outcome.errorLines.count == 1, "\(outcome.errors)")
    #expect(outcome.errors.contains("music/tone.wav: cannot create the directory"), "\(outcome.errors)")
  }
}
