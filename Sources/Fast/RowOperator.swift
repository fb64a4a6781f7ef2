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
