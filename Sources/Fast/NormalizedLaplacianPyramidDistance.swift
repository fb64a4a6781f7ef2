import Foundation
import PerceptualCore
import PerceptualKernels

/// Normalised Laplacian pyramid distance (NLPD) of each image, or of the batch, 0 for equal images.
///
/// Both images are taken apart into levels, each divided by sigma plus its neighbours' magnitudes; the distance pools
/// the root mean square difference of the levels: by the norm of order 0.6 in the family "hepburn", else by their mean.
/// Pooling by batch, the norm goes over levels and images together in "hepburn", and the mean square over images too in
/// "tensorflow". Reference has the equations.
///
/// Shapes: prediction and target [N, C, H, W], H and W at least `LaplacianPyramid.smallestSide`: 2^levels + 1 in the
/// family "hepburn", 1 in the others; value [N], or [1] pooled by batch. Units: the constants expect a data range of 1;
/// magnitudes above 2^60 give NaN. NaN and infinities in an image make its value NaN. Work is shared among threads by
/// images. Accuracy: values within 8 epsilons, relative, gradients within 128 of their largest element, measured near
/// 1e-6 in the L2 norm however alike the images are; where a residual is 0 but for rounding, as in flat areas, its sign
/// and so that element's gradient are arbitrary. Settings or shapes that make no sense are a caller's bug. Source:
/// Laparra, Ballé, Berardino and Simoncelli 2016 and the codes named in ``LaplacianPyramidFamily``.
public func normalizedLaplacianPyramidDistance(
  _ prediction: Tensor<Float>, target: Tensor<Float>, family: LaplacianPyramidFamily = .hepburn, levels: Int = 6,
  pooling: LaplacianPyramidPooling = .image
) -> Tensor<Float> {
  distance(prediction, target, Settings(family: family, levels: levels, pooling: pooling), upstream: nil).value
}

/// The gradient of ``normalizedLaplacianPyramidDistance(_:target:family:levels:pooling:)``, 0 at its kinks: of a
/// magnitude at 0, and of a level where both images are alike. Shapes: upstream as the value; gradients as prediction
/// and target.
public func normalizedLaplacianPyramidDistanceGradient(
  _ prediction: Tensor<Float>, target: Tensor<Float>, upstream: Tensor<Float>,
  family: LaplacianPyramidFamily = .hepburn, levels: Int = 6, pooling: LaplacianPyramidPooling = .image
) -> PairGradients<Float> {
  let settings = Settings(family: family, levels: levels, pooling: pooling)
  // The distance is symmetric in its arguments.
  return PairGradients(
    prediction: distance(prediction, target, settings, upstream: upstream).gradient,
    target: distance(target, prediction, settings, upstream: upstream).gradient)
}

/// ``normalizedLaplacianPyramidDistance(_:target:family:levels:pooling:)`` and its gradient with respect to the
/// prediction, for the work of one; pooled by batch, the images are compared twice.
public func normalizedLaplacianPyramidDistanceAndGradient(
  _ prediction: Tensor<Float>, target: Tensor<Float>, upstream: Tensor<Float>,
  family: LaplacianPyramidFamily = .hepburn, levels: Int = 6, pooling: LaplacianPyramidPooling = .image
) -> (value: Tensor<Float>, gradient: Tensor<Float>) {
  distance(prediction, target, Settings(family: family, levels: levels, pooling: pooling), upstream: upstream)
}

private struct Settings {
  let family: LaplacianPyramidFamily
  let levels: Int
  let pooling: LaplacianPyramidPooling
}

/// The pyramids of one image and its target, in scratch memory.
protocol LaplacianPyramidComparison {
  var scratchCount: Int { get }
  /// Elements of a level, over channels and positions.
  func elements(_ level: Int) -> Int
  /// Adds each level's squared differences to `squares` and leaves, if asked, half their gradients by the prediction's
  /// residuals in `scratch`.
  func compare(
    _ prediction: UnsafePointer<Float>, _ target: UnsafePointer<Float>, squares: UnsafeMutablePointer<Double>,
    withGradient: Bool, _ scratch: UnsafeMutablePointer<Float>)
  /// Writes the gradient by the prediction, of all channels; `factors` multiply what `compare` left of each level.
  func gradient(
    _ gradient: UnsafeMutablePointer<Float>, factors: [Float], _ scratch: UnsafeMutablePointer<Float>)
}

private func distance(
  _ prediction: Tensor<Float>, _ target: Tensor<Float>, _ settings: Settings, upstream: Tensor<Float>?
) -> (value: Tensor<Float>, gradient: Tensor<Float>) {
  checkPair(
    prediction, target,
    obstacle: LaplacianPyramid.obstacle(
      levels: settings.levels, forImages: prediction.shape, family: settings.family, pooling: settings.pooling),
    upstream: settings.pooling == .image ? upstream : nil)
  if settings.pooling == .batch, let upstream {
    require(upstream.shape == [1], "upstream: shape \(upstream.shape), one number a batch is [1]")
  }
  let execution = Execution.current
  let shape = prediction.shape
  var result = (value: Tensor<Float>([]), gradient: Tensor<Float>([]))
  if settings.family == .hepburn {
    let rows = LaplacianPyramidRows.rows(
      .init(channels: shape[1], height: shape[2], width: shape[3], levels: settings.levels))
    rows.withComparison(execution) {
      result = distance($0, execution, prediction, target, settings, upstream: upstream)
    }
  } else {
    let planes = LaplacianPyramidPlanes(
      execution, channels: shape[1], height: shape[2], width: shape[3], levels: settings.levels,
      family: settings.family)
    result = distance(planes, execution, prediction, target, settings, upstream: upstream)
  }
  return result
}

private func distance(
  _ comparison: some LaplacianPyramidComparison, _ execution: Execution, _ prediction: Tensor<Float>,
  _ target: Tensor<Float>, _ settings: Settings, upstream: Tensor<Float>?
) -> (value: Tensor<Float>, gradient: Tensor<Float>) {
  let images = prediction.shape[0]
  let size = prediction.count / images
  let levels = settings.levels
  var values = [Float](repeating: 0, count: settings.pooling == .image ? images : 1)
  // [image, level]
  var squares = [Double](repeating: 0, count: images * levels)

  /// Compares each image and calls `body(image, its mean squares, scratch)` while its pyramids are there.
  func compare(withGradient: Bool, _ body: (Int, UnsafeMutablePointer<Double>, UnsafeMutablePointer<Float>) -> Void) {
    squares.withUnsafeMutableBufferPointer { squares in
      guard let squares = squares.baseAddress else { return }
      withPointers(prediction, target, nil) { prediction, target, _ in
        execution.forEach(images) { n in
          ScratchPool.shared.withFloats(comparison.scratchCount) { scratch in
            let own = squares + n * levels
            own.update(repeating: 0, count: levels)
            comparison.compare(
              prediction + n * size, target + n * size, squares: own, withGradient: withGradient, scratch)
            for k in 0..<levels { own[k] /= Double(comparison.elements(k)) }
            body(n, own, scratch)
          }
        }
      }
    }
  }
  /// Writes an image's gradient from the derivatives of the value by its mean squares.
  func write(
    _ gradient: UnsafeMutablePointer<Float>, _ slopes: ArraySlice<Double>, _ scratch: UnsafeMutablePointer<Float>
  ) {
    if slopes.allSatisfy({ $0 == 0 }) {
      gradient.update(repeating: 0, count: size)
    } else {
      let factors = slopes.enumerated().map { Float(2 * $1 / Double(comparison.elements($0))) }
      comparison.gradient(gradient, factors: factors, scratch)
    }
  }
  func run(_ gradient: UnsafeMutablePointer<Float>?) {
    values.withUnsafeMutableBufferPointer { values in
      compare(withGradient: gradient != nil) { n, squares, scratch in
        let pool = LaplacianPyramidPool(Array(UnsafeBufferPointer(start: squares, count: levels)), settings.family)
        values[n] = Float(pool.value)
        if let gradient, let upstream {
          write(gradient + n * size, pool.slopes(upstream: Double(upstream[n]))[...], scratch)
        }
      }
    }
  }
  func runPooled(_ gradient: UnsafeMutablePointer<Float>?) {
    compare(withGradient: false) { _, _, _ in }
    // In "tensorflow" the images share each level's root, in "hepburn" they have roots of their own.
    let joins = settings.family == .tensorflow
    let pool = LaplacianPyramidPool(joins ? means(squares, levels: levels) : squares, settings.family)
    values[0] = Float(pool.value)
    guard let gradient, let upstream else { return }
    let slopes = pool.slopes(upstream: Double(upstream[0]))
    compare(withGradient: true) { n, _, scratch in
      write(
        gradient + n * size,
        joins ? slopes.map { $0 / Double(images) }[...] : slopes[n * levels..<(n + 1) * levels], scratch)
    }
  }
  let all = settings.pooling == .image ? run : runPooled
  var gradient = Tensor<Float>([])
  if upstream != nil {
    gradient = makeTensor(prediction.shape) { all($0) }
  } else {
    all(nil)
  }
  return (Tensor(values), gradient)
}

/// Each level's mean over images, from [image, level].
private func means(_ squares: [Double], levels: Int) -> [Double] {
  let images = squares.count / levels
  return (0..<levels).map { k in (0..<images).reduce(0) { $0 + squares[$1 * levels + k] } / Double(images) }
}

/// What a value is made of: the roots of mean squares.
private struct LaplacianPyramidPool {
  private let roots: [Double]
  private let isNorm: Bool
  private let exponent = LaplacianPyramid.levelExponent
  private let sum: Double

  init(_ squares: [Double], _ family: LaplacianPyramidFamily) {
    let isNorm = family == .hepburn
    roots = squares.map { $0.squareRoot() }
    sum = roots.reduce(0) { $0 + (isNorm ? pow($1, LaplacianPyramid.levelExponent) : $1) }
    self.isNorm = isNorm
  }

  /// (sum of r^0.6)^(1 / 0.6), or the mean of r.
  var value: Double { isNorm ? pow(sum, 1 / exponent) : sum / Double(roots.count) }

  /// Upstream times the derivatives of the value by the mean squares; by one that is 0, it is 0.
  func slopes(upstream: Double) -> [Double] {
    roots.map { root in
      if root == 0 || upstream == 0 { return 0 }
      let byRoot = isNorm ? pow(sum, 1 / exponent - 1) * pow(root, exponent - 1) : 1 / Double(roots.count)
      return upstream * byRoot / (2 * root)
    }
  }
}
