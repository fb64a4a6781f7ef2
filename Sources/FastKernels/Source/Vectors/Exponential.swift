/// exp of every lane: 2^n e^r with n the nearest integer to x / ln 2 and r the rest, e^r by a polynomial of degree 6.
///
/// Within 2 units in the last place where the result is normal; beyond about -87.3 it falls to 0 through the
/// subnormals' range, above 88.7 it is infinite. NaN stays NaN.
@inline(__always)
func exponential(_ x: Vector) -> Vector {
  let log2e = Vector(repeating: 1.442695040888963)
  // ln 2 in two parts, the first short enough that n times it is exact.
  let high = Vector(repeating: 0.693359375)
  let low = Vector(repeating: -2.12194440054690583e-4)
  // Two selections: the standard library's `clamped` is a call, around which every register is spilled.
  let least = Vector(repeating: -104)
  let most = Vector(repeating: 89)
  let clamped = x.replacing(with: least, where: x .< least).replacing(with: most, where: x .> most)
  // Adding 1.5 x 2^23 rounds to the nearest integer, which then stands in the low bits.
  let magic = Vector(repeating: 12_582_912)
  let shifted = clamped * log2e + magic
  let n = shifted - magic
  let r = multiplyAdd(multiplyAdd(clamped, -n, high), -n, low)
  var p = Vector(repeating: 1.0 / 720)
  p = multiplyAdd(Vector(repeating: 1.0 / 120), p, r)
  p = multiplyAdd(Vector(repeating: 1.0 / 24), p, r)
  p = multiplyAdd(Vector(repeating: 1.0 / 6), p, r)
  p = multiplyAdd(Vector(repeating: 0.5), p, r)
  p = multiplyAdd(Vector(repeating: 1), p, r)
  p = multiplyAdd(Vector(repeating: 1), p, r)
  // 2^n in two factors, so that neither overflows before the product does.
  let exponent = unsafeBitCast(shifted, to: IntegerVector.self) &- unsafeBitCast(magic, to: IntegerVector.self)
  let half = exponent &>> 1
  let result = p * powerOfTwo(half) * powerOfTwo(exponent &- half)
  return result.replacing(with: x, where: x .!= x)
}

/// 2^n from its bits, for n of -126 ... 127.
@inline(__always)
private func powerOfTwo(_ n: IntegerVector) -> Vector {
  unsafeBitCast((n &+ 127) &<< 23, to: Vector.self)
}

extension Kernels {
  /// Applies `body` to every vector of a row, the partial last one padded with zeros.
  @inline(__always)
  static func map(
    _ x: UnsafePointer<Float>, _ y: UnsafeMutablePointer<Float>, count: Int, _ body: (Vector) -> Vector
  ) {
    forEachVector(count: count) { i in
      store(body(load(x + i)), y + i)
    } partial: { i, lanes in
      store(body(load(x + i, count: lanes)), y + i, count: lanes)
    }
  }

  /// The same for two operands.
  @inline(__always)
  static func map(
    _ a: UnsafePointer<Float>, _ b: UnsafePointer<Float>, _ y: UnsafeMutablePointer<Float>, count: Int,
    _ body: (Vector, Vector) -> Vector
  ) {
    forEachVector(count: count) { i in
      store(body(load(a + i), load(b + i)), y + i)
    } partial: { i, lanes in
      store(body(load(a + i, count: lanes), load(b + i, count: lanes)), y + i, count: lanes)
    }
  }

  /// tanh x = sign(x) (1 - t) / (1 + t), t = exp(-2 |x|); near 0, where that cancels, an odd polynomial.
  public static func tanh(_ x: UnsafePointer<Float>, _ y: UnsafeMutablePointer<Float>, count: Int) {
    map(x, y, count: count) { hyperbolicTangent($0) }
  }

  public static func tanhGradient(
    _ y: UnsafePointer<Float>, upstream: UnsafePointer<Float>, _ gradient: UnsafeMutablePointer<Float>, count: Int
  ) {
    map(y, upstream, gradient, count: count) { y, g in g * ((1 - y) * (1 + y)) }
  }

  public static func sigmoid(_ x: UnsafePointer<Float>, _ y: UnsafeMutablePointer<Float>, count: Int) {
    map(x, y, count: count, logistic)
  }

  public static func sigmoidGradient(
    _ y: UnsafePointer<Float>, upstream: UnsafePointer<Float>, _ gradient: UnsafeMutablePointer<Float>, count: Int
  ) {
    map(y, upstream, gradient, count: count) { y, g in g * (y * (1 - y)) }
  }
}

/// 1 / (1 + exp(-x)). With t = exp(-|x|) nothing overflows: 1 / (1 + t) for x >= 0, t / (1 + t) below.
@inline(__always)
func logistic(_ x: Vector) -> Vector {
  let t = exponential(x.replacing(with: -x, where: x .> 0))
  let one = Vector(repeating: 1)
  return t.replacing(with: one, where: x .>= 0) / (one + t)
}

@inline(__always)
func hyperbolicTangent(_ x: Vector) -> Vector {
  let one = Vector(repeating: 1)
  let negative = x .< 0
  let magnitude = x.replacing(with: -x, where: negative)
  let t = exponential(magnitude * -2)
  var far = (one - t) / (one + t)
  far.replace(with: -far, where: negative)
  // Taylor series up to x^11: the next term is under 2e-8 of x below 0.3.
  let square = x * x
  var p = Vector(repeating: -1382.0 / 155_925)
  p = multiplyAdd(Vector(repeating: 62.0 / 2835), p, square)
  p = multiplyAdd(Vector(repeating: -17.0 / 315), p, square)
  p = multiplyAdd(Vector(repeating: 2.0 / 15), p, square)
  p = multiplyAdd(Vector(repeating: -1.0 / 3), p, square)
  // The sum of x and a positive zero would lose the sign of a negative zero.
  let near = multiplyAdd(x, p * square, x).replacing(with: x, where: square .== 0)
  return far.replacing(with: near, where: magnitude .< 0.3)
}
