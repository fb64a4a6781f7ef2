import PerceptualCore
import PerceptualKernels

/// The work on a piece of one channel's rows: the weights' addresses, the picture's planes, whose first part holds
/// those of each channel, and rows that belong to the piece.
///
/// The rows above and below that a piece needs it makes itself, as the pieces beside it do too; only what the rows of
/// the piece own goes to planes.
struct LaplacianPyramidWork {
  let places: LaplacianPyramidRows.Places
  let levels: UnsafePointer<Level>
  let tables: LaplacianRoom<LaplacianTables>
  let kernels: any KernelSet.Type
  /// The channel's images; absent in the second half of the gradient.
  let prediction: Floats?
  let target: Floats?
  let mean: Float
  let kept: LaplacianRoom<LaplacianChannelPlanes>
  let shared: LaplacianRoom<LaplacianSharedPlanes>
  let rows: LaplacianRoom<LaplacianPieceRows>
  typealias Level = LaplacianPyramidRows.Level
  typealias Row = MutableFloats

  init(
    _ comparison: LaplacianPyramidRows.Comparison, _ prediction: Floats?, _ target: Floats?, mean: Float, channel: Int,
    _ planes: MutableFloats, _ rows: MutableFloats
  ) {
    places = comparison.places
    levels = comparison.levels
    tables = comparison.tables
    kernels = comparison.kernels
    self.prediction = prediction
    self.target = target
    self.mean = mean
    kept = .init(planes + channel * places.channelCount)
    shared = comparison.shared(planes)
    self.rows = .init(rows)
  }

  private func pair(_ y: Int, _ level: Level) -> Row { rows[places.pairs, y, segment: level.segment] }
  private func enlarged(_ y: Int, _ level: Level) -> Row { rows[places.enlarged, y, segment: level.segment] }
  private func residuals(_ y: Int, _ level: Level) -> Row {
    rows[places.residuals, LaplacianEnlargement.reflected(y, level.height), segment: level.segment]
  }
  private func slopes(_ y: Int, _ level: Level) -> Row { rows[places.slopes, y, segment: level.segment] }
  func shrunk(_ y: Int, _ level: Level) -> Row { rows[places.shrunk, y, segment: level.segment] }
  func columns(_ level: Level) -> Row { rows[places.columns, 0, segment: level.segment] }
  func residualGradient(_ level: Level, _ y: Int) -> Row { kept[level.residualGradient] + y * 2 * level.segment }

  /// Level k of some rows: their sums of squared differences of the normalised levels and, if asked, the gradients of
  /// those by the prediction's residuals; and the halved images, from which the next level is made.
  func compare(_ k: Int, _ piece: Range<Int>, withGradient: Bool) {
    let level = levels[k]
    // A row's gradient needs the slopes of the rows beside it, and a row's slopes the residuals beside it.
    let slopesNeeded = withGradient ? max(piece.lowerBound - 1, 0)..<min(piece.upperBound + 1, level.height) : piece
    let residualsNeeded = max(slopesNeeded.lowerBound - 1, 0)..<min(slopesNeeded.upperBound + 1, level.height)
    let ownHalves = (piece.lowerBound + 1) / 2..<(piece.upperBound + 1) / 2
    var halvedCount = max(LaplacianEnlargement.first(residualsNeeded.lowerBound), 0)
    var pairCount = max(Self.firstUnderTaps(halvedCount, size: level.height), 0)
    shared[places.squares].withMemoryRebound(to: Double.self, capacity: level.height) { squares in
      for step in residualsNeeded.lowerBound..<piece.upperBound + 2 {
        if step < residualsNeeded.upperBound {
          // Rows step / 2 - 2 ... step / 2 + 1 of the halved image, or one further in odd rows, make the enlarged one.
          while halvedCount < level.halfHeight && halvedCount <= (step + 1) / 2 + 1 {
            let end = min(level.height, Self.firstUnderTaps(halvedCount, size: level.height) + 5)
            while pairCount < end {
              takePair(k, pairCount)
              pairCount += 1
            }
            halve(level, halvedCount, isOwn: ownHalves.contains(halvedCount))
            halvedCount += 1
          }
          takeResiduals(level, step, halved: halvedCount)
        }
        if slopesNeeded.contains(step - 1) {
          let y = step - 1
          let sum = kernels.slopeRecord(
            above: residuals(y - 1, level), here: residuals(y, level), below: residuals(y + 1, level),
            sigma: level.sigma, neighbours: tables[level.neighbours], withGradient ? slopes(y, level) : nil,
            segment: level.segment, width: level.width)
          if piece.contains(y) { squares[y] = sum }
        }
        if withGradient && piece.contains(step - 2) { takeResidualGradient(k, step - 2) }
      }
    }
  }

  /// The first of the five rows or columns that make row or column i of the halved image.
  static func firstUnderTaps(_ i: Int, size: Int) -> Int { 2 * i - (size % 2 == 0 ? 1 : 2) }

  /// Row y of level k's images.
  private func takePair(_ k: Int, _ y: Int) {
    let level = levels[k]
    let pair = pair(y, level)
    if k > 0 {
      let segment = level.segment
      let finer = levels[k - 1]
      let source = y * finer.segment
      kernels.splitRow(shared[finer.target] + source, even: pair, odd: pair + segment, count: level.width)
      kernels.splitRow(
        shared[finer.difference] + source, even: pair + 2 * segment, odd: pair + 3 * segment, count: level.width)
    } else if let prediction, let target {
      let place = y * level.width
      kernels.splitPairRow(
        prediction + place, target + place, minus: mean, pair, segment: level.segment, width: level.width)
    }
  }

  /// Row i of the halved images, and what it is when enlarged along the row.
  private func halve(_ level: Level, _ i: Int, isOwn: Bool) {
    let passing = rows[places.passing, 0, segment: level.segment]
    let target = isOwn ? shared[level.target] + i * level.segment : passing
    let difference = isOwn ? shared[level.difference] + i * level.segment : passing + level.segment
    withUnsafeTemporaryAllocation(of: Floats.self, capacity: 5) { rows in
      guard let rows = rows.baseAddress else { return }
      let first = Self.firstUnderTaps(i, size: level.height)
      for a in 0..<5 {
        rows[a] = UnsafePointer(pair(LaplacianEnlargement.reflected(first + a, level.height), level))
      }
      kernels.halvedPairRow(
        rows, taps: tables.start, columns: columns(level), target: target, difference: difference,
        segment: level.segment, width: level.width)
    }
    kernels.enlargedPairRow(
      target: target, difference: difference, weights: tables[level.enlargeColumns], enlarged(i, level),
      segment: level.segment, width: level.width)
  }

  private func takeResiduals(_ level: Level, _ y: Int, halved: Int) {
    withUnsafeTemporaryAllocation(of: Floats.self, capacity: 4) { rows in
      guard let rows = rows.baseAddress else { return }
      let first = LaplacianEnlargement.first(y)
      // Rows beyond the image have weight 0.
      for a in 0..<4 { rows[a] = UnsafePointer(enlarged(max(0, min(first + a, halved - 1)), level)) }
      kernels.residualRecord(
        pair(y, level), enlarged: rows, weights: tables[level.enlarge] + 4 * y, doubt: abs(mean),
        residuals(y, level), segment: level.segment, width: level.width)
    }
  }

  private func takeResidualGradient(_ k: Int, _ y: Int) {
    let level = levels[k]
    let weights = tables[level.neighbours]
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
      let beside = (
        above: slopes(max(y - 1, 0), level), here: slopes(y, level), below: slopes(min(y + 1, level.height - 1), level)
      )
      let isInDoubt = kernels.residualGradientRow(
        above: beside.above, here: beside.here, below: beside.below, weights: weights, residualGradient(level, y),
        segment: level.segment, width: level.width)
      shared[places.doubtCounts][y] = 0
      if isInDoubt {
        listDoubts(level, y, above: beside.above, here: beside.here, below: beside.below, weights: weights)
      }
    }
  }

  /// Lists the columns whose residual single precision did not tell from 0 and whose sign matters, and what that sign
  /// is to be multiplied by.
  private func listDoubts(_ level: Level, _ y: Int, above: Row, here: Row, below: Row, weights: Floats) {
    let (segment, last) = (level.segment, level.width - 1)
    let list = shared[places.doubts] + y * 2 * level.width
    var count = 0
    for column in 0...last {
      let at = Self.place(column, segment)
      if here[4 * segment + at] != 0 { continue }
      let product = here + 2 * segment
      var sum = above[2 * segment + at] * weights[0] + below[2 * segment + at] * weights[3]
      if column > 0 { sum += product[Self.place(column - 1, segment)] * weights[1] }
      if column < last { sum += product[Self.place(column + 1, segment)] * weights[2] }
      // By reflection the inner neighbour of a border column is its outer one too.
      if column == 1 { sum += product[0] * weights[2] }
      if column == last - 1 { sum += product[Self.place(last, segment)] * weights[1] }
      if abs(sum) > LaplacianPyramidDoubt.share * abs(here[at]) {
        list[2 * count] = Float(column)
        list[2 * count + 1] = sum
        count += 1
      }
    }
    shared[places.doubtCounts][y] = Float(count)
  }

  /// Where a column lies in a split row.
  private static func place(_ column: Int, _ segment: Int) -> Int {
    column % 2 == 0 ? column / 2 : segment + column / 2
  }

  /// Finishes level k's gradient by the residuals, all of whose rows are there.
  func settleSigns(_ k: Int, _ exact: inout LaplacianExactResidual) {
    let level = levels[k]
    var count = 0
    let counts = shared[places.doubtCounts]
    for y in 0..<level.height { count += Int(counts[y]) }
    if count == 0 { return }
    exact.prepare(k, count: count)
    for y in 0..<level.height {
      let list = shared[places.doubts] + y * 2 * level.width
      let gradient = residualGradient(level, y)
      for i in 0..<Int(counts[y]) {
        let column = Int(list[2 * i])
        gradient[Self.place(column, level.segment)] -= Float(exact.sign(k, row: y, column: column)) * list[2 * i + 1]
      }
    }
  }
}
