extension Kernels {
  public static func squaredDistance(_ a: UnsafePointer<Float>, _ b: UnsafePointer<Float>, count: Int) -> Double {
    // A lane adds at most 64 terms in single precision before it is joined in double: the error does not grow with
    // count.
    let run = 64 &* Vector.scalarCount
    var sum = 0.0
    var start = 0
    while start < count {
      let length = min(run, count &- start)
      var lanes = Vector()
      forEachVector(count: length) { i in
        let difference = load(a + start + i) - load(b + start + i)
        lanes = multiplyAdd(lanes, difference, difference)
      } partial: { i, count in
        let difference = load(a + start + i, count: count) - load(b + start + i, count: count)
        lanes = multiplyAdd(lanes, difference, difference)
      }
      sum += laneSum(lanes)
      start &+= run
    }
    return sum
  }

  public static func scaledDifference(
    _ a: UnsafePointer<Float>, _ b: UnsafePointer<Float>, scale: Float, _ y: UnsafeMutablePointer<Float>, count: Int
  ) {
    map(a, b, y, count: count) { ($0 - $1) * scale }
  }
}
