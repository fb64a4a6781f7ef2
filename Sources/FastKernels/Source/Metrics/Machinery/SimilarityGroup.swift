import PerceptualKernels

// The published window of 11 over four rows at a time: each row of the image is read once for four rows of windows.

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

/// The weighted sums of four windows, each one row after the one before; together they cover 14 rows.
private struct FourSums {
  var sum0 = Vector()
  var sum1 = Vector()
  var sum2 = Vector()
  var sum3 = Vector()

  @inline(__always)
  mutating func add(_ x: Vector, _ tap0: Vector) { sum0 = multiplyAdd(sum0, x, tap0) }

  @inline(__always)
  mutating func add(_ x: Vector, _ tap0: Vector, _ tap1: Vector) {
    sum0 = multiplyAdd(sum0, x, tap0)
    sum1 = multiplyAdd(sum1, x, tap1)
  }

  @inline(__always)
  mutating func add(_ x: Vector, _ tap0: Vector, _ tap1: Vector, _ tap2: Vector) {
    add(x, tap0, tap1)
    sum2 = multiplyAdd(sum2, x, tap2)
  }

  @inline(__always)
  mutating func add(_ x: Vector, _ tap0: Vector, _ tap1: Vector, _ tap2: Vector, _ tap3: Vector) {
    add(x, tap0, tap1, tap2)
    sum3 = multiplyAdd(sum3, x, tap3)
  }

  @inline(__always)
  mutating func addLast(_ x: Vector, _ tap1: Vector, _ tap2: Vector, _ tap3: Vector) {
    sum1 = multiplyAdd(sum1, x, tap1)
    addLast(x, tap2, tap3)
  }

  @inline(__always)
  mutating func addLast(_ x: Vector, _ tap2: Vector, _ tap3: Vector) {
    sum2 = multiplyAdd(sum2, x, tap2)
    addLast(x, tap3)
  }

  @inline(__always)
  mutating func addLast(_ x: Vector, _ tap3: Vector) { sum3 = multiplyAdd(sum3, x, tap3) }
}

/// The sums of four windows over 14 rows: of what `row` gives, and of its squares.
@inline(__always)
private func momentSums(_ taps: Taps, _ row: (Int) -> Vector) -> (mean: FourSums, square: FourSums) {
  var mean = FourSums()
  var square = FourSums()
  let t = taps
  let x0 = row(0)
  mean.add(x0, t.t0)
  square.add(x0 * x0, t.t0)
  let x1 = row(1)
  mean.add(x1, t.t1, t.t0)
  square.add(x1 * x1, t.t1, t.t0)
  let x2 = row(2)
  mean.add(x2, t.t2, t.t1, t.t0)
  square.add(x2 * x2, t.t2, t.t1, t.t0)
  let x3 = row(3)
  mean.add(x3, t.t3, t.t2, t.t1, t.t0)
  square.add(x3 * x3, t.t3, t.t2, t.t1, t.t0)
  let x4 = row(4)
  mean.add(x4, t.t4, t.t3, t.t2, t.t1)
  square.add(x4 * x4, t.t4, t.t3, t.t2, t.t1)
  let x5 = row(5)
  mean.add(x5, t.t5, t.t4, t.t3, t.t2)
  square.add(x5 * x5, t.t5, t.t4, t.t3, t.t2)
  let x6 = row(6)
  mean.add(x6, t.t4, t.t5, t.t4, t.t3)
  square.add(x6 * x6, t.t4, t.t5, t.t4, t.t3)
  let x7 = row(7)
  mean.add(x7, t.t3, t.t4, t.t5, t.t4)
  square.add(x7 * x7, t.t3, t.t4, t.t5, t.t4)
  let x8 = row(8)
  mean.add(x8, t.t2, t.t3, t.t4, t.t5)
  square.add(x8 * x8, t.t2, t.t3, t.t4, t.t5)
  let x9 = row(9)
  mean.add(x9, t.t1, t.t2, t.t3, t.t4)
  square.add(x9 * x9, t.t1, t.t2, t.t3, t.t4)
  let x10 = row(10)
  mean.add(x10, t.t0, t.t1, t.t2, t.t3)
  square.add(x10 * x10, t.t0, t.t1, t.t2, t.t3)
  let x11 = row(11)
  mean.addLast(x11, t.t0, t.t1, t.t2)
  square.addLast(x11 * x11, t.t0, t.t1, t.t2)
  let x12 = row(12)
  mean.addLast(x12, t.t0, t.t1)
  square.addLast(x12 * x12, t.t0, t.t1)
  let x13 = row(13)
  mean.addLast(x13, t.t0)
  square.addLast(x13 * x13, t.t0)
  return (mean, square)
}

/// The sums of four windows over 14 rows.
@inline(__always)
private func windowSums(_ taps: Taps, _ row: (Int) -> Vector) -> FourSums {
  var sums = FourSums()
  let t = taps
  sums.add(row(0), t.t0)
  sums.add(row(1), t.t1, t.t0)
  sums.add(row(2), t.t2, t.t1, t.t0)
  sums.add(row(3), t.t3, t.t2, t.t1, t.t0)
  sums.add(row(4), t.t4, t.t3, t.t2, t.t1)
  sums.add(row(5), t.t5, t.t4, t.t3, t.t2)
  sums.add(row(6), t.t4, t.t5, t.t4, t.t3)
  sums.add(row(7), t.t3, t.t4, t.t5, t.t4)
  sums.add(row(8), t.t2, t.t3, t.t4, t.t5)
  sums.add(row(9), t.t1, t.t2, t.t3, t.t4)
  sums.add(row(10), t.t0, t.t1, t.t2, t.t3)
  sums.addLast(row(11), t.t0, t.t1, t.t2)
  sums.addLast(row(12), t.t0, t.t1)
  sums.addLast(row(13), t.t0)
  return sums
}

/// The sums of a window over 11 columns.
@inline(__always)
private func windowSum(_ taps: Taps, _ column: (Int) -> Vector) -> Vector {
  var sum = column(0) * taps.t0
  sum = multiplyAdd(sum, column(1), taps.t1)
  sum = multiplyAdd(sum, column(2), taps.t2)
  sum = multiplyAdd(sum, column(3), taps.t3)
  sum = multiplyAdd(sum, column(4), taps.t4)
  sum = multiplyAdd(sum, column(5), taps.t5)
  sum = multiplyAdd(sum, column(6), taps.t4)
  sum = multiplyAdd(sum, column(7), taps.t3)
  sum = multiplyAdd(sum, column(8), taps.t2)
  sum = multiplyAdd(sum, column(9), taps.t1)
  return multiplyAdd(sum, column(10), taps.t0)
}

extension Kernels {
  public static func similarityColumns(
    mid: UnsafePointer<Float>, difference: UnsafePointer<Float>, stride: Int, taps: UnsafePointer<Float>,
    _ columns: UnsafeMutablePointer<Float>, segment: Int, width: Int
  ) {
    let taps = Taps(taps)
    var i = 0
    while i < width {
      // Row 6 lies at most two rows from the centre of each of the four windows.
      let centreM = load(mid + i + 6 * stride)
      let centreD = load(difference + i + 6 * stride)
      let m = momentSums(taps) { load(mid + i + $0 &* stride) - centreM }
      let d = momentSums(taps) { load(difference + i + $0 &* stride) - centreD }
      let row = columns + i
      WindowMoments(
        centreM: centreM, centreD: centreD, sumM: m.mean.sum0, sumD: d.mean.sum0, squareM: m.square.sum0,
        squareD: d.square.sum0
      ).write(row, segment: segment)
      WindowMoments(
        centreM: centreM, centreD: centreD, sumM: m.mean.sum1, sumD: d.mean.sum1, squareM: m.square.sum1,
        squareD: d.square.sum1
      ).write(row + 4 * segment, segment: segment)
      WindowMoments(
        centreM: centreM, centreD: centreD, sumM: m.mean.sum2, sumD: d.mean.sum2, squareM: m.square.sum2,
        squareD: d.square.sum2
      ).write(row + 8 * segment, segment: segment)
      WindowMoments(
        centreM: centreM, centreD: centreD, sumM: m.mean.sum3, sumD: d.mean.sum3, squareM: m.square.sum3,
        squareD: d.square.sum3
      ).write(row + 12 * segment, segment: segment)
      i &+= Vector.scalarCount
    }
  }

  public static func similarityRow(
    _ columns: UnsafePointer<Float>, segment: Int, taps: UnsafePointer<Float>, _ constants: SimilarityConstants,
    deficits: UnsafeMutablePointer<Float>?, maps: UnsafeMutablePointer<Float>?, mapSegment: Int, width: Int
  ) -> Double {
    let taps = Taps(taps)
    var sum = Vector()
    var i = 0
    while i < width {
      let at = columns + i
      let centreM = load(at + 5)
      let centreD = load(at + segment + 5)
      let moments = WindowMoments(
        centreM: centreM, centreD: centreD,
        sumM: windowSum(taps) { load(at + $0) - centreM },
        sumD: windowSum(taps) { load(at + segment + $0) - centreD },
        squareM: windowSum(taps) {
          let m = load(at + $0) - centreM
          return multiplyAdd(load(at + 2 * segment + $0), m, m)
        },
        squareD: windowSum(taps) {
          let d = load(at + segment + $0) - centreD
          return multiplyAdd(load(at + 3 * segment + $0), d, d)
        })
      let deficit = moments.deficit(constants, maps: maps.map { $0 + i }, mapSegment: mapSegment, lanes: width &- i)
      sum += deficit
      if let deficits { store(deficit, deficits + i) }
      i &+= Vector.scalarCount
    }
    return laneSum(sum)
  }

  public static func similarityMapRow(
    _ maps: UnsafePointer<Float>, segment: Int, taps: UnsafePointer<Float>, _ y: UnsafeMutablePointer<Float>, width: Int
  ) {
    let taps = Taps(taps)
    var i = 0
    while i < width {
      let at = maps + (i &- 10)
      store(windowSum(taps) { load(at + $0) }, y + i)
      store(windowSum(taps) { load(at + segment + $0) }, y + segment + i)
      store(windowSum(taps) { load(at + 2 * segment + $0) }, y + 2 * segment + i)
      i &+= Vector.scalarCount
    }
  }

  public static func similarityGradientRows(
    _ ring: UnsafePointer<Float>, first: Int, stride ringStride: Int, segment: Int, taps: UnsafePointer<Float>,
    mid: UnsafePointer<Float>, difference: UnsafePointer<Float>, stride: Int, _ y: UnsafeMutablePointer<Float>,
    width: Int
  ) {
    let taps = Taps(taps)
    var i = 0
    while i < width {
      let at = ring + i
      let constant = windowSums(taps) { load(at + ((first &+ $0) & 15) &* ringStride) }
      let byDifference = windowSums(taps) { load(at + segment + ((first &+ $0) & 15) &* ringStride) }
      let byMid = windowSums(taps) { load(at + 2 * segment + ((first &+ $0) & 15) &* ringStride) }
      let m = mid + i
      let d = difference + i
      let to = y + i
      writeGradient(constant.sum0, byDifference.sum0, byMid.sum0, m, d, to)
      writeGradient(constant.sum1, byDifference.sum1, byMid.sum1, m + stride, d + stride, to + stride)
      writeGradient(constant.sum2, byDifference.sum2, byMid.sum2, m + 2 * stride, d + 2 * stride, to + 2 * stride)
      writeGradient(constant.sum3, byDifference.sum3, byMid.sum3, m + 3 * stride, d + 3 * stride, to + 3 * stride)
      i &+= Vector.scalarCount
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
