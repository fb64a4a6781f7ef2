import Foundation
import PerceptualCore

/// Normalised Laplacian pyramid distance (NLPD) of each image, 0 for equal images.
///
/// Each channel is taken apart into levels k = 0 ... levels - 1, from J = the image:
///
///     smaller = low-pass filter of J, every other row and column
///     residual = J - low-pass filter of (smaller, enlarged bilinearly to J's size)
///     normalised[k] = residual / (sigma[k] + neighbours[k] of |residual|)
///     J = smaller
///
/// and the two pyramids are compared:
///
///     r[k] = square root of the mean over channels and positions of (normalised[k] of prediction - of target)^2
///     value[n] = (sum over k of r[k]^0.6)^(1 / 0.6)
///
/// Filters see the image reflected at its borders, the edge not repeated. Enlarging maps corners to corners. Shapes:
/// prediction and target [N, C, H, W], H and W at least 2^levels + 1; value [N]. Units: the constants expect a data
/// range of 1. NaN and infinities in an image make its value NaN. Settings or shapes that make no sense are a caller's
/// bug. Source: Laparra, Ballé, Berardino and Simoncelli 2016, in the form of A. Hepburn's PyTorch code, for each
/// image.
@specialized(where Scalar == Double)
@specialized(where Scalar == Float)
public func normalizedLaplacianPyramidDistance<Scalar: BinaryFloatingPoint & Sendable>(
  _ prediction: Tensor<Scalar>, target: Tensor<Scalar>, family: LaplacianPyramidFamily = .hepburn, levels: Int = 6
) -> Tensor<Scalar> {
  checkPair(prediction, target, obstacle: LaplacianPyramid.obstacle(levels: levels, forImages: prediction.shape))
  let distances = levelDistances(pyramid(prediction, levels), pyramid(target, levels))
  var value = Tensor<Scalar>(shape: [prediction.shape[0]])
  for n in 0..<prediction.shape[0] {
    var sum: Scalar = 0
    for k in 0..<levels { sum += power(distances[n, k], LaplacianPyramid.levelExponent) }
    value[n] = power(sum, 1 / LaplacianPyramid.levelExponent)
  }
  return value
}

/// The gradient of ``normalizedLaplacianPyramidDistance(_:target:family:levels:)``: each step transposed, coarsest
/// first.
///
/// The kinks have gradient 0: of |residual| at 0, and of a level's root where both images are alike. Shapes: upstream
/// [N]; gradients as prediction and target.
@specialized(where Scalar == Double)
@specialized(where Scalar == Float)
public func normalizedLaplacianPyramidDistanceGradient<Scalar: BinaryFloatingPoint & Sendable>(
  _ prediction: Tensor<Scalar>, target: Tensor<Scalar>, upstream: Tensor<Scalar>,
  family: LaplacianPyramidFamily = .hepburn, levels: Int = 6
) -> PairGradients<Scalar> {
  checkPair(prediction, target, obstacle: LaplacianPyramid.obstacle(levels: levels, forImages: prediction.shape))
  let images = prediction.shape[0]
  require(upstream.shape == [images], "upstream: shape \(upstream.shape), one number an image is [\(images)]")
  let predictions = pyramid(prediction, levels)
  let targets = pyramid(target, levels)
  let distances = levelDistances(predictions, targets)

  // The gradients of the normalised levels: r^(0.6 - 1) sum^(1/0.6 - 1) times (difference / (M r)).
  var byPrediction: [Tensor<Scalar>] = []
  var byTarget: [Tensor<Scalar>] = []
  for k in 0..<levels {
    var gradient = Tensor<Scalar>(shape: predictions[k].normalised.shape)
    let size = gradient.count / images
    for n in 0..<images where distances[n, k] != 0 && upstream[n] != 0 {
      var sum: Scalar = 0
      for l in 0..<levels { sum += power(distances[n, l], LaplacianPyramid.levelExponent) }
      let byDistance =
        upstream[n] * power(sum, 1 / LaplacianPyramid.levelExponent - 1)
        * power(distances[n, k], LaplacianPyramid.levelExponent - 1)
      for i in n * size..<(n + 1) * size {
        let difference = predictions[k].normalised[i] - targets[k].normalised[i]
        gradient[i] = byDistance * difference / (Scalar(size) * distances[n, k])
      }
    }
    byPrediction.append(gradient)
    byTarget.append(gradient.map { -$0 })
  }
  return PairGradients(
    prediction: pyramidGradient(predictions, upstream: byPrediction),
    target: pyramidGradient(targets, upstream: byTarget))
}

/// The normalised levels of an image's pyramid, finest first, as
/// ``normalizedLaplacianPyramidDistance(_:target:family:levels:)`` compares them: level k is [N, C, ceil(H / 2^k),
/// ceil(W / 2^k)].
@specialized(where Scalar == Double)
@specialized(where Scalar == Float)
public func normalizedLaplacianPyramid<Scalar: BinaryFloatingPoint & Sendable>(
  _ image: Tensor<Scalar>, levels: Int = 6
) -> [Tensor<Scalar>] {
  checkPair(image, image, obstacle: LaplacianPyramid.obstacle(levels: levels, forImages: image.shape))
  return pyramid(image, levels).map(\.normalised)
}

/// One level of an image's pyramid; all of shape [N, C, h, w].
private struct Level<Scalar: BinaryFloatingPoint & Sendable> {
  var residual: Tensor<Scalar>
  var denominator: Tensor<Scalar>
  var normalised: Tensor<Scalar>
}

/// x^exponent for x >= 0, and 0 where x is 0.
private func power<Scalar: BinaryFloatingPoint>(_ x: Scalar, _ exponent: Double) -> Scalar {
  x == 0 ? 0 : Scalar(pow(Double(x), exponent))
}

private func pyramid<Scalar>(_ image: Tensor<Scalar>, _ levels: Int) -> [Level<Scalar>] {
  var result: [Level<Scalar>] = []
  var j = image
  for k in 0..<levels {
    let smaller = lowPass(j, step: 2)
    var residual = lowPass(enlarged(smaller, height: j.shape[2], width: j.shape[3]), step: 1)
    for i in 0..<j.count { residual[i] = j[i] - residual[i] }
    let denominator = denominator(residual, k)
    var normalised = residual
    for i in 0..<j.count { normalised[i] = residual[i] / denominator[i] }
    result.append(Level(residual: residual, denominator: denominator, normalised: normalised))
    j = smaller
  }
  return result
}

/// The gradient of the image from those of its normalised levels.
private func pyramidGradient<Scalar>(_ levels: [Level<Scalar>], upstream: [Tensor<Scalar>]) -> Tensor<Scalar> {
  var byJ = Tensor<Scalar>(shape: [0])
  for k in levels.indices.reversed() {
    let level = levels[k]
    var byDenominator = upstream[k]
    for i in 0..<byDenominator.count {
      byDenominator[i] = -upstream[k][i] * level.normalised[i] / level.denominator[i]
    }
    let byMagnitude = denominatorTransposed(byDenominator, k)
    var byResidual = upstream[k]
    for i in 0..<byResidual.count {
      let residual = level.residual[i]
      let sign: Scalar = residual > 0 ? 1 : residual < 0 ? -1 : residual
      byResidual[i] = upstream[k][i] / level.denominator[i] + sign * byMagnitude[i]
    }
    let height = byResidual.shape[2]
    let width = byResidual.shape[3]
    let byEnlarged = lowPassTransposed(byResidual, height: height, width: width, step: 1)
    var bySmaller = enlargedTransposed(byEnlarged, height: (height + 1) / 2, width: (width + 1) / 2)
    for i in 0..<bySmaller.count {
      bySmaller[i] = (k == levels.count - 1 ? 0 : byJ[i]) - bySmaller[i]
    }
    byJ = lowPassTransposed(bySmaller, height: height, width: width, step: 2)
    for i in 0..<byJ.count { byJ[i] += byResidual[i] }
  }
  return byJ
}

/// [N, levels]: the root of the mean squared difference of each level, over channels and positions.
private func levelDistances<Scalar>(_ predictions: [Level<Scalar>], _ targets: [Level<Scalar>]) -> Tensor<Scalar> {
  let images = predictions[0].normalised.shape[0]
  var distances = Tensor<Scalar>(shape: [images, predictions.count])
  for n in 0..<images {
    for k in predictions.indices {
      let size = predictions[k].normalised.count / images
      var sum: Scalar = 0
      for i in n * size..<(n + 1) * size {
        let difference = predictions[k].normalised[i] - targets[k].normalised[i]
        sum += difference * difference
      }
      distances[n, k] = (sum / Scalar(size)).squareRoot()
    }
  }
  return distances
}

/// The position inside 0 ..< size that reflection puts at `i`, the edge not repeated.
private func reflected(_ i: Int, _ size: Int) -> Int { i < 0 ? -i : i >= size ? 2 * (size - 1) - i : i }

/// The reach of the low-pass filter before the first pixel: 2, but 1 where a stride of 2 meets an even size.
private func reachBefore(_ size: Int, step: Int) -> Int { step == 2 && size % 2 == 0 ? 1 : 2 }

/// Correlation with the 5x5 low-pass filter, every `step`th row and column: [N, C, ceil(h / step), ceil(w / step)].
private func lowPass<Scalar>(_ x: Tensor<Scalar>, step: Int) -> Tensor<Scalar> {
  let height = x.shape[2]
  let width = x.shape[3]
  var y = Tensor<Scalar>(
    shape: [x.shape[0], x.shape[1], (height + step - 1) / step, (width + step - 1) / step])
  forEachTap(y.shape, height: height, width: width, step: step) { n, c, i, j, row, column, tap in
    y[n, c, i, j] += tap * x[n, c, row, column]
  }
  return y
}

/// The transpose of ``lowPass(_:step:)``, from [N, C, ceil(h / step), ceil(w / step)] to [N, C, h, w].
private func lowPassTransposed<Scalar>(
  _ upstream: Tensor<Scalar>, height: Int, width: Int, step: Int
) -> Tensor<Scalar> {
  var gradient = Tensor<Scalar>(shape: [upstream.shape[0], upstream.shape[1], height, width])
  forEachTap(upstream.shape, height: height, width: width, step: step) { n, c, i, j, row, column, tap in
    gradient[n, c, row, column] += tap * upstream[n, c, i, j]
  }
  return gradient
}

/// Calls `body(n, c, i, j, row, column, tap)` for each output (i, j) and each input (row, column) that it weighs.
@inline(__always)
private func forEachTap<Scalar: BinaryFloatingPoint>(
  _ shape: [Int], height: Int, width: Int, step: Int, _ body: (Int, Int, Int, Int, Int, Int, Scalar) -> Void
) {
  let filter = LaplacianPyramid.lowPass
  let taps = filter.flatMap { row in filter.map { column in Scalar(row * column) } }
  let before = (row: reachBefore(height, step: step), column: reachBefore(width, step: step))
  for n in 0..<shape[0] {
    for c in 0..<shape[1] {
      for i in 0..<shape[2] {
        for j in 0..<shape[3] {
          for a in 0..<filter.count {
            for b in 0..<filter.count {
              let row = reflected(step * i + a - before.row, height)
              let column = reflected(step * j + b - before.column, width)
              body(n, c, i, j, row, column, taps[a * filter.count + b])
            }
          }
        }
      }
    }
  }
}

/// Bilinear enlargement to height x width, corners onto corners: output i lies at i (h - 1) / (height - 1) of h inputs.
private func enlarged<Scalar>(_ x: Tensor<Scalar>, height: Int, width: Int) -> Tensor<Scalar> {
  var y = Tensor<Scalar>(shape: [x.shape[0], x.shape[1], height, width])
  forEachCorner(y.shape, x.shape) { n, c, i, j, row, column, weight in
    y[n, c, i, j] += weight * x[n, c, row, column]
  }
  return y
}

/// The transpose of ``enlarged(_:height:width:)``: from [N, C, H, W] back to [N, C, height, width].
private func enlargedTransposed<Scalar>(_ upstream: Tensor<Scalar>, height: Int, width: Int) -> Tensor<Scalar> {
  var gradient = Tensor<Scalar>(shape: [upstream.shape[0], upstream.shape[1], height, width])
  forEachCorner(upstream.shape, gradient.shape) { n, c, i, j, row, column, weight in
    gradient[n, c, row, column] += weight * upstream[n, c, i, j]
  }
  return gradient
}

/// Calls `body(n, c, i, j, row, column, weight)` for each large position (i, j) and the small ones around it.
@inline(__always)
private func forEachCorner<Scalar: BinaryFloatingPoint>(
  _ large: [Int], _ small: [Int], _ body: (Int, Int, Int, Int, Int, Int, Scalar) -> Void
) {
  for n in 0..<large[0] {
    for c in 0..<large[1] {
      for i in 0..<large[2] {
        for j in 0..<large[3] {
          // Integer division keeps the position exact.
          let (row, rowRest) = (i * (small[2] - 1)).quotientAndRemainder(dividingBy: large[2] - 1)
          let (column, columnRest) = (j * (small[3] - 1)).quotientAndRemainder(dividingBy: large[3] - 1)
          let down = Scalar(rowRest) / Scalar(large[2] - 1)
          let right = Scalar(columnRest) / Scalar(large[3] - 1)
          body(n, c, i, j, row, column, (1 - down) * (1 - right))
          if rowRest > 0 { body(n, c, i, j, row + 1, column, down * (1 - right)) }
          if columnRest > 0 { body(n, c, i, j, row, column + 1, (1 - down) * right) }
          if rowRest > 0 && columnRest > 0 { body(n, c, i, j, row + 1, column + 1, down * right) }
        }
      }
    }
  }
}

/// sigma + the weighted sum of the four neighbours' magnitudes.
private func denominator<Scalar>(_ residual: Tensor<Scalar>, _ level: Int) -> Tensor<Scalar> {
  var y = Tensor(repeating: Scalar(LaplacianPyramid.sigmas[level]), shape: residual.shape)
  forEachNeighbour(residual.shape, level) { n, c, i, j, row, column, weight in
    y[n, c, i, j] += weight * abs(residual[n, c, row, column])
  }
  return y
}

/// The transpose of the neighbours' sum: the gradient of the magnitudes.
private func denominatorTransposed<Scalar>(_ upstream: Tensor<Scalar>, _ level: Int) -> Tensor<Scalar> {
  var gradient = Tensor<Scalar>(shape: upstream.shape)
  forEachNeighbour(upstream.shape, level) { n, c, i, j, row, column, weight in
    gradient[n, c, row, column] += weight * upstream[n, c, i, j]
  }
  return gradient
}

/// Calls `body(n, c, i, j, row, column, weight)` for each position (i, j) and its four neighbours.
@inline(__always)
private func forEachNeighbour<Scalar: BinaryFloatingPoint>(
  _ shape: [Int], _ level: Int, _ body: (Int, Int, Int, Int, Int, Int, Scalar) -> Void
) {
  let weights = LaplacianPyramid.neighbours[level]
  for n in 0..<shape[0] {
    for c in 0..<shape[1] {
      for i in 0..<shape[2] {
        for j in 0..<shape[3] {
          body(n, c, i, j, reflected(i - 1, shape[2]), j, Scalar(weights.top))
          body(n, c, i, j, i, reflected(j - 1, shape[3]), Scalar(weights.left))
          body(n, c, i, j, i, reflected(j + 1, shape[3]), Scalar(weights.right))
          body(n, c, i, j, reflected(i + 1, shape[2]), j, Scalar(weights.bottom))
        }
      }
    }
  }
}
