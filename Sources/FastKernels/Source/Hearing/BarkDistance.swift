import PerceptualKernels

extension Kernels {
  public static func filterPair(
    _ pair: UnsafePointer<Float>, _ filters: UnsafePointer<Float>, twiddles: UnsafePointer<Float>,
    _ z: UnsafeMutablePointer<Float>, length: Int
  ) {
    let width = Vector.scalarCount
    let part = length / 8
    let step = 2 &* part &* width
    @inline(__always) func pass(_ j: Int) {
      @inline(__always) func low(_ r: Int) -> Complex {
        let k = j &+ r &* part
        return Complex(at: filters + 2 &* k &* width).times(pair[2 &* k], pair[2 &* k &+ 1])
      }
      @inline(__always) func high(_ r: Int) -> Complex {
        let k = j &+ r &* part
        return Complex(at: filters + 2 &* (length &- k) &* width)
          .conjugateTimes(Complex(Vector(repeating: pair[2 &* k]), Vector(repeating: pair[2 &* k &+ 1])))
      }
      let y = transformed((low(0), low(1), low(2), low(3), high(4), high(5), high(6), high(7)))
      write(twiddled(y, by: twiddles + 14 &* j), to: z + 2 &* j &* width, step: step)
    }
    forEachMirrored(below: part, pass)
  }

  public static func gatherPair(
    _ z: UnsafePointer<Float>, _ filters: UnsafePointer<Float>, twiddles: UnsafePointer<Float>,
    _ sums: UnsafeMutablePointer<Float>, products: UnsafeMutablePointer<Float>, length: Int
  ) {
    let width = Vector.scalarCount
    let part = length / 8
    let step = 2 &* part &* width
    @inline(__always) func pass(_ j: Int) {
      let y = transformed(twiddled(eight(at: z + 2 &* j &* width, step: step), by: twiddles + 14 &* j))
      @inline(__always) func low(_ r: Int, _ number: Complex) {
        number.times(Complex(at: filters + 2 &* (j &+ r &* part) &* width)).write(to: products + 2 &* r &* width)
      }
      @inline(__always) func high(_ r: Int, _ number: Complex) {
        Complex(at: filters + 2 &* (length &- j &- r &* part) &* width).conjugateTimes(number)
          .write(to: products + 2 &* r &* width)
      }
      low(0, y.0)
      low(1, y.1)
      low(2, y.2)
      low(3, y.3)
      high(4, y.4)
      high(5, y.5)
      high(6, y.6)
      high(7, y.7)
      var row = 0
      while row < 16 {
        store(rowSums(products + row &* width, pitch: width), sums + (16 &* j &+ row))
        row &+= width
      }
    }
    forEachMirrored(below: part, pass)
  }

  public static func doubtfulRow(
    _ z: UnsafePointer<Float>, tolerances: UnsafePointer<Float>, from start: Int, count: Int
  ) -> Int {
    let width = Vector.scalarCount
    let (real, imaginary) = (load(tolerances), load(tolerances + width))
    @inline(__always) func excess(_ row: Int, _ tolerance: Vector) -> Vector {
      magnitude(load(z + row &* width)) - tolerance
    }
    var row = start
    while row < count {
      // Many rows at a time: a lane of their least excess is negative where one is in doubt.
      if row & 1 == 0 && row &+ 64 <= count {
        var least = (
          excess(row, real), excess(row &+ 1, imaginary), excess(row &+ 2, real), excess(row &+ 3, imaginary)
        )
        var i = row &+ 4
        while i < row &+ 64 {
          least.0 = lesser(excess(i, real), least.0)
          least.1 = lesser(excess(i &+ 1, imaginary), least.1)
          least.2 = lesser(excess(i &+ 2, real), least.2)
          least.3 = lesser(excess(i &+ 3, imaginary), least.3)
          i &+= 4
        }
        if !isAnyNegative(lesser(lesser(least.0, least.1), lesser(least.2, least.3))) {
          row &+= 64
          continue
        }
      }
      let end = min(row &+ 64, count)
      while row < end {
        if isAnyNegative(excess(row, row & 1 == 0 ? real : imaginary)) { return row }
        row &+= 1
      }
    }
    return count
  }

  public static func addSquares(
    _ z: UnsafePointer<Float>, scales: UnsafePointer<Float>, _ positions: BarkPositions,
    _ sums: UnsafeMutablePointer<Float>
  ) {
    var i = 0
    while i < positions.count {
      let sum = sums + Int(positions.factorOffsets[i])
      let x = response(z, scales, positions, i)
      store(multiplyAdd(load(sum), x, x), sum)
      i &+= 1
    }
  }

  public static func rectifiedLogarithms(
    _ z: UnsafePointer<Float>, scales: UnsafePointer<Float>, _ positions: BarkPositions, factors: UnsafePointer<Float>,
    _ y: UnsafeMutablePointer<Float>
  ) {
    forEachResponse(z, scales, positions, factors) { i, _, logarithm in
      store(logarithm.value, y + i &* Vector.scalarCount)
    }
  }

  public static func featureSums(
    _ z: UnsafePointer<Float>, scales: UnsafePointer<Float>, _ positions: BarkPositions, _ b: UnsafePointer<Float>,
    weights: UnsafePointer<Float>, factors: UnsafePointer<Float>
  ) -> (aa: Double, ab: Double, bb: Double, squared: Double) {
    var sums = FeatureSums()
    forEachResponse(z, scales, positions, factors) { i, _, logarithm in
      sums.add(logarithm.value, load(b + i &* Vector.scalarCount))
    }
    return sums.totals(weight: load(weights))
  }

  public static func featureDerivatives(
    _ z: UnsafeMutablePointer<Float>, scales: UnsafePointer<Float>, _ positions: BarkPositions,
    _ b: UnsafePointer<Float>,
    weights: UnsafePointer<Float>, factors: UnsafePointer<Float>, shares: UnsafeMutablePointer<Float>?
  ) -> (aa: Double, ab: Double, bb: Double, squared: Double) {
    let weight = load(weights)
    let square = weight * weight
    var sums = FeatureSums()
    forEachResponse(z, scales, positions, factors) { i, factor, logarithm in
      let own = logarithm.value
      let other = load(b + i &* Vector.scalarCount)
      let slope = wherePositive(square * factor * logarithm.inverse, logarithm.u)
      let row = Int(positions.rows[i]) &* Vector.scalarCount
      store((own - other) * slope, z + row)
      if let shares { store(own * slope, shares + row) }
      sums.add(own, other)
    }
    var i = positions.count
    while i < positions.rowCount {
      let row = Int(positions.rows[i]) &* Vector.scalarCount
      store(Vector(), z + row)
      if let shares { store(Vector(), shares + row) }
      i &+= 1
    }
    return sums.totals(weight: weight)
  }
}

/// `pass` of 0 and of every two numbers whose sum is `part`, one after the other: they share filters.
@inline(__always)
private func forEachMirrored(below part: Int, _ pass: (Int) -> Void) {
  pass(0)
  var j = 1
  while 2 &* j <= part {
    pass(j)
    if 2 &* j < part { pass(part &- j) }
    j &+= 1
  }
}

/// The responses at one position.
@inline(__always)
private func response(
  _ z: UnsafePointer<Float>, _ scales: UnsafePointer<Float>, _ positions: BarkPositions, _ i: Int
) -> Vector {
  let row = Int(positions.rows[i])
  return load(z + row &* Vector.scalarCount) * scales[row & 1]
}

/// `body` of each position, its factors and the logarithms of 1 + factor max(0, x). Four at a time: the steps to a
/// logarithm wait for one another, and those of the next are too far away for the processor to see.
@inline(__always)
private func forEachResponse(
  _ z: UnsafePointer<Float>, _ scales: UnsafePointer<Float>, _ positions: BarkPositions,
  _ factors: UnsafePointer<Float>,
  _ body: (Int, Vector, LogarithmOfOnePlus) -> Void
) {
  @inline(__always) func factor(_ i: Int) -> Vector { load(factors + Int(positions.factorOffsets[i])) }
  @inline(__always) func logarithm(_ i: Int) -> LogarithmOfOnePlus {
    LogarithmOfOnePlus(notNegative(response(z, scales, positions, i)) * factor(i))
  }
  var i = 0
  while i &+ 4 <= positions.count {
    var (a, b, c, d) = (logarithm(i), logarithm(i &+ 1), logarithm(i &+ 2), logarithm(i &+ 3))
    a.divide()
    b.divide()
    c.divide()
    d.divide()
    a.sum()
    b.sum()
    c.sum()
    d.sum()
    body(i, factor(i), a)
    body(i &+ 1, factor(i &+ 1), b)
    body(i &+ 2, factor(i &+ 2), c)
    body(i &+ 3, factor(i &+ 3), d)
    i &+= 4
  }
  while i < positions.count {
    var a = logarithm(i)
    a.divide()
    a.sum()
    body(i, factor(i), a)
    i &+= 1
  }
}

/// What a distance is made of. A leaf has 128 rows at most: as many terms a lane adds in single precision before all
/// are joined in double.
private struct FeatureSums {
  var (aa, ab, bb, squared) = (Vector(), Vector(), Vector(), Vector())

  @inline(__always)
  mutating func add(_ a: Vector, _ b: Vector) {
    let difference = a - b
    aa = multiplyAdd(aa, a, a)
    ab = multiplyAdd(ab, a, b)
    bb = multiplyAdd(bb, b, b)
    squared = multiplyAdd(squared, difference, difference)
  }

  @inline(__always)
  func totals(weight: Vector) -> (aa: Double, ab: Double, bb: Double, squared: Double) {
    let square = weight * weight
    return (total(square * aa), total(square * ab), total(square * bb), total(square * squared))
  }
}

/// ln(1 + u) for u >= 0 to a few units in the last place, and 1 / (1 + u): ln of the rounded sum and what the rounding
/// left over divided by it. NaN where u is 2^127 or more, or not finite. In steps: `init`, `divide`, `sum`.
private struct LogarithmOfOnePlus {
  let u: Vector
  private(set) var inverse = Vector()
  private(set) var value = Vector()
  /// 1 + u = 2^exponent m, m of sqrt(1/2) ... sqrt(2).
  private var m: Vector
  private var exponent: Vector
  private var power: IntegerVector

  @inline(__always)
  init(_ u: Vector) {
    self.u = u
    let bits = unsafeBitCast(u + 1, to: IntegerVector.self)
    let shifted = (bits &- 0x3f35_04f3) &>> 23
    power = shifted &<< 23
    m = unsafeBitCast(bits &- power, to: Vector.self)
    exponent = unsafeBitCast(shifted &+ 0x4b40_0000, to: Vector.self) - 0x1.8p23
  }

  /// `inverse`, and in `value` (m - 1) / (m + 1), by one reciprocal for both quotients.
  @inline(__always)
  mutating func divide() {
    let quotient = reciprocal(m * (m + 1))
    value = (m - 1) * (m * quotient)
    inverse = unsafeBitCast(unsafeBitCast((m + 1) * quotient, to: IntegerVector.self) &- power, to: Vector.self)
  }

  /// exponent ln 2 + 2 artanh(value).
  @inline(__always)
  mutating func sum() {
    let square = value * value
    var series = multiplyAdd(Vector(repeating: 2 / 7), square, Vector(repeating: 2 / 9))
    series = multiplyAdd(Vector(repeating: 2 / 5), square, series)
    series = multiplyAdd(Vector(repeating: 2 / 3), square, series)
    let whole = u + 1
    let rest = u - (whole - 1)
    let small = multiplyAdd(exponent * -2.121_944_4e-4, value * square, series)
    let result = multiplyAdd(2 * value + small, exponent, Vector(repeating: 0.693_359_375))
    // Infinity and NaN times 0 are NaN.
    value = multiplyAdd(multiplyAdd(result, rest, inverse), whole, Vector(repeating: 0))
  }
}
