extension Kernels {
  public static func weightedSum(
    _ x: UnsafePointer<Float>, pitch: Int, weights: UnsafePointer<Float>, rows: Int, _ y: UnsafeMutablePointer<Float>,
    count: Int
  ) {
    let lanes = Vector.scalarCount
    var i = 0
    // Two vectors at a time hide the latency of the sums.
    while i &+ 2 &* lanes <= count {
      var row = x + i
      var first = load(row) * weights[0]
      var second = load(row + lanes) * weights[0]
      var k = 1
      while k < rows {
        row += pitch
        let weight = Vector(repeating: weights[k])
        first = multiplyAdd(first, load(row), weight)
        second = multiplyAdd(second, load(row + lanes), weight)
        k &+= 1
      }
      store(first, y + i)
      store(second, y + i + lanes)
      i &+= 2 &* lanes
    }
    while i < count {
      let used = min(lanes, count &- i)
      var row = x + i
      var sum = (used == lanes ? load(row) : load(row, count: used)) * weights[0]
      var k = 1
      while k < rows {
        row += pitch
        sum = multiplyAdd(sum, used == lanes ? load(row) : load(row, count: used), Vector(repeating: weights[k]))
        k &+= 1
      }
      if used == lanes { store(sum, y + i) } else { store(sum, y + i, count: used) }
      i &+= used
    }
  }

  public static func doubledRow(_ x: UnsafePointer<Float>, _ y: UnsafeMutablePointer<Float>, count: Int) {
    let (near, far) = (Vector(repeating: 0.75), Vector(repeating: 0.25))
    y[0] = x[0]
    // Elements 2j + 1 and 2j + 2 lie between inputs j and j + 1.
    let between = y + 1
    var j = 0
    while j &+ Vector.scalarCount < count {
      let (left, right) = (load(x + j), load(x + j + 1))
      let pair = joined(multiplyAdd(left * near, right, far), multiplyAdd(left * far, right, near))
      store(pair.first, between + 2 &* j)
      store(pair.second, between + 2 &* j + Vector.scalarCount)
      j &+= Vector.scalarCount
    }
    while j &+ 1 < count {
      between[2 &* j] = 0.75 * x[j] + 0.25 * x[j &+ 1]
      between[2 &* j &+ 1] = 0.25 * x[j] + 0.75 * x[j &+ 1]
      j &+= 1
    }
    y[2 &* count &- 1] = x[count &- 1]
  }

  public static func doubledRowGradient(
    upstream: UnsafePointer<Float>, _ gradient: UnsafeMutablePointer<Float>, count: Int
  ) {
    let lanes = Vector.scalarCount
    let (near, far) = (Vector(repeating: 0.75), Vector(repeating: 0.25))
    var j = 0
    while j &+ lanes <= count {
      let first = upstream + 2 &* j
      let lower = separated(load(first - 1), load(first - 1 + lanes))
      let upper = separated(load(first + 1), load(first + 1 + lanes))
      store(multiplyAdd((lower.even + upper.odd) * far, lower.odd + upper.even, near), gradient + j)
      j &+= lanes
    }
    while j < count {
      let first = upstream + 2 &* j
      gradient[j] = 0.75 * (first[0] + first[1]) + 0.25 * (first[-1] + first[2])
      j &+= 1
    }
  }
}
