import PerceptualCore

/// Batch normalisation of images [N, C, H, W], each channel over its n = N H W values:
///
///     y = gamma (x - mean) / sqrt(variance + epsilon) + beta
///
/// In training, mean = sum x / n and variance = sum (x - mean)^2 / n are the batch's (the biased variance), and
///
///     runningMean'     = (1 - momentum) runningMean + momentum mean
///     runningVariance' = (1 - momentum) runningVariance + momentum variance n / (n - 1)
///
/// In inference they are the running values, which are returned as they came.
///
/// Shapes: x [N, C, H, W]; gamma, beta, runningMean, runningVariance [C]. A value that is not finite makes its channel
/// NaN. Stops if a shape does not fit, or for training with a single value a channel, where n - 1 is 0. Source: Ioffe
/// and Szegedy 2015, algorithms 1 and 2; running values as in PyTorch.
@specialized(where Scalar == Double)
@specialized(where Scalar == Float)
public func batchNormalization<Scalar: TensorElement>(
  _ x: Tensor<Scalar>, gamma: Tensor<Scalar>, beta: Tensor<Scalar>, runningMean: Tensor<Scalar>,
  runningVariance: Tensor<Scalar>, epsilon: Double = 1e-5, momentum: Double = 0.1, training: Bool
) -> BatchNormalizationOutput<Scalar> {
  requireNormalizationShapes(
    x, [("gamma", gamma), ("beta", beta), ("runningMean", runningMean), ("runningVariance", runningVariance)], training)
  var output = BatchNormalizationOutput(y: x, runningMean: runningMean, runningVariance: runningVariance)
  let (rate, n) = (Scalar(momentum), Scalar(x.count / x.shape[1]))
  for c in 0..<x.shape[1] {
    var (mean, variance) = (runningMean[c], runningVariance[c])
    if training {
      (mean, variance) = batchMoments(x, channel: c)
      output.runningMean[c] = (1 - rate) * runningMean[c] + rate * mean
      output.runningVariance[c] = (1 - rate) * runningVariance[c] + rate * variance * n / (n - 1)
    }
    let deviation = (variance + Scalar(epsilon)).squareRoot()
    forEachValue(of: x, channel: c) { output.y[$0] = gamma[c] * (x[$0] - mean) / deviation + beta[c] }
  }
  return output
}

/// The gradients of ``batchNormalization(_:gamma:beta:runningMean:runningVariance:epsilon:momentum:training:)``.
///
/// With g the upstream gradient of y, d = x - mean and s = sqrt(variance + epsilon), for each channel:
///
///     beta:  sum g
///     gamma: sum g d / s
///     x:     gamma / s (g - sum g / n - d sum(g d) / (n s^2))   in training
///            gamma / s g                                        in inference
///
/// In training the upstream gradients of the running values flow to x too:
///
///     momentum / n upstreamRunningMean + 2 momentum d / (n - 1) upstreamRunningVariance
///
/// Shapes: upstream as x, all others [C]; nil stands for zeros. Stops as the operation itself.
@specialized(where Scalar == Double)
@specialized(where Scalar == Float)
public func batchNormalizationGradient<Scalar: TensorElement>(
  _ x: Tensor<Scalar>, gamma: Tensor<Scalar>, runningMean: Tensor<Scalar>, runningVariance: Tensor<Scalar>,
  upstream: Tensor<Scalar>, upstreamRunningMean: Tensor<Scalar>? = nil, upstreamRunningVariance: Tensor<Scalar>? = nil,
  epsilon: Double = 1e-5, momentum: Double = 0.1, training: Bool
) -> BatchNormalizationGradients<Scalar> {
  let zeros = Tensor<Scalar>(shape: gamma.shape)
  let (meanUpstream, varianceUpstream) = (upstreamRunningMean ?? zeros, upstreamRunningVariance ?? zeros)
  requireNormalizationShapes(
    x,
    [
      ("gamma", gamma), ("runningMean", runningMean), ("runningVariance", runningVariance),
      ("upstreamRunningMean", meanUpstream), ("upstreamRunningVariance", varianceUpstream),
    ], training)
  require(upstream.shape == x.shape, "upstream: shape \(upstream.shape), x has \(x.shape)")
  var gradients = BatchNormalizationGradients(x: x, gamma: zeros, beta: zeros)
  let (rate, n) = (Scalar(momentum), Scalar(x.count / x.shape[1]))
  for c in 0..<x.shape[1] {
    let (mean, variance) = training ? batchMoments(x, channel: c) : (runningMean[c], runningVariance[c])
    let squared = variance + Scalar(epsilon)
    let deviation = squared.squareRoot()
    var (sum, product): (Scalar, Scalar) = (0, 0)
    forEachValue(of: x, channel: c) {
      sum += upstream[$0]
      product += upstream[$0] * (x[$0] - mean)
    }
    gradients.beta[c] = sum
    gradients.gamma[c] = product / deviation
    forEachValue(of: x, channel: c) {
      let (g, d) = (upstream[$0], x[$0] - mean)
      if training {
        gradients.x[$0] =
          gamma[c] / deviation * (g - sum / n - d * product / (n * squared)) + rate / n * meanUpstream[c]
          + 2 * rate * d / (n - 1) * varianceUpstream[c]
      } else {
        gradients.x[$0] = gamma[c] / deviation * g
      }
    }
  }
  return gradients
}

/// Mean and biased variance of a channel.
private func batchMoments<Scalar>(_ x: Tensor<Scalar>, channel: Int) -> (mean: Scalar, variance: Scalar) {
  let n = Scalar(x.count / x.shape[1])
  var (sum, squares): (Scalar, Scalar) = (0, 0)
  forEachValue(of: x, channel: channel) { sum += x[$0] }
  let mean = sum / n
  forEachValue(of: x, channel: channel) { squares += (x[$0] - mean) * (x[$0] - mean) }
  return (mean, squares / n)
}

/// The flat indices of a channel's values, image by image.
private func forEachValue<Scalar>(of x: Tensor<Scalar>, channel: Int, _ body: (Int) -> Void) {
  let pixels = x.shape[2] * x.shape[3]
  for n in 0..<x.shape[0] {
    for i in 0..<pixels { body((n * x.shape[1] + channel) * pixels + i) }
  }
}

private func requireNormalizationShapes<Scalar>(
  _ x: Tensor<Scalar>, _ rows: [(String, Tensor<Scalar>)], _ training: Bool
) {
  require(x.rank == 4 && x.count > 0, "x: shape \(x.shape) given, [N, C, H, W] without empty axes is needed")
  for (name, tensor) in rows {
    require(tensor.shape == [x.shape[1]], "\(name): shape \(tensor.shape) given, [\(x.shape[1])] is needed")
  }
  require(!training || x.count > x.shape[1], "x: shape \(x.shape) has one value a channel, training needs two")
}
