import Fast
import PerceptualCore

/// A loss over a batch and its gradient with respect to the prediction.
struct TrainingObjective {
  let loss: TrainingLoss
  let pooling: BatchPooling

  /// The loss of a batch and the gradient of the prediction, [N, 1, H, W] each.
  func callAsFunction(_ prediction: Tensor<Float>, target: Tensor<Float>) -> (value: Double, gradient: Tensor<Float>) {
    let images = prediction.shape[0]
    let share = Tensor<Float>(repeating: 1 / Float(images), shape: [images])
    switch loss {
    case .mse:
      let result = meanSquaredErrorAndGradient(prediction, target: target, upstream: share)
      return (mean(result.value), result.gradient)
    case .msSSIM:
      let falling = share.map { -$0 }
      let result = multiScaleStructuralSimilarityAndGradient(prediction, target: target, upstream: falling)
      return (1 - mean(result.value), result.gradient)
    case .nlpd:
      if pooling == .image {
        let result = normalizedLaplacianPyramidDistanceAndGradient(prediction, target: target, upstream: share)
        return (mean(result.value), result.gradient)
      }
      let result = normalizedLaplacianPyramidDistanceAndGradient(
        prediction, target: target, upstream: Tensor([1]), pooling: .batch)
      return (Double(result.value[0]), result.gradient)
    }
  }

  private func mean(_ values: Tensor<Float>) -> Double {
    values.elements.reduce(0) { $0 + Double($1) } / Double(values.count)
  }
}
