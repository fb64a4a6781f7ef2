import PerceptualCore
import PerceptualExperiments
import PerceptualFiles

let experimentJobs: [String: BenchmarkJob.Preparation] = [
  "fit-generator": { input in
    // From the peer's noise and weights.
    let weights = try ClipGenerator.weightShapes.map { try input.float($0.name, shape: $0.shape) }
    let generator = ClipGenerator(latent: try input.float("latent"), weights: weights)
    let objective = ClipObjective(.bark, target: try input.float("target"))
    func iterate() throws -> Float {
      let (value, gradient) = objective.valueAndGradient(generator.output())
      try generator.step(loss: Double(value), upstream: gradient)
      return value
    }
    // What is compared, and why no more: tools/benchmark/experiments.py.
    return BenchmarkJob(
      first: { ["losses": Tensor(try (0..<2).map { _ in try iterate() })] }, run: { _ = try iterate() })
  }
]
