import Fast
import PerceptualCore
import PerceptualFiles

let lossJobs: [String: BenchmarkJob.Preparation] = [
  "ssim": loss { structuralSimilarityAndGradient($0, target: $1, upstream: $2) },
  "ms-ssim": loss { multiScaleStructuralSimilarityAndGradient($0, target: $1, upstream: $2) },
  "nlpd": loss { normalizedLaplacianPyramidDistanceAndGradient($0, target: $1, upstream: $2) },
  "bark": loss { barkDistanceAndGradient($0, target: $1, upstream: $2, options: .clipGenerator) },
]

/// The value of each image or sound and the gradient of their sum with respect to the prediction.
private func loss(
  _ function:
    @escaping @Sendable (Tensor<Float>, Tensor<Float>, Tensor<Float>) -> (
      value: Tensor<Float>, gradient: Tensor<Float>
    )
) -> BenchmarkJob.Preparation {
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
