extension Kernels {
  public static func melFilters(
    _ x: UnsafePointer<Float>, first: UnsafePointer<Int>, counts: UnsafePointer<Int>, weights: UnsafePointer<Float>,
    _ y: UnsafeMutablePointer<Float>, filters: Int
  ) {
    let width = Vector.scalarCount
    var weight = weights
    var m = 0
    while m < filters {
      var sum = Vector.zero
      var row = x + first[m] &* width
      let end = weight + counts[m]
      while weight < end {
        sum = multiplyAdd(sum, Vector(repeating: weight.pointee), load(row))
        row += width
        weight += 1
      }
      store(sum, y + m &* width)
      m &+= 1
    }
  }
}
