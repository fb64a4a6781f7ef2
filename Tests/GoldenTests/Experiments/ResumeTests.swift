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
    for store in [trainer.firstMoment, trainer.secondMoment] {
      values += store.entries.flatMap { store.tensor($0).elements }
    }
    return sha256(littleEndianBytes(values))
  }

  /// Three channels run operation by operation, 32 in fused blocks.
  @Test(arguments: [3, 32]) func everyStepIsAPlaceToGoOnFrom(_ channels: Int) throws {
    try withTemporaryDirectory { directory in
      let whole = try Self.trainer(channels)
      let run = TrainingRun(whole, directory: directory, checkpointEvery: 1)
      #expect(try run.run() == .finished)
      let expected = Self.digest(whole)
      // Fused blocks take longer: every third place there.
      for place in stride(from: 1, to: Self.steps, by: channels == 3 ? 1 : 3) {
        let resumed = try Self.trainer(channels)
        try resumed.resume(iteration: place, in: directory)
        #expect(resumed.iteration == place)
        while resumed.iteration < Self.steps { try resumed.step() }
        #expect(Self.digest(resumed) == expected, "resumed at \(place)")
      }
      // The digest sees all of it.
      let other = try Self.trainer(channels)
      try other.resume(iteration: Self.steps, in: directory)
      #expect(Self.digest(other) == expected)
      other.secondMoment.values[0] += 1e-12
      #expect(Self.digest(other) != expected)
    }
  }
}
