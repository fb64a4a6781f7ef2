// Rows are split: even columns at the pointer, odd ones `segment` floats further. Even column 2j has the neighbours
// odd[j - 1] and odd[j], odd column 2j + 1 has even[j] and even[j + 1]: every access has stride 1.

extension Kernels {
  public static func halvedRow(
    _ x: UnsafePointer<Float>, segment: Int, taps: UnsafePointer<Float>, _ y: UnsafeMutablePointer<Float>, width: Int
  ) {
    // The middle tap falls on the odd columns where the width is even, else on the even ones.
    let (near, far) = width & 1 == 0 ? (x + segment, x) : (x, x + segment)
    let farOffset = width & 1 == 0 ? 0 : -1
    let outputs = (width &+ 1) >> 1
    var j = 0
    while j < outputs {
      var sum = load(near + j - 1) * taps[0]
      sum = multiplyAdd(sum, load(far + j + farOffset), Vector(repeating: taps[1]))
      sum = multiplyAdd(sum, load(near + j), Vector(repeating: taps[2]))
      sum = multiplyAdd(sum, load(far + j + farOffset + 1), Vector(repeating: taps[3]))
      sum = multiplyAdd(sum, load(near + j + 1), Vector(repeating: taps[4]))
      store(sum, y + j)
      j &+= Vector.scalarCount
    }
  }

  public static func addHalvedGradientRow(
    _ x: UnsafePointer<Float>, taps: UnsafePointer<Float>, _ y: UnsafeMutablePointer<Float>, segment: Int, width: Int
  ) {
    let (near, far) = width & 1 == 0 ? (y + segment, y) : (y, y + segment)
    let farOffset = width & 1 == 0 ? 0 : 1
    let outputs = (width &+ 1) >> 1
    var j = 0
    while j < outputs {
      let here = load(x + j)
      var sum = load(near + j)
      sum = multiplyAdd(sum, load(x + j + 1), Vector(repeating: taps[0]))
      sum = multiplyAdd(sum, here, Vector(repeating: taps[2]))
      sum = multiplyAdd(sum, load(x + j - 1), Vector(repeating: taps[4]))
      store(sum, near + j)
      sum = load(far + j)
      sum = multiplyAdd(sum, load(x + j + farOffset), Vector(repeating: taps[1]))
      sum = multiplyAdd(sum, load(x + j + farOffset - 1), Vector(repeating: taps[3]))
      store(sum, far + j)
      j &+= Vector.scalarCount
    }
  }

  public static func enlargedRow(
    _ x: UnsafePointer<Float>, weights: UnsafePointer<Float>, weightSegment: Int, _ y: UnsafeMutablePointer<Float>,
    segment: Int, width: Int
  ) {
    let halves = (width &+ 1) >> 1
    var j = 0
    while j < halves {
      let here = load(x + j)
      let even = multiplyAdd(load(x + j - 1) * load(weights + j), here, load(weights + weightSegment + j))
      let odd = multiplyAdd(
        here * load(weights + 2 * weightSegment + j), load(x + j + 1), load(weights + 3 * weightSegment + j))
      store(even, y + j)
      store(odd, y + segment + j)
      j &+= Vector.scalarCount
    }
  }

  public static func enlargedGradientRow(
    _ x: UnsafePointer<Float>, segment: Int, weights: UnsafePointer<Float>, weightSegment: Int,
    _ y: UnsafeMutablePointer<Float>, width: Int
  ) {
    var j = 0
    while j < width {
      var sum = load(x + j) * load(weights + weightSegment + j)
      sum = multiplyAdd(sum, load(x + j + 1), load(weights + j + 1))
      sum = multiplyAdd(sum, load(x + segment + j), load(weights + 2 * weightSegment + j))
      sum = multiplyAdd(sum, load(x + segment + j - 1), load(weights + 3 * weightSegment + j - 1))
      store(sum, y + j)
      j &+= Vector.scalarCount
    }
  }

  /// The 5-tap filter at even and odd columns from j on.
  @inline(__always)
  private static func filtered(
    _ x: UnsafePointer<Float>, _ taps: UnsafePointer<Float>, _ segment: Int, _ j: Int
  ) -> (even: Vector, odd: Vector) {
    let odd = x + segment
    let evenBefore = load(x + j - 1)
    let oddBefore = load(odd + j - 1)
    let evenHere = load(x + j)
    let oddHere = load(odd + j)
    let evenAfter = load(x + j + 1)
    let oddAfter = load(odd + j + 1)
    var atEven = (evenBefore * taps[0])
    atEven = multiplyAdd(atEven, oddBefore, Vector(repeating: taps[1]))
    atEven = multiplyAdd(atEven, evenHere, Vector(repeating: taps[2]))
    atEven = multiplyAdd(atEven, oddHere, Vector(repeating: taps[3]))
    atEven = multiplyAdd(atEven, evenAfter, Vector(repeating: taps[4]))
    var atOdd = (oddBefore * taps[0])
    atOdd = multiplyAdd(atOdd, evenHere, Vector(repeating: taps[1]))
    atOdd = multiplyAdd(atOdd, oddHere, Vector(repeating: taps[2]))
    atOdd = multiplyAdd(atOdd, evenAfter, Vector(repeating: taps[3]))
    atOdd = multiplyAdd(atOdd, oddAfter, Vector(repeating: taps[4]))
    return (atEven, atOdd)
  }

  public static func residualRow(
    _ x: UnsafePointer<Float>, j row: UnsafePointer<Float>, taps: UnsafePointer<Float>,
    residual: UnsafeMutablePointer<Float>, segment: Int, width: Int
  ) {
    let halves = (width &+ 1) >> 1
    var j = 0
    while j < halves {
      let (even, odd) = filtered(x, taps, segment, j)
      store(load(row + j) - even, residual + j)
      store(load(row + segment + j) - odd, residual + segment + j)
      j &+= Vector.scalarCount
    }
  }

  public static func filteredRow(
    _ x: UnsafePointer<Float>, taps: UnsafePointer<Float>, _ y: UnsafeMutablePointer<Float>, segment: Int, width: Int
  ) {
    let halves = (width &+ 1) >> 1
    var j = 0
    while j < halves {
      let (even, odd) = filtered(x, taps, segment, j)
      store(even, y + j)
      store(odd, y + segment + j)
      j &+= Vector.scalarCount
    }
  }

  /// Weighs the four neighbours of column j: `above`, `before` and `below` point at them, the one after follows
  /// `before`.
  @inline(__always)
  private static func weighed(
    _ above: UnsafePointer<Float>, _ before: UnsafePointer<Float>, _ below: UnsafePointer<Float>,
    _ weights: UnsafePointer<Float>, onto sum: Vector, _ value: (Vector) -> Vector
  ) -> Vector {
    var sum = sum
    sum = multiplyAdd(sum, value(load(above)), Vector(repeating: weights[0]))
    sum = multiplyAdd(sum, value(load(before)), Vector(repeating: weights[1]))
    sum = multiplyAdd(sum, value(load(before + 1)), Vector(repeating: weights[2]))
    return multiplyAdd(sum, value(load(below)), Vector(repeating: weights[3]))
  }

  public static func normalizedRow(
    above: UnsafePointer<Float>, here: UnsafePointer<Float>, below: UnsafePointer<Float>, sigma: Float,
    neighbours: UnsafePointer<Float>, normalised: UnsafeMutablePointer<Float>, segment: Int, width: Int
  ) {
    let halves = (width &+ 1) >> 1
    var parity = 0
    while parity < 2 {
      // Even columns lie between odd[j - 1] and odd[j], odd ones between even[j] and even[j + 1].
      let own = parity &* segment
      let before = parity == 0 ? here + segment - 1 : here
      var j = 0
      while j < halves {
        let denominator = weighed(
          above + own + j, before + j, below + own + j, neighbours, onto: Vector(repeating: sigma), magnitude)
        store(load(here + own + j) / denominator, normalised + own + j)
        j &+= Vector.scalarCount
      }
      parity &+= 1
    }
  }

  public static func joinedResidualRow(
    _ difference: UnsafePointer<Float>, residual: UnsafeMutablePointer<Float>, change: UnsafeMutablePointer<Float>,
    segment: Int, width: Int
  ) {
    let halves = (width &+ 1) >> 1
    var parity = 0
    while parity < 2 {
      let own = parity &* segment
      var j = 0
      while j < halves {
        let d = load(difference + own + j)
        let joined = load(residual + own + j) + d
        // The difference away from 0 at the joined residual is the change, unless the sign changed with it.
        let away = d.replacing(with: -d, where: joined .< 0)
        let turned = 2 * magnitude(joined) - away
        store(joined, residual + own + j)
        store(away.replacing(with: turned, where: turned .< away), change + own + j)
        j &+= Vector.scalarCount
      }
      parity &+= 1
    }
  }

  public static func normalizedDifferenceRow(
    residual: UnsafePointer<Float>, change: UnsafePointer<Float>, toHere: Int, toBelow: Int, sigma: Float,
    neighbours: UnsafePointer<Float>, level: UnsafeMutablePointer<Float>, difference: UnsafeMutablePointer<Float>,
    normalised: UnsafeMutablePointer<Float>, segment: Int, width: Int
  ) -> Double {
    var squares = Vector()
    var parity = 0
    while parity < 2 {
      let own = parity &* segment
      let before = toHere &+ (parity == 0 ? segment &- 1 : 0)
      let count = (width &+ 1 &- parity) >> 1
      var j = 0
      while j < count {
        let at = own &+ j
        let denominator = weighed(
          residual + at, residual + before + j, residual + toBelow + at, neighbours, onto: Vector(repeating: sigma),
          magnitude)
        let denominatorChange = weighed(
          change + at, change + before + j, change + toBelow + at, neighbours, onto: Vector()) { $0 }
        let reciprocal = 1 / denominator
        let levelChange = (load(difference + at) - load(level + at) * denominatorChange) * reciprocal
        let masked = firstLanes(levelChange, count &- j)
        squares = multiplyAdd(squares, masked, masked)
        store(load(residual + toHere + at) * reciprocal, normalised + at)
        store(masked, level + at)
        store(reciprocal, difference + at)
        j &+= Vector.scalarCount
      }
      parity &+= 1
    }
    return laneSum(squares)
  }

  public static func denominatorGradientRow(
    difference: UnsafePointer<Float>, factor: Float, normalised: UnsafePointer<Float>,
    reciprocal: UnsafePointer<Float>, _ product: UnsafeMutablePointer<Float>, segment: Int, width: Int
  ) {
    let halves = (width &+ 1) >> 1
    var j = 0
    while j < halves {
      store(load(difference + j) * factor * load(normalised + j) * load(reciprocal + j), product + j)
      let odd = segment &+ j
      store(load(difference + odd) * factor * load(normalised + odd) * load(reciprocal + odd), product + odd)
      j &+= Vector.scalarCount
    }
  }

  public static func residualGradientRow(
    above: UnsafePointer<Float>, here: UnsafePointer<Float>, below: UnsafePointer<Float>,
    weights: UnsafePointer<Float>, difference: UnsafePointer<Float>, factor: Float,
    normalised: UnsafePointer<Float>, reciprocal: UnsafePointer<Float>, _ y: UnsafeMutablePointer<Float>,
    segment: Int, width: Int
  ) {
    let halves = (width &+ 1) >> 1
    var parity = 0
    while parity < 2 {
      let own = parity &* segment
      let before = parity == 0 ? here + segment - 1 : here
      var j = 0
      while j < halves {
        var sum = load(above + own + j) * weights[0]
        sum = multiplyAdd(sum, load(before + j), Vector(repeating: weights[1]))
        sum = multiplyAdd(sum, load(before + j + 1), Vector(repeating: weights[2]))
        sum = multiplyAdd(sum, load(below + own + j), Vector(repeating: weights[3]))
        let level = load(normalised + own + j)
        // The derivative of the magnitude: its sign, and 0 at 0.
        var signed = Vector().replacing(with: sum, where: level .> 0)
        signed.replace(with: -sum, where: level .< 0)
        store(load(difference + own + j) * factor * load(reciprocal + own + j) - signed, y + own + j)
        j &+= Vector.scalarCount
      }
      parity &+= 1
    }
  }
}
