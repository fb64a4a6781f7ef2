import PerceptualCore

/// One residual of NLPD's family "hepburn" as what it is, a weighted sum of the image's pixels: for tests that need
/// pictures on its kink. One image without channels.
public struct LaplacianResidual {
  /// The weights are products of those of a row and of a column, of the level's image less those of the enlarged one.
  private let image: (rows: [Double], columns: [Double])
  private let enlarged: (rows: [Double], columns: [Double])

  /// Residual (row, column) of a level of an image of height x width.
  public init(height: Int, width: Int, level: Int, row: Int, column: Int) {
    let (byRow, byColumn) = (Self.weights(height, level, row), Self.weights(width, level, column))
    image = (byRow.image, byColumn.image)
    enlarged = (byRow.enlarged, byColumn.enlarged)
  }

  public func weight(row: Int, column: Int) -> Double {
    image.rows[row] * image.columns[column] - enlarged.rows[row] * enlarged.columns[column]
  }

  public func value(_ pixels: [Double]) -> Double {
    let width = image.columns.count
    var sum = 0.0
    for row in image.rows.indices where image.rows[row] != 0 || enlarged.rows[row] != 0 {
      for column in 0..<width { sum += weight(row: row, column: column) * pixels[row * width + column] }
    }
    return sum
  }

  /// The pixel of the greatest weight.
  public var heaviest: (row: Int, column: Int) {
    var best = (row: 0, column: 0)
    for row in image.rows.indices {
      for column in image.columns.indices
      where abs(weight(row: row, column: column)) > abs(weight(row: best.row, column: best.column)) {
        best = (row, column)
      }
    }
    return best
  }

  /// Along one side: the weights of a position of the level's image, and of the same of its halved image enlarged.
  private static func weights(_ size: Int, _ level: Int, _ position: Int) -> (image: [Double], enlarged: [Double]) {
    var sizes = [size]
    for _ in 0...level { sizes.append((sizes[sizes.count - 1] + 1) / 2) }
    var image = [Double](repeating: 0, count: sizes[level])
    image[position] = 1
    // Bilinear, corners onto corners, after the low-pass filter.
    let (large, half) = (sizes[level], sizes[level + 1])
    var enlarged = [Double](repeating: 0, count: half + 1)
    for (t, tap) in LaplacianPyramid.lowPass.enumerated() {
      let place = reflected(position + t - 2, large) * (half - 1)
      let share = Double(place % (large - 1)) / Double(large - 1)
      enlarged[place / (large - 1)] += tap * (1 - share)
      enlarged[place / (large - 1) + 1] += tap * share
    }
    enlarged.removeLast()
    for finer in (0...level).reversed() {
      enlarged = unhalved(enlarged, sizes[finer])
      if finer < level { image = unhalved(image, sizes[finer]) }
    }
    return (image, enlarged)
  }

  private static func unhalved(_ weights: [Double], _ size: Int) -> [Double] {
    var result = [Double](repeating: 0, count: size)
    for (i, weight) in weights.enumerated() where weight != 0 {
      for (t, tap) in LaplacianPyramid.lowPass.enumerated() {
        result[reflected(2 * i + t - (size % 2 == 0 ? 1 : 2), size)] += weight * tap
      }
    }
    return result
  }

  private static func reflected(_ i: Int, _ size: Int) -> Int { i < 0 ? -i : i >= size ? 2 * (size - 1) - i : i }
}
