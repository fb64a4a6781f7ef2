import Fast
import Foundation
import PerceptualCore
import PerceptualTestSupport
import Testing

@testable import PerceptualExperiments

@Suite struct TrainingQuantisationTests {
  private static func trainer(_ quantisation: TrainingQuantisation, channels: Int = 4) throws -> Trainer {
    try Trainer(
      Autoencoder(AutoencoderOptions(channels: channels), seed: 6),
      options: TrainingOptions(loss: .mse, iterations: 8, batch: 2, size: 32, seed: 6, quantisation: quantisation),
      data: .noise)
  }

  @Test func scalesAreThoseDescribed() {
    let options = AutoencoderOptions()
    #expect(TrainingQuantisation.soft.scale(options, iteration: 3, of: 9) == 10)
    #expect(TrainingQuantisation.straightThrough.scale(options, iteration: 3, of: 9) == 0.5)
    // Centres 2/3 apart: the slope halfway is 2 s (1/3)^2 = 1 at s = 4.5.
    let four = AutoencoderOptions(centres: [-1, -1.0 / 3, 1.0 / 3, 1])
    #expect(agree(TrainingQuantisation.straightThrough.scale(four, iteration: 0, of: 9), 4.5, roundings: 16))
    let rising = (0..<9).map { TrainingQuantisation.risingScale.scale(options, iteration: $0, of: 9) }
    for (index, scale) in [(0, 1.0), (4, 10), (8, 100)] { #expect(agree(rising[index], scale, roundings: 16)) }
    for (a, b) in zip(rising.dropFirst(2), rising.dropFirst()) {
      #expect(agree(a / b, rising[1] / rising[0], roundings: 32))
    }
    #expect(TrainingQuantisation.risingScale.scale(options, iteration: 0, of: 1) == 100)
  }

  /// The slope that straight-through sends back in place of the step's: Eq. 1's at that scale, 1 - tanh(z)^2.
  @Test func straightThroughsSlopeIsThatOfTanh() {
    let z: [Float] = [-1, -0.5, -0.01, 0, 0.2, 0.9]
    let scale = TrainingQuantisation.straightThrough.scale(AutoencoderOptions(), iteration: 0, of: 1)
    let slopes = softQuantizationGradient(Tensor(z), upstream: Tensor(repeating: 1, shape: [6]), scale: scale)
    for (slope, value) in zip(slopes.elements, z) {
      let expected = 1 - tanh(Double(value)) * tanh(Double(value))
      #expect(abs(Double(slope) - expected) < 4 * Double(Float.ulpOfOne))
    }
  }

  /// Forward the decoder sees centres alone; backward the encoder still learns. Operation by operation and in fused
  /// blocks.
  @Test(arguments: [4, 32]) func straightThroughTrainsOnWhatTheCodeCarries(_ channels: Int) throws {
    let hard = try Self.trainer(.straightThrough, channels: channels)
    let before = hard.network.tensors.first { $0.name == "0.weight" }?.tensor.elements
    try hard.step()
    #expect(hard.latents.offCentre == 0)
    #expect(hard.network.options.scale == 10)
    let entry = try #require(hard.optimizer.gradient.entries.first { $0.name == "0.weight" })
    let gradient = hard.optimizer.gradient.tensor(entry)
    #expect(gradient.elements.contains { $0 != 0 })
    #expect(before != hard.network.tensors.first { $0.name == "0.weight" }?.tensor.elements)
    let soft = try Self.trainer(.soft, channels: channels)
    try soft.step()
    #expect(soft.latents.offCentre > 0)
  }

  /// Which latents still learn depends on the step's own scale: with s = 1/2 (and with 1, where a rising scale begins)
  /// every latent that tanh lets through does, with s = 10 those near 0 alone.
  @Test(arguments: [4, 32]) func liveLatentsAreCountedUnderTheStepsScale(_ channels: Int) throws {
    for (quantisation, allLive) in [(TrainingQuantisation.straightThrough, true), (.risingScale, true), (.soft, false)]
    {
      let trainer = try Self.trainer(quantisation, channels: channels)
      try trainer.step()
      #expect((trainer.latents.live == 1) == allLive, "\(quantisation): \(trainer.latents.live)")
    }
    // At the end of a rising scale, s = 100, fewer live than under s = 10.
    let rising = try Self.trainer(.risingScale, channels: channels)
    for _ in 0..<8 { try rising.step() }
    let soft = try Self.trainer(.soft, channels: channels)
    for _ in 0..<8 { try soft.step() }
    #expect(rising.latents.live < soft.latents.live)
  }

  /// The last convolution's gradient is that of the hard forward pass, exactly: its weights' finite difference.
  @Test func theDecodersGradientIsThatOfTheHardLoss() throws {
    let trainer = try Self.trainer(.straightThrough)
    let x = trainer.data.batch(0, images: 2, height: 32, width: 32, seed: 6)
    func loss(_ shift: Float) -> Double {
      let network = Autoencoder(AutoencoderOptions(channels: 4), seed: 6)
      network.parameters.pointer("25.weight")[0] += shift
      let output = network.reconstruct(x, statistics: .batch, quantisation: .hard)
      return meanSquaredError(output, target: x).elements.reduce(0) { $0 + Double($1) } / 2
    }
    try trainer.step()
    let step: Float = 0.01
    let difference = (loss(step) - loss(-step)) / Double(2 * step)
    let gradient = Double(trainer.optimizer.gradient.pointer("25.weight")[0])
    // The loss in Float has an error of about 1e-7 of itself, 0.08, over a step of 0.02; the curvature adds 1e-5 of it.
    #expect(abs(difference - gradient) < 1e-5)
    #expect(abs(gradient) > 1e-4)
  }

  @Test(arguments: TrainingQuantisation.allCases) func resumes(_ quantisation: TrainingQuantisation) throws {
    let scratch = ScratchDirectory()
    let whole = try Self.trainer(quantisation)
    for _ in 0..<3 { try whole.step() }
    try whole.writeCheckpoint(in: scratch.path)
    for _ in 3..<8 { try whole.step() }
    let resumed = try Self.trainer(quantisation)
    try resumed.resume(iteration: 3, in: scratch.path)
    for _ in 3..<8 { try resumed.step() }
    let isSame = resumed.network.identity == whole.network.identity
    #expect(isSame)
    // Another way of quantising is another run.
    let other = try Self.trainer(quantisation == .soft ? .risingScale : .soft)
    expectError(saying: "quantisation is \(quantisation.rawValue)") { try other.resume(iteration: 3, in: scratch.path) }
  }
}
