import Foundation
import PerceptualCore

/// The window and the two terms of SSIM.
struct Window<Scalar: TensorElement> {
  let size: Int
  /// size x size, of sum 1.
  let weights: [Scalar]
  let c1: Scalar
  let c2: Scalar
  /// Whether a negative contrast counts as 0.
  let rectified: Bool

  init(_ options: StructuralSimilarityOptions) {
    let centre = Double(options.windowSize - 1) / 2
    let bell = (0..<options.windowSize).map { position in
      options.window == .uniform ? 1 : exp(-pow((Double(position) - centre) / options.sigma, 2) / 2)
    }
    let sum = bell.reduce(0, +)
    size = options.windowSize
    weights = bell.flatMap { row in bell.map { column in Scalar(row / sum * (column / sum)) } }
    c1 = Scalar(options.luminanceConstant)
    c2 = Scalar(options.contrastConstant)
    rectified = options.rectifiedContrast
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
    let contrast = (2 * m.covariance + c2) / (m.varianceX + m.varianceY + c2)
    return rectified && contrast <= 0 ? 0 : contrast
  }

  /// The means over all positions in one channel of luminance x contrast, and of contrast alone.
  func means(_ x: Tensor<Scalar>, _ y: Tensor<Scalar>, _ n: Int, _ c: Int) -> (similarity: Scalar, contrast: Scalar) {
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

  /// Adds the gradient of the sum over positions of upstream(top, left) times luminance x contrast, or contrast alone;
  /// where upstream is 0, exactly nothing, whatever the window holds, and likewise where a contrast was made 0.
  func addGradient(
    _ x: Tensor<Scalar>, _ y: Tensor<Scalar>, _ n: Int, _ c: Int, withLuminance: Bool,
    to gradients: inout PairGradients<Scalar>, upstream: (Int, Int) -> Scalar
  ) {
    for top in 0..<x.shape[2] - size + 1 {
      for left in 0..<x.shape[3] - size + 1 {
        let each = upstream(top, left)
        if each == 0 { continue }
        let m = moments(x, y, n, c, top, left)
        if rectified && contrast(m) == 0 { continue }
        let luminanceScale = m.meanX * m.meanX + m.meanY * m.meanY + c1
        let contrastScale = m.varianceX + m.varianceY + c2
        // The derivatives of the term by its five moments; by both variances it is the same.
        let factor = withLuminance ? luminance(m) : 1
        let byCovariance = each * factor * 2 / contrastScale
        let byVariance = -each * factor * contrast(m) / contrastScale
        var byMeanX: Scalar = 0
        var byMeanY: Scalar = 0
        if withLuminance {
          // In brackets, so that a steep power of a minute term is not multiplied by a huge mean first.
          byMeanX = each * contrast(m) * (2 * (m.meanY - luminance(m) * m.meanX) / luminanceScale)
          byMeanY = each * contrast(m) * (2 * (m.meanX - luminance(m) * m.meanY) / luminanceScale)
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

/// A prediction and its target made ready for windows: reduction, then reflection, both linear.
struct WindowedPair<Scalar: TensorElement> {
  let window: Window<Scalar>
  private let x: Tensor<Scalar>
  private let y: Tensor<Scalar>
  private let steps: [PlaneMap]

  init(_ prediction: Tensor<Scalar>, _ target: Tensor<Scalar>, _ options: StructuralSimilarityOptions) {
    var steps: [PlaneMap] = []
    var (height, width) = (prediction.shape[2], prediction.shape[3])
    let factor = options.downsampling.factor(height: height, width: width)
    if factor > 1 {
      steps.append((reduction(height, factor, options.downsampling), reduction(width, factor, options.downsampling)))
      (height, width) = options.reducedSides(height: height, width: width)
    }
    if options.padding == .reflect {
      steps.append((.reflection(height, radius: options.radius), .reflection(width, radius: options.radius)))
    }
    self.steps = steps
    window = Window(options)
    x = steps.reduce(prediction) { mapped($0, $1) }
    y = steps.reduce(target) { mapped($0, $1) }
  }

  /// The number of positions in a channel.
  var positions: Int { (x.shape[2] - window.size + 1) * (x.shape[3] - window.size + 1) }

  func moments(_ n: Int, _ c: Int, _ top: Int, _ left: Int) -> Window<Scalar>.Moments {
    window.moments(x, y, n, c, top, left)
  }

  /// The means over all positions in one channel of luminance x contrast, and of contrast alone.
  func means(_ n: Int, _ c: Int) -> (similarity: Scalar, contrast: Scalar) { window.means(x, y, n, c) }

  /// The gradient of the sum over images, channels and positions of upstream(n, c)(top, left) times luminance x
  /// contrast, or contrast alone.
  func gradients(
    withLuminance: Bool, upstream: (_ n: Int, _ c: Int) -> (_ top: Int, _ left: Int) -> Scalar
  ) -> PairGradients<Scalar> {
    var gradients = PairGradients(prediction: Tensor<Scalar>(shape: x.shape), target: Tensor<Scalar>(shape: y.shape))
    for n in 0..<x.shape[0] {
      for c in 0..<x.shape[1] {
        window.addGradient(x, y, n, c, withLuminance: withLuminance, to: &gradients, upstream: upstream(n, c))
      }
    }
    func transposed(_ gradient: Tensor<Scalar>) -> Tensor<Scalar> {
      steps.reversed().reduce(gradient) { mappedTransposed($0, $1) }
    }
    return PairGradients(prediction: transposed(gradients.prediction), target: transposed(gradients.target))
  }
}

/// Means of `factor` pixels around every `factor`-th.
private func reduction(_ size: Int, _ factor: Int, _ rule: SimilarityDownsampling) -> AxisMap {
  let outputs = (0..<rule.reduced(size, by: factor)).map { i in
    (0..<factor).map { offset in
      (position: mirrored(factor * i + offset - rule.reach(of: factor), size), weight: 1 / Double(factor))
    }
  }
  return AxisMap(inputSize: size, outputs: outputs)
}
