import PerceptualCore
import PerceptualKernels

/// The second half of the gradient, and the steps along both sides of an image.
extension LaplacianPyramidPlanes.Work {
  func gradient(_ gradient: MutableFloats, factors: Floats) {
    let finest = planes.levels[0]
    for channel in 0..<planes.channels {
      for k in planes.levels.indices.reversed() {
        takeImageGradient(
          k, factor: factors[k], kept + channel * planes.channelCount + planes.levels[k].residualGradient)
      }
      for y in 0..<finest.height {
        (gradient + (channel * finest.height + y) * finest.width)
          .update(from: shared + finest.target + y * finest.stride, count: finest.width)
      }
    }
  }

  /// From the residual's gradient, which is multiplied by the factor, to the image's, in the target's place.
  private func takeImageGradient(_ k: Int, factor: Float, _ residual: MutableFloats) {
    let level = planes.levels[k]
    let image = shared + level.target
    sharing.forEach(rows: level.height) { rows in
      for row in rows {
        let here = residual + row * level.stride
        planes.kernels.scaledRow(here, by: factor, here, count: level.width)
      }
    }
    if level.isLowPass {
      copy(level, residual, to: image)
      return
    }
    let (height, width) = ((level.height + 1) / 2, (level.width + 1) / 2)
    let smallStride = roundedToVectors(width) + LaplacianPyramidPlanes.margin
    let small = shared + level.difference
    apply(
      level.rows.enlargeTransposed, level.columns.enlargeTransposed, residual, width: level.width,
      stride: level.stride, small, newStride: smallStride)
    for row in 0..<height {
      let here = small + row * smallStride
      planes.kernels.scaledDifference(
        shared + planes.levels[k + 1].target + row * smallStride, here, scale: 1, here, count: width)
    }
    apply(
      level.rows.halveTransposed, level.columns.halveTransposed, small, width: width, stride: smallStride, image,
      newStride: level.stride)
    sharing.forEach(rows: level.height) { rows in
      for row in rows {
        planes.kernels.accumulate(residual + row * level.stride, image + row * level.stride, count: level.width)
      }
    }
  }

  /// y = the row operator applied to x and the column operator to the result.
  func apply(
    _ rows: RowOperator, _ columns: RowOperator, _ x: Floats, width: Int, stride: Int, _ y: MutableFloats,
    newStride: Int
  ) {
    let (one, other) = (shared + planes.first, shared + planes.second)
    let turned = roundedToVectors(rows.outputs) + LaplacianPyramidPlanes.margin
    apply(rows, x, width: width, stride: stride, one, newStride: stride)
    transpose(one, rows: rows.outputs, columns: width, stride: stride, other, newStride: turned)
    apply(columns, other, width: rows.outputs, stride: turned, one, newStride: turned)
    transpose(one, rows: columns.outputs, columns: rows.outputs, stride: turned, y, newStride: newStride)
  }

  private func apply(
    _ rowOperator: RowOperator, _ x: Floats, width: Int, stride: Int, _ y: MutableFloats, newStride: Int
  ) {
    sharing.forEach(rows: rowOperator.outputs) { piece in
      withUnsafeTemporaryAllocation(of: Floats.self, capacity: rowOperator.greatestCount) { list in
        rowOperator.weights.withUnsafeBufferPointer { weights in
          guard let list = list.baseAddress, let weights = weights.baseAddress else { return }
          for row in piece {
            let start = rowOperator.starts[row]
            let count = rowOperator.starts[row + 1] - start
            for k in 0..<count { list[k] = x + rowOperator.rows[start + k] * stride }
            planes.kernels.weightedRows(list, weights: weights + start, count: count, y + row * newStride, width: width)
          }
        }
      }
    }
  }

  private func transpose(_ x: Floats, rows: Int, columns: Int, stride: Int, _ y: MutableFloats, newStride: Int) {
    sharing.forEach(rows: rows) { piece in
      planes.kernels.transposePlane(
        x + piece.lowerBound * stride, rows: piece.count, columns: columns, stride: stride, y + piece.lowerBound,
        newStride: newStride)
    }
  }
}
