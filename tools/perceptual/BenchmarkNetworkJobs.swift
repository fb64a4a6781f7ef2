import Fast
import PerceptualCore
import PerceptualExperiments
import PerceptualFiles

let networkJobs: [String: BenchmarkJob.Preparation] = [
  "training-step": { input in try trainingStep(input, .fp32) },
  "training-step-bf16": { input in try trainingStep(input, .bf16) },
  "inference": { input in
    let network = try network(input)
    let x = try input.float("x")
    return BenchmarkJob { ["y": network.reconstruct(x)] }
  },
]

/// As tools/benchmark/network.py: noise of seed 1, drawn anew for every step.
private func trainingStep(_ input: SafetensorsFile, _ precision: ProductPrecision) throws -> BenchmarkJob {
  let batch = Int(try input.float("batch").elements[0])
  let trainer = try Trainer(
    try network(input), options: TrainingOptions(loss: .mse, batch: batch, seed: 1, precision: precision), data: .noise)
  return BenchmarkJob(
    first: { ["losses": Tensor(try (0..<3).map { _ in Float(try trainer.step().loss) })] },
    run: { try trainer.step() })
}

/// The paper's autoencoder with the weights that the peer drew.
private func network(_ input: SafetensorsFile) throws -> Autoencoder {
  let network = Autoencoder()
  var tensors: [String: Tensor<Float>] = [:]
  for name in input.names where name != "x" && name != "batch" { tensors[name] = try input.float(name) }
  try network.load(tensors)
  return network
}
