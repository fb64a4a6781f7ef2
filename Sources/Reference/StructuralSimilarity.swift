import Foundation
import PerceptualCore

/// Structural similarity (SSIM) of each image, 1 for equal images.
///
/// Over every position of the Gaussian window w (normalised, wholly inside the image):
///
///     mean_x = sum w x                  variance_x = sum w (x - mean_x)^2
///     covariance = sum w (x - mean_x) (y - mean_y)
///     luminance = (2 mean_x mean_y + C1) / (mean_x^2 + mean_y^2 + C1),   C1 = (k1 L)^2
///     contrast = (2 covariance + C2) / (variance_x + variance_y + C2),   C2 = (k2 L)^2
///     value[n] = mean over channels and positions of luminance x contrast
///
/// Shapes: prediction and target [N, C, H, W], H and W at least windowSize; value [N]. L is the data range, in the
/// units of the input. NaN and infinities in an image make its value NaN. Settings or shapes that make no sense are a
/// caller's bug. Source: Wang, Bovik, Sheikh and Simoncelli 2004, equation 13, valid windows.
@specialized(where Scalar == Double)
@specialized(where Scalar == Float)
public func structuralSimilarity<Scalar: BinaryFloatingPoint & Sendable>(
  _ prediction: Tensor<Scalar>, target: Tensor<Scalar>, options: StructuralSimilarityOptions = .init()
) -> Tensor<Scalar> {
  checkPair(prediction, target, obstacle: options.obstacle(forImages: prediction.shape))
  let images = prediction.shape[0]
  let channels = prediction.shape[1]
  let window = Window<Scalar>(options)
  var value = Tensor<Scalar>(shape: [images])
  for n in 0..<images {
    for c in 0..<channels {
      value[n] += window.means(prediction, target, n, c).similarity / Scalar(channels)
    }
  }
  return value
}

/// The gradient of ``structuralSimilarity(_:target:options:)``: sums of the windows over each pixel.
///
/// A pixel p of a window changes only that window's moments: d mean_x = w_p, d variance_x = 2 w_p (x_p - mean_x),
/// d covariance = w_p (y_p - mean_y). Shapes: upstream [N]; gradients as prediction and target.
@specialized(where Scalar == Double)
@specialized(where Scalar == Float)
public func structuralSimilarityGradient<Scalar: BinaryFloatingPoint & Sendable>(
  _ prediction: Tensor<Scalar>, target: Tensor<Scalar>, upstream: Tensor<Scalar>,
  options: StructuralSimilarityOptions = .init()
) -> PairGradients<Scalar> {
  checkPair(prediction, target, obstacle: options.obstacle(forImages: prediction.shape))
  let images = prediction.shape[0]
  let channels = prediction.shape[1]
  require(upstream.shape == [images], "upstream: shape \(upstream.shape), one number an image is [\(images)]")
  let window = Window<Scalar>(options)
  var gradients = PairGradients(
    prediction: Tensor<Scalar>(shape: prediction.shape), target: Tensor<Scalar>(shape: target.shape))
  for n in 0..<images {
    for c in 0..<channels {
      window.addGradient(
        prediction, target, n, c, upstream: upstream[n] / Scalar(channels), withLuminance: true, to: &gradients)
    }
  }
  return gradients
}

func checkPair<Scalar>(_ prediction: Tensor<Scalar>, _ target: Tensor<Scalar>, obstacle: String?) {
  require(obstacle == nil, obstacle ?? "")
  require(target.shape == prediction.shape, "target: shape \(target.shape), prediction has \(prediction.shape)")
}

/// The Gaussian window and the two terms of SSIM.
struct Window<Scalar: BinaryFloatingPoint & Sendable> {
  let size: Int
  /// size x size, of sum 1.
  let weights: [Scalar]
  let c1: Scalar
  let c2: Scalar

  init(_ options: StructuralSimilarityOptions) {
    let centre = Double(options.windowSize - 1) / 2
    let bell = (0..<options.windowSize).map { exp(-pow((Double($0) - centre) / options.sigma, 2) / 2) }
    let sum = bell.reduce(0, +)
    size = options.windowSize
    weights = bell.flatMap { row in bell.map { column in Scalar(row / sum * (column / sum)) } }
    c1 = Scalar(options.luminanceConstant)
    c2 = Scalar(options.contrastConstant)
  }

  struct Moments {
    var meanX: Scalar = 0
    var meanY: Scalar = 0
    var varianceX: Scalar = 0
    var varianceY: Scalar = 0
    var covariance: Scalar = 0
  }

  /// The moments of the window whose first pixel is (top, left).
  func moments(_ x: Tensor<Scalar>, _ y: Tensor<Scalar>, _ n: Int, _ c: Int, _ top: Int, _ left: Int) -> Moments {
    var moments = Moments()
    for i in 0..<size {
      for j in 0..<size {
        moments.meanX += weights[i * size + j] * x[n, c, top + i, left + j]
        moments.meanY += weights[i * size + j] * y[n, c, top + i, left + j]
      }
    }
    for i in 0..<size {
      for j in 0..<size {
        let weight = weights[i * size + j]
        let fromMeanX = x[n, c, top + i, left + j] - moments.meanX
        let fromMeanY = y[n, c, top + i, left + j] - moments.meanY
        moments.varianceX += weight * fromMeanX * fromMeanX
        moments.varianceY += weight * fromMeanY * fromMeanY
        moments.covariance += weight * fromMeanX * fromMeanY
      }
    }
    return moments
  }

  func luminance(_ m: Moments) -> Scalar {
    (2 * m.meanX * m.meanY + c1) / (m.meanX * m.meanX + m.meanY * m.meanY + c1)
  }

  func contrast(_ m: Moments) -> Scalar {
    (2 * m.covariance + c2) / (m.varianceX + m.varianceY + c2)
  }

  /// The means over all positions in one channel of luminance x contrast, and of contrast alone.
  func means(
    _ x: Tensor<Scalar>, _ y: Tensor<Scalar>, _ n: Int, _ c: Int
  ) -> (similarity: Scalar, contrast: Scalar) {
    let rows = x.shape[2] - size + 1
    let columns = x.shape[3] - size + 1
    var similaritySum: Scalar = 0
    var contrastSum: Scalar = 0
    for top in 0..<rows {
      for left in 0..<columns {
        let m = moments(x, y, n, c, top, left)
        similaritySum += luminance(m) * contrast(m)
        contrastSum += contrast(m)
      }
    }
    return (similaritySum / Scalar(rows * columns), contrastSum / Scalar(rows * columns))
  }

  /// Adds upstream times the gradient of the mean over positions of luminance x contrast, or of contrast alone; where
  /// upstream is 0, exactly nothing, whatever the windows hold.
  func addGradient(
    _ x: Tensor<Scalar>, _ y: Tensor<Scalar>, _ n: Int, _ c: Int, upstream: Scalar, withLuminance: Bool,
    to gradients: inout PairGradients<Scalar>
  ) {
    if upstream == 0 { return }
    let rows = x.shape[2] - size + 1
    let columns = x.shape[3] - size + 1
    for top in 0..<rows {
      for left in 0..<columns {
        let m = moments(x, y, n, c, top, left)
        let each = upstream / Scalar(rows * columns)
        let luminanceScale = m.meanX * m.meanX + m.meanY * m.meanY + c1
        let contrastScale = m.varianceX + m.varianceY + c2
        // The derivatives of the term by its five moments; by both variances it is the same.
        let factor = withLuminance ? luminance(m) : 1
        let byCovariance = each * factor * 2 / contrastScale
        let byVariance = -each * factor * contrast(m) / contrastScale
        var byMeanX: Scalar = 0
        var byMeanY: Scalar = 0
        if withLuminance {
          byMeanX = each * contrast(m) * 2 * (m.meanY - luminance(m) * m.meanX) / luminanceScale
          byMeanY = each * contrast(m) * 2 * (m.meanX - luminance(m) * m.meanY) / luminanceScale
        }
        for i in 0..<size {
          for j in 0..<size {
            let weight = weights[i * size + j]
            let fromMeanX = x[n, c, top + i, left + j] - m.meanX
            let fromMeanY = y[n, c, top + i, left + j] - m.meanY
            gradients.prediction[n, c, top + i, left + j] +=
              weight * (byMeanX + 2 * byVariance * fromMeanX + byCovariance * fromMeanY)
            gradients.target[n, c, top + i, left + j] +=
              weight * (byMeanY + 2 * byVariance * fromMeanY + byCovariance * fromMeanX)
          }
        }
      }
    }
  }
}
