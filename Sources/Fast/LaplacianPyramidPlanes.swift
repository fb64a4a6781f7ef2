import PerceptualCore
import PerceptualKernels

/// The normalised Laplacian pyramids of one image, in scratch memory.
///
/// Rows lie split, even columns apart from odd ones, so that halving, enlarging and filtering along a row are accesses
/// of stride 1. Two pyramids are built one after the other over the same planes: the target's, whose residuals and
/// normalised levels are kept, and that of the difference between the images, which turns them into the prediction's.
struct LaplacianPyramidPlanes {
  struct Level {
    let height: Int
    let width: Int
    var halfHeight: Int { (height + 1) / 2 }
    var halfWidth: Int { (width + 1) / 2 }
    /// Floats from the even columns of a split row to its odd ones, and from row to row.
    let segment: Int
    let stride: Int
    /// Floats from row to row of planes of half the width, whose rows are whole.
    let halfStride: Int
    let rows: LaplacianRows
    let columnWeights: [Float]
    let columnWeightSegment: Int

    // Places of split planes. Later uses: `image` holds the changes of the residual's magnitude and then the gradients
    // of the denominators; `residual` the gradients of the residual and then of the image; `difference`, at first the
    // target's normalised level, that of the prediction minus it; `reciprocal` at first the residual of the difference.
    let image: Int
    let residual: Int
    let difference: Int
    let normalised: Int
    let reciprocal: Int
    // Places of planes of half the width: `smaller` is half as high, and later its gradient; `tall` is not.
    let smaller: Int
    let tall: Int
  }

  static let margin = 16

  let kernels: any KernelSet.Type
  let levels: [Level]
  let lowPass: [Float]
  let channels: Int
  /// Floats of one channel's planes.
  let channelCount: Int
  /// Rows shared by all: a split one, a whole one of half the width and a whole one.
  let firstRow: Int
  let secondRow: Int
  let wholeRow: Int
  let scratchCount: Int

  init(_ execution: Execution, channels: Int, height: Int, width: Int, levels count: Int) {
    kernels = execution.kernels
    lowPass = LaplacianPyramid.lowPass.map { Float($0) }
    self.channels = channels
    var layout = ScratchLayout()
    var levels: [Level] = []
    var (h, w) = (height, width)
    for _ in 0..<count {
      let segment = roundedToVectors((w + 1) / 2) + Self.margin
      let stride = 2 * segment + Self.margin
      let planes = (0..<5).map { _ in layout.take(h * stride + Self.margin) + Self.margin }
      // A row of `smaller` becomes an image's row: room for whole vectors past it.
      let halfStride = segment + 2 * Self.margin
      let smaller = layout.take((h + 1) / 2 * halfStride + Self.margin) + Self.margin
      let tall = layout.take(h * halfStride + Self.margin) + Self.margin
      levels.append(
        Level(
          height: h, width: w, segment: segment, stride: stride, halfStride: halfStride,
          rows: LaplacianRows(size: h, lowPass: LaplacianPyramid.lowPass),
          columnWeights: LaplacianRows.enlargementWeights(size: w, segment: segment), columnWeightSegment: segment,
          image: planes[0], residual: planes[1], difference: planes[2], normalised: planes[3],
          reciprocal: planes[4], smaller: smaller, tall: tall))
      (h, w) = ((h + 1) / 2, (w + 1) / 2)
    }
    self.levels = levels
    channelCount = layout.count
    var shared = ScratchLayout()
    let widest = levels[0].stride + 3 * Self.margin
    firstRow = channels * channelCount + shared.take(widest) + Self.margin
    secondRow = channels * channelCount + shared.take(widest) + Self.margin
    wholeRow = channels * channelCount + shared.take(widest)
    scratchCount = channels * channelCount + shared.count + Self.margin
  }

  // MARK: Forward

  /// Builds the target's pyramid of one channel: residuals and normalised levels. A constant is taken off first, for
  /// the digits it costs; no level sees it.
  func buildTarget(
    _ target: UnsafePointer<Float>, channel: Int, _ scratch: UnsafeMutablePointer<Float>
  ) {
    let planes = scratch + channel * channelCount
    let pixels = levels[0].height * levels[0].width
    let mean = kernels.sum(target, count: pixels) / Float(pixels)
    fillImage(planes) { row, even, odd in
      kernels.splitRow(
        target + row * levels[0].width, minus: mean, even: even, odd: odd, count: levels[0].width)
    }
    for (k, level) in levels.enumerated() {
      if k > 0 { fillImage(k, planes) }
      halve(level, planes, scratch)
      takeResidual(level, to: level.residual, planes, scratch)
      let neighbours = neighbours(k)
      let residual = planes + level.residual
      for row in 0..<level.height {
        let place = row * level.stride
        kernels.normalizedRow(
          above: residual + LaplacianRows.reflected(row - 1, level.height) * level.stride, here: residual + place,
          below: residual + LaplacianRows.reflected(row + 1, level.height) * level.stride,
          sigma: Float(LaplacianPyramid.sigmas[k]), neighbours: neighbours,
          normalised: planes + level.difference + place, segment: level.segment, width: level.width)
      }
    }
  }

  /// Builds the prediction's pyramid of one channel from the target's and that of their difference, and adds the sums
  /// of the squared differences of the normalised levels to `squares`.
  ///
  /// Residuals are linear in the image, so that of the difference is exact to its own digits however alike the images
  /// are; taken apart, they would cancel.
  func buildPrediction(
    _ prediction: UnsafePointer<Float>, target: UnsafePointer<Float>, channel: Int,
    squares: UnsafeMutablePointer<Double>, _ scratch: UnsafeMutablePointer<Float>
  ) {
    let planes = scratch + channel * channelCount
    let width = levels[0].width
    let whole = scratch + wholeRow
    fillImage(planes) { row, even, odd in
      kernels.scaledDifference(prediction + row * width, target + row * width, scale: 1, whole, count: width)
      kernels.splitRow(whole, minus: 0, even: even, odd: odd, count: width)
    }
    for (k, level) in levels.enumerated() {
      if k > 0 { fillImage(k, planes) }
      halve(level, planes, scratch)
      takeResidual(level, to: level.reciprocal, planes, scratch)
      let residual = planes + level.residual
      // The image is no longer needed.
      let change = planes + level.image
      for row in 0..<level.height {
        let place = row * level.stride
        kernels.joinedResidualRow(
          planes + level.reciprocal + place, residual: residual + place, change: change + place,
          segment: level.segment, width: level.width)
        reflect(residual + place, level, by: 1)
        reflect(change + place, level, by: 1)
      }
      let neighbours = neighbours(k)
      for row in 0..<level.height {
        let place = row * level.stride
        let above = LaplacianRows.reflected(row - 1, level.height) * level.stride
        let below = LaplacianRows.reflected(row + 1, level.height) * level.stride
        squares[k] += kernels.normalizedDifferenceRow(
          residual: residual + above, change: change + above, toHere: place - above, toBelow: below - above,
          sigma: Float(LaplacianPyramid.sigmas[k]), neighbours: neighbours,
          level: planes + level.difference + place, difference: planes + level.reciprocal + place,
          normalised: planes + level.normalised + place, segment: level.segment, width: level.width)
      }
    }
  }

  private func neighbours(_ k: Int) -> [Float] {
    let weights = LaplacianPyramid.neighbours[k]
    return [weights.top, weights.left, weights.right, weights.bottom].map { Float($0) }
  }

  /// Fills the finest image plane by rows and reflects their ends.
  private func fillImage(
    _ planes: UnsafeMutablePointer<Float>,
    _ body: (Int, UnsafeMutablePointer<Float>, UnsafeMutablePointer<Float>) -> Void
  ) {
    let level = levels[0]
    for row in 0..<level.height {
      let here = planes + level.image + row * level.stride
      body(row, here, here + level.segment)
      reflect(here, level, by: 2)
    }
  }

  /// Fills the image plane of level k from the one before.
  private func fillImage(_ k: Int, _ planes: UnsafeMutablePointer<Float>) {
    let (level, finer) = (levels[k], levels[k - 1])
    for row in 0..<level.height {
      let here = planes + level.image + row * level.stride
      kernels.splitRow(
        planes + finer.smaller + row * finer.halfStride, minus: 0, even: here, odd: here + level.segment,
        count: level.width)
      reflect(here, level, by: 2)
    }
  }

  private func halve(
    _ level: Level, _ planes: UnsafeMutablePointer<Float>, _ scratch: UnsafeMutablePointer<Float>
  ) {
    apply(level.rows.halve, planes + level.image - Self.margin, stride: level.stride) { row, list, weights, count in
      kernels.weightedRows(
        list, weights: weights, count: count, scratch + firstRow - Self.margin, width: level.stride)
      kernels.halvedRow(
        scratch + firstRow, segment: level.segment, taps: lowPass,
        planes + level.smaller + row * level.halfStride, width: level.width)
    }
  }

  private func takeResidual(
    _ level: Level, to place: Int, _ planes: UnsafeMutablePointer<Float>, _ scratch: UnsafeMutablePointer<Float>
  ) {
    let narrow = scratch + secondRow
    let wide = scratch + firstRow
    apply(level.rows.enlarge, planes + level.smaller, stride: level.halfStride) { row, list, weights, count in
      kernels.weightedRows(list, weights: weights, count: count, narrow, width: level.halfWidth)
      // Their weights are 0, and 0 times what lay there might be NaN.
      narrow[-1] = 0
      narrow[level.halfWidth] = 0
      level.columnWeights.withUnsafeBufferPointer { columnWeights in
        guard let columnWeights = columnWeights.baseAddress else { return }
        kernels.enlargedRow(
          narrow, weights: columnWeights + 16, weightSegment: level.columnWeightSegment, wide,
          segment: level.segment, width: level.width)
      }
      reflect(wide, level, by: 2)
      let residual = planes + place + row * level.stride
      kernels.residualRow(
        wide, j: planes + level.image + row * level.stride, taps: lowPass, residual: residual,
        segment: level.segment, width: level.width)
      reflect(residual, level, by: 1)
    }
  }

  // MARK: Gradient

  /// Writes one channel's gradient; `factors` multiply the differences of each level.
  func gradient(
    _ gradient: UnsafeMutablePointer<Float>, factors: [Float], channel: Int, _ scratch: UnsafeMutablePointer<Float>
  ) {
    let planes = scratch + channel * channelCount
    for k in levels.indices.reversed() {
      let level = levels[k]
      takeResidualGradient(k, factor: factors[k], planes)
      shrinkGradient(level, planes, scratch)
      addCoarserGradient(k, planes, scratch)
    }
    let finest = levels[0]
    for row in 0..<finest.height {
      let here = planes + finest.residual + row * finest.stride
      kernels.mergeRow(
        even: here, odd: here + finest.segment, gradient + row * finest.width, count: finest.width)
    }
  }

  /// The residual's gradient, through the numerator and through the neighbours' denominators.
  private func takeResidualGradient(_ k: Int, factor: Float, _ planes: UnsafeMutablePointer<Float>) {
    let level = levels[k]
    let image = planes + level.image
    for row in 0..<level.height {
      let place = row * level.stride
      kernels.denominatorGradientRow(
        difference: planes + level.difference + place, factor: factor,
        normalised: planes + level.normalised + place, reciprocal: planes + level.reciprocal + place,
        image + place, segment: level.segment, width: level.width)
      zeroBorders(image + place, level, by: 1)
    }
    let weights = LaplacianPyramid.neighbours[k]
    let (top, left, right, bottom) = (
      Float(weights.top), Float(weights.left), Float(weights.right), Float(weights.bottom)
    )
    for row in 0..<level.height {
      let place = row * level.stride
      let here = image + place
      let normalised = planes + level.normalised + place
      let residual = planes + level.residual + place
      // This row is the bottom neighbour of the row above and the top one of the row below; next to the border, by
      // reflection, also the other neighbour of the border row.
      let above = row == 0 ? 0 : bottom + (row == 1 ? top : 0)
      let below = row == level.height - 1 ? 0 : top + (row == level.height - 2 ? bottom : 0)
      kernels.residualGradientRow(
        above: row == 0 ? here : here - level.stride, here: here,
        below: row == level.height - 1 ? here : here + level.stride, weights: [above, right, left, below],
        difference: planes + level.difference + place, factor: factor, normalised: normalised,
        reciprocal: planes + level.reciprocal + place, residual, segment: level.segment, width: level.width)
      for (border, weight) in [(0, left), (level.width - 1, right)] {
        let inner = level.column(border == 0 ? 1 : level.width - 2)
        let sign: Float = normalised[inner] > 0 ? 1 : normalised[inner] < 0 ? -1 : 0
        residual[inner] -= sign * weight * here[level.column(border)]
      }
    }
  }

  /// From the residual's gradient to that of the smaller image, with its sign turned.
  private func shrinkGradient(
    _ level: Level, _ planes: UnsafeMutablePointer<Float>, _ scratch: UnsafeMutablePointer<Float>
  ) {
    let wide = scratch + firstRow
    let (w, taps) = (level.width, lowPass)
    for row in 0..<level.height {
      let here = planes + level.residual + row * level.stride
      zeroBorders(here, level, by: 2)
      kernels.filteredRow(here, taps: taps, wide, segment: level.segment, width: w)
      // What the filter would write beyond the borders comes back by reflection.
      func x(_ column: Int) -> Float { here[level.column(column)] }
      wide[level.column(1)] += taps[3] * x(0) + taps[4] * x(1)
      wide[level.column(2)] += taps[4] * x(0)
      wide[level.column(w - 2)] += taps[1] * x(w - 1) + taps[0] * x(w - 2)
      wide[level.column(w - 3)] += taps[0] * x(w - 1)
      zeroBorders(wide, level, by: 2)
      level.columnWeights.withUnsafeBufferPointer { columnWeights in
        guard let columnWeights = columnWeights.baseAddress else { return }
        kernels.enlargedGradientRow(
          wide, segment: level.segment, weights: columnWeights + 16, weightSegment: level.columnWeightSegment,
          planes + level.tall + row * level.halfStride, width: level.halfWidth)
      }
    }
    apply(level.rows.enlargeTransposed, planes + level.tall, stride: level.halfStride) { row, list, weights, count in
      kernels.weightedRows(
        list, weights: weights, count: count, planes + level.smaller + row * level.halfStride,
        width: level.halfWidth)
    }
  }

  /// Adds to the residual's gradient what reaches the image through the smaller one.
  private func addCoarserGradient(
    _ k: Int, _ planes: UnsafeMutablePointer<Float>, _ scratch: UnsafeMutablePointer<Float>
  ) {
    let level = levels[k]
    let narrow = scratch + secondRow
    for row in 0..<level.halfHeight {
      let smaller = planes + level.smaller + row * level.halfStride
      if k + 1 < levels.count {
        let coarser = levels[k + 1]
        let upstream = planes + coarser.residual + row * coarser.stride
        kernels.mergeRow(even: upstream, odd: upstream + coarser.segment, narrow, count: level.halfWidth)
        kernels.scaledDifference(narrow, smaller, scale: 1, smaller, count: level.halfWidth)
      } else {
        kernels.scaleRow(smaller, by: -1, width: level.halfWidth)
      }
    }
    apply(level.rows.halveTransposed, planes + level.smaller, stride: level.halfStride) { row, list, weights, count in
      kernels.weightedRows(list, weights: weights, count: count, narrow, width: level.halfWidth)
      narrow[-1] = 0
      narrow[level.halfWidth] = 0
      let here = planes + level.residual + row * level.stride
      kernels.addHalvedGradientRow(narrow, taps: lowPass, here, segment: level.segment, width: level.width)
      let (w, last) = (level.width, narrow[level.halfWidth - 1])
      if w % 2 == 0 {
        here[level.column(1)] += lowPass[0] * narrow[0]
      } else {
        here[level.column(1)] += lowPass[1] * narrow[0]
        here[level.column(2)] += lowPass[0] * narrow[0]
      }
      here[level.column(w - 2)] += lowPass[3] * last
      here[level.column(w - 3)] += lowPass[4] * last
    }
  }

  // MARK: Rows

  /// Calls `body(output row, input rows, weights, count)` for each output of a row operator.
  private func apply(
    _ rowOperator: RowOperator, _ source: UnsafeMutablePointer<Float>, stride: Int,
    _ body: (Int, UnsafePointer<UnsafePointer<Float>>, UnsafePointer<Float>, Int) -> Void
  ) {
    withUnsafeTemporaryAllocation(of: UnsafePointer<Float>.self, capacity: rowOperator.greatestCount) { list in
      rowOperator.weights.withUnsafeBufferPointer { weights in
        guard let list = list.baseAddress, let weights = weights.baseAddress else { return }
        for row in 0..<rowOperator.outputs {
          let start = rowOperator.starts[row]
          let count = rowOperator.starts[row + 1] - start
          for k in 0..<count { list[k] = UnsafePointer(source + rowOperator.rows[start + k] * stride) }
          body(row, list, weights + start, count)
        }
      }
    }
  }

  /// Writes the columns that reflection puts beyond both ends of a split row.
  private func reflect(_ row: UnsafeMutablePointer<Float>, _ level: Level, by reach: Int) {
    for i in 1...reach {
      row[level.column(-i)] = row[level.column(i)]
      row[level.column(level.width - 1 + i)] = row[level.column(level.width - 1 - i)]
    }
  }

  private func zeroBorders(_ row: UnsafeMutablePointer<Float>, _ level: Level, by reach: Int) {
    for i in 1...reach {
      row[level.column(-i)] = 0
      row[level.column(level.width - 1 + i)] = 0
    }
  }
}

extension LaplacianPyramidPlanes.Level {
  /// Where a column lies in a split row; columns beyond the ends lie in the margins.
  func column(_ index: Int) -> Int { index & 1 == 0 ? index >> 1 : segment + index >> 1 }
}
