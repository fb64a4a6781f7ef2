import PerceptualKernels

extension Kernels {
  public static func normalize(
    _ x: UnsafePointer<Float>, mean: Float, factor: Float, offset: Float, _ y: UnsafeMutablePointer<Float>, count: Int
  ) {
    let f = Vector(repeating: factor)
    let o = Vector(repeating: offset)
    map(x, y, count: count) { multiplyAdd(o, $0 - mean, f) }
  }

  public static func shiftedMoments(
    _ x: UnsafePointer<Float>, shift: Float, count: Int
  ) -> (sum: Float, squares: Float) {
    let s = Vector(repeating: shift)
    var sums = Vector.zero
    var squares = Vector.zero
    forEachVector(count: count) { i in
      let d = load(x + i) - s
      sums += d
      squares = multiplyAdd(squares, d, d)
    } partial: { i, lanes in
      let d = load(x + i, count: lanes, filler: shift) - s
      sums += d
      squares = multiplyAdd(squares, d, d)
    }
    return (sums.sum(), squares.sum())
  }

  public static func gradientMoments(
    _ x: UnsafePointer<Float>, mean: Float, upstream: UnsafePointer<Float>, count: Int
  ) -> (sum: Float, product: Float) {
    let m = Vector(repeating: mean)
    var sums = Vector.zero
    var products = Vector.zero
    forEachVector(count: count) { i in
      let g = load(upstream + i)
      sums += g
      products = multiplyAdd(products, g, load(x + i) - m)
    } partial: { i, lanes in
      let g = load(upstream + i, count: lanes)
      sums += g
      products = multiplyAdd(products, g, load(x + i, count: lanes, filler: mean) - m)
    }
    return (sums.sum(), products.sum())
  }

  public static func normalizationGradient(
    _ x: UnsafePointer<Float>, mean: Float, upstream: UnsafePointer<Float>, factor: Float, a: Float, b: Float,
    constant: Float, slope: Float, _ gradient: UnsafeMutablePointer<Float>, count: Int
  ) {
    let m = Vector(repeating: mean)
    let minusB = Vector(repeating: -b)
    let f = Vector(repeating: factor)
    let c = Vector(repeating: constant)
    let s = Vector(repeating: slope)
    map(x, upstream, gradient, count: count) { x, g in
      let d = x - m
      return multiplyAdd(multiplyAdd(c, d, s), multiplyAdd(g - a, d, minusB), f)
    }
  }

  public static func adamW(
    _ parameter: UnsafeMutablePointer<Float>, gradient: UnsafePointer<Float>,
    firstMoment: UnsafeMutablePointer<Float>, secondMoment: UnsafeMutablePointer<Float>, count: Int,
    constants: AdamWConstants
  ) {
    @inline(__always)
    func step(_ p: Vector, _ g: Vector, _ m: Vector, _ v: Vector) -> (Vector, Vector, Vector) {
      let first = multiplyAdd(m * constants.beta1, g, Vector(repeating: constants.oneMinusBeta1))
      let second = multiplyAdd(v * constants.beta2, g * g, Vector(repeating: constants.oneMinusBeta2))
      let divisor = squareRoots(second) * constants.secondCorrection + constants.epsilon
      return (p * constants.decay - first * constants.stepSize / divisor, first, second)
    }
    forEachVector(count: count) { i in
      let (p, m, v) = step(load(parameter + i), load(gradient + i), load(firstMoment + i), load(secondMoment + i))
      store(p, parameter + i)
      store(m, firstMoment + i)
      store(v, secondMoment + i)
    } partial: { i, lanes in
      let (p, m, v) = step(
        load(UnsafePointer(parameter + i), count: lanes), load(gradient + i, count: lanes),
        load(UnsafePointer(firstMoment + i), count: lanes), load(UnsafePointer(secondMoment + i), count: lanes))
      store(p, parameter + i, count: lanes)
      store(m, firstMoment + i, count: lanes)
      store(v, secondMoment + i, count: lanes)
    }
  }
}
