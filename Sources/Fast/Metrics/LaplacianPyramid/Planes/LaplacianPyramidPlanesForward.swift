import PerceptualCore
import PerceptualKernels

/// The distance of the families "matlab", "laparra" and "tensorflow", and half its gradient by the residuals.
extension LaplacianPyramidPlanes.Work {
  typealias Level = LaplacianPyramidPlanes.Level

  func compare(_ prediction: Floats, _ target: Floats, squares: UnsafeMutablePointer<Double>, withGradient: Bool) {
    let finest = planes.levels[0]
    for channel in 0..<planes.channels {
      sharing.forEach(rows: finest.height) { rows in
        for y in rows {
          let source = (channel * finest.height + y) * finest.width
          (shared + finest.target + y * finest.stride).update(from: target + source, count: finest.width)
          planes.kernels.scaledDifference(
            prediction + source, target + source, scale: 1, shared + finest.difference + y * finest.stride,
            count: finest.width)
        }
      }
      for k in planes.levels.indices {
        let level = planes.levels[k]
        if level.isLowPass {
          copy(level, shared + level.target, to: shared + planes.targetResidual)
          copy(level, shared + level.difference, to: shared + planes.differenceResidual)
        } else {
          let next = planes.levels[k + 1]
          takeResidual(level, level.target, halved: next.target, to: planes.targetResidual)
          takeResidual(level, level.difference, halved: next.difference, to: planes.differenceResidual)
        }
        joinResiduals(level)
        squares[k] += takeSlopes(level, withGradient: withGradient)
        if withGradient { takeResidualGradient(level, kept + channel * planes.channelCount + level.residualGradient) }
      }
    }
  }

  func copy(_ level: Level, _ x: Floats, to y: MutableFloats) {
    for row in 0..<level.height { (y + row * level.stride).update(from: x + row * level.stride, count: level.width) }
  }

  /// residual = image - its halved image enlarged; the halved image goes to the next level's place.
  private func takeResidual(_ level: Level, _ image: Int, halved: Int, to residual: Int) {
    let width = (level.width + 1) / 2
    let small = shared + halved
    let smallStride = roundedToVectors(width) + LaplacianPyramidPlanes.margin
    apply(
      level.rows.halve, level.columns.halve, shared + image, width: level.width, stride: level.stride, small,
      newStride: smallStride)
    let enlarged = shared + planes.slope
    apply(
      level.rows.enlarge, level.columns.enlarge, small, width: width, stride: smallStride, enlarged,
      newStride: level.stride)
    sharing.forEach(rows: level.height) { rows in
      for row in rows {
        let place = row * level.stride
        planes.kernels.scaledDifference(
          shared + image + place, enlarged + place, scale: 1, shared + residual + place, count: level.width)
      }
    }
  }

  private func joinResiduals(_ level: Level) {
    sharing.forEach(rows: level.height) { rows in
      for row in rows {
        let place = row * level.stride
        planes.kernels.joinedResidualRow(
          target: shared + planes.targetResidual + place, difference: shared + planes.differenceResidual + place,
          prediction: shared + planes.predictionResidual + place,
          targetMagnitude: shared + planes.magnitudes[0] + place,
          predictionMagnitude: shared + planes.magnitudes[1] + place, change: shared + planes.magnitudes[2] + place,
          width: level.width)
      }
    }
    for i in 0..<3 { surround(level, shared + planes.magnitudes[i]) }
  }

  private func takeSlopes(_ level: Level, withGradient: Bool) -> Double {
    (shared + planes.squares).withMemoryRebound(to: Double.self, capacity: level.height) { squares in
      forEachWithSums(rows: level.height) { rows, sum in
        for row in rows {
          let place = row * level.stride
          for i in 0..<3 {
            weigh(level, shared + planes.magnitudes[i] + place, transposed: false, sum + i * planes.sumStride)
          }
          squares[row] = planes.kernels.slopeRow(
            target: shared + planes.targetResidual + place, prediction: shared + planes.predictionResidual + place,
            difference: shared + planes.differenceResidual + place, targetSum: sum,
            predictionSum: sum + planes.sumStride, changeSum: sum + 2 * planes.sumStride, sigma: level.sigma,
            shared + planes.slope + place, product: shared + planes.product + place, width: level.width)
        }
      }
      if withGradient { surround(level, shared + planes.product) }
      // In the rows' order, whoever summed them.
      var sum = 0.0
      for row in 0..<level.height { sum += squares[row] }
      return sum
    }
  }

  private func takeResidualGradient(_ level: Level, _ gradient: MutableFloats) {
    forEachWithSums(rows: level.height) { rows, sum in
      for row in rows {
        let place = row * level.stride
        weigh(level, shared + planes.product + place, transposed: true, sum)
        planes.kernels.slopeGradientRow(
          shared + planes.slope + place, sum: sum, residual: shared + planes.predictionResidual + place,
          gradient + place, width: level.width)
      }
    }
  }

  /// Lends each piece of the rows its own three rows of sums.
  private func forEachWithSums(rows: Int, _ body: (Range<Int>, MutableFloats) -> Void) {
    sharing.forEach(rows: rows) { piece in
      ScratchPool.shared.withFloats(planes.rowsCount) { body(piece, $0) }
    }
  }

  /// The weighted sum of the neighbours of a row of a plane with zeros around; transposed, of those whose neighbour it
  /// is.
  private func weigh(_ level: Level, _ row: Floats, transposed: Bool, _ y: MutableFloats) {
    let count = level.neighbours.count
    withUnsafeTemporaryAllocation(of: Floats.self, capacity: count) { rows in
      withUnsafeTemporaryAllocation(of: Float.self, capacity: count) { weights in
        guard let rows = rows.baseAddress, let weights = weights.baseAddress else { return }
        for (i, neighbour) in level.neighbours.enumerated() {
          let offset = neighbour.down * level.stride + neighbour.right
          rows[i] = transposed ? row - offset : row + offset
          weights[i] = neighbour.weight
        }
        planes.kernels.weightedRows(rows, weights: weights, count: count, y, width: level.width)
      }
    }
  }

  /// Writes the zeros around a plane: a row above and below, two columns on both sides.
  private func surround(_ level: Level, _ plane: MutableFloats) {
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
}
