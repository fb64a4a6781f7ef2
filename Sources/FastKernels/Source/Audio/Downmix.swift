extension Kernels {
  public static func multiplyElements(
    _ a: UnsafePointer<Float>, _ b: UnsafePointer<Float>, _ y: UnsafeMutablePointer<Float>, count: Int
  ) {
    forEachVector(count: count) { i in
      store(load(a + i) * load(b + i), y + i)
    } partial: { i, lanes in
      store(load(a + i, count: lanes) * load(b + i, count: lanes), y + i, count: lanes)
    }
  }

  public static func accumulate(_ x: UnsafePointer<Float>, _ y: UnsafeMutablePointer<Float>, count: Int) {
    forEachVector(count: count) { i in
      store(load(y + i) + load(x + i), y + i)
    } partial: { i, lanes in
      store(load(UnsafePointer(y) + i, count: lanes) + load(x + i, count: lanes), y + i, count: lanes)
    }
  }
}
