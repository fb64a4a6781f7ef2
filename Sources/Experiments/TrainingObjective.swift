import Fast
import Foundation
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
      return pooledNLPD(prediction, target: target)
    }
  }

  /// (sum over images and levels of r^0.6)^(1 / 0.6) = (sum over images of d^0.6)^(1 / 0.6), d an image's distance; its
  /// derivative by d is (value / d)^0.4.
  private func pooledNLPD(
    _ prediction: Tensor<Float>, target: Tensor<Float>
  ) -> (value: Double, gradient: Tensor<Float>) {
    let exponent = LaplacianPyramid.levelExponent
    let distances = normalizedLaplacianPyramidDistance(prediction, target: target).elements.map(Double.init)
    let value = pow(distances.reduce(0) { $0 + pow($1, exponent) }, 1 / exponent)
    let upstream = distances.map { $0 > 0 ? Float(pow(value / $0, 1 - exponent)) : 0 }
    let result = normalizedLaplacianPyramidDistanceAndGradient(
      prediction, target: target, upstream: Tensor(upstream))
    return (value, result.gradient)
  }

  private func mean(_ values: Tensor<Float>) -> Double {
    values.elements.reduce(0) { $0 + Double($1) } / Double(values.count)
  }
}
