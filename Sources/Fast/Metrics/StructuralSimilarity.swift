import PerceptualCore

/// Structural similarity (SSIM) of each image, 1 for equal images.
///
/// The mean over channels and window positions of luminance x contrast,
///
///     luminance = (2 mean_x mean_y + C1) / (mean_x^2 + mean_y^2 + C1),      C1 = (k1 L)^2
///     contrast = (2 covariance + C2) / (variance_x + variance_y + C2),      C2 = (k2 L)^2
///
/// computed as 1 - mean_d^2 / (...) and 1 - variance_d / (...), d = x - y, all moments about a pixel of the window:
/// flat patches and images that are nearly alike lose no digits.
///
/// Shapes: prediction and target [N, C, H, W], H and W at least `options.smallestSide`; value [N]. L is the data range,
/// in the units of the input. NaN and infinities in an image make its value NaN; `checkMagnitudes(prediction:target:)`
/// finds them. Work is shared among threads by planes (image and channel). Accuracy: values within 4 epsilons,
/// gradients within 64 of their largest element; measured, in the L2 norm, under 1e-6 for pictures of any kind, nearly
/// equal ones included. Settings or shapes that make no sense are a caller's bug. Source: Wang, Bovik, Sheikh and
/// Simoncelli 2004. ``SimilarityPlan`` does the same in the caller's memory.
public func structuralSimilarity(
  _ prediction: Tensor<Float>, target: Tensor<Float>, options: StructuralSimilarityOptions = .init()
) -> Tensor<Float> {
  checkPair(prediction, target, obstacle: options.obstacle(forImages: prediction.shape), upstream: nil)
  return SimilarityPlan(options, shape: prediction.shape).values(prediction, target)
}

/// The gradient of ``structuralSimilarity(_:target:options:)``: the transposed window filter F of three maps, F m0 - (x
/// - y) F m1 + (x + y) / 2 F m2. Shapes: upstream [N]; gradients as prediction and target. Equal images have gradient
/// 0.
public func structuralSimilarityGradient(
  _ prediction: Tensor<Float>, target: Tensor<Float>, upstream: Tensor<Float>,
  options: StructuralSimilarityOptions = .init()
) -> PairGradients<Float> {
  checkPair(prediction, target, obstacle: options.obstacle(forImages: prediction.shape), upstream: upstream)
  return SimilarityPlan(options, shape: prediction.shape).gradients(prediction, target, upstream)
}

/// ``structuralSimilarity(_:target:options:)`` and its gradient with respect to the prediction, for the work of one.
public func structuralSimilarityAndGradient(
  _ prediction: Tensor<Float>, target: Tensor<Float>, upstream: Tensor<Float>,
  options: StructuralSimilarityOptions = .init()
) -> (value: Tensor<Float>, gradient: Tensor<Float>) {
  checkPair(prediction, target, obstacle: options.obstacle(forImages: prediction.shape), upstream: upstream)
  return SimilarityPlan(options, shape: prediction.shape).valuesAndGradient(prediction, target, upstream)
}

/// Luminance x contrast at every position of the window: ``structuralSimilarity(_:target:options:)`` is its mean.
///
/// Shapes: prediction and target [N, C, H, W]; the map [N, C, H', W'], H' = H - windowSize + 1 for valid windows, H
/// where images are reflected, H the height after downsampling. Accuracy: 16 epsilons. A NaN or an infinity reaches the
/// positions whose window holds it, and at most three rows of positions besides.
public func structuralSimilarityMap(
  _ prediction: Tensor<Float>, target: Tensor<Float>, options: StructuralSimilarityOptions = .init()
) -> Tensor<Float> {
  checkPair(prediction, target, obstacle: options.obstacle(forImages: prediction.shape), upstream: nil)
  let plan = SimilarityPlan(options, shape: prediction.shape)
  return makeTensor(plan.mapShape) { map in
    plan.run(prediction.elements, target.elements, SimilarityPlan.Work(map: map))
  }
}

/// The gradient of ``structuralSimilarityMap(_:target:options:)``. Shapes: upstream as the map; gradients as prediction
/// and target. Accuracy: as ``structuralSimilarityGradient(_:target:upstream:options:)``.
public func structuralSimilarityMapGradient(
  _ prediction: Tensor<Float>, target: Tensor<Float>, upstream: Tensor<Float>,
  options: StructuralSimilarityOptions = .init()
) -> PairGradients<Float> {
  checkPair(prediction, target, obstacle: options.obstacle(forImages: prediction.shape), upstream: nil)
  let plan = SimilarityPlan(options, shape: prediction.shape)
  require(upstream.shape == plan.mapShape, "upstream: shape \(upstream.shape), the map has \(plan.mapShape)")
  func gradient(_ x: Tensor<Float>, _ y: Tensor<Float>) -> Tensor<Float> {
    makeTensor(x.shape) { gradient in
      upstream.withPointer {
        plan.run(x.elements, y.elements, SimilarityPlan.Work(gradient: gradient, mapUpstream: $0))
      }
    }
  }
  // The similarity is symmetric in its arguments.
  return PairGradients(prediction: gradient(prediction, target), target: gradient(target, prediction))
}

func checkPair(_ prediction: Tensor<Float>, _ target: Tensor<Float>, obstacle: String?, upstream: Tensor<Float>?) {
  require(noObstacle: obstacle)
  require(target.shape == prediction.shape, "target: shape \(target.shape), prediction has \(prediction.shape)")
  if let upstream {
    let images = prediction.shape[0]
    require(upstream.shape == [images], "upstream: shape \(upstream.shape), one number an image is [\(images)]")
  }
}
