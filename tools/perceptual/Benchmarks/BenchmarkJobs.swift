import Fast
import PerceptualCore
import PerceptualExperiments
import PerceptualFiles

let lossJobs: [String: BenchmarkJob.Preparation] = [
  "ssim": loss { structuralSimilarityAndGradient($0, target: $1, upstream: $2) },
  "ms-ssim": loss { multiScaleStructuralSimilarityAndGradient($0, target: $1, upstream: $2) },
  "nlpd": loss { normalizedLaplacianPyramidDistanceAndGradient($0, target: $1, upstream: $2) },
  "bark": loss { barkDistanceAndGradient($0, target: $1, upstream: $2, options: .clipGenerator) },
]

/// The value of each image or sound and the gradient of their sum with respect to the prediction.
private func loss(_ function: @escaping LossAndGradient) -> BenchmarkJob.Preparation {
  { input in
    let prediction = try input.float("prediction")
    let target = try input.float("target", shape: prediction.shape)
    let upstream = Tensor<Float>(repeating: 1, shape: [prediction.shape[0]])
    return BenchmarkJob {
      let result = function(prediction, target, upstream)
      return ["value": result.value, "gradient": result.gradient]
    }
  }
}

let audioJobs: [String: BenchmarkJob.Preparation] = [
  "mel": eachClip("signal", to: "mel") { melSpectrogram($0) },
  "resample": eachClip("signal", to: "signal") {
    resample($0, from: PaperAudio.sourceSampleRate, to: PaperAudio.sampleRate, design: .torchaudio)
  },
  "resample-kaiser": eachClip("signal", to: "signal") {
    resample($0, from: PaperAudio.sourceSampleRate, to: PaperAudio.sampleRate, design: .kaiser)
  },
  "inverse-mel": eachClip("mel", to: "magnitude") { inverseMelScale($0) },
  "griffin-lim": eachClip("magnitude", to: "signal") { griffinLimFromRest($0) },
  "griffin-lim-librosa": eachClip("magnitude", to: "signal") { griffinLimFromRest($0) },
]

/// 32 iterations, centred, all phases 0 at the start.
private func griffinLimFromRest(_ magnitude: Tensor<Float>) -> Tensor<Float> {
  griffinLim(magnitude, initialPhase: Tensor(shape: magnitude.shape), options: ShortTimeOptions(centred: true))
}

/// A function of one clip, for each along the first axis.
private func eachClip(
  _ name: String, to result: String, _ function: @escaping @Sendable (Tensor<Float>) -> Tensor<Float>
) -> BenchmarkJob.Preparation {
  { input in
    let all = try input.float(name)
    let size = all.count / all.shape[0]
    let clips = (0..<all.shape[0]).map { index in
      Tensor(Array(all.elements[index * size..<(index + 1) * size]), shape: Array(all.shape.dropFirst()))
    }
    return BenchmarkJob(
      first: {
        let results = clips.map(function)
        return [result: Tensor(results.flatMap(\.elements), shape: [clips.count] + results[0].shape)]
      },
      run: { withExtendedLifetime(clips.map(function)) {} })
  }
}

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
