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

  public static func gatherStreams(
    _ frames: UnsafePointer<UnsafePointer<Float>>, streams: Int, _ z: UnsafeMutablePointer<Float>, length: Int
  ) {
    let width = Vector.scalarCount
    for part in 0..<2 {
      let target = z + part &* width
      var place = StreamPlace(streams: streams, length: length)
      var n = 0
      while n < streams &* length {
        let samples = square { lane in load(frames[2 &* lane &+ part] + n) }
        forEachRow(transposed(samples)) { _, row in
          store(row, target + place.number &* 2 &* width)
          place.advance()
        }
        n &+= width
      }
    }
  }

  public static func scatterStreams(
    _ z: UnsafePointer<Float>, streams: Int, _ frames: UnsafePointer<UnsafeMutablePointer<Float>>, length: Int,
    count: Int
  ) {
    let width = Vector.scalarCount
    for part in 0..<2 {
      let source = z + (1 &- part) &* width
      var place = StreamPlace(streams: streams, length: length)
      var n = 0
      while n < count {
        let rows = square { _ in
          let row = load(source + place.number &* 2 &* width)
          place.advance()
          return row
        }
        forEachRow(transposed(rows)) { lane, samples in store(samples, frames[2 &* lane &+ part] + n) }
        n &+= width
      }
    }
  }

  public static func filterSpectra(
    _ x: UnsafePointer<Float>, streams: Int, _ h: UnsafePointer<Float>, _ y: UnsafeMutablePointer<Float>, length: Int
  ) {
    let step = 2 &* Vector.scalarCount
    var k = 0
    while k < length {
      var real = Vector.zero
      var imaginary = Vector.zero
      var number = k
      for _ in 0..<streams {
        let z = Complex(at: x + number &* step)
        let c = Vector(repeating: h[2 &* number])
        let s = Vector(repeating: h[2 &* number &+ 1])
        real = multiplyAdd(multiplyAdd(real, c, z.real), -s, z.imaginary)
        imaginary = multiplyAdd(multiplyAdd(imaginary, c, z.imaginary), s, z.real)
        number &+= length
      }
      Complex(imaginary, real).write(to: y + k &* step)
      k &+= 1
    }
  }
}

/// Where sample n = `streams` m + r of a frame is: complex number r `length` + m, n counting up.
private struct StreamPlace {
  private let length: Int
  private let afterLast: Int
  private(set) var number = 0

  @inline(__always)
  init(streams: Int, length: Int) {
    self.length = length
    afterLast = streams &* length
  }

  @inline(__always)
  mutating func advance() {
    number &+= length
    if number >= afterLast { number &-= afterLast &- 1 }
  }
}
