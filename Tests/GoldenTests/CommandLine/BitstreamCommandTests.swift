import Foundation
import PerceptualCore
import PerceptualFiles
import PerceptualTestSupport
import Testing

@testable import PerceptualExperiments

@Suite struct BitstreamCommandTests {
  private static let clip = "\(fixturesDirectory)/audio/00-chamber-strings.flac"

  /// A checkpoint of 128 untrained channels and a smaller, other one.
  private static func inputs() throws -> ScratchDirectory {
    let directory = ScratchDirectory()
    try Checkpoint.write(Autoencoder(seed: 3), to: directory.file("a.safetensors"), precision: .float16)
    try Checkpoint.write(try smallNetwork(channels: 4), to: directory.file("b.safetensors"))
    return directory
  }

  @Test func aClipIs4096BytesOfCodeAndDecodesAlikeOnAnyThreads() throws {
    let directory = try Self.inputs()
    let encoded = try perceptual("encode", "a.safetensors", Self.clip, "a.code", "--json", in: directory, exits: 0)
    let document = try encoded.json()
    #expect(document["codeBytes"]?.integer == 4096)
    #expect(document["headerBytes"]?.integer == 56)
    #expect(try FileBytes.read(directory.file("a.code")).count == 4096 + 56)
    #expect(document["bitsPerLatent"]?["bound"]?.double == 1)
    var sounds: [[UInt8]] = []
    for threads in ["1", "7"] {
      try perceptual(
        "decode", "a.safetensors", "a.code", "\(threads).wav", "--threads", threads, in: directory, exits: 0)
      sounds.append(try FileBytes.read(directory.file("\(threads).wav")))
    }
    let isSame = sounds[0] == sounds[1]
    #expect(isSame)
    try perceptual(
      "encode", "a.safetensors", Self.clip, "c.code", "--entropy-coded", "--threads", "2", in: directory, exits: 0)
    #expect(try FileBytes.read(directory.file("c.code")).count <= 4096 + 56)
  }

  @Test(arguments: [
    ("decode b.safetensors a.code out.wav", "written with the weights"),
    ("decode a.safetensors cut.code out.wav", "cut off"),
    ("decode a.safetensors turned.code out.wav", "checksum"),
    ("decode a.safetensors text.code out.wav", "something else"),
    ("decode a.safetensors missing.code out.wav", "check the path"),
    ("decode missing.safetensors a.code out.wav", "check the path"),
    ("encode a.safetensors text.code out.code", "audio"),
    ("encode a.code a.code out.code", "safetensors"),
  ])
  func wrongFilesAreNamed(_ line: String, _ phrase: String) throws {
    let directory = try Self.inputs()
    try perceptual("encode", "a.safetensors", Self.clip, "a.code", in: directory, exits: 0)
    var bytes = try FileBytes.read(directory.file("a.code"))
    try directory.write(Array(bytes.prefix(3000)), to: "cut.code")
    bytes[2000] ^= 8
    try directory.write(bytes, to: "turned.code")
    try directory.write(Array(repeating: 0x41, count: 200), to: "text.code")
    let outcome = try perceptual(line.words, in: directory, exits: phrase == "check the path" ? 66 : 65, saying: phrase)
    #expect(outcome.errorLines.count == 1)
    #expect(!FileManager.default.fileExists(atPath: directory.file("out.wav")))
    #expect(!FileManager.default.fileExists(atPath: directory.file("out.code")))
  }

  @Test(arguments: [
    "encode a.safetensors in.wav out.wav", "decode a.safetensors a.code out.mp4", "encode a.safetensors",
  ])
  func wrongWordsAreUsage(_ line: String) throws {
    try perceptual(line.words, exits: 64)
  }

  /// Weights without training state do wherever a checkpoint does.
  @Test func exportedWeightsAreACheckpoint() throws {
    let directory = try Self.inputs()
    for line in [
      "train --data noise --loss mse --channels 4 --batch 2 --size 32 --iterations 2 --seed 5 --out run",
      "export-weights run/checkpoint-000002.safetensors small.safetensors",
    ] {
      try perceptual(line.words, in: directory, exits: 0)
    }
    let metadata = try Checkpoint.readWithMetadata(directory.file("small.safetensors")).metadata
    for (key, value) in ["seed": "5", "iteration": "2", "loss": "mse", "data": "noise", "precision": "float16"] {
      #expect(metadata[key] == value, "\(key)")
    }
    try directory.createDirectory("test")
    try FileManager.default.copyItem(atPath: Self.clip, toPath: directory.file("test/a.flac"))
    for line in [
      "evaluate small.safetensors --test test", "reconstruct small.safetensors test/a.flac out.wav",
      "inspect small.safetensors", "encode small.safetensors test/a.flac out.code",
      "decode small.safetensors out.code again.wav",
    ] {
      try perceptual(line.words, in: directory, exits: 0)
    }
    // A part of a recording through the network as a picture, and back by the range that is printed.
    let picture = try perceptual(
      "reconstruct small.safetensors test/a.flac part.npy --from 1 --seconds 0.5".words, in: directory, exits: 0)
    // 8000 samples are 27 whole frames and a part of one more.
    #expect(picture.output.hasPrefix("part.npy: 256 x 28, logarithms from -"), "\(picture.output)")
    #expect(try Npy.read(directory.file("part.npy")).float.shape == [256, 28])
    try perceptual("resynthesize part.npy part.wav --low -6.9 --high 4".words, in: directory, exits: 0)
    try perceptual("reconstruct small.safetensors test/a.flac out.mp3".words, in: directory, exits: 64)
    // The optimizer's file is no network, and says so.
    try perceptual(
      "evaluate", "run/optimizer-000002.safetensors", "--test", "test", in: directory, exits: 65, saying: "0.weight")
    try perceptual("export-weights", "small.safetensors", "out.npy", in: directory, exits: 64)
  }
}
