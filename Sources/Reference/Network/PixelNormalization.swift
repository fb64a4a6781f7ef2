import PerceptualCore

/// Pixel normalisation: each position's channels over their root mean square.
///
///     y[n, c, p] = x[n, c, p] / sqrt((1 / C) sum over k of x[n, k, p]^2 + epsilon)
///
/// Shapes: x [N, C, ...], kept. Positions whose channels are all 0 stay 0. NaN spreads over its position. Stops if x
/// has no channels or epsilon is negative. Source: Karras et al. 2018, Progressive Growing of GANs, section 4.2.
@specialized(where Scalar == Double)
@specialized(where Scalar == Float)
public func pixelNormalization<Scalar: TensorElement>(_ x: Tensor<Scalar>, epsilon: Double = 1e-7) -> Tensor<Scalar> {
  let (images, channels, positions) = extents(x, epsilon)
  var y = Tensor<Scalar>(shape: x.shape)
  for n in 0..<images {
    for p in 0..<positions {
      let norm = rootMeanSquare(x, n, p, channels, positions, epsilon)
      for c in 0..<channels {
        let i = (n * channels + c) * positions + p
        y[i] = x[i] / norm
      }
    }
  }
  return y
}

/// The gradient of ``pixelNormalization(_:epsilon:)``, with r the root of a position:
///
///     (upstream[c] - x[c] / r^2 (1 / C) sum over k of upstream[k] x[k]) / r
@specialized(where Scalar == Double)
@specialized(where Scalar == Float)
public func pixelNormalizationGradient<Scalar: TensorElement>(
  _ x: Tensor<Scalar>, upstream: Tensor<Scalar>, epsilon: Double = 1e-7
) -> Tensor<Scalar> {
  require(upstream.shape == x.shape, "upstream: shape \(upstream.shape), x has \(x.shape)")
  let (images, channels, positions) = extents(x, epsilon)
  var gradient = Tensor<Scalar>(shape: x.shape)
  for n in 0..<images {
    for p in 0..<positions {
      let norm = rootMeanSquare(x, n, p, channels, positions, epsilon)
      var product: Scalar = 0
      for c in 0..<channels {
        let i = (n * channels + c) * positions + p
        product += upstream[i] * x[i]
      }
      let share = product / Scalar(channels) / (norm * norm)
      for c in 0..<channels {
        let i = (n * channels + c) * positions + p
        gradient[i] = (upstream[i] - x[i] * share) / norm
      }
    }
  }
  return gradient
}

private func rootMeanSquare<Scalar: TensorElement>(
  _ x: Tensor<Scalar>, _ n: Int, _ p: Int, _ channels: Int, _ positions: Int, _ epsilon: Double
) -> Scalar {
  var sum: Scalar = 0
  for c in 0..<channels {
    let value = x[(n * channels + c) * positions + p]
    sum += value * value
  }
  return (sum / Scalar(channels) + Scalar(epsilon)).squareRoot()
}

private func extents<Scalar>(_ x: Tensor<Scalar>, _ epsilon: Double) -> (images: Int, channels: Int, positions: Int) {
  require(x.rank >= 2 && x.count > 0, "x: shape \(x.shape), a non-empty [N, C, ...] is needed")
  require(epsilon >= 0, "epsilon: \(epsilon), at least 0 is needed")
  return (x.shape[0], x.shape[1], x.shape.dropFirst(2).reduce(1, *))
}
