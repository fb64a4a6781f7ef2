import Foundation
import PerceptualCore

/// Multi-scale structural similarity (MS-SSIM) of each image, 1 for equal images.
///
/// The mean over channels of the product over scales of max(term, 0)^weight; the term is the mean over positions of
/// SSIM's contrast, at the last scale of luminance x contrast; 2x2 average pooling between scales.
///
/// Shapes: prediction and target [N, C, H, W], H and W at least `options.smallestSide`; value [N]. NaN and infinities
/// in an image make its value NaN. Work is shared among threads by planes (image and channel). Accuracy: as
/// ``structuralSimilarity(_:target:options:)`` at each scale, measured under 1e-6; a term m near 0 has the relative
/// error epsilon / m, and so have the product and its gradient. Settings or shapes that make no sense are a caller's
/// bug. Source: Wang, Simoncelli and Bovik 2003; order of means and powers as in pytorch-msssim.
public func multiScaleStructuralSimilarity(
  _ prediction: Tensor<Float>, target: Tensor<Float>, options: MultiScaleStructuralSimilarityOptions = .init()
) -> Tensor<Float> {
  similarity(prediction, target, options, upstream: nil).value
}

/// The gradient of ``multiScaleStructuralSimilarity(_:target:options:)``, 0 through a clamped term, never NaN for
/// finite images. Shapes: upstream [N]; gradients as prediction and target. Equal images have gradient 0.
public func multiScaleStructuralSimilarityGradient(
  _ prediction: Tensor<Float>, target: Tensor<Float>, upstream: Tensor<Float>,
  options: MultiScaleStructuralSimilarityOptions = .init()
) -> PairGradients<Float> {
  // The similarity is symmetric in its arguments.
  PairGradients(
    prediction: similarity(prediction, target, options, upstream: upstream).gradient,
    target: similarity(target, prediction, options, upstream: upstream).gradient)
}

/// ``multiScaleStructuralSimilarity(_:target:options:)`` and its gradient with respect to the prediction, for the work
/// of one.
public func multiScaleStructuralSimilarityAndGradient(
  _ prediction: Tensor<Float>, target: Tensor<Float>, upstream: Tensor<Float>,
  options: MultiScaleStructuralSimilarityOptions = .init()
) -> (value: Tensor<Float>, gradient: Tensor<Float>) {
  similarity(prediction, target, options, upstream: upstream)
}

private func similarity(
  _ prediction: Tensor<Float>, _ target: Tensor<Float>, _ options: MultiScaleStructuralSimilarityOptions,
  upstream: Tensor<Float>?
) -> (value: Tensor<Float>, gradient: Tensor<Float>) {
  checkPair(prediction, target, obstacle: options.obstacle(forImages: prediction.shape), upstream: upstream)
  let execution = Execution.current
  let weights = options.weights
  let windowed = WindowedSimilarity(
    execution, options.scale, height: prediction.shape[2], width: prediction.shape[3], scaleCount: weights.count,
    oddSizes: options.oddSizes)
  let channels = prediction.shape[1]
  return forEachPlane(execution, windowed, prediction, target, withGradient: upstream != nil) {
    scratch, n, offsets, gradient in
    let terms = weights.indices.map { s in
      windowed.term(
        ofScale: s, withLuminance: s == weights.count - 1, withGradient: upstream != nil, offsets: offsets, scratch)
    }
    if let gradient, let upstream {
      let outer = Double(upstream[n]) / Double(channels)
      windowed.joinGradients(factors: derivatives(terms, weights).map { $0 * outer }, gradient, scratch)
    }
    return zip(terms, weights).reduce(1) { $0 * clampedPower($1.0, $1.1) }
  }
}

/// The derivatives of the product of clamped powers by each term; 0 by a clamped one.
private func derivatives(_ terms: [Double], _ weights: [Double]) -> [Double] {
  terms.indices.map { s in
    if terms[s] <= 0 { return 0 }
    var derivative = weights[s] * pow(terms[s], weights[s] - 1)
    for t in terms.indices where t != s { derivative *= clampedPower(terms[t], weights[t]) }
    return derivative
  }
}

/// max(x, 0)^exponent. NaN stays NaN.
private func clampedPower(_ x: Double, _ exponent: Double) -> Double { x <= 0 ? 0 : pow(x, exponent) }
