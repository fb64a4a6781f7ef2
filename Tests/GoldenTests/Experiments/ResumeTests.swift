import Foundation
import PerceptualCore
import PerceptualFiles
import PerceptualTestSupport
import Testing

@testable import PerceptualExperiments

/// An interrupted training ends where an uninterrupted one does, wherever it was interrupted.
@Suite struct ResumeTests {
  private static let steps = 40

  private static func trainer(_ channels: Int) throws -> Trainer {
    try Trainer(
      Autoencoder(AutoencoderOptions(channels: channels), seed: 12),
      options: TrainingOptions(loss: .mse, iterations: steps, batch: 2, size: 32, seed: 12), data: .noise)
  }

  /// SHA-256 of weights, running statistics and both moments.
  private static func digest(_ trainer: Trainer) -> String {
    var values = trainer.network.tensors.flatMap(\.tensor.elements)
    for store in [trainer.optimizer.firstMoment, trainer.optimizer.secondMoment] {
      values += store.entries.flatMap { store.tensor($0).elements }
    }
    return sha256(littleEndianBytes(values))
  }

  /// Three channels run operation by operation, 32 in fused blocks.
  @Test(arguments: [3, 32]) func everyStepIsAPlaceToGoOnFrom(_ channels: Int) throws {
    let scratch = ScratchDirectory()
    let whole = try Self.trainer(channels)
    let run = TrainingRun(whole, directory: scratch.path, checkpointEvery: 1)
    #expect(try run.run() == .finished)
    let expected = Self.digest(whole)
    // Fused blocks take longer: every third place there.
    for place in stride(from: 1, to: Self.steps, by: channels == 3 ? 1 : 3) {
      let resumed = try Self.trainer(channels)
      try resumed.resume(iteration: place, in: scratch.path)
      #expect(resumed.iteration == place)
      while resumed.iteration < Self.steps { try resumed.step() }
      #expect(Self.digest(resumed) == expected, "resumed at \(place)")
    }
    // The digest sees all of it.
    let other = try Self.trainer(channels)
    try other.resume(iteration: Self.steps, in: scratch.path)
    #expect(Self.digest(other) == expected)
    other.optimizer.secondMoment.values[0] += 1e-12
    #expect(Self.digest(other) != expected)
  }

  /// A run goes on with its own settings and pictures alone; what an older file does not say is not asked.
  @Test func otherSettingsAndPicturesAreRefused() throws {
    func trainer(_ options: TrainingOptions, picture: Float = 0.25) throws -> Trainer {
      let picture = Tensor<Float>((0..<48 * 48).map { picture * Float($0 % 7) / 7 }, shape: [48, 48])
      return try Trainer(
        Autoencoder(AutoencoderOptions(channels: 2), seed: 1), options: options, data: .pictures([picture]))
    }
    let settings = TrainingOptions(loss: .mse, iterations: 2, batch: 2, size: 32, seed: 1)
    let scratch = ScratchDirectory()
    let first = try trainer(settings)
    try first.step()
    try first.writeCheckpoint(in: scratch.path)
    try trainer(settings).resume(iteration: 1, in: scratch.path)
    var batch = settings
    batch.batch = 3
    var size = settings
    size.size = 48
    var rate = settings
    rate.learningRate = 2e-3
    for (options, phrase) in [(batch, "batch is 2"), (size, "size is 32"), (rate, "learningRate is 0.001")] {
      expectError(.usage, saying: phrase) { try trainer(options).resume(iteration: 1, in: scratch.path) }
    }
    // More iterations may follow, but where the quantiser's scale rises to the last.
    var longer = settings
    longer.iterations = 5
    try trainer(longer).resume(iteration: 1, in: scratch.path)
    expectError(saying: "pictures is") { try trainer(settings, picture: 0.5).resume(iteration: 1, in: scratch.path) }
    // As a version before this check wrote it.
    try writeAsEarlierVersion(first, in: scratch.path, metadata: ["loss": "mse", "batch": "2"])
    try trainer(settings, picture: 0.5).resume(iteration: 1, in: scratch.path)
    let other = ScratchDirectory()
    var rising = settings
    rising.quantisation = .risingScale
    let begun = try trainer(rising)
    try begun.step()
    try begun.writeCheckpoint(in: other.path)
    try trainer(rising).resume(iteration: 1, in: other.path)
    rising.iterations = 5
    expectError(saying: "iterations is 2, this run has 5") { try trainer(rising).resume(iteration: 1, in: other.path) }
  }
}
