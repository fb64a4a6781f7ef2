import PerceptualCore
import PerceptualKernels

/// Batch normalisation over all axes but the second (Ioffe and Szegedy 2015), as PyTorch's BatchNorm2d:
///
///     y = gamma (x - mean) / sqrt(variance + epsilon) + beta
///
/// In training mean and (biased) variance are the batch's, and the running values move by `momentum` towards the
/// batch's mean and unbiased variance; in inference they are the running values, which are returned unchanged.
///
/// Shapes: x [N, C, ...]; gamma, beta, runningMean and runningVariance [C].
///
/// In training a channel needs two values. Accuracy: moments are summed around the channel's first value, rows in
/// Float, joined in Double in their order; y is within a few units in the last place of the larger of |y| and |gamma x
/// / sd|.
public func batchNormalization(
  _ x: Tensor<Float>, gamma: Tensor<Float>, beta: Tensor<Float>, runningMean: Tensor<Float>,
  runningVariance: Tensor<Float>, epsilon: Double = 1e-5, momentum: Double = 0.1, training: Bool
) -> BatchNormalizationOutput<Float> {
  let (images, channels, pixels) = normalizationSizes(x, gamma, beta, runningMean, runningVariance)
  var mean = runningMean
  var variance = runningVariance
  let y = makeTensor(x.shape) { y in
    if training {
      ScratchPool.shared.withFloats(2 * channels) { scratch in
        batchNormalizationTraining(
          x: x.elements, y: y, images: images, channels: channels, pixels: pixels, gamma: gamma.elements,
          beta: beta.elements, mean: scratch, inverseDeviation: scratch + channels, runningMean: &mean.elements,
          runningVariance: &variance.elements, epsilon: epsilon, momentum: momentum)
      }
    } else {
      batchNormalizationInference(
        x: x.elements, y: y, images: images, channels: channels, pixels: pixels, gamma: gamma.elements,
        beta: beta.elements, runningMean: mean.elements, runningVariance: variance.elements, epsilon: epsilon)
    }
  }
  return BatchNormalizationOutput(y: y, runningMean: mean, runningVariance: variance)
}

/// Gradients of ``batchNormalization(_:gamma:beta:runningMean:runningVariance:epsilon:momentum:training:)``.
///
/// With n values a channel, d = x - mean, r = 1 / sqrt(variance + epsilon), g the upstream gradient of y:
///
///     beta: sum g,  gamma: r sum g d
///     x in training: gamma r (g - sum g / n - d r^2 sum(g d) / n),  in inference: gamma r g
///
/// and in training the upstream gradients of the running values add momentum / n and 2 momentum d / (n - 1) times them.
public func batchNormalizationGradient(
  _ x: Tensor<Float>, gamma: Tensor<Float>, runningMean: Tensor<Float>, runningVariance: Tensor<Float>,
  upstream: Tensor<Float>, upstreamRunningMean: Tensor<Float>? = nil, upstreamRunningVariance: Tensor<Float>? = nil,
  epsilon: Double = 1e-5, momentum: Double = 0.1, training: Bool
) -> BatchNormalizationGradients<Float> {
  let (images, channels, pixels) = normalizationSizes(x, gamma, gamma, runningMean, runningVariance)
  requireUpstream(upstream, x.shape)
  for (name, tensor) in [
    ("upstreamRunningMean", upstreamRunningMean), ("upstreamRunningVariance", upstreamRunningVariance),
  ] {
    let shape = tensor?.shape ?? [channels]
    require(shape == [channels], "\(name): shape \(shape) given, [\(channels)] is needed")
  }
  let values = images * pixels
  require(!training || values > 1, "x: one value a channel given, training needs at least two")
  let sums = Lines<Double>(2 * channels)
  let gradient = makeTensor(x.shape) { gradient in
    withPointers(x, upstream, nil) { x, upstream, _ in
      forEachChannel(images, channels, pixels) { rows, channel in
        let moments =
          training
          ? rows.moments(x) : (mean: Double(runningMean[channel]), variance: Double(runningVariance[channel]))
        let inverse = 1 / (moments.variance + epsilon).squareRoot()
        var extra = (mean: 0.0, variance: 0.0)
        if training {
          extra.mean = momentum * Double(upstreamRunningMean?[channel] ?? 0) / Double(values)
          extra.variance = 2 * momentum * Double(upstreamRunningVariance?[channel] ?? 0) / Double(values - 1)
        }
        (sums[channel], sums[channels + channel]) = rows.gradient(
          x, upstream: upstream, gradient, mean: moments.mean, inverse: inverse, gamma: Double(gamma[channel]),
          throughMoments: training, extra: extra)
      }
    }
  }
  return BatchNormalizationGradients(
    x: gradient, gamma: Tensor((0..<channels).map { Float(sums[$0]) }),
    beta: Tensor((0..<channels).map { Float(sums[channels + $0]) }))
}

/// Batch normalisation in training on a caller's buffers: x and y are [images, channels, pixels], y may be x. Writes
/// the batch's mean and 1 / sqrt(variance + epsilon) for the gradient; moves the running values unless they are nil.
public func batchNormalizationTraining(
  x: UnsafePointer<Float>, y: UnsafeMutablePointer<Float>, images: Int, channels: Int, pixels: Int,
  gamma: UnsafePointer<Float>, beta: UnsafePointer<Float>, mean: UnsafeMutablePointer<Float>,
  inverseDeviation: UnsafeMutablePointer<Float>, runningMean: UnsafeMutablePointer<Float>?,
  runningVariance: UnsafeMutablePointer<Float>?, epsilon: Double, momentum: Double
) {
  let values = images * pixels
  require(values > 1, "x: one value a channel given, training needs at least two")
  forEachChannel(images, channels, pixels) { rows, channel in
    let moments = rows.moments(x)
    let inverse = 1 / (moments.variance + epsilon).squareRoot()
    mean[channel] = Float(moments.mean)
    inverseDeviation[channel] = Float(inverse)
    if let runningMean {
      runningMean[channel] = Float((1 - momentum) * Double(runningMean[channel]) + momentum * moments.mean)
    }
    if let runningVariance {
      let unbiased = moments.variance * Double(values) / Double(values - 1)
      runningVariance[channel] = Float((1 - momentum) * Double(runningVariance[channel]) + momentum * unbiased)
    }
    rows.normalize(x, y, mean: moments.mean, factor: Double(gamma[channel]) * inverse, beta: Double(beta[channel]))
  }
}

/// Batch normalisation in inference on a caller's buffers; y may be x.
public func batchNormalizationInference(
  x: UnsafePointer<Float>, y: UnsafeMutablePointer<Float>, images: Int, channels: Int, pixels: Int,
  gamma: UnsafePointer<Float>, beta: UnsafePointer<Float>, runningMean: UnsafePointer<Float>,
  runningVariance: UnsafePointer<Float>, epsilon: Double
) {
  forEachChannel(images, channels, pixels) { rows, channel in
    let inverse = 1 / (Double(runningVariance[channel]) + epsilon).squareRoot()
    rows.normalize(
      x, y, mean: Double(runningMean[channel]), factor: Double(gamma[channel]) * inverse, beta: Double(beta[channel]))
  }
}

/// The gradient in training on a caller's buffers, from the mean and inverse deviation that
/// `batchNormalizationTraining` of the same buffers wrote; `gradient` may be `upstream`.
public func batchNormalizationTrainingGradient(
  x: UnsafePointer<Float>, upstream: UnsafePointer<Float>, gradient: UnsafeMutablePointer<Float>, images: Int,
  channels: Int, pixels: Int, gamma: UnsafePointer<Float>, mean: UnsafePointer<Float>,
  inverseDeviation: UnsafePointer<Float>, gammaGradient: UnsafeMutablePointer<Float>,
  betaGradient: UnsafeMutablePointer<Float>
) {
  forEachChannel(images, channels, pixels) { rows, channel in
    let sums = rows.gradient(
      x, upstream: upstream, gradient, mean: Double(mean[channel]), inverse: Double(inverseDeviation[channel]),
      gamma: Double(gamma[channel]), throughMoments: true, extra: (0, 0))
    gammaGradient[channel] = Float(sums.gamma)
    betaGradient[channel] = Float(sums.beta)
  }
}

private func forEachChannel(_ images: Int, _ channels: Int, _ pixels: Int, _ body: (NormalizationRows, Int) -> Void) {
  let execution = Execution.current
  execution.forEach(channels) { channel in
    body(
      NormalizationRows(
        kernels: execution.kernels, images: images, channels: channels, pixels: pixels, channel: channel), channel)
  }
}

/// One channel's rows in a batch. Rows are cut into segments, summed in Float each and joined in Double in their order.
private struct NormalizationRows {
  let kernels: any KernelSet.Type
  let images: Int
  let channels: Int
  let pixels: Int
  let channel: Int

  private static let segment = 1024

  private func forEachSegment(_ body: (Int, Int) -> Void) {
    for image in 0..<images {
      let row = (image * channels + channel) * pixels
      var offset = 0
      while offset < pixels {
        body(row + offset, min(Self.segment, pixels - offset))
        offset += Self.segment
      }
    }
  }

  /// Mean and biased variance: a first pass gives the mean, a second the squares around it.
  func moments(_ x: Floats) -> (mean: Double, variance: Double) {
    let count = Double(images * pixels)
    let first = x[channel * pixels]
    var sum = 0.0
    forEachSegment { sum += Double(kernels.shiftedMoments(x + $0, shift: first, count: $1).sum) }
    let mean = Double(first) + sum / count
    let shift = Float(mean)
    var rest = 0.0
    var squares = 0.0
    forEachSegment {
      let moments = kernels.shiftedMoments(x + $0, shift: shift, count: $1)
      rest += Double(moments.sum)
      squares += Double(moments.squares)
    }
    // The shift is the rounded mean; what is left over corrects both.
    let offset = rest / count
    let variance = squares / count - offset * offset
    return variance.isFinite ? (Double(shift) + offset, max(0, variance)) : momentsInDouble(x)
  }

  /// The same in Double throughout, where Float overflowed or a value is not finite: an infinity must not hide the mean
  /// behind the NaN of a shift.
  private func momentsInDouble(_ x: Floats) -> (mean: Double, variance: Double) {
    let count = Double(images * pixels)
    var sum = 0.0
    forEachSegment { for i in $0..<$0 + $1 { sum += Double(x[i]) } }
    let mean = sum / count
    var squares = 0.0
    forEachSegment { for i in $0..<$0 + $1 { squares += (Double(x[i]) - mean) * (Double(x[i]) - mean) } }
    return (mean, squares / count)
  }

  func normalize(_ x: Floats, _ y: MutableFloats, mean: Double, factor: Double, beta: Double) {
    let center = Float(mean)
    // What the rounding of the mean leaves over goes into the offset.
    let offset = Float(beta + (Double(center) - mean) * factor)
    forEachSegment {
      kernels.normalize(x + $0, mean: center, factor: Float(factor), offset: offset, y + $0, count: $1)
    }
  }

  func gradient(
    _ x: Floats, upstream: Floats, _ gradient: MutableFloats, mean: Double, inverse: Double, gamma: Double,
    throughMoments: Bool, extra: (mean: Double, variance: Double)
  ) -> (gamma: Double, beta: Double) {
    let center = Float(mean)
    let count = Double(images * pixels)
    var sum = 0.0
    var product = 0.0
    forEachSegment {
      let moments = kernels.gradientMoments(x + $0, mean: center, upstream: upstream + $0, count: $1)
      sum += Double(moments.sum)
      product += Double(moments.product)
    }
    // x - mean = (x - center) + residual, where only the first part is known to the kernels.
    let residual = Double(center) - mean
    product += residual * sum
    let factor = gamma * inverse
    if !throughMoments {
      // The running values are constants: x has no part in it, and an infinite x none in spoiling it.
      forEachSegment {
        kernels.normalize(upstream + $0, mean: 0, factor: Float(factor), offset: 0, gradient + $0, count: $1)
      }
      return (product * inverse, sum)
    }
    let b = product * inverse * inverse / count
    let a = sum / count + residual * b
    let constant = extra.mean + residual * extra.variance
    forEachSegment {
      kernels.normalizationGradient(
        x + $0, mean: center, upstream: upstream + $0, factor: Float(factor), a: Float(a), b: Float(b),
        constant: Float(constant), slope: Float(extra.variance), gradient + $0, count: $1)
    }
    return (product * inverse, sum)
  }
}

private func normalizationSizes(
  _ x: Tensor<Float>, _ gamma: Tensor<Float>, _ beta: Tensor<Float>, _ runningMean: Tensor<Float>,
  _ runningVariance: Tensor<Float>
) -> (images: Int, channels: Int, pixels: Int) {
  require(x.rank >= 2 && x.count > 0, "x: shape \(x.shape) given, [N, C, ...] without empty axes is needed")
  let channels = x.shape[1]
  let rows = [("gamma", gamma), ("beta", beta), ("runningMean", runningMean), ("runningVariance", runningVariance)]
  for (name, tensor) in rows {
    require(tensor.shape == [channels], "\(name): shape \(tensor.shape) given, [\(channels)] is needed")
  }
  return (x.shape[0], channels, x.shape.dropFirst(2).reduce(1, *))
}
