extension Kernels {
  public static func packProducts(
    _ signal: UnsafePointer<Float>, _ filters: UnsafePointer<Float>, twiddles: UnsafePointer<Float>,
    _ z: UnsafeMutablePointer<Float>, length: Int
  ) {
    pack(twiddles: twiddles, z, length: length) { k in
      Complex(at: filters + 2 &* k &* Vector.scalarCount).times(signal[2 &* k], signal[2 &* k &+ 1])
    }
  }

  public static func unpackProducts(
    _ z: UnsafePointer<Float>, _ filters: UnsafePointer<Float>, rows: UnsafePointer<Int>, twiddles: UnsafePointer<Float>,
    _ products: UnsafeMutablePointer<Float>, length: Int
  ) {
    unpack(z, rows: rows, twiddles: twiddles, length: length) { k, bin, l, other in
      let (place, otherPlace) = (2 &* k &* Vector.scalarCount, 2 &* l &* Vector.scalarCount)
      Complex(at: filters + place).conjugateTimes(bin).write(to: products + place)
      Complex(at: filters + otherPlace).conjugateTimes(other).write(to: products + otherPlace)
    }
  }

  public static func sumRows(_ x: UnsafePointer<Float>, _ sums: UnsafeMutablePointer<Float>, count: Int) {
    let width = Vector.scalarCount
    var row = 0
    while row &+ width <= count {
      store(rowSums(x + row &* width, pitch: width), sums + row)
      row &+= width
    }
    while row < count {
      sums[row] = Float(total(load(x + row &* width)))
      row &+= 1
    }
  }

  public static func collectRows(
    _ z: UnsafePointer<Float>, rows: UnsafePointer<Int>, stride: Int, _ y: UnsafeMutablePointer<Float>, count: Int
  ) {
    let width = Vector.scalarCount
    var sample = 0
    var i = 0
    while i < count {
      store(load(z + (rows[sample &>> 1] &* 2 &+ 1 &- (sample & 1)) &* width), y + i &* width)
      sample &+= stride
      i &+= 1
    }
  }

  public static func doubtfulRow(
    _ x: UnsafePointer<Float>, tolerances: UnsafePointer<Float>, from start: Int, count: Int
  ) -> Int {
    let width = Vector.scalarCount
    let tolerance = load(tolerances)
    let zero = Vector(repeating: 0)
    var row = start
    while row < count {
      // Sixteen rows at a time: a lane of their least excess is negative where one is in doubt.
      let end = min(row &+ 16, count)
      var least = zero
      var i = row
      while i < end {
        least = lesser(magnitude(load(x + i &* width)) - tolerance, least)
        i &+= 1
      }
      if total(least) < 0 {
        i = row
        while i < end {
          if total(lesser(magnitude(load(x + i &* width)) - tolerance, zero)) < 0 { return i }
          i &+= 1
        }
      }
      row = end
    }
    return count
  }

  public static func addSquares(_ x: UnsafePointer<Float>, _ sums: UnsafeMutablePointer<Float>, count: Int) {
    let width = Vector.scalarCount
    var sum = load(sums)
    var i = 0
    while i < count {
      let value = load(x + i &* width)
      sum = multiplyAdd(sum, value, value)
      i &+= 1
    }
    store(sum, sums)
  }

  public static func rectifiedLogarithms(
    _ x: UnsafePointer<Float>, weights: UnsafePointer<Float>, factors: UnsafePointer<Float>, _ y: UnsafeMutablePointer<Float>,
    count: Int
  ) {
    let width = Vector.scalarCount
    let weight = load(weights)
    let factor = load(factors)
    var i = 0
    while i < count {
      let u = notNegative(load(x + i &* width)) * factor
      store(weight * logarithmOfOnePlus(u).logarithm, y + i &* width)
      i &+= 1
    }
  }

  public static func featureSums(
    _ x: UnsafePointer<Float>, _ b: UnsafePointer<Float>, weights: UnsafePointer<Float>, factors: UnsafePointer<Float>, count: Int
  ) -> (aa: Double, ab: Double, bb: Double, squared: Double) {
    let width = Vector.scalarCount
    let weight = load(weights)
    let factor = load(factors)
    var sums = (aa: 0.0, ab: 0.0, bb: 0.0, squared: 0.0)
    var start = 0
    while start < count {
      // A lane adds at most 64 terms in single precision before it is joined in double.
      let end = min(start &+ 64, count)
      var (aa, ab, bb, squared) = (Vector(), Vector(), Vector(), Vector())
      var i = start
      while i < end {
        let u = notNegative(load(x + i &* width)) * factor
        let own = weight * logarithmOfOnePlus(u).logarithm
        let other = load(b + i &* width)
        let difference = own - other
        aa = multiplyAdd(aa, own, own)
        ab = multiplyAdd(ab, own, other)
        bb = multiplyAdd(bb, other, other)
        squared = multiplyAdd(squared, difference, difference)
        i &+= 1
      }
      sums.aa += total(aa)
      sums.ab += total(ab)
      sums.bb += total(bb)
      sums.squared += total(squared)
      start = end
    }
    return sums
  }

  public static func featureDerivatives(
    _ x: UnsafePointer<Float>, _ b: UnsafePointer<Float>, weights: UnsafePointer<Float>, factors: UnsafePointer<Float>,
    _ differences: UnsafeMutablePointer<Float>, _ shares: UnsafeMutablePointer<Float>, stride: Int, count: Int
  ) -> (aa: Double, ab: Double, bb: Double, squared: Double) {
    let width = Vector.scalarCount
    let weight = load(weights)
    let factor = load(factors)
    let scale = weight * factor
    var sums = (aa: 0.0, ab: 0.0, bb: 0.0, squared: 0.0)
    var place = 0
    var start = 0
    while start < count {
      let end = min(start &+ 64, count)
      var (aa, ab, bb, squared) = (Vector(), Vector(), Vector(), Vector())
      var i = start
      while i < end {
        let signal = load(x + i &* width)
        let (logarithm, inverse) = logarithmOfOnePlus(notNegative(signal) * factor)
        let own = weight * logarithm
        let other = load(b + i &* width)
        let difference = own - other
        let slope = wherePositive(scale * inverse, signal)
        store(difference * slope, differences + place)
        store(own * slope, shares + place)
        place &+= stride &* width
        aa = multiplyAdd(aa, own, own)
        ab = multiplyAdd(ab, own, other)
        bb = multiplyAdd(bb, other, other)
        squared = multiplyAdd(squared, difference, difference)
        i &+= 1
      }
      sums.aa += total(aa)
      sums.ab += total(ab)
      sums.bb += total(bb)
      sums.squared += total(squared)
      start = end
    }
    return sums
  }
}

/// ln(1 + u) for u >= 0 to a few units in the last place, and 1 / (1 + u): ln of the rounded sum, as `logarithm`, and what the
/// rounding left over divided by it. NaN where u is not finite.
@inline(__always)
private func logarithmOfOnePlus(_ u: Vector) -> (logarithm: Vector, inverse: Vector) {
  let sum = u + 1
  let bits = unsafeBitCast(sum, to: IntegerVector.self)
  let shifted = (bits &- 0x3f35_04f3) &>> 23
  // 1 + u = 2^e m.
  let power = shifted &<< 23
  let m = unsafeBitCast(bits &- power, to: Vector.self)
  let exponent = unsafeBitCast(shifted &+ 0x4b40_0000, to: Vector.self) - 0x1.8p23
  // One division for both quotients: by m + 1 and by m.
  let quotient = 1 / (m * (m + 1))
  let s = (m - 1) * (m * quotient)
  let inverse = unsafeBitCast(
    unsafeBitCast((m + 1) * quotient, to: IntegerVector.self) &- power, to: Vector.self)
  let square = s * s
  var series = multiplyAdd(Vector(repeating: 2 / 7), square, Vector(repeating: 2 / 9))
  series = multiplyAdd(Vector(repeating: 2 / 5), square, series)
  series = multiplyAdd(Vector(repeating: 2 / 3), square, series)
  let rest = u - (sum - 1)
  let small = multiplyAdd(exponent * -2.121_944_4e-4, s * square, series)
  let result = multiplyAdd(2 * s + small, exponent, Vector(repeating: 0.693_359_375))
  // Infinity and NaN times 0 are NaN.
  return (multiplyAdd(multiplyAdd(result, rest, inverse), sum, Vector(repeating: 0)), inverse)
}
