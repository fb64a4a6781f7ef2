import PerceptualKernels

// The 3x3 convolution from all channels to one, on blocks of sixteen channels, and its gradients.

/// Nine vectors, one for each tap of a 3x3 kernel, as a row of nine.
private struct Taps {
  var v0, v1, v2, v3, v4, v5, v6, v7, v8: Vector

  @inline(__always)
  init(_ x: UnsafePointer<Float>) {
    v0 = load(x)
    v1 = load(x + rowFloats)
    v2 = load(x + 2 &* rowFloats)
    v3 = load(x + 3 &* rowFloats)
    v4 = load(x + 4 &* rowFloats)
    v5 = load(x + 5 &* rowFloats)
    v6 = load(x + 6 &* rowFloats)
    v7 = load(x + 7 &* rowFloats)
    v8 = load(x + 8 &* rowFloats)
  }

  @inline(__always)
  func write(_ x: UnsafeMutablePointer<Float>) {
    store(v0, x)
    store(v1, x + rowFloats)
    store(v2, x + 2 &* rowFloats)
    store(v3, x + 3 &* rowFloats)
    store(v4, x + 4 &* rowFloats)
    store(v5, x + 5 &* rowFloats)
    store(v6, x + 6 &* rowFloats)
    store(v7, x + 7 &* rowFloats)
    store(v8, x + 8 &* rowFloats)
  }

  /// The sum over the taps of these and the single numbers u at them.
  @inline(__always)
  func spread(_ u: UnsafePointer<Float>, _ rowPitch: Int) -> Vector {
    let b = u + rowPitch
    let c = b + rowPitch
    var first = v0 * u[0]
    var second = v3 * b[0]
    var third = v6 * c[0]
    first = multiplyAdd(first, v1, Vector(repeating: u[1]))
    second = multiplyAdd(second, v4, Vector(repeating: b[1]))
    third = multiplyAdd(third, v7, Vector(repeating: c[1]))
    first = multiplyAdd(first, v2, Vector(repeating: u[2]))
    second = multiplyAdd(second, v5, Vector(repeating: b[2]))
    third = multiplyAdd(third, v8, Vector(repeating: c[2]))
    return first + second + third
  }

  /// Adds what three pixels of a row give to the sums of their column: in the row above, where they meet the lower
  /// taps, in their own and in the one below.
  @inline(__always)
  func scatter(
    _ left: Vector, _ middle: Vector, _ right: Vector, _ sums: UnsafeMutablePointer<Float>, _ rowPitch: Int
  ) {
    let own = sums + rowPitch
    let below = own + rowPitch
    store(multiplyAdd(multiplyAdd(multiplyAdd(load(sums), left, v6), middle, v7), right, v8), sums)
    store(multiplyAdd(multiplyAdd(multiplyAdd(load(own), left, v3), middle, v4), right, v5), own)
    store(multiplyAdd(multiplyAdd(multiplyAdd(load(below), left, v0), middle, v1), right, v2), below)
  }

  /// Adds to each tap y times the number at it.
  @inline(__always)
  mutating func add(_ y: Vector, _ u: UnsafePointer<Float>, _ rowPitch: Int) {
    let b = u + rowPitch
    let c = b + rowPitch
    v0 = multiplyAdd(v0, y, Vector(repeating: u[0]))
    v1 = multiplyAdd(v1, y, Vector(repeating: u[1]))
    v2 = multiplyAdd(v2, y, Vector(repeating: u[2]))
    v3 = multiplyAdd(v3, y, Vector(repeating: b[0]))
    v4 = multiplyAdd(v4, y, Vector(repeating: b[1]))
    v5 = multiplyAdd(v5, y, Vector(repeating: b[2]))
    v6 = multiplyAdd(v6, y, Vector(repeating: c[0]))
    v7 = multiplyAdd(v7, y, Vector(repeating: c[1]))
    v8 = multiplyAdd(v8, y, Vector(repeating: c[2]))
  }
}

extension Kernels {
  public static func collectBlockRow(
    _ x: UnsafePointer<Float>, rowPitch: Int, weights: UnsafePointer<Float>, count: Int,
    sums: UnsafeMutablePointer<Float>
  ) {
    forEachLane { lane in
      let w = Taps(weights + lane)
      var a = x + lane
      var to = sums + lane
      var pixel = 0
      while pixel < count {
        let b = a + rowPitch
        let c = b + rowPitch
        var first = multiplyAdd(load(to), load(a), w.v0)
        var second = load(b) * w.v3
        var third = load(c) * w.v6
        first = multiplyAdd(first, load(a + rowFloats), w.v1)
        second = multiplyAdd(second, load(b + rowFloats), w.v4)
        third = multiplyAdd(third, load(c + rowFloats), w.v7)
        first = multiplyAdd(first, load(a + 2 &* rowFloats), w.v2)
        second = multiplyAdd(second, load(b + 2 &* rowFloats), w.v5)
        third = multiplyAdd(third, load(c + 2 &* rowFloats), w.v8)
        store(first + second + third, to)
        a += rowFloats
        to += rowFloats
        pixel &+= 1
      }
    }
  }

  public static func scatterBlockRow(
    _ x: UnsafePointer<Float>, count: Int, bias: UnsafePointer<Float>, normalization: BlockNormalization,
    weights: UnsafePointer<Float>, sums: UnsafeMutablePointer<Float>, rowPitch: Int
  ) {
    let s = Vector(repeating: normalization.slope)
    forEachLane { lane in
      let w = Taps(weights + lane)
      let e = load(bias + lane)
      let m = load(normalization.mean + lane)
      let f = load(normalization.factor + lane)
      let o = load(normalization.offset + lane)
      // Three pixels side by side: left of, at and right of the sums' column.
      var left = Vector.zero
      var middle = Vector.zero
      var from = x + lane
      var to = sums + lane
      var column = 0
      while column < count {
        let right = leaky(multiplyAdd(o, load(from) + e - m, f), slope: s)
        w.scatter(left, middle, right, to, rowPitch)
        left = middle
        middle = right
        from += rowFloats
        to += rowFloats
        column &+= 1
      }
      w.scatter(left, middle, Vector.zero, to, rowPitch)
      w.scatter(middle, Vector.zero, Vector.zero, to + rowFloats, rowPitch)
    }
  }

  public static func foldBlockRow(
    _ x: UnsafePointer<Float>, count: Int, bias: Float, _ output: UnsafeMutablePointer<Float>
  ) {
    let o = Vector(repeating: bias)
    var from = x
    var pixel = 0
    while pixel &+ Vector.scalarCount <= count {
      var sum = rowSums(from, pitch: rowFloats)
      var lane = Vector.scalarCount
      while lane < rowFloats {
        sum += rowSums(from + lane, pitch: rowFloats)
        lane &+= Vector.scalarCount
      }
      store(o + sum, output + pixel)
      from += Vector.scalarCount &* rowFloats
      pixel &+= Vector.scalarCount
    }
    while pixel < count {
      var sum = load(from)
      var lane = Vector.scalarCount
      while lane < rowFloats {
        sum += load(from + lane)
        lane &+= Vector.scalarCount
      }
      output[pixel] = bias + Float(total(sum))
      from += rowFloats
      pixel &+= 1
    }
  }

  public static func spreadBlockRow(
    _ upstream: UnsafePointer<Float>, rowPitch: Int, weights: UnsafePointer<Float>, x: UnsafePointer<Float>, count: Int,
    normalization: BlockNormalization, sums: UnsafeMutablePointer<Float>,
    weightGradient: UnsafeMutablePointer<Float>
  ) {
    let s = Vector(repeating: normalization.slope)
    forEachLane { lane in
      let w = Taps(weights + lane)
      var gradients = Taps(weightGradient + lane)
      let m = load(normalization.mean + lane)
      let f = load(normalization.factor + lane)
      let o = load(normalization.offset + lane)
      var sum = load(sums + lane)
      var products = load(sums + (rowFloats &+ lane))
      var u = upstream
      var from = x + lane
      var pixel = 0
      while pixel < count {
        let d = load(from) - m
        let z = multiplyAdd(o, d, f)
        gradients.add(leaky(z, slope: s), u, rowPitch)
        let h = leakyGradient(z, upstream: w.spread(u, rowPitch), slope: s)
        sum += h
        products = multiplyAdd(products, h, d)
        u += 1
        from += rowFloats
        pixel &+= 1
      }
      gradients.write(weightGradient + lane)
      store(sum, sums + lane)
      store(products, sums + (rowFloats &+ lane))
    }
  }

  public static func spreadGradientBlockRow(
    _ upstream: UnsafePointer<Float>, rowPitch: Int, weights: UnsafePointer<Float>, x: UnsafePointer<Float>, count: Int,
    normalization: BlockNormalization, _ output: UnsafeMutablePointer<Float>
  ) {
    let s = Vector(repeating: normalization.slope)
    forEachLane { lane in
      let w = Taps(weights + lane)
      let m = load(normalization.mean + lane)
      let f = load(normalization.factor + lane)
      let o = load(normalization.offset + lane)
      let a = load(normalization.meanGradient + lane)
      let b = load(normalization.minusGradientSlope + lane)
      var u = upstream
      var from = x + lane
      var to = output + lane
      var pixel = 0
      while pixel < count {
        let d = load(from) - m
        let h = leakyGradient(multiplyAdd(o, d, f), upstream: w.spread(u, rowPitch), slope: s)
        store(multiplyAdd(h - a, d, b) * f, to)
        u += 1
        from += rowFloats
        to += rowFloats
        pixel &+= 1
      }
    }
  }
}
