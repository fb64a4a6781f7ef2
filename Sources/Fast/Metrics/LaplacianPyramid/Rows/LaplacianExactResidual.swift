import PerceptualCore
import PerceptualKernels

/// Residuals of an image, of the family "hepburn", in double precision and from the image's own pixels: for the places
/// where single precision does not tell them from 0.
///
/// A few are worked out one by one, from as many pixels as each depends on: 11 a side at the finest level and about
/// twice as many at each next one. Where there are many, whole images are halved in double precision. Both give the
/// same bits.
struct LaplacianExactResidual {
  typealias Level = LaplacianPyramidRows.Level

  let levels: UnsafePointer<Level>
  let tables: LaplacianRoom<LaplacianExactTables>
  let image: Floats
  /// The picture's planes, in which each level has one for its halved image.
  let shared: LaplacianRoom<LaplacianSharedPlanes>
  /// Numbers that the greatest windows need.
  let room: Int
  /// How many levels have their halved image.
  private var known = 0

  init(_ comparison: LaplacianPyramidRows.Comparison, _ image: Floats, _ shared: LaplacianRoom<LaplacianSharedPlanes>) {
    levels = comparison.levels
    tables = comparison.exactTables
    room = comparison.exactRoom
    self.image = image
    self.shared = shared
  }

  /// Rows and columns of a level's image.
  private struct Window {
    let rows: Range<Int>
    let columns: Range<Int>
    var count: Int { rows.count * columns.count }
  }

  /// Readies level k for so many signs: halves whole images if that is less work.
  mutating func prepare(_ k: Int, count: Int) {
    let missing = (known..<max(k + 1, known)).reduce(0) { $0 + levels[$1].height * levels[$1].width }
    if missing == 0 || count * LaplacianPyramidRows.exactRoom(levels, k) < missing { return }
    ScratchPool.shared.withDoubles(levels[0].width) { line in
      while known <= k {
        let level = levels[known]
        let whole = Window(rows: 0..<level.height, columns: 0..<level.width)
        let halved = Window(rows: 0..<level.halfHeight, columns: 0..<level.halfWidth)
        if known == 0 {
          halve(level, image, stride: level.width, whole, halved, line, plane(0))
        } else {
          halve(level, UnsafePointer(plane(known - 1)), stride: level.width, whole, halved, line, plane(known))
        }
        known += 1
      }
    }
  }

  /// Level k's image halved, row by row.
  private func plane(_ k: Int) -> UnsafeMutablePointer<Double> {
    UnsafeMutableRawPointer(shared[levels[k].exactHalved])
      .bindMemory(to: Double.self, capacity: levels[k].halfHeight * levels[k].halfWidth)
  }

  /// 1 or -1; 0 where double precision does not tell it from 0 either.
  func sign(_ k: Int, row: Int, column: Int) -> Double {
    let level = levels[k]
    let (firstRow, firstColumn) = (LaplacianEnlargement.first(row), LaplacianEnlargement.first(column))
    let halved = Window(
      rows: max(firstRow, 0)..<min(firstRow + 4, level.halfHeight),
      columns: max(firstColumn, 0)..<min(firstColumn + 4, level.halfWidth))
    /// `values` are those of `halved`, `stride` from row to row.
    func sign(_ centre: Double, _ values: UnsafePointer<Double>, stride: Int) -> Double {
      var enlarged = 0.0
      for i in halved.rows {
        let byRow = tables[level.exactRows][4 * row + i - firstRow]
        for j in halved.columns {
          let byColumn = tables[level.exactColumns][4 * column + j - firstColumn]
          enlarged +=
            byRow * byColumn * values[(i - halved.rows.lowerBound) * stride + j - halved.columns.lowerBound]
        }
      }
      let residual = centre - enlarged
      let isKnown = abs(residual) > LaplacianPyramidDoubt.exact * (abs(centre) + abs(enlarged))
      return isKnown ? residual < 0 ? -1 : 1 : 0
    }
    if known > k {
      let centre = k == 0 ? Double(image[row * level.width + column]) : plane(k - 1)[row * level.width + column]
      let first = halved.rows.lowerBound * level.halfWidth + halved.columns.lowerBound
      return sign(centre, plane(k) + first, stride: level.halfWidth)
    }
    return ScratchPool.shared.withDoubles(room) { scratch in
      take(k, Window(rows: row..<row + 1, columns: column..<column + 1), scratch)
      let centre = scratch[0]
      take(k + 1, halved, scratch)
      return sign(centre, scratch, stride: halved.columns.count)
    }
  }

  /// The window under the taps of a window of the next level, inside the image.
  private func under(_ window: Window, _ level: Level) -> Window {
    func range(_ halved: Range<Int>, _ size: Int) -> Range<Int> {
      let first = LaplacianPyramidWork.firstUnderTaps(halved.lowerBound, size: size)
      return max(first, 0)..<min(LaplacianPyramidWork.firstUnderTaps(halved.upperBound - 1, size: size) + 5, size)
    }
    return Window(rows: range(window.rows, level.height), columns: range(window.columns, level.width))
  }

  /// The pixels of a window of level k's image, row by row; what was needed to make them comes after.
  private func take(_ k: Int, _ window: Window, _ pixels: UnsafeMutablePointer<Double>) {
    if k == 0 {
      for (i, row) in window.rows.enumerated() {
        for (j, column) in window.columns.enumerated() {
          pixels[i * window.columns.count + j] = Double(image[row * levels[0].width + column])
        }
      }
      return
    }
    let finer = under(window, levels[k - 1])
    let line = pixels + window.count
    if k == 1 {
      let first = finer.rows.lowerBound * levels[0].width + finer.columns.lowerBound
      halve(levels[0], image + first, stride: levels[0].width, finer, window, line, pixels)
    } else {
      let source = line + finer.columns.count
      take(k - 1, finer, source)
      halve(levels[k - 1], UnsafePointer(source), stride: finer.columns.count, finer, window, line, pixels)
    }
  }

  /// The low-pass filter at the rows and columns of a window of the next level, from a window of this one.
  private func halve(
    _ level: Level, _ source: UnsafePointer<some BinaryFloatingPoint>, stride: Int,
    _ finer: Window, _ window: Window, _ line: UnsafeMutablePointer<Double>, _ pixels: UnsafeMutablePointer<Double>
  ) {
    for (i, row) in window.rows.enumerated() {
      let top = LaplacianPyramidWork.firstUnderTaps(row, size: level.height)
      line.update(repeating: 0, count: finer.columns.count)
      for t in 0..<5 {
        let tap = LaplacianPyramid.lowPass[t]
        let values = source + (LaplacianEnlargement.reflected(top + t, level.height) - finer.rows.lowerBound) * stride
        for column in 0..<finer.columns.count { line[column] += tap * Double(values[column]) }
      }
      for (j, column) in window.columns.enumerated() {
        let left = LaplacianPyramidWork.firstUnderTaps(column, size: level.width)
        var sum = 0.0
        for t in 0..<5 {
          let place = LaplacianEnlargement.reflected(left + t, level.width) - finer.columns.lowerBound
          sum += LaplacianPyramid.lowPass[t] * line[place]
        }
        pixels[i * window.columns.count + j] = sum
      }
    }
  }
}
