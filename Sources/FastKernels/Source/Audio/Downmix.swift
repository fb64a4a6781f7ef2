extension Kernels {
  public static func multiplyElements(
    _ a: UnsafePointer<Float>, _ b: UnsafePointer<Float>, _ y: UnsafeMutablePointer<Float>, count: Int
  ) {
    map(a, b, y, count: count) { $0 * $1 }
  }

  public static func accumulate(_ x: UnsafePointer<Float>, _ y: UnsafeMutablePointer<Float>, count: Int) {
    map(y, x, y, count: count) { $0 + $1 }
  }
}
