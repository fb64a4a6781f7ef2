import PerceptualKernels

// The published window of 11, over as many rows of windows at a time as a vector has lanes. The moments of columns are
// sums of whole rows. Turned round, a lane for each row, they are summed along the rows as whole vectors too. So are
// the maps, before they are turned back. Each vector that is loaded serves four windows.

/// The taps of a symmetric window of 11.
private struct Taps {
  let t0, t1, t2, t3, t4, t5: Vector

  @inline(__always)
  init(_ taps: UnsafePointer<Float>) {
    t0 = Vector(repeating: taps[0])
    t1 = Vector(repeating: taps[1])
    t2 = Vector(repeating: taps[2])
    t3 = Vector(repeating: taps[3])
    t4 = Vector(repeating: taps[4])
    t5 = Vector(repeating: taps[5])
  }
}

/// The sums of four windows, each one place after the one before.
private typealias FourSums = (sum0: Vector, sum1: Vector, sum2: Vector, sum3: Vector)

/// The sums of four windows, which together cover 14 places. Places with the same tap are added first: that takes no
/// more instructions than without, and many processors have units of their own for additions.
@inline(__always)
private func windowSums(_ taps: Taps, _ place: (Int) -> Vector) -> FourSums {
  let (x0, x1, x2, x3, x4, x5) = (place(0), place(1), place(2), place(3), place(4), place(5))
  let (x6, x7, x8, x9, x10) = (place(6), place(7), place(8), place(9), place(10))
  let sum0 = windowSum(taps, x0, x1, x2, x3, x4, x5, x6, x7, x8, x9, x10)
  let x11 = place(11)
  let sum1 = windowSum(taps, x1, x2, x3, x4, x5, x6, x7, x8, x9, x10, x11)
  let x12 = place(12)
  let sum2 = windowSum(taps, x2, x3, x4, x5, x6, x7, x8, x9, x10, x11, x12)
  let x13 = place(13)
  let sum3 = windowSum(taps, x3, x4, x5, x6, x7, x8, x9, x10, x11, x12, x13)
  return (sum0, sum1, sum2, sum3)
}

@inline(__always)
private func windowSum(
  _ taps: Taps, _ x0: Vector, _ x1: Vector, _ x2: Vector, _ x3: Vector, _ x4: Vector, _ x5: Vector, _ x6: Vector,
  _ x7: Vector, _ x8: Vector, _ x9: Vector, _ x10: Vector
) -> Vector {
  var sum = (x0 + x10) * taps.t0
  sum = multiplyAdd(sum, x1 + x9, taps.t1)
  sum = multiplyAdd(sum, x2 + x8, taps.t2)
  sum = multiplyAdd(sum, x3 + x7, taps.t3)
  sum = multiplyAdd(sum, x4 + x6, taps.t4)
  return multiplyAdd(sum, x5, taps.t5)
}

extension Kernels {
  public static func similarityColumns(
    mid: UnsafePointer<Float>, difference: UnsafePointer<Float>, stride: Int, taps: UnsafePointer<Float>, rows: Int,
    _ columns: UnsafeMutablePointer<Float>, room: UnsafeMutablePointer<Float>, from first: Int, to end: Int
  ) {
    let lanes = Vector.scalarCount
    let taps = Taps(taps)
    var i = first
    while i < end {
      var row = 0
      while row < rows {
        columnMoments(taps, mid + (i &+ row &* stride), stride, room + row &* lanes)
        columnMoments(
          taps, difference + (i &+ row &* stride), stride, room + (2 &* lanes &+ row) &* lanes)
        row &+= 4
      }
      var moment = 0
      while moment < 4 {
        let from = room + moment &* lanes &* lanes
        let to = columns + (4 &* i &+ moment) &* lanes
        forEachRow(transposed(square { load(from + $0 &* lanes) })) { column, x in store(x, to + 4 &* column &* lanes) }
        moment &+= 1
      }
      i &+= lanes
    }
  }

  /// The means of four rows of windows and, a square of vectors further, their variances.
  @inline(__always)
  private static func columnMoments(
    _ taps: Taps, _ pixels: UnsafePointer<Float>, _ stride: Int, _ room: UnsafeMutablePointer<Float>
  ) {
    // Row 6 lies at most two rows from the centre of each of the four windows.
    let centre = load(pixels + 6 &* stride)
    let sums = windowSums(taps) { centre - load(pixels + $0 &* stride) }
    let squares = windowSums(taps) { row in
      let x = centre - load(pixels + row &* stride)
      return x * x
    }
    write(0, sums.sum0, squares.sum0)
    write(1, sums.sum1, squares.sum1)
    write(2, sums.sum2, squares.sum2)
    write(3, sums.sum3, squares.sum3)

    @inline(__always)
    func write(_ row: Int, _ sum: Vector, _ square: Vector) {
      store(centre - sum, room + row * Vector.scalarCount)
      store(notNegative(multiplyAdd(square, -sum, sum)), room + (row + Vector.scalarCount) * Vector.scalarCount)
    }
  }

  public static func similarityWindows(
    _ columns: UnsafePointer<Float>, taps: UnsafePointer<Float>, _ constants: SimilarityConstants,
    deficits: UnsafeMutablePointer<Float>?, maps: UnsafeMutablePointer<Float>?, _ sums: UnsafeMutablePointer<Double>,
    from first: Int, to end: Int
  ) {
    let lanes = Vector.scalarCount
    let taps = Taps(taps)
    var sum = Vector()
    var j = first
    while j < end {
      let at = columns + 4 &* j &* lanes
      let centreM = load(at + 24 * lanes)
      let centreD = load(at + 26 * lanes)
      let sumsM = windowSums(taps) { centreM - load(at + 4 * $0 * lanes) }
      let squaresM = windowSums(taps) { column in
        let x = centreM - load(at + 4 * column * lanes)
        return multiplyAdd(load(at + (4 * column + 1) * lanes), x, x)
      }
      let sumsD = windowSums(taps) { centreD - load(at + (4 * $0 + 2) * lanes) }
      let squaresD = windowSums(taps) { column in
        let x = centreD - load(at + (4 * column + 2) * lanes)
        return multiplyAdd(load(at + (4 * column + 3) * lanes), x, x)
      }
      take(0, sumsM.sum0, sumsD.sum0, squaresM.sum0, squaresD.sum0)
      take(1, sumsM.sum1, sumsD.sum1, squaresM.sum1, squaresD.sum1)
      take(2, sumsM.sum2, sumsD.sum2, squaresM.sum2, squaresD.sum2)
      take(3, sumsM.sum3, sumsD.sum3, squaresM.sum3, squaresD.sum3)

      @inline(__always)
      func take(_ window: Int, _ sumM: Vector, _ sumD: Vector, _ squareM: Vector, _ squareD: Vector) {
        let moments = WindowMoments(
          centreM: centreM, centreD: centreD, sumM: -sumM, sumD: -sumD, squareM: squareM, squareD: squareD)
        let place = j &+ window
        let deficit = moments.deficit(
          constants, maps: maps.map { $0 + 3 &* place &* lanes }, mapSegment: lanes, lanes: lanes)
        // Windows past the row are worked out but not counted.
        if place < end { sum += deficit }
        if let deficits { store(deficit, deficits + place &* lanes) }
      }
      j &+= 4
      // Few enough at a time for single precision.
      if j & 15 == 0 || j >= end {
        var lane = 0
        while lane < lanes {
          sums[lane] += Double(sum[lane])
          lane &+= 1
        }
        sum = Vector()
      }
    }
  }

  public static func similarityGradient(
    _ maps: UnsafePointer<Float>, windows: Int, taps: UnsafePointer<Float>, _ kept: UnsafeMutablePointer<Float>,
    room: UnsafeMutablePointer<Float>, mid: UnsafePointer<Float>, difference: UnsafePointer<Float>, stride: Int,
    _ y: UnsafeMutablePointer<Float>, rows: Int, from first: Int, to end: Int
  ) {
    let lanes = Vector.scalarCount
    let taps = Taps(taps)
    var i = first
    while i < end {
      let block = kept + 3 &* i &* (lanes &+ 10)
      takeMaps(maps + 3 &* (i &- 10) &* lanes, taps, room, block + 30 * lanes)
      // Nothing comes from below the last row of windows.
      var row = windows
      while row < lanes {
        let to = block + 3 &* (10 &+ row) &* lanes
        store(Vector(), to)
        store(Vector(), to + lanes)
        store(Vector(), to + 2 * lanes)
        row &+= 1
      }
      row = 0
      while row < rows {
        let at = block + 3 &* row &* lanes
        let constant = windowSums(taps) { load(at + 3 * $0 * lanes) }
        let byDifference = windowSums(taps) { load(at + (3 * $0 + 1) * lanes) }
        let byMid = windowSums(taps) { load(at + (3 * $0 + 2) * lanes) }
        let place = i &+ row &* stride
        let m = mid + place
        let d = difference + place
        let to = y + place
        writeGradient(constant.sum0, byDifference.sum0, byMid.sum0, m, d, to)
        writeGradient(constant.sum1, byDifference.sum1, byMid.sum1, m + stride, d + stride, to + stride)
        writeGradient(constant.sum2, byDifference.sum2, byMid.sum2, m + 2 * stride, d + 2 * stride, to + 2 * stride)
        writeGradient(constant.sum3, byDifference.sum3, byMid.sum3, m + 3 * stride, d + 3 * stride, to + 3 * stride)
        row &+= 4
      }
      // The windows that hold a row start up to ten rows above it.
      var k = 0
      while k < 30 {
        store(load(block + (k &+ 3 &* lanes) &* lanes), block + k &* lanes)
        k &+= 1
      }
      i &+= lanes
    }
  }

  /// The transposed filter along rows of as many columns as a vector has lanes, turned back.
  @inline(__always)
  private static func takeMaps(
    _ maps: UnsafePointer<Float>, _ taps: Taps, _ room: UnsafeMutablePointer<Float>, _ to: UnsafeMutablePointer<Float>
  ) {
    let lanes = Vector.scalarCount
    var map = 0
    while map < 3 {
      var column = 0
      while column < lanes {
        let at = maps + (3 &* column &+ map) &* lanes
        let sums = windowSums(taps) { load(at + 3 * $0 * lanes) }
        let place = room + column &* lanes
        store(sums.sum0, place)
        store(sums.sum1, place + lanes)
        store(sums.sum2, place + 2 * lanes)
        store(sums.sum3, place + 3 * lanes)
        column &+= 4
      }
      let from = room
      let row0 = to + map &* lanes
      forEachRow(transposed(square { load(from + $0 * lanes) })) { row, x in store(x, row0 + 3 * row * lanes) }
      map &+= 1
    }
  }

  @inline(__always)
  private static func writeGradient(
    _ constant: Vector, _ byDifference: Vector, _ byMid: Vector, _ mid: UnsafePointer<Float>,
    _ difference: UnsafePointer<Float>, _ y: UnsafeMutablePointer<Float>
  ) {
    store(multiplyAdd(constant - byDifference * load(difference), byMid, load(mid)), y)
  }
}
