import Foundation
import PerceptualCore

/// Multi-scale structural similarity (MS-SSIM) of each image, 1 for equal images.
///
/// Between scales, 2x2 average pooling. With the luminance and contrast terms of
/// ``structuralSimilarity(_:target:options:)``, one mean over positions for each channel c and scale s:
///
///     term[c, s] = mean of contrast, at the last scale of luminance x contrast
///     value[n] = mean over c of product over s of max(term[c, s], 0)^weight[s]
///
/// Shapes: prediction and target [N, C, H, W], H and W at least `options.smallestSide`; value [N]. NaN and infinities
/// in an image make its value NaN. Settings or shapes that make no sense are a caller's bug. Source: Wang, Simoncelli
/// and Bovik 2003, equation 7 with equal exponents; the order of means and powers as in pytorch-msssim 1.0.
@specialized(where Scalar == Double)
@specialized(where Scalar == Float)
public func multiScaleStructuralSimilarity<Scalar: BinaryFloatingPoint & Sendable>(
  _ prediction: Tensor<Scalar>, target: Tensor<Scalar>, options: MultiScaleStructuralSimilarityOptions = .init()
) -> Tensor<Scalar> {
  checkPair(prediction, target, obstacle: options.obstacle(forImages: prediction.shape))
  let images = prediction.shape[0]
  let channels = prediction.shape[1]
  let terms = scaleTerms(scales(of: prediction, options), scales(of: target, options), options)
  var value = Tensor<Scalar>(shape: [images])
  for n in 0..<images {
    for c in 0..<channels {
      var product: Scalar = 1
      for (s, weight) in options.weights.enumerated() { product *= clampedPower(terms[n, c, s], weight) }
      value[n] += product / Scalar(channels)
    }
  }
  return value
}

/// The gradient of ``multiScaleStructuralSimilarity(_:target:options:)``.
///
/// A channel's product changes with term s by weight[s] term^(weight[s] - 1) times the other factors; by a term that is
/// not positive, and so clamped, by 0. Pooling hands a quarter of its gradient to each of its four pixels. Shapes:
/// upstream [N]; gradients as prediction and target.
@specialized(where Scalar == Double)
@specialized(where Scalar == Float)
public func multiScaleStructuralSimilarityGradient<Scalar: BinaryFloatingPoint & Sendable>(
  _ prediction: Tensor<Scalar>, target: Tensor<Scalar>, upstream: Tensor<Scalar>,
  options: MultiScaleStructuralSimilarityOptions = .init()
) -> PairGradients<Scalar> {
  checkPair(prediction, target, obstacle: options.obstacle(forImages: prediction.shape))
  let images = prediction.shape[0]
  let channels = prediction.shape[1]
  require(upstream.shape == [images], "upstream: shape \(upstream.shape), one number an image is [\(images)]")
  let window = Window<Scalar>(options.scale)
  let predictions = scales(of: prediction, options)
  let targets = scales(of: target, options)
  let terms = scaleTerms(predictions, targets, options)
  let last = options.weights.count - 1

  var coarser: PairGradients<Scalar>?
  for s in options.weights.indices.reversed() {
    var gradients = PairGradients(
      prediction: Tensor<Scalar>(shape: predictions[s].shape), target: Tensor<Scalar>(shape: targets[s].shape))
    for n in 0..<images {
      for c in 0..<channels {
        var byTerm = clampedPowerDerivative(terms[n, c, s], options.weights[s])
        for (t, weight) in options.weights.enumerated() where t != s { byTerm *= clampedPower(terms[n, c, t], weight) }
        window.addGradient(
          predictions[s], targets[s], n, c, upstream: upstream[n] / Scalar(channels) * byTerm, withLuminance: s == last,
          to: &gradients)
      }
    }
    if let coarser {
      addPooledGradient(coarser.prediction, to: &gradients.prediction, options)
      addPooledGradient(coarser.target, to: &gradients.target, options)
    }
    coarser = gradients
  }
  return coarser ?? PairGradients(prediction: prediction, target: target)
}

/// max(x, 0)^exponent. NaN stays NaN.
private func clampedPower<Scalar: BinaryFloatingPoint>(_ x: Scalar, _ exponent: Double) -> Scalar {
  x <= 0 ? 0 : Scalar(pow(Double(x), exponent))
}

/// The derivative of max(x, 0)^exponent, 0 where x is not positive. NaN stays NaN.
private func clampedPowerDerivative<Scalar: BinaryFloatingPoint>(_ x: Scalar, _ exponent: Double) -> Scalar {
  x <= 0 ? 0 : Scalar(exponent * pow(Double(x), exponent - 1))
}

/// The image at every scale, finest first.
private func scales<Scalar>(
  of image: Tensor<Scalar>, _ options: MultiScaleStructuralSimilarityOptions
) -> [Tensor<Scalar>] {
  var scales = [image]
  for _ in 1..<options.weights.count { scales.append(pooled(scales[scales.count - 1], options)) }
  return scales
}

/// [N, C, scales]: the mean over positions of each scale's term.
private func scaleTerms<Scalar>(
  _ predictions: [Tensor<Scalar>], _ targets: [Tensor<Scalar>], _ options: MultiScaleStructuralSimilarityOptions
) -> Tensor<Scalar> {
  let window = Window<Scalar>(options.scale)
  let count = options.weights.count
  let images = predictions[0].shape[0]
  let channels = predictions[0].shape[1]
  var terms = Tensor<Scalar>(shape: [images, channels, count])
  for n in 0..<images {
    for c in 0..<channels {
      for s in 0..<count {
        let means = window.means(predictions[s], targets[s], n, c)
        terms[n, c, s] = s == count - 1 ? means.similarity : means.contrast
      }
    }
  }
  return terms
}

/// 2x2 average pooling; positions outside the image are zeros that count in the mean.
private func pooled<Scalar>(
  _ x: Tensor<Scalar>, _ options: MultiScaleStructuralSimilarityOptions
) -> Tensor<Scalar> {
  let height = x.shape[2]
  let width = x.shape[3]
  var y = Tensor<Scalar>(
    shape: [x.shape[0], x.shape[1], options.pooledSide(height), options.pooledSide(width)])
  for n in 0..<y.shape[0] {
    for c in 0..<y.shape[1] {
      for i in 0..<y.shape[2] {
        for j in 0..<y.shape[3] {
          let top = 2 * i - options.firstOffset(ofSide: height)
          let left = 2 * j - options.firstOffset(ofSide: width)
          for row in top...top + 1 where (0..<height).contains(row) {
            for column in left...left + 1 where (0..<width).contains(column) {
              y[n, c, i, j] += x[n, c, row, column] / 4
            }
          }
        }
      }
    }
  }
  return y
}

/// Adds a quarter of each pooled element's gradient to the four pixels that it averaged.
private func addPooledGradient<Scalar>(
  _ upstream: Tensor<Scalar>, to gradient: inout Tensor<Scalar>, _ options: MultiScaleStructuralSimilarityOptions
) {
  let height = gradient.shape[2]
  let width = gradient.shape[3]
  for n in 0..<upstream.shape[0] {
    for c in 0..<upstream.shape[1] {
      for i in 0..<upstream.shape[2] {
        for j in 0..<upstream.shape[3] {
          let top = 2 * i - options.firstOffset(ofSide: height)
          let left = 2 * j - options.firstOffset(ofSide: width)
          for row in top...top + 1 where (0..<height).contains(row) {
            for column in left...left + 1 where (0..<width).contains(column) {
              gradient[n, c, row, column] += upstream[n, c, i, j] / 4
            }
          }
        }
      }
    }
  }
}
