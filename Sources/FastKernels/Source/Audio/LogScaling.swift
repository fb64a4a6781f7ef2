extension Kernels {
  public static func logarithms(
    _ x: UnsafePointer<Float>, epsilon: Float, clamped: Bool, _ y: UnsafeMutablePointer<Float>, count: Int
  ) -> (least: Float, greatest: Float) {
    let offset = Vector(repeating: epsilon)
    var least = Vector(repeating: .infinity)
    var greatest = Vector(repeating: -.infinity)
    @inline(__always)
    func scaled(_ v: Vector) -> Vector {
      logarithm(clamped ? v.replacing(with: offset, where: v .< offset) : v + offset)
    }
    @inline(__always)
    func compare(_ v: Vector) {
      least = least.replacing(with: v, where: v .< least)
      greatest = greatest.replacing(with: v, where: v .> greatest)
    }
    forEachVector(count: count) { i in
      let v = scaled(load(x + i))
      store(v, y + i)
      compare(v)
    } partial: { i, lanes in
      // The idle lanes repeat the first value, so that they change neither extreme.
      let v = scaled(load(x + i, count: lanes, filler: x[i]))
      store(v, y + i, count: lanes)
      compare(v)
    }
    return (least.min(), greatest.max())
  }

  public static func normalise(
    _ x: UnsafePointer<Float>, low: Float, range: Float, _ y: UnsafeMutablePointer<Float>, count: Int
  ) {
    map(x, y, count: count) { ($0 - low) / range }
  }

  public static func exponentials(
    _ x: UnsafePointer<Float>, low: Float, range: Float, epsilon: Float, _ y: UnsafeMutablePointer<Float>, count: Int
  ) {
    let offset = Vector(repeating: low)
    let factor = Vector(repeating: range)
    @inline(__always)
    func scaled(_ v: Vector) -> Vector {
      let amplitude = exponential(multiplyAdd(offset, v, factor)) - epsilon
      return amplitude.replacing(with: 0, where: amplitude .< 0)
    }
    map(x, y, count: count, scaled)
  }
}

/// ln x to 2 units in the last place: x = 2^e m, sqrt(1/2) <= m < sqrt(2), ln m = 2 artanh s with s = (m - 1) / (m +
/// 1).
/// -infinity at 0, NaN below.
@inline(__always)
func logarithm(_ x: Vector) -> Vector {
  // A subnormal number is lifted into the normal range first.
  let isSmall = x .< Float.leastNormalMagnitude
  let lifted = x.replacing(with: x * 0x1p23, where: isSmall)
  let bits = unsafeBitCast(lifted, to: IntegerVector.self)
  // The exponent that brings m under sqrt(2): 0x3f3504f3 are the bits of sqrt(1/2).
  let shifted = (bits &- 0x3f35_04f3) &>> 23
  let m = unsafeBitCast(bits &- (shifted &<< 23), to: Vector.self)
  // An integer n added to the bits of 1.5 2^23 gives those of 1.5 2^23 + n.
  var exponent = unsafeBitCast(shifted &+ 0x4b40_0000, to: Vector.self) - 0x1.8p23
  exponent = exponent.replacing(with: exponent - 23, where: isSmall)
  let s = (m - 1) / (m + 1)
  let square = s * s
  var series = multiplyAdd(Vector(repeating: 2 / 7), square, Vector(repeating: 2 / 9))
  series = multiplyAdd(Vector(repeating: 2 / 5), square, series)
  series = multiplyAdd(Vector(repeating: 2 / 3), square, series)
  // ln 2 in two parts, the first with so few digits that its multiples are exact.
  let small = multiplyAdd(exponent * -2.121_944_4e-4, s * square, series)
  var result = multiplyAdd(2 * s + small, exponent, Vector(repeating: 0.693_359_375))
  result = result.replacing(with: x, where: x .== .infinity)
  result = result.replacing(with: -.infinity, where: x .== 0)
  return result.replacing(with: .nan, where: (x .< 0) .| (x .!= x))
}
