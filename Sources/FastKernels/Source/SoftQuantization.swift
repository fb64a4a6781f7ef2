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
        spread = multiplyAdd(spread, weight(x, centres[j], scale, moments.largest), distance * distance)
        j &+= 1
      }
      return g * (2 * scale) * (spread / moments.total)
    }
  }

  /// The exponent of centre c without -s x^2, which all centres share: s c (2 x - c).
  @inline(__always)
  private static func exponent(_ x: Vector, _ centre: Float, _ scale: Float) -> Vector {
    (x + x - centre) * (scale * centre)
  }

  @inline(__always)
  private static func weight(_ x: Vector, _ centre: Float, _ scale: Float, _ largest: Vector) -> Vector {
    exponential(exponent(x, centre, scale) - largest)
  }

  /// Sums over the centres of the weight and of weight x centre, the largest weight being 1.
  @inline(__always)
  private static func softmax(
    _ x: Vector, centres: UnsafePointer<Float>, centreCount: Int, scale: Float
  ) -> (total: Vector, first: Vector, largest: Vector) {
    var largest = exponent(x, centres[0], scale)
    var j = 1
    while j < centreCount {
      let e = exponent(x, centres[j], scale)
      largest = e.replacing(with: largest, where: largest .> e)
      j &+= 1
    }
    var total = Vector.zero
    var first = Vector.zero
    j = 0
    while j < centreCount {
      let w = weight(x, centres[j], scale, largest)
      total += w
      first = multiplyAdd(first, w, Vector(repeating: centres[j]))
      j &+= 1
    }
    return (total, first, largest)
  }
}
