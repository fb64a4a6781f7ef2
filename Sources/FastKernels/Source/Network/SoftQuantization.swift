extension Kernels {
  public static func softQuantization(
    _ x: UnsafePointer<Float>, _ y: UnsafeMutablePointer<Float>, count: Int, centres: UnsafePointer<Float>,
    centreCount: Int, scale: Float
  ) {
    map(x, y, count: count) { x in
      let moments = softmax(x, centres: centres, centreCount: centreCount, scale: scale)
      return moments.first / moments.total
    }
  }

  public static func softQuantizationGradient(
    _ x: UnsafePointer<Float>, upstream: UnsafePointer<Float>, _ gradient: UnsafeMutablePointer<Float>, count: Int,
    centres: UnsafePointer<Float>, centreCount: Int, scale: Float
  ) {
    map(x, upstream, gradient, count: count) { x, g in
      let moments = softmax(x, centres: centres, centreCount: centreCount, scale: scale)
      let mean = moments.first / moments.total
      // A second pass around the mean: the difference of two moments would cancel where one centre dominates.
      var spread = Vector.zero
      var j = 0
      while j < centreCount {
        let distance = Vector(repeating: centres[j]) - mean
        spread = multiplyAdd(
          spread, exponential(exponent(x, centres[j], over: moments.nearest, scale)), distance * distance)
        j &+= 1
      }
      return g * (2 * scale) * (spread / moments.total)
    }
  }

  /// By how much the exponent -s (x - c)^2 of a centre exceeds that of another one, b: 2 s (c - b) (x - (c + b) / 2).
  ///
  /// The product form does not cancel: the large common term s x^2 never arises. The difference of the centres is exact
  /// where they lie within a factor of two; it is 0, and so is the result, for a centre and itself.
  @inline(__always)
  private static func exponent(_ x: Vector, _ centre: Float, over other: Vector, _ scale: Float) -> Vector {
    (x - (other + centre) * 0.5) * ((centre - other) * (2 * scale))
  }

  /// Sums over the centres of the weight and of weight x centre, the weight of the nearest centre being 1.
  @inline(__always)
  private static func softmax(
    _ x: Vector, centres: UnsafePointer<Float>, centreCount: Int, scale: Float
  ) -> (total: Vector, first: Vector, nearest: Vector) {
    var nearest = Vector(repeating: centres[0])
    var j = 1
    while j < centreCount {
      let isNearer = exponent(x, centres[j], over: nearest, scale) .> 0
      nearest.replace(with: centres[j], where: isNearer)
      j &+= 1
    }
    var total = Vector.zero
    var first = Vector.zero
    j = 0
    while j < centreCount {
      let w = exponential(exponent(x, centres[j], over: nearest, scale))
      total += w
      first = multiplyAdd(first, w, Vector(repeating: centres[j]))
      j &+= 1
    }
    return (total, first, nearest)
  }
}
