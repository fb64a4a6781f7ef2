import Foundation
import PerceptualCore

/// The perceptual distance of signals, per sample: features of a filter bank compared by mean squared error or cosine.
///
///     x_b[p] = sum_k h_b[k] s[p lap - taps + k]                     s is 0 outside the signal
///     f_b[p] = weight_b log(1 + factor max(0, x_b[p]))
///     meanSquaredError: (1 / M) sum (f - f')^2;  cosine: - sum f f' / (|f| |f'|), 0 where |f| |f'| < 1e-8
///
/// for the M = bands x (floor((T + taps) / lap) + 1) features of prediction and target. The filters are symmetric, so
/// that correlation is convolution. The weights are 1 or those of the A curve. With masking (`BarkMasking`) the
/// factor is 1 / sqrt(threshold), band by band and frame by frame: ``maskingThresholds(_:options:)``.
///
/// Shapes: prediction and target [N, T]; value [N]. NaN stays NaN. Stops with a sentence where options or shapes do not
/// fit. Source: zounds' PerceptualLoss, of the experiments "Perceptual Audio Loss" and "Raw Audio Autoencoder".
@specialized(where Scalar == Double)
@specialized(where Scalar == Float)
public func barkDistance<Scalar: TensorElement>(
  _ prediction: Tensor<Scalar>, target: Tensor<Scalar>, options: BarkDistanceOptions
) -> Tensor<Scalar> {
  checkShapes(prediction.shape, target.shape, options)
  let bank: Tensor<Scalar> = auditoryFilterBank(options.filters)
  let weights: [Scalar] = weights(options)
  let y = filtered(target, bank, options)
  let factors = logFactors(y, options)
  let a = features(filtered(prediction, bank, options), weights, factors)
  let b = features(y, weights, factors)
  let samples = prediction.shape[0]
  let size = a.count / samples
  var value = Tensor<Scalar>(shape: [samples])
  for n in 0..<samples {
    switch options.distance {
    case .meanSquaredError:
      var sum: Scalar = 0
      for i in n * size..<(n + 1) * size { sum += (a[i] - b[i]) * (a[i] - b[i]) }
      value[n] = sum / Scalar(size)
    case .cosine:
      let products = Products(a, b, n * size..<(n + 1) * size)
      value[n] = products.areSmall ? 0 : -products.ab / products.norms
    }
  }
  return value
}

/// The gradients of ``barkDistance(_:target:options:)``.
///
/// With g the derivative of the distance by a feature, 2 (f - f') / M or -f' / (|f| |f'|) + (f . f') f / (|f|^3 |f'|),
///
///     gradient[t] = upstream sum over b, p with x_b[p] > 0 of
///                   h_b[t + taps - p lap] g weight_b factor / (1 + factor x_b[p])
///
/// and with f and f' exchanged for the target; a masking threshold is held fixed. 0 where the cosine is set to 0.
///
/// Shapes: upstream [N]; gradients as prediction and target.
@specialized(where Scalar == Double)
@specialized(where Scalar == Float)
public func barkDistanceGradient<Scalar: TensorElement>(
  _ prediction: Tensor<Scalar>, target: Tensor<Scalar>, upstream: Tensor<Scalar>, options: BarkDistanceOptions
) -> PairGradients<Scalar> {
  checkShapes(prediction.shape, target.shape, options)
  let samples = prediction.shape[0]
  require(upstream.shape == [samples], "upstream: shape \(upstream.shape), one number a sample is [\(samples)]")
  let bank: Tensor<Scalar> = auditoryFilterBank(options.filters)
  let weights: [Scalar] = weights(options)
  let (x, y) = (filtered(prediction, bank, options), filtered(target, bank, options))
  let factors = logFactors(y, options)
  let (a, b) = (features(x, weights, factors), features(y, weights, factors))
  return PairGradients(
    prediction: gradient(x, a, b, upstream, bank, weights, factors, options, shape: prediction.shape),
    target: gradient(y, b, a, upstream, bank, weights, factors, options, shape: prediction.shape))
}

private struct Products<Scalar: TensorElement> {
  var aa: Scalar = 0
  var ab: Scalar = 0
  var bb: Scalar = 0
  var norms: Scalar { aa.squareRoot() * bb.squareRoot() }
  var areSmall: Bool { norms < 1e-8 }

  init(_ a: Tensor<Scalar>, _ b: Tensor<Scalar>, _ range: Range<Int>) {
    for i in range {
      aa += a[i] * a[i]
      ab += a[i] * b[i]
      bb += b[i] * b[i]
    }
  }
}

/// [N, bands, positions].
private func filtered<Scalar>(
  _ signal: Tensor<Scalar>, _ bank: Tensor<Scalar>, _ options: BarkDistanceOptions
) -> Tensor<Scalar> {
  let (bands, taps) = (options.filters.bands, options.filters.taps)
  let length = signal.shape[1]
  let positions = options.positions(samples: length)
  var x = Tensor<Scalar>(shape: [signal.shape[0], bands, positions])
  for n in 0..<signal.shape[0] {
    for band in 0..<bands {
      for p in 0..<positions {
        let start = p * options.stride - taps
        var sum: Scalar = 0
        for k in 0..<taps where start + k >= 0 && start + k < length {
          sum += bank[band, k] * signal[n, start + k]
        }
        x[n, band, p] = sum
      }
    }
  }
  return x
}

private func features<Scalar>(_ x: Tensor<Scalar>, _ weights: [Scalar], _ factors: Tensor<Scalar>) -> Tensor<Scalar> {
  var result = x
  for n in 0..<x.shape[0] {
    for band in 0..<x.shape[1] {
      for p in 0..<x.shape[2] {
        let rectified = x[n, band, p] < 0 ? 0 : x[n, band, p]
        result[n, band, p] = weights[band] * Scalar(log1p(Double(factors[n, band, p] * rectified)))
      }
    }
  }
  return result
}

private func gradient<Scalar>(
  _ x: Tensor<Scalar>, _ a: Tensor<Scalar>, _ b: Tensor<Scalar>, _ upstream: Tensor<Scalar>, _ bank: Tensor<Scalar>,
  _ weights: [Scalar], _ factors: Tensor<Scalar>, _ options: BarkDistanceOptions, shape: [Int]
) -> Tensor<Scalar> {
  let (bands, positions, taps) = (x.shape[1], x.shape[2], options.filters.taps)
  let size = bands * positions
  var result = Tensor<Scalar>(shape: shape)
  for n in 0..<shape[0] {
    let products = Products(a, b, n * size..<(n + 1) * size)
    if options.distance == .cosine && products.areSmall { continue }
    for band in 0..<bands {
      for p in 0..<positions where !(x[n, band, p] <= 0) {
        let (own, other) = (a[n, band, p], b[n, band, p])
        let byFeature =
          switch options.distance {
          case .meanSquaredError: 2 * (own - other) / Scalar(size)
          case .cosine: (products.ab / products.aa * own - other) / products.norms
          }
        let factor = factors[n, band, p]
        let slope = weights[band] * factor / (1 + factor * x[n, band, p])
        let start = p * options.stride - taps
        for k in 0..<taps where start + k >= 0 && start + k < shape[1] {
          result[n, start + k] += upstream[n] * byFeature * slope * bank[band, k]
        }
      }
    }
  }
  return result
}

/// The factor of each feature, [N, bands, positions], for the target's responses.
private func logFactors<Scalar>(_ target: Tensor<Scalar>, _ options: BarkDistanceOptions) -> Tensor<Scalar> {
  var factors = Tensor<Scalar>(repeating: Scalar(options.logFactor), shape: target.shape)
  if options.masking == nil { return factors }
  let thresholds = maskingThresholds(target.converted(), options: options)
  for n in 0..<target.shape[0] {
    for band in 0..<target.shape[1] {
      for p in 0..<target.shape[2] {
        factors[n, band, p] = Scalar(1 / thresholds[n, band, p / options.framePositions].squareRoot())
      }
    }
  }
  return factors
}

private func weights<Scalar: TensorElement>(_ options: BarkDistanceOptions) -> [Scalar] {
  let centres = auditoryCentres(options.filters)
  return options.aWeighting ? aWeights(centres: centres).map { Scalar($0) } : centres.map { _ in 1 }
}

private func checkShapes(_ prediction: [Int], _ target: [Int], _ options: BarkDistanceOptions) {
  require(noObstacle: options.obstacle(prediction: prediction, target: target))
}
