import PerceptualCore

/// Multi-scale structural similarity (MS-SSIM) of each image, 1 for equal images.
///
/// The mean over channels of the product over scales of max(term, 0)^weight; the term is the mean over positions of
/// SSIM's contrast, at the last scale of luminance x contrast; 2x2 average pooling between scales. Options choose what
/// pooling does with odd sizes, another rule for negative terms, and whether channels are averaged before the powers.
///
/// Shapes: prediction and target [N, C, H, W], H and W at least `options.smallestSide`; value [N]. NaN and infinities
/// in an image make its value NaN. Work is shared among threads by planes (image and channel). Accuracy: as
/// ``structuralSimilarity(_:target:options:)`` at each scale, measured under 1e-6; a term m near 0 has the relative
/// error epsilon / m, and so have the product and its gradient. Settings or shapes that make no sense are a caller's
/// bug. Source: Wang, Simoncelli and Bovik 2003; order of means and powers as in pytorch-msssim.
public func multiScaleStructuralSimilarity(
  _ prediction: Tensor<Float>, target: Tensor<Float>, options: MultiScaleStructuralSimilarityOptions = .init()
) -> Tensor<Float> {
  checkPair(prediction, target, obstacle: options.obstacle(forImages: prediction.shape), upstream: nil)
  return SimilarityPlan(options, shape: prediction.shape).values(prediction, target)
}

/// The gradient of ``multiScaleStructuralSimilarity(_:target:options:)``, 0 through a clamped term, never NaN for
/// finite images. Shapes: upstream [N]; gradients as prediction and target. Equal images have gradient 0.
public func multiScaleStructuralSimilarityGradient(
  _ prediction: Tensor<Float>, target: Tensor<Float>, upstream: Tensor<Float>,
  options: MultiScaleStructuralSimilarityOptions = .init()
) -> PairGradients<Float> {
  checkPair(prediction, target, obstacle: options.obstacle(forImages: prediction.shape), upstream: upstream)
  return SimilarityPlan(options, shape: prediction.shape).gradients(prediction, target, upstream)
}

/// ``multiScaleStructuralSimilarity(_:target:options:)`` and its gradient with respect to the prediction, for the work
/// of one.
public func multiScaleStructuralSimilarityAndGradient(
  _ prediction: Tensor<Float>, target: Tensor<Float>, upstream: Tensor<Float>,
  options: MultiScaleStructuralSimilarityOptions = .init()
) -> (value: Tensor<Float>, gradient: Tensor<Float>) {
  checkPair(prediction, target, obstacle: options.obstacle(forImages: prediction.shape), upstream: upstream)
  return SimilarityPlan(options, shape: prediction.shape).valuesAndGradient(prediction, target, upstream)
}
