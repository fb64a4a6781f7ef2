import PerceptualCore

/// Structural similarity (SSIM) of each image, 1 for equal images.
///
/// The mean over channels and window positions of luminance x contrast,
///
///     luminance = (2 mean_x mean_y + C1) / (mean_x^2 + mean_y^2 + C1),      C1 = (k1 L)^2
///     contrast = (2 covariance + C2) / (variance_x + variance_y + C2),      C2 = (k2 L)^2
///
/// computed as 1 - mean_(x-y)^2 / (...) and 1 - variance_(x-y) / (...), all moments about their means: flat patches and
/// images that are nearly alike lose no digits.
///
/// Shapes: prediction and target [N, C, H, W], H and W at least windowSize; value [N]. L is the data range, in the
/// units of the input. NaN and infinities in an image make its value NaN. Work is shared among threads by planes (image
/// and channel). Accuracy: values within 4 epsilons, gradients within 64 of their largest element; measured, in the L2
/// norm, under 1e-6 for pictures of any kind, nearly equal ones included. Settings or shapes that make no sense are a
/// caller's bug. Source: Wang, Bovik, Sheikh and Simoncelli 2004.
public func structuralSimilarity(
  _ prediction: Tensor<Float>, target: Tensor<Float>, options: StructuralSimilarityOptions = .init()
) -> Tensor<Float> {
  similarity(prediction, target, options, upstream: nil).value
}

/// The gradient of ``structuralSimilarity(_:target:options:)``: for x the transposed window filter of three maps, F m0
/// - (x - y) F m1 + x F m2. Shapes: upstream [N]; gradients as prediction and target. Equal images have gradient 0.
public func structuralSimilarityGradient(
  _ prediction: Tensor<Float>, target: Tensor<Float>, upstream: Tensor<Float>,
  options: StructuralSimilarityOptions = .init()
) -> PairGradients<Float> {
  // The similarity is symmetric in its arguments.
  PairGradients(
    prediction: similarity(prediction, target, options, upstream: upstream).gradient,
    target: similarity(target, prediction, options, upstream: upstream).gradient)
}

/// ``structuralSimilarity(_:target:options:)`` and its gradient with respect to the prediction, for the work of one.
public func structuralSimilarityAndGradient(
  _ prediction: Tensor<Float>, target: Tensor<Float>, upstream: Tensor<Float>,
  options: StructuralSimilarityOptions = .init()
) -> (value: Tensor<Float>, gradient: Tensor<Float>) {
  similarity(prediction, target, options, upstream: upstream)
}

private func similarity(
  _ prediction: Tensor<Float>, _ target: Tensor<Float>, _ options: StructuralSimilarityOptions,
  upstream: Tensor<Float>?
) -> (value: Tensor<Float>, gradient: Tensor<Float>) {
  checkPair(prediction, target, obstacle: options.obstacle(forImages: prediction.shape), upstream: upstream)
  let execution = Execution.current
  let windowed = WindowedSimilarity(
    execution, options, height: prediction.shape[2], width: prediction.shape[3], scaleCount: 1, oddSizes: .drop)
  let channels = prediction.shape[1]
  return forEachPlane(execution, windowed, prediction, target, withGradient: upstream != nil) {
    scratch, n, offsets, gradient in
    let value = windowed.term(
      ofScale: 0, withLuminance: true, withGradient: upstream != nil, offsets: offsets, scratch)
    if let gradient, let upstream {
      windowed.joinGradients(factors: [Double(upstream[n]) / Double(channels)], gradient, scratch)
    }
    return value
  }
}

func checkPair(_ prediction: Tensor<Float>, _ target: Tensor<Float>, obstacle: String?, upstream: Tensor<Float>?) {
  require(obstacle == nil, obstacle ?? "")
  require(target.shape == prediction.shape, "target: shape \(target.shape), prediction has \(prediction.shape)")
  if let upstream {
    let images = prediction.shape[0]
    require(upstream.shape == [images], "upstream: shape \(upstream.shape), one number an image is [\(images)]")
  }
}

/// Runs `body(scratch, image, offsets, where its gradient goes)` for each plane, its scales filled, and averages the
/// planes' values over an image's channels. The gradient is empty unless asked for.
func forEachPlane(
  _ execution: Execution, _ windowed: WindowedSimilarity, _ prediction: Tensor<Float>, _ target: Tensor<Float>,
  withGradient: Bool,
  _ body: (UnsafeMutablePointer<Float>, Int, WindowedSimilarity.Offsets, UnsafeMutablePointer<Float>?) -> Double
) -> (value: Tensor<Float>, gradient: Tensor<Float>) {
  let images = prediction.shape[0]
  let channels = prediction.shape[1]
  let size = prediction.shape[2] * prediction.shape[3]
  var values = [Double](repeating: 0, count: images * channels)
  func run(_ gradient: UnsafeMutablePointer<Float>?) {
    values.withUnsafeMutableBufferPointer { values in
      withPointers(prediction, target, nil) { prediction, target, _ in
        execution.forEach(values.count) { plane in
          values[plane] = ScratchPool.shared.withFloats(windowed.scratchCount) { scratch in
            let offsets = windowed.fillScales(prediction + plane * size, target + plane * size, scratch)
            return body(scratch, plane / channels, offsets, gradient.map { $0 + plane * size })
          }
        }
      }
    }
  }
  var gradient = Tensor<Float>([])
  if withGradient {
    gradient = makeTensor(prediction.shape) { run($0) }
  } else {
    run(nil)
  }
  let value = (0..<images).map { n in
    Float(values[n * channels..<(n + 1) * channels].reduce(0, +) / Double(channels))
  }
  return (Tensor(value), gradient)
}
