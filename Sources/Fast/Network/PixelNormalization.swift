import PerceptualCore

/// Pixel normalisation: each position's channels over their root mean square.
///
///     y[n, c, p] = x[n, c, p] / sqrt((1 / C) sum over k of x[n, k, p]^2 + epsilon)
///
/// Shapes: x [N, C, ...], kept. Accuracy: within (C / 4 + 5) epsilons of y; the squares are summed in the channels'
/// order. NaN spreads over its position. Stops if x has no channels or epsilon is negative. Source: Karras et al. 2018,
/// Progressive Growing of GANs, section 4.2.
public func pixelNormalization(_ x: Tensor<Float>, epsilon: Double = 1e-7) -> Tensor<Float> {
  let (images, channels, positions) = extents(x)
  return makeTensor(x.shape) {
    pixelNormalization(x.elements, $0, images: images, channels: channels, positions: positions, epsilon: epsilon)
  }
}

/// The gradient of ``pixelNormalization(_:epsilon:)``, with r the root of a position:
///
///     (upstream[c] - x[c] / r^2 (1 / C) sum over k of upstream[k] x[k]) / r
public func pixelNormalizationGradient(
  _ x: Tensor<Float>, upstream: Tensor<Float>, epsilon: Double = 1e-7
) -> Tensor<Float> {
  requireUpstream(upstream, x.shape)
  let (images, channels, positions) = extents(x)
  return makeTensor(x.shape) {
    pixelNormalizationGradient(
      x.elements, upstream: upstream.elements, $0, images: images, channels: channels, positions: positions,
      epsilon: epsilon)
  }
}

/// ``pixelNormalization(_:epsilon:)`` on a caller's buffers; y may be x.
public func pixelNormalization(
  _ x: UnsafePointer<Float>, _ y: UnsafeMutablePointer<Float>, images: Int, channels: Int, positions: Int,
  epsilon: Double = 1e-7
) {
  forEachSlice(images, channels, positions, epsilon) { execution, offset, count in
    execution.kernels.pixelNormalization(
      x + offset, channels: channels, stride: positions, epsilon: Float(epsilon), y + offset, count: count)
  }
}

/// The gradient on a caller's buffers; `gradient` may be `upstream`.
public func pixelNormalizationGradient(
  _ x: UnsafePointer<Float>, upstream: UnsafePointer<Float>, _ gradient: UnsafeMutablePointer<Float>, images: Int,
  channels: Int, positions: Int, epsilon: Double = 1e-7
) {
  forEachSlice(images, channels, positions, epsilon) { execution, offset, count in
    execution.kernels.pixelNormalizationGradient(
      x + offset, channels: channels, stride: positions, epsilon: Float(epsilon), upstream: upstream + offset,
      gradient + offset, count: count)
  }
}

/// Runs `body(execution, first element, count)` over slices of neighbouring positions, all channels of each.
private func forEachSlice(
  _ images: Int, _ channels: Int, _ positions: Int, _ epsilon: Double, _ body: (Execution, Int, Int) -> Void
) {
  require(epsilon >= 0, "epsilon: \(epsilon) given, at least 0 is needed")
  let execution = Execution.current
  let grain = 128
  let slices = (positions + grain - 1) / grain
  execution.forEach(images * slices) { index in
    let (image, slice) = index.quotientAndRemainder(dividingBy: slices)
    body(execution, image * channels * positions + slice * grain, min(grain, positions - slice * grain))
  }
}

private func extents(_ x: Tensor<Float>) -> (images: Int, channels: Int, positions: Int) {
  require(x.rank >= 2 && x.count > 0, "x: shape \(x.shape) given, a non-empty [N, C, ...] is needed")
  return (x.shape[0], x.shape[1], x.shape.dropFirst(2).reduce(1, *))
}
