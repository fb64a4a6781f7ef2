/// A linear map between rows of an image: output row i = sum over its entries of weight x input row.
struct RowOperator {
  /// Where each output's entries begin; one more than there are outputs.
  private(set) var starts = [0]
  private(set) var rows: [Int] = []
  private(set) var weights: [Float] = []

  var outputs: Int { starts.count - 1 }
  /// The most entries of an output.
  private(set) var greatestCount = 0

  /// `entries[i]` lists the input rows of output i with their weights.
  init(_ entries: [[Entry]]) {
    for output in entries {
      for entry in output {
        rows.append(entry.row)
        weights.append(Float(entry.weight))
      }
      starts.append(rows.count)
      greatestCount = max(greatestCount, output.count)
    }
  }

  struct Entry {
    let row: Int
    var weight: Double
  }
}
