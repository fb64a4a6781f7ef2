extension Kernels {
  public static func scaledRow(
    _ x: UnsafePointer<Float>, by scale: Float, _ y: UnsafeMutablePointer<Float>, count: Int
  ) {
    let factor = Vector(repeating: scale)
    map(x, y, count: count) { $0 * factor }
  }

  public static func weightedRows(
    _ rows: UnsafePointer<UnsafePointer<Float>>, weights: UnsafePointer<Float>, count: Int,
    _ y: UnsafeMutablePointer<Float>, width: Int
  ) {
    var i = 0
    let block = 4 &* Vector.scalarCount
    while i &+ block <= width {
      var sum0 = Vector()
      var sum1 = Vector()
      var sum2 = Vector()
      var sum3 = Vector()
      var k = 0
      while k < count {
        let row = rows[k] + i
        let weight = Vector(repeating: weights[k])
        sum0 = multiplyAdd(sum0, load(row), weight)
        sum1 = multiplyAdd(sum1, load(row + Vector.scalarCount), weight)
        sum2 = multiplyAdd(sum2, load(row + 2 * Vector.scalarCount), weight)
        sum3 = multiplyAdd(sum3, load(row + 3 * Vector.scalarCount), weight)
        k &+= 1
      }
      store(sum0, y + i)
      store(sum1, y + i + Vector.scalarCount)
      store(sum2, y + i + 2 * Vector.scalarCount)
      store(sum3, y + i + 3 * Vector.scalarCount)
      i &+= block
    }
    while i < width {
      var sum = Vector()
      var k = 0
      while k < count {
        sum = multiplyAdd(sum, load(rows[k] + i), Vector(repeating: weights[k]))
        k &+= 1
      }
      store(sum, y + i)
      i &+= Vector.scalarCount
    }
  }

  public static func splitRow(
    _ x: UnsafePointer<Float>, even: UnsafeMutablePointer<Float>, odd: UnsafeMutablePointer<Float>, count: Int
  ) {
    var j = 0
    while 2 &* (j &+ Vector.scalarCount) <= count {
      let (first, second) = separated(load(x + 2 * j), load(x + 2 * j + Vector.scalarCount))
      store(first, even + j)
      store(second, odd + j)
      j &+= Vector.scalarCount
    }
    while 2 &* j < count {
      even[j] = x[2 &* j]
      if 2 &* j &+ 1 < count { odd[j] = x[2 &* j &+ 1] }
      j &+= 1
    }
  }
}
