extension Kernels {
  public static func joinedResidualRow(
    target: UnsafePointer<Float>, difference: UnsafePointer<Float>, prediction: UnsafeMutablePointer<Float>,
    targetMagnitude: UnsafeMutablePointer<Float>, predictionMagnitude: UnsafeMutablePointer<Float>,
    change: UnsafeMutablePointer<Float>, width: Int
  ) {
    var j = 0
    while j < width {
      let own = load(target + j)
      let added = load(difference + j)
      let joined = own + added
      // The difference away from 0 at the prediction's residual is the magnitude's change, unless the sign changed with
      // it.
      let away = turned(added, bySignOf: joined)
      let size = magnitude(joined)
      store(joined, prediction + j)
      store(magnitude(own), targetMagnitude + j)
      store(size, predictionMagnitude + j)
      store(lesser(size + size - away, away), change + j)
      j &+= Vector.scalarCount
    }
  }

  public static func slopeRow(
    target: UnsafePointer<Float>, prediction: UnsafePointer<Float>, difference: UnsafePointer<Float>,
    targetSum: UnsafePointer<Float>, predictionSum: UnsafePointer<Float>, changeSum: UnsafePointer<Float>, sigma: Float,
    _ slope: UnsafeMutablePointer<Float>, product: UnsafeMutablePointer<Float>, width: Int
  ) -> Double {
    var squares = Vector()
    var j = 0
    while j < width {
      let denominator = load(targetSum + j) + sigma
      let reciprocal = 1 / (denominator * (load(predictionSum + j) + sigma))
      let lost = Vector() - load(target + j) * load(changeSum + j)
      let change = multiplyAdd(lost, load(difference + j), denominator) * reciprocal
      let masked = firstLanes(change, width &- j)
      squares = multiplyAdd(squares, masked, masked)
      let byPrediction = denominator * reciprocal
      let own = masked * byPrediction
      store(own, slope + j)
      store(own * (load(prediction + j) * byPrediction), product + j)
      j &+= Vector.scalarCount
    }
    return total(squares)
  }

  public static func slopeGradientRow(
    _ slope: UnsafePointer<Float>, sum: UnsafePointer<Float>, residual: UnsafePointer<Float>,
    _ y: UnsafeMutablePointer<Float>, width: Int
  ) {
    var j = 0
    while j < width {
      store(load(slope + j) - signed(load(sum + j), bySignOf: load(residual + j)), y + j)
      j &+= Vector.scalarCount
    }
  }

  public static func transposePlane(
    _ x: UnsafePointer<Float>, rows: Int, columns: Int, stride: Int, _ y: UnsafeMutablePointer<Float>, newStride: Int
  ) {
    let width = Vector.scalarCount
    var row = 0
    while row < rows {
      let lanes = min(width, rows &- row)
      var column = 0
      while column < columns {
        let side = transposed(loadSquare(x + (row &* stride &+ column), stride: stride, last: lanes &- 1))
        let target = y + (column &* newStride &+ row)
        let left = columns &- column
        forEachRow(side) { line, values in
          if line < left {
            let place = target + line &* newStride
            if lanes == width { store(values, place) } else { store(values, place, count: lanes) }
          }
        }
        column &+= width
      }
      row &+= width
    }
  }
}
