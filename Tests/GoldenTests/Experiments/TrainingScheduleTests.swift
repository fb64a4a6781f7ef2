import Fast
import Foundation
import PerceptualCore
import PerceptualTestSupport
import Testing

@testable import PerceptualExperiments

@Suite struct TrainingScheduleTests {
  @Test func ratesAreThoseDescribed() {
    for iteration in [0, 3, 8] { #expect(LearningRateDecay.none.rate(0.5, iteration: iteration, of: 8) == 0.5) }
    let cosine = (0...8).map { LearningRateDecay.cosine.rate(0.5, iteration: $0, of: 8) }
    #expect(cosine[0] == 0.5)
    #expect(agree(cosine[4], 0.25, roundings: 2) && agree(cosine[8], 0, roundings: 1, scale: 0.5))
    #expect(agree(cosine[2], 0.25 * (1 + 0.5.squareRoot()), roundings: 2))
    #expect(LearningRateDecay.cosine.rate(0.5, iteration: 9, of: 8) == cosine[8])
  }

  /// One step moves a weight by the rate, whatever its gradient: half of it after half of the iterations.
  @Test func aStepIsTakenWithItsOwnRate() throws {
    func largestStep(_ decay: LearningRateDecay, of iterations: Int) throws -> Float {
      let options = TrainingOptions(
        loss: .mse, iterations: iterations, batch: 2, size: 32, decay: decay, seed: 6)
      let trainer = try Trainer(Autoencoder(AutoencoderOptions(channels: 4), seed: 6), options: options, data: .noise)
      try trainer.step()
      let before = trainer.network.tensors
      try trainer.step()
      let steps = zip(before, trainer.network.tensors).filter { !$0.0.name.contains("running") }.flatMap {
        before, after in
        zip(before.tensor.elements, after.tensor.elements).map { abs($0 - $1) }
      }
      return steps.max() ?? 0
    }
    let whole = try largestStep(.none, of: 2)
    let half = try largestStep(.cosine, of: 2)
    #expect(whole > 5e-4)
    #expect(abs(half / whole - 0.5) < 1e-2, "\(half) of \(whole)")
  }

  /// Fan in 16 times 16 of the third convolution, 4096 weights.
  @Test(arguments: WeightInitialisation.allCases)
  func weightsHaveTheirDeviation(_ initialisation: WeightInitialisation) throws {
    let options = AutoencoderOptions(channels: 16, kernel: 4, slope: 0.5)
    let network = Autoencoder(options, seed: 3, initialisation: initialisation)
    let tensors = Dictionary(uniqueKeysWithValues: network.tensors.map { ($0.name, $0.tensor) })
    let weight = try #require(tensors["6.weight"])
    let bias = try #require(tensors["6.bias"])
    let deviation = (weight.elements.reduce(0) { $0 + Double($1 * $1) } / Double(weight.count)).squareRoot()
    let fanIn = 256.0
    let expected =
      switch initialisation {
      case .uniform: 1 / (3 * fanIn).squareRoot()
      case .he: (2 / (1.25 * fanIn)).squareRoot()
      case .dcgan: 0.02
      }
    // Four times the deviation of the estimate from 4096 draws.
    #expect(abs(deviation / expected - 1) < 4 / (2 * 4096.0).squareRoot(), "\(deviation), expected \(expected)")
    #expect(bias.elements.allSatisfy { $0 == 0 } == (initialisation != .uniform))
    #expect(tensors["7.weight"]?.elements.allSatisfy { $0 == 1 } == true)
  }

  @Test func anotherScheduleIsAnotherRun() throws {
    let scratch = ScratchDirectory()
    func trainer(_ decay: LearningRateDecay, _ initialisation: WeightInitialisation, iterations: Int = 4) throws
      -> Trainer
    {
      let options = TrainingOptions(
        loss: .mse, iterations: iterations, batch: 2, size: 32, decay: decay, initialisation: initialisation, seed: 6)
      return try Trainer(
        Autoencoder(AutoencoderOptions(channels: 4), seed: 6, initialisation: initialisation), options: options,
        data: .noise)
    }
    let run = try trainer(.cosine, .he)
    for _ in 0..<2 { try run.step() }
    try run.writeCheckpoint(in: scratch.path)
    for _ in 2..<4 { try run.step() }
    let resumed = try trainer(.cosine, .he)
    try resumed.resume(iteration: 2, in: scratch.path)
    for _ in 2..<4 { try resumed.step() }
    #expect(resumed.network.identity == run.network.identity)
    for (other, sentence) in [
      (try trainer(.none, .he), "decay is cosine, this run has none"),
      (try trainer(.cosine, .dcgan), "initialisation is he, this run has dcgan"),
      (try trainer(.cosine, .he, iterations: 5), "iterations is 4, this run has 5"),
    ] {
      expectError(saying: sentence) { try other.resume(iteration: 2, in: scratch.path) }
    }
  }
}
