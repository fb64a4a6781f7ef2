import PerceptualKernels

// The similarity is computed from the mid image m = (x + y) / 2 and the difference d = x - y. With their local moments
//
//     contrast = 1 - variance_d / (2 variance_m + variance_d / 2 + C2)
//     luminance = 1 - mean_d^2 / (2 mean_m^2 + mean_d^2 / 2 + C1)
//
// so that small deficits keep all their digits where the images are alike. Local sums are taken about a pixel of the
// window, not about 0: where its weight is w, the square of its distance from the window's mean is at most
// (1 - w) / w variances, which bounds what cancels however flat the window is.

/// The moments of a vector of windows.
struct WindowMoments {
  let meanM: Vector
  let meanD: Vector
  let varianceM: Vector
  let varianceD: Vector

  /// From weighted sums about the centres.
  @inline(__always)
  init(centreM: Vector, centreD: Vector, sumM: Vector, sumD: Vector, squareM: Vector, squareD: Vector) {
    meanM = centreM + sumM
    meanD = centreD + sumD
    varianceM = notNegative(multiplyAdd(squareM, -sumM, sumM))
    varianceD = notNegative(multiplyAdd(squareD, -sumD, sumD))
  }

  /// The means and the variances, `segment` floats apart.
  @inline(__always)
  func write(_ at: UnsafeMutablePointer<Float>, segment: Int) {
    store(meanM, at)
    store(meanD, at + segment)
    store(varianceM, at + 2 * segment)
    store(varianceD, at + 3 * segment)
  }
}

extension WindowMoments {
  /// 1 - the similarity of each window, 0 in the lanes from `lanes` on. The similarity's gradient by the prediction's
  /// pixel p with weight w in the window is w (constant - byDifference d_p + byMid m_p): the three maps go to `maps`.
  @inline(__always)
  func deficit(
    _ constants: SimilarityConstants, maps: UnsafeMutablePointer<Float>?, mapSegment: Int, lanes: Int
  ) -> Vector {
    let both = multiplyAdd(
      multiplyAdd(Vector(repeating: constants.contrast), varianceM, Vector(repeating: 2)), varianceD,
      Vector(repeating: 0.5))
    let reciprocal = 1 / both
    var contrastDeficit = varianceD * reciprocal
    var slope = 2 * reciprocal
    if constants.isRectified {
      // A contrast that is not positive becomes 0, and nothing changes it.
      let contrast = 1 - contrastDeficit
      contrastDeficit = 1 - notNegative(contrast)
      slope = wherePositive(slope, contrast)
    }
    var deficit: Vector
    var byMid: Vector
    var byDifference: Vector
    var byMean = Vector()
    if constants.withLuminance {
      let wholeM = meanM + constants.offset
      let wholeD = meanD + constants.differenceOffset
      let squares = multiplyAdd(
        multiplyAdd(Vector(repeating: constants.luminance), wholeM * wholeM, Vector(repeating: 2)), wholeD * wholeD,
        Vector(repeating: 0.5))
      let relative = wholeD / squares
      let luminanceDeficit = wholeD * relative
      deficit = multiplyAdd(contrastDeficit, luminanceDeficit, 1 - contrastDeficit)
      slope *= 1 - luminanceDeficit
      byMid = slope * contrastDeficit
      byDifference = multiplyAdd(slope, byMid, Vector(repeating: -0.5))
      byMean =
        (contrastDeficit - 1) * relative * multiplyAdd(2 - luminanceDeficit, wholeM * -2, relative)
    } else {
      deficit = contrastDeficit
      byMid = slope * contrastDeficit
      byDifference = multiplyAdd(slope, byMid, Vector(repeating: -0.5))
    }
    if let maps {
      let constant = byMean + (byDifference * meanD - byMid * meanM)
      store(firstLanes(constant, lanes), maps)
      store(firstLanes(byDifference, lanes), maps + mapSegment)
      store(firstLanes(byMid, lanes), maps + 2 * mapSegment)
    }
    return firstLanes(deficit, lanes)
  }
}

// Windows of any odd size, row by row.

extension Kernels {
  public static func windowColumns(
    mid: UnsafePointer<Float>, difference: UnsafePointer<Float>, stride: Int, taps: UnsafePointer<Float>, window: Int,
    _ columns: UnsafeMutablePointer<Float>, segment: Int, width: Int
  ) {
    let middle = (window >> 1) &* stride
    var i = 0
    while i < width {
      let centreM = load(mid + (i &+ middle))
      let centreD = load(difference + (i &+ middle))
      var sumM = Vector()
      var sumD = Vector()
      var squareM = Vector()
      var squareD = Vector()
      var at = i
      var k = 0
      while k < window {
        let tap = Vector(repeating: taps[k])
        let m = load(mid + at) - centreM
        let d = load(difference + at) - centreD
        sumM = multiplyAdd(sumM, m, tap)
        sumD = multiplyAdd(sumD, d, tap)
        squareM = multiplyAdd(squareM, m * m, tap)
        squareD = multiplyAdd(squareD, d * d, tap)
        at &+= stride
        k &+= 1
      }
      WindowMoments(
        centreM: centreM, centreD: centreD, sumM: sumM, sumD: sumD, squareM: squareM, squareD: squareD
      ).write(columns + i, segment: segment)
      i &+= Vector.scalarCount
    }
  }

  public static func windowRow(
    _ columns: UnsafePointer<Float>, segment: Int, taps: UnsafePointer<Float>, window: Int,
    _ constants: SimilarityConstants, deficits: UnsafeMutablePointer<Float>?, maps: UnsafeMutablePointer<Float>?,
    mapSegment: Int, width: Int
  ) -> Double {
    var sum = Vector()
    var i = 0
    while i < width {
      let middle = columns + (i &+ window >> 1)
      let centreM = load(middle)
      let centreD = load(middle + segment)
      var sumM = Vector()
      var sumD = Vector()
      var squareM = Vector()
      var squareD = Vector()
      var k = 0
      while k < window {
        let tap = Vector(repeating: taps[k])
        let at = columns + (i &+ k)
        let m = load(at) - centreM
        let d = load(at + segment) - centreD
        sumM = multiplyAdd(sumM, m, tap)
        sumD = multiplyAdd(sumD, d, tap)
        // The mean of the columns' variances and the variance of the columns' means.
        squareM = multiplyAdd(squareM, multiplyAdd(load(at + 2 * segment), m, m), tap)
        squareD = multiplyAdd(squareD, multiplyAdd(load(at + 3 * segment), d, d), tap)
        k &+= 1
      }
      let moments = WindowMoments(
        centreM: centreM, centreD: centreD, sumM: sumM, sumD: sumD, squareM: squareM, squareD: squareD)
      let deficit = moments.deficit(constants, maps: maps.map { $0 + i }, mapSegment: mapSegment, lanes: width &- i)
      sum += deficit
      if let deficits { store(deficit, deficits + i) }
      i &+= Vector.scalarCount
    }
    return laneSum(sum)
  }

  public static func windowGradientRow(
    _ maps: UnsafePointer<Float>, segment: Int, taps: UnsafePointer<Float>, window: Int, mid: UnsafePointer<Float>,
    difference: UnsafePointer<Float>, _ y: UnsafeMutablePointer<Float>, width: Int
  ) {
    var i = 0
    while i < width {
      var constant = Vector()
      var byDifference = Vector()
      var byMid = Vector()
      var at = i &- (window &- 1)
      var k = 0
      while k < window {
        let tap = Vector(repeating: taps[k])
        constant = multiplyAdd(constant, load(maps + at), tap)
        byDifference = multiplyAdd(byDifference, load(maps + segment + at), tap)
        byMid = multiplyAdd(byMid, load(maps + 2 * segment + at), tap)
        at &+= 1
        k &+= 1
      }
      store(multiplyAdd(constant - byDifference * load(difference + i), byMid, load(mid + i)), y + i)
      i &+= Vector.scalarCount
    }
  }

  public static func midAndDifferenceRow(
    _ x: UnsafePointer<Float>, _ y: UnsafePointer<Float>, offset: Float, differenceOffset: Float,
    mid: UnsafeMutablePointer<Float>, difference: UnsafeMutablePointer<Float>, count: Int
  ) {
    forEachVector(count: count) { i in
      let (a, b) = (load(x + i), load(y + i))
      store((a + b) * 0.5 - offset, mid + i)
      store(a - b - differenceOffset, difference + i)
    } partial: { i, lanes in
      let (a, b) = (load(x + i, count: lanes), load(y + i, count: lanes))
      store((a + b) * 0.5 - offset, mid + i)
      store(a - b - differenceOffset, difference + i)
    }
  }

  public static func pooledRow(
    _ upper: UnsafePointer<Float>, _ lower: UnsafePointer<Float>, _ y: UnsafeMutablePointer<Float>, width: Int
  ) {
    var j = 0
    while j < width {
      let first = load(upper + 2 * j) + load(lower + 2 * j)
      let second = load(upper + 2 * j + Vector.scalarCount) + load(lower + 2 * j + Vector.scalarCount)
      let (even, odd) = separated(first, second)
      store((even + odd) * 0.25, y + j)
      j &+= Vector.scalarCount
    }
  }

  public static func addPooledGradientRow(
    _ coarse: UnsafePointer<Float>, _ y: UnsafeMutablePointer<Float>, width: Int
  ) {
    var j = 0
    while j < width {
      let quarter = load(coarse + j) * 0.25
      let (first, second) = joined(quarter, quarter)
      store(load(y + 2 * j) + first, y + 2 * j)
      store(load(y + 2 * j + Vector.scalarCount) + second, y + 2 * j + Vector.scalarCount)
      j &+= Vector.scalarCount
    }
  }
}
