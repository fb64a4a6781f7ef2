extension Kernels {
  public static func nonNegativeLeastSquares(
    residual: UnsafeMutablePointer<Float>, magnitude: UnsafeMutablePointer<Float>, first: UnsafePointer<Int>,
    weights: UnsafePointer<Float>, inverseSquares: UnsafePointer<Float>, pivots: UnsafePointer<Float>,
    couplings: UnsafePointer<Float>, bins: Int, filters: Int
  ) {
    let width = Vector.scalarCount
    /// The row of a filter's or bin's values.
    @inline(__always)
    func row(_ base: UnsafeMutablePointer<Float>, _ index: Int) -> UnsafeMutablePointer<Float> { base + index &* width }

    /// One step of coordinate descent at bin k.
    @inline(__always)
    func step(_ k: Int) -> (value: Vector, change: Vector) {
      let lower = row(residual, first[k])
      let upper = row(residual, first[k] &+ 1)
      let a = Vector(repeating: weights[2 &* k])
      let b = Vector(repeating: weights[2 &* k &+ 1])
      let left = load(lower)
      let right = load(upper)
      let slope = multiplyAdd(a * left, b, right)
      let old = load(row(magnitude, k))
      let stepped = multiplyAdd(old, slope, Vector(repeating: inverseSquares[k]))
      let value = stepped.replacing(with: 0, where: stepped .< 0)
      let change = value - old
      store(multiplyAdd(left, -a, change), lower)
      store(multiplyAdd(right, -b, change), upper)
      store(value, row(magnitude, k))
      return (value, change)
    }

    // From the regularised least squares of least norm, clipped at 0, descent stays near it, and needs few sweeps.
    startFromMinimumNorm(
      residual: residual, magnitude: magnitude, first: first, weights: weights, pivots: pivots, couplings: couplings,
      bins: bins, filters: filters)

    var sweep = 0
    while sweep < 400 {
      var largest = Vector.zero
      var largestChange = Vector.zero
      var i = 0
      while i < bins {
        // Up and down in turn, so that a change reaches far filters either way.
        let k = sweep & 1 == 0 ? i : bins &- 1 &- i
        i &+= 1
        if inverseSquares[k] == 0 { continue }
        let (value, change) = step(k)
        largest = largest.replacing(with: value, where: value .> largest)
        let size = change.replacing(with: -change, where: change .< 0)
        largestChange = largestChange.replacing(with: size, where: size .> largestChange)
      }
      sweep &+= 1
      if all(largestChange .<= largest * 2e-6) { break }
    }
  }

  /// magnitude = max(0, w s), (w^T w + d) s = residual; then residual -= w^T magnitude.
  @inline(__always)
  private static func startFromMinimumNorm(
    residual: UnsafeMutablePointer<Float>, magnitude: UnsafeMutablePointer<Float>, first: UnsafePointer<Int>,
    weights: UnsafePointer<Float>, pivots: UnsafePointer<Float>, couplings: UnsafePointer<Float>, bins: Int,
    filters: Int
  ) {
    let width = Vector.scalarCount
    // The sources stand in a copy of the residual's rows behind the magnitudes.
    let sources = magnitude + bins &* width
    var previous = Vector.zero
    var m = 0
    while m < filters {
      previous = multiplyAdd(load(residual + m &* width), Vector(repeating: -couplings[m]), previous)
      store(previous, sources + m &* width)
      m &+= 1
    }
    store(.zero, sources + filters &* width)
    var next = Vector.zero
    while m > 0 {
      m &-= 1
      let scaled = load(sources + m &* width) * pivots[m]
      // couplings[m + 1] ties filter m to the next; the last has none.
      let coupling = m &+ 1 < filters ? couplings[m &+ 1] : 0
      next = multiplyAdd(scaled, Vector(repeating: -coupling), next)
      store(next, sources + m &* width)
    }
    var k = 0
    while k < bins {
      let a = Vector(repeating: weights[2 &* k])
      let b = Vector(repeating: weights[2 &* k &+ 1])
      let lower = first[k] &* width
      let upper = lower &+ width
      let wanted = multiplyAdd(a * load(sources + lower), b, load(sources + upper))
      let value = wanted.replacing(with: 0, where: wanted .< 0)
      store(value, magnitude + k &* width)
      store(multiplyAdd(load(residual + lower), -a, value), residual + lower)
      store(multiplyAdd(load(residual + upper), -b, value), residual + upper)
      k &+= 1
    }
  }
}
