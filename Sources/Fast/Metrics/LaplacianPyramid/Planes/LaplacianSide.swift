import PerceptualCore

/// What one side of an image needs to be halved and enlarged, forward and transposed, in the families whose borders are
/// mirrored or zero.
struct LaplacianSide {
  let halve: RowOperator
  let halveTransposed: RowOperator
  /// From ceil(size / 2) positions to `size`, the low-pass filter after it included.
  let enlarge: RowOperator
  let enlargeTransposed: RowOperator

  init(size: Int, family: LaplacianPyramidFamily) {
    let half = (size + 1) / 2
    var halve = [[RowOperator.Entry]](repeating: [], count: half)
    for i in 0..<half {
      for (t, tap) in LaplacianPyramid.lowPass.enumerated() {
        if let row = Self.position(2 * i + t - 2, size, family) { Self.add(tap, row, to: &halve[i]) }
      }
    }
    var enlarge = [[RowOperator.Entry]](repeating: [], count: size)
    for i in 0..<size {
      for (t, tap) in LaplacianPyramid.lowPass.enumerated() {
        if family == .tensorflow {
          // Bilinear, position i at i half / size, the last value repeated; then filtered between zeros.
          guard let row = Self.position(i + t - 2, size, family) else { continue }
          let (source, rest) = (row * half).quotientAndRemainder(dividingBy: size)
          let share = Double(rest) / Double(size)
          Self.add(tap * (1 - share), source, to: &enlarge[i])
          if rest > 0 { Self.add(tap * share, min(source + 1, half - 1), to: &enlarge[i]) }
        } else if (i + t) % 2 == 0 {
          // Zeros between the values, of which the outermost are repeated; half of the taps fall on zeros.
          Self.add(2 * tap, min(max((i + t) / 2 - 1, 0), half - 1), to: &enlarge[i])
        }
      }
    }
    self.halve = RowOperator(halve)
    self.enlarge = RowOperator(enlarge)
    halveTransposed = RowOperator(Self.transposed(halve, inputs: size))
    enlargeTransposed = RowOperator(Self.transposed(enlarge, inputs: half))
  }

  /// Where the low-pass filter finds the value of a position beyond the ends: mirrored, the edge repeated, as often as
  /// it takes, or nowhere.
  private static func position(_ i: Int, _ size: Int, _ family: LaplacianPyramidFamily) -> Int? {
    if family == .tensorflow { return (0..<size).contains(i) ? i : nil }
    var place = i
    while !(0..<size).contains(place) { place = place < 0 ? -1 - place : 2 * size - 1 - place }
    return place
  }

  private static func add(_ weight: Double, _ row: Int, to entries: inout [RowOperator.Entry]) {
    if let known = entries.firstIndex(where: { $0.row == row }) {
      entries[known].weight += weight
    } else {
      entries.append(RowOperator.Entry(row: row, weight: weight))
    }
  }

  private static func transposed(_ entries: [[RowOperator.Entry]], inputs: Int) -> [[RowOperator.Entry]] {
    var result = [[RowOperator.Entry]](repeating: [], count: inputs)
    for (output, row) in entries.enumerated() {
      for entry in row { result[entry.row].append(RowOperator.Entry(row: output, weight: entry.weight)) }
    }
    return result
  }
}
