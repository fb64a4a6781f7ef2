import Fast
import PerceptualCore

@testable import PerceptualExperiments

/// A network after a few steps on noise, so that its running statistics are some.
func smallNetwork(
  channels: Int, centres: [Double] = [-1, 1], seed: UInt64 = 4, steps: Int = 3
) throws -> Autoencoder {
  try smallNetwork(AutoencoderOptions(channels: channels, centres: centres), seed: seed, steps: steps)
}

func smallNetwork(_ options: AutoencoderOptions, seed: UInt64 = 4, steps: Int = 3) throws -> Autoencoder {
  let trainer = try Trainer(
    Autoencoder(options, seed: seed),
    options: TrainingOptions(loss: .mse, iterations: steps, batch: 2, size: 48, seed: seed), data: .noise)
  for _ in 0..<steps { try trainer.step() }
  return trainer.network
}
