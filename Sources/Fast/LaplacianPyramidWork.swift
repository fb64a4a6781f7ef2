import PerceptualCore
import PerceptualKernels

/// The work on one image: the weights' address and the scratch memory, whose first part holds each channel's planes.
struct LaplacianPyramidWork {
  let places: LaplacianPyramidRows.Places
  let levels: UnsafePointer<LaplacianPyramidRows.Level>
  let tables: UnsafePointer<Float>
  let kept: UnsafeMutablePointer<Float>
  let shared: UnsafeMutablePointer<Float>
  let kernels: any KernelSet.Type
  private typealias Row = UnsafeMutablePointer<Float>

  init(_ comparison: LaplacianPyramidRows.Comparison, _ scratch: UnsafeMutablePointer<Float>) {
    places = comparison.places
    levels = comparison.levels
    tables = comparison.tables
    kernels = comparison.kernels
    kept = scratch
    shared = scratch + places.channels * places.channelCount
  }

  private func row(_ ring: Int, _ index: Int, parts: Int, _ level: LaplacianPyramidRows.Level) -> Row {
    shared + ring + index * (2 * parts * level.segment + LaplacianPyramidRows.margin)
  }
  private func pair(_ y: Int, _ level: LaplacianPyramidRows.Level) -> Row { row(places.pairs, y & 7, parts: 2, level) }
  private func enlarged(_ y: Int, _ level: LaplacianPyramidRows.Level) -> Row {
    row(places.enlarged, y & 3, parts: 2, level)
  }
  private func residuals(_ y: Int, _ level: LaplacianPyramidRows.Level) -> Row {
    row(places.residuals, LaplacianEnlargement.reflected(y, level.height) & 3, parts: 4, level)
  }
  private func slopes(_ y: Int, _ level: LaplacianPyramidRows.Level) -> Row {
    row(places.slopes, y & 3, parts: 3, level)
  }
  private func shrunk(_ y: Int, _ level: LaplacianPyramidRows.Level) -> Row {
    row(places.shrunk, y & 3, parts: 1, level)
  }

  // MARK: Forward

  /// Adds one channel's squared differences of the normalised levels to `squares` and leaves, if asked, their gradients
  /// by the prediction's residuals.
  func compare(
    _ prediction: UnsafePointer<Float>, _ target: UnsafePointer<Float>, channel: Int,
    squares: UnsafeMutablePointer<Double>, withGradient: Bool
  ) {
    let finest = levels[0]
    // A constant near the mean is taken off, for the digits it costs; no level sees it.
    var sum: Float = 0
    for y in stride(from: 0, to: finest.height, by: 8) {
      sum += kernels.sum(target + y * finest.width, count: finest.width)
    }
    let mean = sum / Float((finest.height + 7) / 8 * finest.width)
    for k in 0..<places.levels {
      let level = levels[k]
      var (pairCount, halvedCount) = (0, 0)
      for step in 0..<level.height + 2 {
        if step < level.height {
          // Rows step / 2 - 2 ... step / 2 + 1 of the halved image, or one further in odd rows, make the enlarged one.
          while halvedCount < level.halfHeight && halvedCount <= (step + 1) / 2 + 1 {
            let rows = min(level.height, 2 * halvedCount + (level.height % 2 == 0 ? 4 : 3))
            while pairCount < rows {
              if k == 0 {
                let place = pairCount * level.width
                kernels.splitPairRow(
                  prediction + place, target + place, minus: mean, pair(pairCount, level), segment: level.segment,
                  width: level.width)
              } else {
                splitHalved(k, pairCount)
              }
              pairCount += 1
            }
            halve(level, halvedCount)
            halvedCount += 1
          }
          takeResiduals(level, step, halved: halvedCount)
        }
        if step >= 1 && step <= level.height {
          let y = step - 1
          squares[k] += kernels.slopeRecord(
            above: residuals(y - 1, level), here: residuals(y, level), below: residuals(y + 1, level),
            sigma: level.sigma, neighbours: tables + level.neighbours, withGradient ? slopes(y, level) : nil,
            segment: level.segment, width: level.width)
        }
        if withGradient && step >= 2 { takeResidualGradient(level, step - 2, channel: channel) }
      }
    }
  }

  /// Row y of level k's images from the halved images of the level before.
  private func splitHalved(_ k: Int, _ y: Int) {
    let (level, finer) = (levels[k], levels[k - 1])
    let pair = pair(y, level)
    let segment = level.segment
    let source = shared + y * finer.segment
    kernels.splitRow(source + finer.target, minus: 0, even: pair, odd: pair + segment, count: level.width)
    kernels.splitRow(
      source + finer.difference, minus: 0, even: pair + 2 * segment, odd: pair + 3 * segment, count: level.width)
  }

  /// Row i of the halved images, and what it is when enlarged along the row.
  private func halve(_ level: LaplacianPyramidRows.Level, _ i: Int) {
    let target = shared + level.target + i * level.segment
    let difference = shared + level.difference + i * level.segment
    withUnsafeTemporaryAllocation(of: UnsafePointer<Float>.self, capacity: 5) { rows in
      guard let rows = rows.baseAddress else { return }
      let first = 2 * i - (level.height % 2 == 0 ? 1 : 2)
      for a in 0..<5 {
        rows[a] = UnsafePointer(pair(LaplacianEnlargement.reflected(first + a, level.height), level))
      }
      kernels.halvedPairRow(
        rows, taps: tables, columns: shared + places.columns, target: target, difference: difference,
        segment: level.segment, width: level.width)
    }
    kernels.enlargedPairRow(
      target: target, difference: difference, weights: tables + level.enlargeColumns, enlarged(i, level),
      segment: level.segment, width: level.width)
  }

  private func takeResiduals(_ level: LaplacianPyramidRows.Level, _ y: Int, halved: Int) {
    withUnsafeTemporaryAllocation(of: UnsafePointer<Float>.self, capacity: 4) { rows in
      guard let rows = rows.baseAddress else { return }
      let first = LaplacianEnlargement.first(y)
      // Rows beyond the image have weight 0.
      for a in 0..<4 { rows[a] = UnsafePointer(enlarged(max(0, min(first + a, halved - 1)), level)) }
      kernels.residualRecord(
        pair(y, level), enlarged: rows, weights: tables + level.enlarge + 4 * y, residuals(y, level),
        segment: level.segment, width: level.width)
    }
  }

  private func takeResidualGradient(_ level: LaplacianPyramidRows.Level, _ y: Int, channel: Int) {
    let weights = tables + level.neighbours
    let (top, left, right, bottom) = (weights[0], weights[1], weights[2], weights[3])
    // This row is the bottom neighbour of the row above and the top one of the row below; next to the border, by
    // reflection, also the other neighbour of the border row.
    let above = y == 0 ? 0 : bottom + (y == 1 ? top : 0)
    let below = y == level.height - 1 ? 0 : top + (y == level.height - 2 ? bottom : 0)
    withUnsafeTemporaryAllocation(of: Float.self, capacity: 4) { weights in
      guard let weights = weights.baseAddress else { return }
      weights[0] = above
      weights[1] = right
      weights[2] = left
      weights[3] = below
      kernels.residualGradientRow(
        above: slopes(max(y - 1, 0), level), here: slopes(y, level), below: slopes(min(y + 1, level.height - 1), level),
        weights: weights, residualGradient(level, y, channel: channel), segment: level.segment, width: level.width)
    }
  }

  private func residualGradient(_ level: LaplacianPyramidRows.Level, _ y: Int, channel: Int) -> Row {
    kept + channel * places.channelCount + level.residualGradient + y * 2 * level.segment
  }

  // MARK: Gradient

  /// Writes one channel's gradient; `factors` multiply the gradients of each level's squares.
  func gradient(_ gradient: UnsafeMutablePointer<Float>, factors: UnsafePointer<Float>, channel: Int) {
    for k in (0..<places.levels).reversed() {
      let level = levels[k]
      let factor = factors[k]
      var shrunkCount = 0
      for y in 0..<level.height {
        while shrunkCount < level.halfHeight && shrunkCount <= y / 2 + 1 {
          shrink(k, shrunkCount, factor: factor, channel: channel)
          shrunkCount += 1
        }
        let first = LaplacianEnlargement.firstHalved(y, level.height)
        withUnsafeTemporaryAllocation(of: UnsafePointer<Float>.self, capacity: 3) { rows in
          guard let rows = rows.baseAddress else { return }
          for a in 0..<3 { rows[a] = UnsafePointer(shrunk(max(0, min(first + a, shrunkCount - 1)), level)) }
          kernels.imageGradientRow(
            rows, rowWeights: tables + level.unhalve + 3 * y, residual: residualGradient(level, y, channel: channel),
            factor: factor, taps: tables, columns: shared + places.columns,
            k == 0 ? gradient + y * level.width : shared + level.imageGradient + y * level.imageStride,
            segment: level.segment, width: level.width)
        }
      }
    }
  }

  /// Row i of the halved image's gradient: what comes from coarser levels less what this level's residual takes.
  private func shrink(_ k: Int, _ i: Int, factor: Float, channel: Int) {
    let level = levels[k]
    let first = LaplacianEnlargement.firstEnlarged(i)
    let (start, end) = (max(first, 0), min(first + 8, level.height))
    withUnsafeTemporaryAllocation(of: UnsafePointer<Float>.self, capacity: 8) { rows in
      guard let rows = rows.baseAddress else { return }
      for y in start..<end { rows[y - start] = UnsafePointer(residualGradient(level, y, channel: channel)) }
      var coarser: UnsafePointer<Float>?
      if k + 1 < places.levels {
        let next = levels[k + 1]
        coarser = UnsafePointer(shared + next.imageGradient + i * next.imageStride)
      }
      kernels.shrunkGradientRow(
        rows, rowWeights: tables + level.shrink + 8 * i + start - first, count: end - start,
        columnWeights: tables + level.shrinkColumns, factor: factor, coarser: coarser,
        columns: shared + places.columns, shrunk(i, level), segment: level.segment, width: level.width)
    }
  }
}
