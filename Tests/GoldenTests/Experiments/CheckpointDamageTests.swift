import Fast
import Foundation
import PerceptualCore
import PerceptualFiles
import PerceptualTestSupport
import Testing

@testable import PerceptualExperiments

/// A damaged checkpoint is passed over, and said, and never gone on from.
@Suite struct CheckpointDamageTests {
  private let scratch = ScratchDirectory()
  private var directory: String { scratch.path }

  private static func trainer(iterations: Int = 6, seed: UInt64 = 2) throws -> Trainer {
    try Trainer(
      Autoencoder(AutoencoderOptions(channels: 2), seed: seed),
      options: TrainingOptions(loss: .mse, iterations: iterations, batch: 2, size: 32, seed: seed), data: .noise)
  }

  private static func weights(_ trainer: Trainer) -> [UInt32] {
    trainer.network.tensors.flatMap { $0.tensor.elements.map(\.bitPattern) }
  }

  /// A directory with checkpoints of iterations 1 to 3 of 6.
  private static func run(in directory: String) throws {
    let run = TrainingRun(try trainer(), directory: directory, checkpointEvery: 1)
    #expect(try run.run(shouldStop: { run.trainer.iteration == 3 }) == .stopped(iteration: 3))
  }

  private static func files(_ iteration: Int) -> [String] {
    ["checkpoint", "optimizer"].map { "\($0)-00000\(iteration).safetensors" }
  }

  /// Bytes of both files of the newest pair, changed in one bit, cut there, or all zero: what is trained in the end is
  /// what is trained without damage.
  @Test func theOneBeforeIsTaken() throws {
    let whole = try Self.trainer()
    for _ in 0..<6 { try whole.step() }
    try Self.run(in: directory)
    var generator = SeededGenerator(name: "damage of checkpoints")
    for name in Self.files(3) {
      let path = "\(directory)/\(name)"
      let bytes = try FileBytes.read(path)
      var damages: [[UInt8]] = [[], [UInt8](repeating: 0, count: bytes.count), bytes + [0]]
      // Of the header and of the data.
      let header = 8 + Int(bytes[0]) + 256 * Int(bytes[1])
      var places = Array(stride(from: 0, to: header, by: 31))
      for _ in 0..<40 { places.append(header + Int(generator.next() % UInt64(bytes.count - header))) }
      for place in places {
        var changed = bytes
        changed[place] ^= 1 << UInt8(generator.next() % 8)
        damages.append(changed)
        if place % 3 == 0 { damages.append(Array(bytes.prefix(place))) }
      }
      for damage in damages {
        try Data(damage).write(to: URL(filePath: path))
        var notes: [String] = []
        let found = try Checkpoint.newestIntact(in: directory) { notes.append($0) }
        #expect(found == 2, "\(name)")
        #expect(notes.count == 2 && notes[0].contains("00000") && notes[1].contains("of iteration 2"), "\(notes)")
      }
      // The whole run once.
      var notes: [String] = []
      let run = TrainingRun(try Self.trainer(), directory: directory, checkpointEvery: 1) { notes.append($0) }
      #expect(try run.resume() == 2)
      #expect(try run.run() == .finished)
      #expect(Self.weights(run.trainer) == Self.weights(whole))
      #expect(notes.count == 2, "\(notes)")
      let log = String(decoding: try FileBytes.read("\(directory)/log.jsonl"), as: UTF8.self)
      #expect(log.split(separator: "\n").count == 6)
      for iteration in 4...6 {
        for file in Self.files(iteration) { try FileManager.default.removeItem(atPath: "\(directory)/\(file)") }
      }
    }
  }

  @Test func whereAllAreDamagedNothingIsTrained() throws {
    try Self.run(in: directory)
    for iteration in 1...3 {
      try Data([1, 2, 3]).write(to: URL(filePath: "\(directory)/\(Self.files(iteration)[0])"))
    }
    let log = try FileBytes.read("\(directory)/log.jsonl")
    var notes: [String] = []
    let run = TrainingRun(try Self.trainer(), directory: directory) { notes.append($0) }
    expectError(.malformed, saying: Self.files(3)[0]) { try run.resume() }
    #expect(notes.count == 3)
    #expect(try FileBytes.read("\(directory)/log.jsonl") == log)
  }

  /// Both whole, but of two trainings.
  @Test func filesOfTwoTrainingsAreNoPair() throws {
    for (name, seed) in [("one", UInt64(2)), ("other", 3)] {
      let trainer = try Self.trainer(seed: seed)
      for _ in 0..<2 {
        try trainer.step()
        try FilePath.createDirectory("\(directory)/\(name)")
        try trainer.writeCheckpoint(in: "\(directory)/\(name)")
      }
    }
    let path = "\(directory)/one/\(Self.files(2)[1])"
    try Data(try FileBytes.read("\(directory)/other/\(Self.files(2)[1])")).write(to: URL(filePath: path))
    var notes: [String] = []
    #expect(try Checkpoint.newestIntact(in: "\(directory)/one") { notes.append($0) } == 1)
    #expect(notes.first?.contains("it belongs to weights of checksum") == true, "\(notes)")
  }

  /// Files of earlier versions: no checksums, no tie.
  @Test func filesWithoutChecksumsAreRead() throws {
    try Self.run(in: directory)
    let again = try Self.trainer()
    try again.resume(iteration: 3, in: directory)
    try writeAsEarlierVersion(again, in: directory, metadata: ["loss": "mse"])
    for name in Self.files(3) { #expect(try SafetensorsFile(contentsOf: "\(directory)/\(name)").checksum == nil) }
    let whole = try Self.trainer()
    for _ in 0..<6 { try whole.step() }
    let run = TrainingRun(try Self.trainer(), directory: directory)
    #expect(try run.resume() == 3)
    #expect(try run.run() == .finished)
    #expect(Self.weights(run.trainer) == Self.weights(whole))
  }

  /// Weights that overflowed are not written, and the newest checkpoint stays the last with numbers alone.
  @Test func weightsThatAreNoNumbersAreNotWritten() throws {
    let trainer = try Self.trainer()
    try trainer.step()
    try trainer.writeCheckpoint(in: directory)
    try trainer.step()
    trainer.network.parameters.values[3] = .infinity
    expectError(.nonFinite, saying: "the newest is of iteration 1") { try trainer.writeCheckpoint(in: directory) }
    #expect(try contents(of: directory) == Self.files(1))
    // One that another version wrote.
    var pair = try CheckpointPair(iteration: 1, in: directory)
    pair.weights["0.bias"] = .float32(Tensor(repeating: .nan, shape: [2]))
    pair.weights = pair.weights.sealed()
    pair.optimizer.metadata["weights"] = pair.weights.checksum
    pair.optimizer = pair.optimizer.sealed()
    try pair.weights.write(to: "\(directory)/\(Self.files(2)[0])")
    try pair.optimizer.write(to: "\(directory)/\(Self.files(2)[1])")
    #expect(try Checkpoint.newestIntact(in: directory) { _ in } == 1)
  }

  /// Both files name every setting.
  @Test func settingsStandInBothFiles() throws {
    try Self.run(in: directory)
    let pair = try CheckpointPair(iteration: 3, in: directory)
    for key in [
      "loss", "data", "seed", "batch", "size", "learningRate", "pooling", "quantisation", "channels", "iteration",
    ] {
      #expect(
        pair.weights.metadata[key] != nil && pair.weights.metadata[key] == pair.optimizer.metadata[key], "\(key)")
    }
    #expect(pair.optimizer.metadata["weights"] == pair.weights.checksum)
  }

  @Test func aDirectoryThatIsTakenIsRefused() throws {
    let lock = try DirectoryLock(directory)
    let run = TrainingRun(try Self.trainer(), directory: directory)
    expectError(.cannotCreate) { try run.run() }
    expectError(.cannotCreate) { try run.resume() }
    #expect(try contents(of: directory) == ["in-use"])
    withExtendedLifetime(lock) {}
  }
}
