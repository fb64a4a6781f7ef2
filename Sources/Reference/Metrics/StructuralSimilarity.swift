import PerceptualCore

/// Structural similarity (SSIM) of each image, 1 for equal images.
///
/// Over every position of the window w (Gaussian or uniform, normalised, wholly inside the image):
///
///     mean_x = sum w x                  variance_x = sum w (x - mean_x)^2
///     covariance = sum w (x - mean_x) (y - mean_y)
///     luminance = (2 mean_x mean_y + C1) / (mean_x^2 + mean_y^2 + C1),   C1 = (k1 L)^2
///     contrast = (2 covariance + C2) / (variance_x + variance_y + C2),   C2 = (k2 L)^2
///     value[n] = mean over channels and positions of luminance x contrast
///
/// Options may first reduce large images, may reflect images at their borders so that windows are centred on every
/// pixel, and may set negative contrasts to 0: see `StructuralSimilarityOptions`. Shapes: prediction and target
/// [N, C, H, W], H and W at least `options.smallestSide`; value [N]. L is the data range, in the units of the input.
/// NaN and infinities in an image make its value NaN. Settings or shapes that make no sense are a caller's bug. Source:
/// Wang, Bovik, Sheikh and Simoncelli 2004, equation 13.
@specialized(where Scalar == Double)
@specialized(where Scalar == Float)
public func structuralSimilarity<Scalar: TensorElement>(
  _ prediction: Tensor<Scalar>, target: Tensor<Scalar>, options: StructuralSimilarityOptions = .init()
) -> Tensor<Scalar> {
  checkPair(prediction, target, obstacle: options.obstacle(forImages: prediction.shape))
  let channels = prediction.shape[1]
  let pair = WindowedPair(prediction, target, options)
  var value = Tensor<Scalar>(shape: [prediction.shape[0]])
  for n in 0..<value.count {
    for c in 0..<channels { value[n] += pair.means(n, c).similarity / Scalar(channels) }
  }
  return value
}

/// The gradient of ``structuralSimilarity(_:target:options:)``: sums of the windows over each pixel.
///
/// A pixel p of a window changes only that window's moments: d mean_x = w_p, d variance_x = 2 w_p (x_p - mean_x),
/// d covariance = w_p (y_p - mean_y). Shapes: upstream [N]; gradients as prediction and target.
@specialized(where Scalar == Double)
@specialized(where Scalar == Float)
public func structuralSimilarityGradient<Scalar: TensorElement>(
  _ prediction: Tensor<Scalar>, target: Tensor<Scalar>, upstream: Tensor<Scalar>,
  options: StructuralSimilarityOptions = .init()
) -> PairGradients<Scalar> {
  checkPair(prediction, target, obstacle: options.obstacle(forImages: prediction.shape))
  let images = prediction.shape[0]
  require(upstream.shape == [images], "upstream: shape \(upstream.shape), one number an image is [\(images)]")
  let shape = mapShape(prediction.shape, options)
  let share = Scalar(shape[2] * shape[3])
  return WindowedPair(prediction, target, options).gradients(withLuminance: true) { n, _ in
    let each = upstream[n] / Scalar(shape[1]) / share
    return { _, _ in each }
  }
}

/// Luminance x contrast at every position of the window: ``structuralSimilarity(_:target:options:)`` is its mean.
///
/// Shapes: prediction and target [N, C, H, W]; the map [N, C, H', W'], H' = H - windowSize + 1 for valid windows, H
/// where images are reflected, H the height after downsampling. A NaN or an infinity reaches the positions whose window
/// holds it.
@specialized(where Scalar == Double)
@specialized(where Scalar == Float)
public func structuralSimilarityMap<Scalar: TensorElement>(
  _ prediction: Tensor<Scalar>, target: Tensor<Scalar>, options: StructuralSimilarityOptions = .init()
) -> Tensor<Scalar> {
  checkPair(prediction, target, obstacle: options.obstacle(forImages: prediction.shape))
  let pair = WindowedPair(prediction, target, options)
  var map = Tensor<Scalar>(shape: mapShape(prediction.shape, options))
  for n in 0..<map.shape[0] {
    for c in 0..<map.shape[1] {
      for top in 0..<map.shape[2] {
        for left in 0..<map.shape[3] {
          let m = pair.moments(n, c, top, left)
          map[n, c, top, left] = pair.window.luminance(m) * pair.window.contrast(m)
        }
      }
    }
  }
  return map
}

/// The gradient of ``structuralSimilarityMap(_:target:options:)``. Shapes: upstream as the map; gradients as prediction
/// and target.
@specialized(where Scalar == Double)
@specialized(where Scalar == Float)
public func structuralSimilarityMapGradient<Scalar: TensorElement>(
  _ prediction: Tensor<Scalar>, target: Tensor<Scalar>, upstream: Tensor<Scalar>,
  options: StructuralSimilarityOptions = .init()
) -> PairGradients<Scalar> {
  checkPair(prediction, target, obstacle: options.obstacle(forImages: prediction.shape))
  let shape = mapShape(prediction.shape, options)
  require(upstream.shape == shape, "upstream: shape \(upstream.shape), the map has \(shape)")
  return WindowedPair(prediction, target, options).gradients(withLuminance: true) { n, c in { upstream[n, c, $0, $1] } }
}

private func mapShape(_ shape: [Int], _ options: StructuralSimilarityOptions) -> [Int] {
  let sides = options.reducedSides(height: shape[2], width: shape[3])
  return [shape[0], shape[1], options.positions(ofSide: sides.height), options.positions(ofSide: sides.width)]
}

func checkPair<Scalar>(_ prediction: Tensor<Scalar>, _ target: Tensor<Scalar>, obstacle: String?) {
  require(noObstacle: obstacle)
  require(target.shape == prediction.shape, "target: shape \(target.shape), prediction has \(prediction.shape)")
}
