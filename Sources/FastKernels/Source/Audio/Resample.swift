extension Kernels {
  public static func filterStreams(
    _ streams: UnsafePointer<Float>, offsets: UnsafePointer<Int>, taps: UnsafePointer<Float>, tapCount: Int,
    _ y: UnsafeMutablePointer<Float>, count: Int
  ) {
    let width = Vector.scalarCount
    var m = 0
    // Four vectors at once hide the latency of the additions.
    while m &+ 4 &* width <= count {
      var a = Vector.zero
      var b = Vector.zero
      var c = Vector.zero
      var d = Vector.zero
      var j = 0
      while j < tapCount {
        let tap = Vector(repeating: taps[j])
        let x = streams + (offsets[j] &+ m)
        a = multiplyAdd(a, tap, load(x))
        b = multiplyAdd(b, tap, load(x + width))
        c = multiplyAdd(c, tap, load(x + 2 &* width))
        d = multiplyAdd(d, tap, load(x + 3 &* width))
        j &+= 1
      }
      store(a, y + m)
      store(b, y + (m &+ width))
      store(c, y + (m &+ 2 &* width))
      store(d, y + (m &+ 3 &* width))
      m &+= 4 &* width
    }
    while m < count {
      let lanes = min(width, count &- m)
      var a = Vector.zero
      var j = 0
      while j < tapCount {
        let x = streams + (offsets[j] &+ m)
        a = multiplyAdd(a, Vector(repeating: taps[j]), lanes == width ? load(x) : load(x, count: lanes))
        j &+= 1
      }
      store(a, y + m, count: lanes)
      m &+= width
    }
  }
}
