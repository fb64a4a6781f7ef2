import PerceptualCore
import PerceptualKernels

/// The second half of the gradient: from the residuals' to the images', from the coarsest level to the finest.
extension LaplacianPyramidWork {
  /// Level k of one channel's gradient at some rows; `factor` multiplies that of the level's squares.
  func gradient(_ gradient: MutableFloats, _ k: Int, _ piece: Range<Int>, factor: Float) {
    let level = levels[k]
    var shrunkCount = max(LaplacianEnlargement.firstHalved(piece.lowerBound, level.height), 0)
    for y in piece {
      while shrunkCount < level.halfHeight && shrunkCount <= y / 2 + 1 {
        shrink(k, shrunkCount, factor: factor)
        shrunkCount += 1
      }
      let first = LaplacianEnlargement.firstHalved(y, level.height)
      withUnsafeTemporaryAllocation(of: Floats.self, capacity: 3) { rows in
        guard let rows = rows.baseAddress else { return }
        // Rows beyond the image have weight 0.
        for a in 0..<3 { rows[a] = UnsafePointer(shrunk(max(0, min(first + a, shrunkCount - 1)), level)) }
        kernels.imageGradientRow(
          rows, rowWeights: tables[level.unhalve] + 3 * y, residual: residualGradient(level, y), factor: factor,
          taps: tables.start, columns: columns(level),
          k == 0 ? gradient + y * level.width : shared[level.imageGradient] + y * level.imageStride,
          segment: level.segment, width: level.width)
      }
    }
  }

  /// Row i of the halved image's gradient: what comes from coarser levels less what this level's residual takes.
  private func shrink(_ k: Int, _ i: Int, factor: Float) {
    let level = levels[k]
    let first = LaplacianEnlargement.firstEnlarged(i)
    let (start, end) = (max(first, 0), min(first + 8, level.height))
    withUnsafeTemporaryAllocation(of: Floats.self, capacity: 8) { rows in
      guard let rows = rows.baseAddress else { return }
      for y in start..<end { rows[y - start] = UnsafePointer(residualGradient(level, y)) }
      var coarser: Floats?
      if k + 1 < places.levels {
        let next = levels[k + 1]
        coarser = UnsafePointer(shared[next.imageGradient] + i * next.imageStride)
      }
      kernels.shrunkGradientRow(
        rows, rowWeights: tables[level.shrink] + 8 * i + start - first, count: end - start,
        columnWeights: tables[level.shrinkColumns], factor: factor, coarser: coarser, columns: columns(level),
        shrunk(i, level), segment: level.segment, width: level.width)
    }
  }
}
