/// A linear map along one side of an image: output i is the sum over k of weights[starts[i] + k] times input
/// firsts[i] + k.
struct WeightedRuns {
  private var firsts: [Int] = []
  private var starts = [0]
  private var weights: [Float] = []

  var count: Int { firsts.count }

  private init(reserving outputs: Int) {
    firsts.reserveCapacity(outputs)
    starts.reserveCapacity(outputs + 1)
    weights.reserveCapacity(2 * outputs)
  }

  /// The linear enlargement of `size` elements. A neighbour of weight 0 is left out.
  init(size: Int, factor: Int, alignCorners: Bool) {
    self.init(reserving: factor * size)
    let (step, offset, denominator) =
      alignCorners ? (size - 1, 0, max(factor * size - 1, 1)) : (2, 1 - factor, 2 * factor)
    for i in 0..<factor * size {
      // Integer division keeps the position exact.
      let (position, rest) = min(max(step * i + offset, 0), (size - 1) * denominator)
        .quotientAndRemainder(dividingBy: denominator)
      firsts.append(position)
      weights.append(Float(Double(denominator - rest) / Double(denominator)))
      if rest > 0 { weights.append(Float(Double(rest) / Double(denominator))) }
      starts.append(weights.count)
    }
  }

  /// The transpose of an enlargement: its positions ascend and lie at most 1 apart, so that the outputs an input has a
  /// part in are neighbours.
  func transposed(inputs: Int) -> WeightedRuns {
    var result = WeightedRuns(reserving: count)
    var earliest = 0
    for j in 0..<inputs {
      while last(earliest) < j { earliest += 1 }
      var i = earliest
      while i < count && firsts[i] <= j {
        result.weights.append(weights[starts[i] + j - firsts[i]])
        i += 1
      }
      result.firsts.append(earliest)
      result.starts.append(result.weights.count)
    }
    return result
  }

  /// The first and the last input of an output.
  func first(_ i: Int) -> Int { firsts[i] }
  func last(_ i: Int) -> Int { firsts[i] + starts[i + 1] - starts[i] - 1 }

  /// Output row i: `x` is its first input row, and the others follow `pitch` apart.
  func sum(_ i: Int, _ x: Floats, pitch: Int, _ y: MutableFloats, _ width: Int, _ execution: Execution) {
    weights.withUnsafeBufferPointer {
      guard let base = $0.baseAddress else { return }
      execution.kernels.weightedSum(
        x, pitch: pitch, weights: base + starts[i], rows: starts[i + 1] - starts[i], y, count: width)
    }
  }

  /// The map of one row's elements.
  func apply(_ x: Floats, _ y: MutableFloats) {
    firsts.withUnsafeBufferPointer { firsts in
      starts.withUnsafeBufferPointer { starts in
        weights.withUnsafeBufferPointer { weights in
          for i in 0..<firsts.count {
            let inputs = x + firsts[i]
            let start = starts[i]
            var sum = weights[start] * inputs[0]
            for k in 1..<max(starts[i + 1] - start, 1) { sum += weights[start + k] * inputs[k] }
            y[i] = sum
          }
        }
      }
    }
  }
}
