import PerceptualCore
import PerceptualExperiments
import PerceptualFiles

/// The networks of tools/benchmark/network.py.
private let architectures: [(suffix: String, options: AutoencoderOptions)] = [
  ("", AutoencoderOptions(kernel: 4)), ("-k2", AutoencoderOptions(kernel: 2)), ("-k3", AutoencoderOptions(kernel: 3)),
  ("-k5", AutoencoderOptions(kernel: 5)), ("-nearest", AutoencoderOptions(kernel: 2, decoder: .nearest)),
  ("-bilinear", AutoencoderOptions(kernel: 2, decoder: .bilinear)),
]

let networkJobs: [String: BenchmarkJob.Preparation] = architectures.reduce(into: [
  "training-step-bf16": { input in try trainingStep(input, AutoencoderOptions(kernel: 4), .bf16) }
]) { jobs, architecture in
  let options = architecture.options
  jobs["training-step" + architecture.suffix] = { input in try trainingStep(input, options, .fp32) }
  jobs["inference" + architecture.suffix] = { input in try inference(input, options, .fp32) }
  jobs["inference\(architecture.suffix)-bf16"] = { input in try inference(input, options, .bf16) }
}

private func inference(
  _ input: SafetensorsFile, _ architecture: AutoencoderOptions, _ precision: ProductPrecision
) throws -> BenchmarkJob {
  let network = try network(input, architecture)
  let x = try input.float("x")
  return BenchmarkJob { ["y": network.reconstruct(x, precision: precision)] }
}

/// As tools/benchmark/network.py: noise of seed 1, drawn anew for every step.
private func trainingStep(
  _ input: SafetensorsFile, _ architecture: AutoencoderOptions, _ precision: ProductPrecision
) throws -> BenchmarkJob {
  let batch = Int(try input.float("batch").elements[0])
  let trainer = try Trainer(
    try network(input, architecture),
    options: TrainingOptions(loss: .mse, batch: batch, seed: 1, precision: precision), data: .noise)
  return BenchmarkJob(
    first: { ["losses": Tensor(try (0..<3).map { _ in Float(try trainer.step().loss) })] },
    run: { try trainer.step() })
}

/// The paper's autoencoder with the weights that the peer drew.
private func network(_ input: SafetensorsFile, _ architecture: AutoencoderOptions) throws -> Autoencoder {
  let network = Autoencoder(architecture)
  try network.load(input.floats.filter { $0.key != "x" && $0.key != "batch" })
  return network
}
