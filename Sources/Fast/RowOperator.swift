/// A linear map between rows of an image: output row i = sum over its entries of weight x input row.
struct RowOperator {
  /// Where each output's entries begin; one more than there are outputs.
  private(set) var starts = [0]
  private(set) var rows: [Int] = []
  private(set) var weights: [Float] = []

  var outputs: Int { starts.count - 1 }
  /// The most entries of an output.
  var greatestCount: Int { zip(starts.dropFirst(), starts).map { $0 - $1 }.max() ?? 0 }

  /// `entries[i]` lists the input rows of output i with their weights.
  init(_ entries: [[Entry]]) {
    for output in entries {
      for entry in output {
        rows.append(entry.row)
        weights.append(Float(entry.weight))
      }
      starts.append(rows.count)
    }
  }

  struct Entry {
    let row: Int
    var weight: Double
  }
}

extension LaplacianRows {
  /// The position inside 0 ..< size that reflection puts at `i`, the edge not repeated.
  static func reflected(_ i: Int, _ size: Int) -> Int { i < 0 ? -i : i >= size ? 2 * (size - 1) - i : i }
}

/// What the rows of one side of an image need to be halved, enlarged and filtered, forward and transposed.
struct LaplacianRows {
  /// The low-pass filter at every second row, reflection included: from `size` rows to ceil(size / 2).
  let halve: RowOperator
  let halveTransposed: RowOperator
  /// Bilinear enlargement and then the low-pass filter with reflection: from ceil(size / 2) rows to `size`.
  let enlarge: RowOperator
  let enlargeTransposed: RowOperator

  init(size: Int, lowPass: [Double]) {
    let half = (size + 1) / 2
    let before = size % 2 == 0 ? 1 : 2
    var halve = [[RowOperator.Entry]](repeating: [], count: half)
    for i in 0..<half {
      for (t, tap) in lowPass.enumerated() { Self.add(tap, Self.reflected(2 * i + t - before, size), to: &halve[i]) }
    }
    var enlarge = [[RowOperator.Entry]](repeating: [], count: size)
    for i in 0..<size {
      for (t, tap) in lowPass.enumerated() {
        let (row, rest) = (Self.reflected(i + t - 2, size) * (half - 1)).quotientAndRemainder(dividingBy: size - 1)
        let fraction = Double(rest) / Double(size - 1)
        Self.add(tap * (1 - fraction), row, to: &enlarge[i])
        if rest > 0 { Self.add(tap * fraction, row + 1, to: &enlarge[i]) }
      }
    }
    self.halve = RowOperator(halve)
    self.enlarge = RowOperator(enlarge)
    halveTransposed = RowOperator(Self.transposed(halve, inputs: size))
    enlargeTransposed = RowOperator(Self.transposed(enlarge, inputs: half))
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

  /// The weights of bilinear enlargement along a row of `size`, as `enlargedRow` takes them: of the element before and
  /// the element at j for even outputs, of the element at j and after for odd ones; each row of weights has a zero
  /// margin of 16 before it and `segment` floats in all.
  static func enlargementWeights(size: Int, segment: Int) -> [Float] {
    let half = (size + 1) / 2
    var weights = [Float](repeating: 0, count: 4 * segment + 16)
    for column in 0..<size {
      let (source, rest) = (column * (half - 1)).quotientAndRemainder(dividingBy: size - 1)
      let fraction = Double(rest) / Double(size - 1)
      let j = column / 2
      let first = column % 2 == 0 ? 0 : 2
      // Even outputs lie in [j - 1, j], odd ones in [j, j + 1].
      let origin = column % 2 == 0 ? j - 1 : j
      let (near, far) = source == origin ? (1 - fraction, fraction) : (0, 1)
      weights[16 + first * segment + j] = Float(near)
      weights[16 + (first + 1) * segment + j] = Float(far)
    }
    return weights
  }
}
