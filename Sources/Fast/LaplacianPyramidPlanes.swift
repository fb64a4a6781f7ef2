import PerceptualCore
import PerceptualKernels

/// The families "matlab", "laparra" and "tensorflow" of one size of image, plane after plane, in scratch memory.
///
/// As in ``LaplacianPyramidRows``, the target's pyramid is built beside that of the difference between the images, and
/// the gradient is made for each level before the factor of its squares is known. Steps along columns are steps along
/// rows of the transposed image.
struct LaplacianPyramidPlanes: LaplacianPyramidComparison {
  private struct Level {
    let height: Int
    let width: Int
    let isLowPass: Bool
    let rows: LaplacianSide
    let columns: LaplacianSide
    let sigma: Float
    let neighbours: [(down: Int, right: Int, weight: Float)]
    /// Floats from row to row.
    let stride: Int
    /// Places of planes: the target, later the gradient of the image; the difference, later that of the halved image;
    /// and, one a channel, the residual's gradient.
    let target: Int
    let difference: Int
    let residualGradient: Int
  }

  /// Zeros around planes whose neighbours are weighed.
  private static let margin = 16

  private let kernels: any KernelSet.Type
  private let levels: [Level]
  private let channels: Int
  private let channelCount: Int
  /// Places shared by the levels. Planes: residuals of the target, of the prediction and of the difference; u and, with
  /// zeros around, p as in ``LaplacianPyramidKernels``, the magnitudes of both residuals and their difference; two for
  /// the steps. Rows: three.
  private let targetResidual: Int
  private let predictionResidual: Int
  private let differenceResidual: Int
  private let slope: Int
  private let product: Int
  private let magnitudes: [Int]
  private let first: Int
  private let second: Int
  private let sums: Int
  private let sumStride: Int
  let scratchCount: Int

  init(
    _ execution: Execution, channels: Int, height: Int, width: Int, levels count: Int, family: LaplacianPyramidFamily
  ) {
    kernels = execution.kernels
    self.channels = channels
    var layout = ScratchLayout()
    var kept = ScratchLayout()
    var levels: [Level] = []
    var (h, w) = (height, width)
    for k in 0..<count {
      let constants = LaplacianPyramid.constants(ofLevel: k, of: count, family: family)
      let stride = roundedToVectors(w) + Self.margin
      levels.append(
        Level(
          height: h, width: w, isLowPass: family.endsInLowPass && k == count - 1,
          rows: LaplacianSide(size: h, family: family), columns: LaplacianSide(size: w, family: family),
          sigma: Float(LaplacianPyramid.sigmas[constants]),
          neighbours: LaplacianPyramid.neighbourhood(constants, family: family).map {
            ($0.down, $0.right, Float($0.weight))
          },
          stride: stride, target: layout.take(h * stride), difference: layout.take(h * stride),
          residualGradient: kept.take(h * stride)))
      (h, w) = ((h + 1) / 2, (w + 1) / 2)
    }
    self.levels = levels
    channelCount = kept.count
    let stride = levels[0].stride
    func plane() -> Int { layout.take(height * stride) }
    func bordered() -> Int { layout.take((height + 2) * stride + 2 * Self.margin) + Self.margin + stride }
    targetResidual = plane()
    predictionResidual = plane()
    differenceResidual = plane()
    slope = plane()
    product = bordered()
    magnitudes = [bordered(), bordered(), bordered()]
    // Of either orientation.
    let tall = max(height * stride, width * (roundedToVectors(height) + Self.margin))
    first = layout.take(tall)
    second = layout.take(tall)
    sumStride = stride
    sums = layout.take(3 * stride)
    scratchCount = channels * kept.count + layout.count
  }

  func elements(_ level: Int) -> Int { channels * levels[level].height * levels[level].width }

  // MARK: Forward

  func compare(
    _ prediction: UnsafePointer<Float>, _ target: UnsafePointer<Float>, squares: UnsafeMutablePointer<Double>,
    withGradient: Bool, _ scratch: UnsafeMutablePointer<Float>
  ) {
    let shared = scratch + channels * channelCount
    let finest = levels[0]
    for channel in 0..<channels {
      for y in 0..<finest.height {
        let source = (channel * finest.height + y) * finest.width
        (shared + finest.target + y * finest.stride).update(from: target + source, count: finest.width)
        kernels.scaledDifference(
          prediction + source, target + source, scale: 1, shared + finest.difference + y * finest.stride,
          count: finest.width)
      }
      for (k, level) in levels.enumerated() {
        if level.isLowPass {
          copy(level, shared + level.target, to: shared + targetResidual)
          copy(level, shared + level.difference, to: shared + differenceResidual)
        } else {
          takeResidual(level, level.target, halved: levels[k + 1].target, to: targetResidual, shared)
          takeResidual(level, level.difference, halved: levels[k + 1].difference, to: differenceResidual, shared)
        }
        joinResiduals(level, shared)
        squares[k] += takeSlopes(level, withGradient: withGradient, shared)
        if withGradient {
          takeResidualGradient(level, scratch + channel * channelCount + level.residualGradient, shared)
        }
      }
    }
  }

  private func copy(_ level: Level, _ x: UnsafePointer<Float>, to y: UnsafeMutablePointer<Float>) {
    for row in 0..<level.height { (y + row * level.stride).update(from: x + row * level.stride, count: level.width) }
  }

  /// residual = image - its halved image enlarged; the halved image goes to the next level's place.
  private func takeResidual(
    _ level: Level, _ image: Int, halved: Int, to residual: Int, _ shared: UnsafeMutablePointer<Float>
  ) {
    let width = (level.width + 1) / 2
    let small = shared + halved
    let smallStride = roundedToVectors(width) + Self.margin
    apply(
      level.rows.halve, level.columns.halve, shared + image, width: level.width, stride: level.stride, small,
      newStride: smallStride, shared)
    let enlarged = shared + slope
    apply(
      level.rows.enlarge, level.columns.enlarge, small, width: width, stride: smallStride, enlarged,
      newStride: level.stride, shared)
    for row in 0..<level.height {
      let place = row * level.stride
      kernels.scaledDifference(
        shared + image + place, enlarged + place, scale: 1, shared + residual + place, count: level.width)
    }
  }

  private func joinResiduals(_ level: Level, _ shared: UnsafeMutablePointer<Float>) {
    for row in 0..<level.height {
      let place = row * level.stride
      kernels.joinedResidualRow(
        target: shared + targetResidual + place, difference: shared + differenceResidual + place,
        prediction: shared + predictionResidual + place, targetMagnitude: shared + magnitudes[0] + place,
        predictionMagnitude: shared + magnitudes[1] + place, change: shared + magnitudes[2] + place,
        width: level.width)
    }
    for plane in magnitudes { surround(level, shared + plane) }
  }

  private func takeSlopes(_ level: Level, withGradient: Bool, _ shared: UnsafeMutablePointer<Float>) -> Double {
    var squares = 0.0
    let sum = shared + sums
    for row in 0..<level.height {
      let place = row * level.stride
      for (i, plane) in magnitudes.enumerated() {
        weigh(level, shared + plane + place, transposed: false, sum + i * sumStride)
      }
      squares += kernels.slopeRow(
        target: shared + targetResidual + place, prediction: shared + predictionResidual + place,
        difference: shared + differenceResidual + place, targetSum: sum, predictionSum: sum + sumStride,
        changeSum: sum + 2 * sumStride, sigma: level.sigma, shared + slope + place, product: shared + product + place,
        width: level.width)
    }
    if withGradient { surround(level, shared + product) }
    return squares
  }

  private func takeResidualGradient(
    _ level: Level, _ gradient: UnsafeMutablePointer<Float>, _ shared: UnsafeMutablePointer<Float>
  ) {
    for row in 0..<level.height {
      let place = row * level.stride
      weigh(level, shared + product + place, transposed: true, shared + sums)
      kernels.slopeGradientRow(
        shared + slope + place, sum: shared + sums, residual: shared + predictionResidual + place, gradient + place,
        width: level.width)
    }
  }

  /// The weighted sum of the neighbours of a row of a plane with zeros around; transposed, of those whose neighbour it
  /// is.
  private func weigh(
    _ level: Level, _ row: UnsafePointer<Float>, transposed: Bool, _ y: UnsafeMutablePointer<Float>
  ) {
    let count = level.neighbours.count
    withUnsafeTemporaryAllocation(of: UnsafePointer<Float>.self, capacity: count) { rows in
      withUnsafeTemporaryAllocation(of: Float.self, capacity: count) { weights in
        guard let rows = rows.baseAddress, let weights = weights.baseAddress else { return }
        for (i, neighbour) in level.neighbours.enumerated() {
          let offset = neighbour.down * level.stride + neighbour.right
          rows[i] = transposed ? row - offset : row + offset
          weights[i] = neighbour.weight
        }
        kernels.weightedRows(rows, weights: weights, count: count, y, width: level.width)
      }
    }
  }

  /// Writes the zeros around a plane: a row above and below, two columns on both sides.
  private func surround(_ level: Level, _ plane: UnsafeMutablePointer<Float>) {
    for row in 0..<level.height {
      let here = plane + row * level.stride
      for i in 1...2 {
        here[-i] = 0
        here[level.width - 1 + i] = 0
      }
    }
    (plane - level.stride - 2).update(repeating: 0, count: level.stride)
    (plane + level.height * level.stride - 2).update(repeating: 0, count: level.stride + 2)
  }

  // MARK: Gradient

  func gradient(
    _ gradient: UnsafeMutablePointer<Float>, factors: [Float], _ scratch: UnsafeMutablePointer<Float>
  ) {
    let shared = scratch + channels * channelCount
    let finest = levels[0]
    for channel in 0..<channels {
      for k in levels.indices.reversed() {
        takeImageGradient(
          k, factor: factors[k], scratch + channel * channelCount + levels[k].residualGradient, shared)
      }
      for y in 0..<finest.height {
        (gradient + (channel * finest.height + y) * finest.width)
          .update(from: shared + finest.target + y * finest.stride, count: finest.width)
      }
    }
  }

  /// From the residual's gradient, which is multiplied by the factor, to the image's, in the target's place.
  private func takeImageGradient(
    _ k: Int, factor: Float, _ residual: UnsafeMutablePointer<Float>, _ shared: UnsafeMutablePointer<Float>
  ) {
    let level = levels[k]
    let image = shared + level.target
    for row in 0..<level.height { kernels.scaleRow(residual + row * level.stride, by: factor, width: level.width) }
    if level.isLowPass {
      copy(level, residual, to: image)
      return
    }
    let (height, width) = ((level.height + 1) / 2, (level.width + 1) / 2)
    let smallStride = roundedToVectors(width) + Self.margin
    let small = shared + level.difference
    apply(
      level.rows.enlargeTransposed, level.columns.enlargeTransposed, residual, width: level.width,
      stride: level.stride, small, newStride: smallStride, shared)
    for row in 0..<height {
      let here = small + row * smallStride
      kernels.scaledDifference(
        shared + levels[k + 1].target + row * smallStride, here, scale: 1, here, count: width)
    }
    apply(
      level.rows.halveTransposed, level.columns.halveTransposed, small, width: width, stride: smallStride, image,
      newStride: level.stride, shared)
    for row in 0..<level.height {
      let here = image + row * level.stride
      for column in 0..<level.width { here[column] += residual[row * level.stride + column] }
    }
  }

  // MARK: Steps

  /// y = the row operator applied to x and the column operator to the result.
  private func apply(
    _ rows: RowOperator, _ columns: RowOperator, _ x: UnsafePointer<Float>, width: Int, stride: Int,
    _ y: UnsafeMutablePointer<Float>, newStride: Int, _ shared: UnsafeMutablePointer<Float>
  ) {
    let (one, other) = (shared + first, shared + second)
    let turned = roundedToVectors(rows.outputs) + Self.margin
    apply(rows, x, width: width, stride: stride, one, newStride: stride)
    transpose(one, rows: rows.outputs, columns: width, stride: stride, other, newStride: turned)
    apply(columns, other, width: rows.outputs, stride: turned, one, newStride: turned)
    transpose(one, rows: columns.outputs, columns: rows.outputs, stride: turned, y, newStride: newStride)
  }

  private func apply(
    _ rowOperator: RowOperator, _ x: UnsafePointer<Float>, width: Int, stride: Int, _ y: UnsafeMutablePointer<Float>,
    newStride: Int
  ) {
    withUnsafeTemporaryAllocation(of: UnsafePointer<Float>.self, capacity: rowOperator.greatestCount) { list in
      rowOperator.weights.withUnsafeBufferPointer { weights in
        guard let list = list.baseAddress, let weights = weights.baseAddress else { return }
        for row in 0..<rowOperator.outputs {
          let start = rowOperator.starts[row]
          let count = rowOperator.starts[row + 1] - start
          for k in 0..<count { list[k] = x + rowOperator.rows[start + k] * stride }
          kernels.weightedRows(list, weights: weights + start, count: count, y + row * newStride, width: width)
        }
      }
    }
  }

  private func transpose(
    _ x: UnsafePointer<Float>, rows: Int, columns: Int, stride: Int, _ y: UnsafeMutablePointer<Float>, newStride: Int
  ) {
    // By blocks, so that the lines of both stay in the cache.
    for top in Swift.stride(from: 0, to: rows, by: 16) {
      for left in Swift.stride(from: 0, to: columns, by: 16) {
        for row in top..<min(top + 16, rows) {
          for column in left..<min(left + 16, columns) {
            y[column * newStride + row] = x[row * stride + column]
          }
        }
      }
    }
  }
}
