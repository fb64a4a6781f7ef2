import Foundation
import PerceptualCore

/// Normalised Laplacian pyramid distance (NLPD) of each image, 0 for equal images.
///
/// Each channel is taken apart into levels k = 0 ... levels - 1, from J = the image:
///
///     smaller = low-pass filter of J, every other row and column
///     residual = J - smaller, enlarged to J's size and low-pass filtered
///     normalised[k] = residual / (sigma[k] + neighbours[k] of |residual|)
///     J = smaller
///
/// the last of which, save in the family "hepburn", has J itself for its residual. The two pyramids are compared:
///
///     r[k] = square root of the mean over channels and positions of (normalised[k] of prediction - of target)^2
///     value[n] = (sum over k of r[k]^0.6)^(1 / 0.6) in the family "hepburn", else the mean over k of r[k]
///
/// Families differ in their borders and in how they enlarge:
///
/// | family | low-pass filter at the border | enlarging | neighbours at the border |
/// |---|---|---|---|
/// | hepburn | reflected, the edge not repeated | bilinear, corners onto corners | reflected |
/// | matlab, laparra | mirrored, the edge repeated | zeros between, edge repeated | zeros |
/// | tensorflow | zeros | bilinear, output i at i (small / large) | zeros |
///
/// Pooling by batch gives one value: "hepburn" takes the norm over levels and images together, "tensorflow" the mean
/// under the root over images too. Shapes: prediction and target [N, C, H, W], H and W at least
/// `LaplacianPyramid.smallestSide`; value [N], or [1] pooled by batch. Units: the constants expect a data range of 1.
/// NaN and infinities in an image make its value NaN. Settings or shapes that make no sense are a caller's bug. Source:
/// Laparra, Ballé, Berardino and Simoncelli 2016 and the codes named in `LaplacianPyramidFamily`.
@specialized(where Scalar == Double)
@specialized(where Scalar == Float)
public func normalizedLaplacianPyramidDistance<Scalar: TensorElement>(
  _ prediction: Tensor<Scalar>, target: Tensor<Scalar>, family: LaplacianPyramidFamily = .hepburn, levels: Int = 6,
  pooling: LaplacianPyramidPooling = .image
) -> Tensor<Scalar> {
  let obstacle = LaplacianPyramid.obstacle(
    levels: levels, forImages: prediction.shape, family: family, pooling: pooling)
  checkPair(prediction, target, obstacle: obstacle)
  let shape = LaplacianPyramidShape(levels: levels, family: family)
  let squares = meanSquares(pyramid(prediction, shape), pyramid(target, shape))
  return Tensor(groups(images: prediction.shape[0], family, pooling).map { pooled(squares, $0, family) })
}

/// The gradient of ``normalizedLaplacianPyramidDistance(_:target:family:levels:pooling:)``: each step transposed,
/// coarsest first.
///
/// The kinks have gradient 0: of |residual| at 0, and of a level's root where both images are alike. Shapes: upstream
/// as the value; gradients as prediction and target.
@specialized(where Scalar == Double)
@specialized(where Scalar == Float)
public func normalizedLaplacianPyramidDistanceGradient<Scalar: TensorElement>(
  _ prediction: Tensor<Scalar>, target: Tensor<Scalar>, upstream: Tensor<Scalar>,
  family: LaplacianPyramidFamily = .hepburn, levels: Int = 6, pooling: LaplacianPyramidPooling = .image
) -> PairGradients<Scalar> {
  let obstacle = LaplacianPyramid.obstacle(
    levels: levels, forImages: prediction.shape, family: family, pooling: pooling)
  checkPair(prediction, target, obstacle: obstacle)
  let images = prediction.shape[0]
  let groups = groups(images: images, family, pooling)
  require(
    upstream.shape == [groups.count],
    "upstream: shape \(upstream.shape), one number \(pooling == .image ? "an image" : "a batch") is [\(groups.count)]")
  let shape = LaplacianPyramidShape(levels: levels, family: family)
  let predictions = pyramid(prediction, shape)
  let targets = pyramid(target, shape)
  let squares = meanSquares(predictions, targets)

  // The derivatives by each image's mean squares, then by the normalised levels: a square d^2 / M has 2 d / M.
  var bySquare = Tensor<Scalar>(shape: squares.shape)
  for (g, group) in groups.enumerated() where upstream[g] != 0 {
    addPooledGradient(squares, group, family, upstream: upstream[g], to: &bySquare)
  }
  var byPrediction: [Tensor<Scalar>] = []
  for k in 0..<levels {
    var gradient = Tensor<Scalar>(shape: predictions[k].normalised.shape)
    let size = gradient.count / images
    for n in 0..<images where bySquare[n, k] != 0 {
      for i in n * size..<(n + 1) * size {
        let difference = predictions[k].normalised[i] - targets[k].normalised[i]
        gradient[i] = bySquare[n, k] * 2 * difference / Scalar(size)
      }
    }
    byPrediction.append(gradient)
  }
  return PairGradients(
    prediction: pyramidGradient(predictions, shape, upstream: byPrediction),
    target: pyramidGradient(targets, shape, upstream: byPrediction.map { $0.map { -$0 } }))
}

/// The normalised levels of an image's pyramid, finest first, as
/// ``normalizedLaplacianPyramidDistance(_:target:family:levels:pooling:)`` compares them: level k is [N, C, ceil(H /
/// 2^k), ceil(W / 2^k)].
@specialized(where Scalar == Double)
@specialized(where Scalar == Float)
public func normalizedLaplacianPyramid<Scalar: TensorElement>(
  _ image: Tensor<Scalar>, levels: Int = 6, family: LaplacianPyramidFamily = .hepburn
) -> [Tensor<Scalar>] {
  checkPair(image, image, obstacle: LaplacianPyramid.obstacle(levels: levels, forImages: image.shape, family: family))
  return pyramid(image, LaplacianPyramidShape(levels: levels, family: family)).map(\.normalised)
}

/// A value's roots: each is of the mean square of one level over some images.
private typealias Root = (level: Int, images: Range<Int>)

/// The images behind a value, and whether their squares are joined under one root or have a root each.
private typealias Group = (images: Range<Int>, joined: Bool)

private func groups(images: Int, _ family: LaplacianPyramidFamily, _ pooling: LaplacianPyramidPooling) -> [Group] {
  pooling == .image ? (0..<images).map { ($0..<$0 + 1, false) } : [(0..<images, family == .tensorflow)]
}

/// [N, levels]: the mean squared difference of each level, over channels and positions.
private func meanSquares<Scalar>(
  _ predictions: [LaplacianPyramidLevel<Scalar>], _ targets: [LaplacianPyramidLevel<Scalar>]
) -> Tensor<Scalar> {
  let images = predictions[0].normalised.shape[0]
  var squares = Tensor<Scalar>(shape: [images, predictions.count])
  for n in 0..<images {
    for k in predictions.indices {
      let size = predictions[k].normalised.count / images
      var sum: Scalar = 0
      for i in n * size..<(n + 1) * size {
        let difference = predictions[k].normalised[i] - targets[k].normalised[i]
        sum += difference * difference
      }
      squares[n, k] = sum / Scalar(size)
    }
  }
  return squares
}

/// The roots of a value, each of a mean of squares.
private func roots<Scalar>(_ squares: Tensor<Scalar>, _ group: Group) -> [(root: Root, length: Scalar)] {
  (0..<squares.shape[1]).flatMap { level in
    (group.joined ? [group.images] : group.images.map { $0..<$0 + 1 }).map { images in
      let mean = images.reduce(0) { $0 + squares[$1, level] } / Scalar(images.count)
      return (Root(level, images), mean.squareRoot())
    }
  }
}

private func pooled<Scalar>(_ squares: Tensor<Scalar>, _ group: Group, _ family: LaplacianPyramidFamily) -> Scalar {
  let roots = roots(squares, group)
  if family != .hepburn { return roots.reduce(0) { $0 + $1.length } / Scalar(roots.count) }
  return power(
    roots.reduce(0) { $0 + power($1.length, LaplacianPyramid.levelExponent) }, 1 / LaplacianPyramid.levelExponent)
}

/// Adds upstream times the derivative of a value by each image's mean squares; by a root of 0 it is 0.
private func addPooledGradient<Scalar>(
  _ squares: Tensor<Scalar>, _ group: Group, _ family: LaplacianPyramidFamily, upstream: Scalar,
  to gradient: inout Tensor<Scalar>
) {
  let roots = roots(squares, group)
  let exponent = LaplacianPyramid.levelExponent
  let sum = roots.reduce(0) { $0 + power($1.length, exponent) }
  for (root, length) in roots where length != 0 {
    var byRoot = upstream
    if family == .hepburn {
      byRoot *= power(sum, 1 / exponent - 1) * power(length, exponent - 1)
    } else {
      byRoot /= Scalar(roots.count)
    }
    for n in root.images { gradient[n, root.level] += byRoot / (2 * length * Scalar(root.images.count)) }
  }
}

/// x^exponent for x >= 0, and 0 where x is 0.
private func power<Scalar: TensorElement>(_ x: Scalar, _ exponent: Double) -> Scalar {
  x == 0 ? 0 : Scalar(pow(Double(x), exponent))
}
