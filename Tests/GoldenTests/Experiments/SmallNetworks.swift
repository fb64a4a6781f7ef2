import Fast
import PerceptualCore
import PerceptualFiles

@testable import PerceptualExperiments

/// Writes a checkpoint as a version did that knew neither checksums nor most settings: of the metadata of the weights
/// what is given stays, beside what describes the network.
func writeAsEarlierVersion(_ trainer: Trainer, in directory: String, metadata: [String: String]) throws {
  let path = try trainer.writeCheckpoint(in: directory)
  var pair = try CheckpointPair(iteration: trainer.iteration, in: directory)
  pair.weights.metadata = Checkpoint.describe(trainer.network.options).merging(metadata) { _, new in new }
  try pair.weights.write(to: path)
  pair.optimizer.metadata = [:]
  try pair.optimizer.write(to: Checkpoint.optimizerPath(iteration: trainer.iteration, in: directory))
}

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

/// Pictures of uniform noise.
func noisePictures(_ shape: [Int], seed: UInt64, stream: RandomStream = .other) -> Tensor<Float> {
  Tensor(uniformNoise(seed: seed, stream: stream, index: 0, count: shape.reduce(1, *)), shape: shape)
}
