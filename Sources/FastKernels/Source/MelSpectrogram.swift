extension Kernels {
  public static func melFilters(
    _ x: UnsafePointer<Float>, first: UnsafePointer<Int>, counts: UnsafePointer<Int>, weights: UnsafePointer<Float>,
    _ y: UnsafeMutablePointer<Float>, filters: Int
  ) {
    var lane = 0
    while lane < 16 {
      var weight = weights
      var m = 0
      while m < filters {
        var sum = Vector.zero
        var row = x + (first[m] &* 16 &+ lane)
        var j = 0
        while j < counts[m] {
          sum = multiplyAdd(sum, Vector(repeating: weight[j]), load(row))
          row += 16
          j &+= 1
        }
        weight += counts[m]
        store(sum, y + (m &* 16 &+ lane))
        m &+= 1
      }
      lane &+= Vector.scalarCount
    }
  }
}
