import PerceptualKernels

extension Kernels {
  public static func residualGradientRow(
    above: UnsafePointer<Float>, here: UnsafePointer<Float>, below: UnsafePointer<Float>,
    weights: UnsafePointer<Float>, _ gradient: UnsafeMutablePointer<Float>, segment: Int, width: Int
  ) -> Bool {
    let share = Vector(repeating: -LaplacianPyramidDoubt.share)
    var leftOut = Vector()
    let (fromAbove, fromBelow) = (Vector(repeating: weights[0]), Vector(repeating: weights[3]))
    let (fromBefore, fromAfter) = (Vector(repeating: weights[1]), Vector(repeating: weights[2]))
    let product = here + 2 * segment
    let residual = here + 4 * segment
    var parity = 0
    while parity < 2 {
      let own = parity &* segment
      let before = product + (parity == 0 ? segment &- 1 : 0)
      let count = (width &+ 1 &- parity) >> 1
      var j = 0
      while j < count {
        let at = own &+ j
        var sum = load(above + 2 * segment + at) * fromAbove
        sum = multiplyAdd(sum, load(before + j), fromBefore)
        sum = multiplyAdd(sum, load(before + j + 1), fromAfter)
        sum = multiplyAdd(sum, load(below + 2 * segment + at), fromBelow)
        let part = signed(sum, bySignOf: load(residual + at))
        let slope = load(here + at)
        store(slope - part, gradient + at)
        // All of it where the residual is 0, and else nothing.
        let rest = magnitude(sum) - magnitude(part)
        leftOut += firstLanes(wherePositive(rest, multiplyAdd(rest, magnitude(slope), share)), count &- j)
        j &+= Vector.scalarCount
      }
      parity &+= 1
    }
    // By reflection the inner neighbour of a border column is its outer one too.
    var isFoldLeftOut = false
    fold(from: 0, to: 1, weights[2])
    fold(from: width &- 1, to: width &- 2, weights[1])
    return total(leftOut) > 0 || isFoldLeftOut

    func fold(from border: Int, to inner: Int, _ weight: Float) {
      let at = splitPlace(inner, segment)
      let part = weight * product[splitPlace(border, segment)]
      if residual[at] > 0 {
        gradient[at] -= part
      } else if residual[at] < 0 {
        gradient[at] += part
      } else if part.magnitude > LaplacianPyramidDoubt.share * here[at].magnitude {
        isFoldLeftOut = true
      }
    }
  }

  public static func shrunkGradientRow(
    _ rows: UnsafePointer<UnsafePointer<Float>>, rowWeights: UnsafePointer<Float>, count: Int,
    columnWeights: UnsafePointer<Float>, factor: Float, coarser: UnsafePointer<Float>?,
    columns: UnsafeMutablePointer<Float>, _ y: UnsafeMutablePointer<Float>, segment: Int, width: Int
  ) {
    let halves = (width &+ 1) >> 1
    var j = 0
    while j < halves {
      var even = Vector()
      var odd = Vector()
      var k = 0
      while k < count {
        let row = rows[k] + j
        let weight = Vector(repeating: rowWeights[k])
        even = multiplyAdd(even, load(row), weight)
        odd = multiplyAdd(odd, load(row + segment), weight)
        k &+= 1
      }
      store(even, columns + j)
      store(odd, columns + segment + j)
      j &+= Vector.scalarCount
    }
    // What reaches beyond the row has weight 0, and 0 times what lay there might be NaN.
    let odds = columns + segment
    columns[-1] = 0
    columns[halves] = 0
    columns[halves &+ 1] = 0
    odds[-2] = 0
    odds[-1] = 0
    odds[width >> 1] = 0
    odds[width >> 1 &+ 1] = 0
    let scale = Vector(repeating: -factor)
    j = 0
    while j < halves {
      var even = load(columns + j + 2) * load(columnWeights + j)
      var odd = load(odds + j + 1) * load(columnWeights + 4 * segment + j)
      even = multiplyAdd(even, load(columns + j + 1), load(columnWeights + segment + j))
      odd = multiplyAdd(odd, load(odds + j), load(columnWeights + 5 * segment + j))
      even = multiplyAdd(even, load(columns + j), load(columnWeights + 2 * segment + j))
      odd = multiplyAdd(odd, load(odds + j - 1), load(columnWeights + 6 * segment + j))
      even = multiplyAdd(even, load(columns + j - 1), load(columnWeights + 3 * segment + j))
      odd = multiplyAdd(odd, load(odds + j - 2), load(columnWeights + 7 * segment + j))
      let sum = even + odd
      if let coarser { store(multiplyAdd(load(coarser + j), sum, scale), y + j) } else { store(sum * scale, y + j) }
      j &+= Vector.scalarCount
    }
  }

  public static func imageGradientRow(
    _ rows: UnsafePointer<UnsafePointer<Float>>, rowWeights: UnsafePointer<Float>, residual: UnsafePointer<Float>,
    factor: Float, taps: UnsafePointer<Float>, columns: UnsafeMutablePointer<Float>, _ y: UnsafeMutablePointer<Float>,
    segment: Int, width: Int
  ) {
    let halves = (width &+ 1) >> 1
    let (row0, row1, row2) = (rows[0], rows[1], rows[2])
    let (weight0, weight1, weight2) = (
      Vector(repeating: rowWeights[0]), Vector(repeating: rowWeights[1]), Vector(repeating: rowWeights[2])
    )
    var j = 0
    while j < halves {
      var sum = load(row0 + j) * weight0
      sum = multiplyAdd(sum, load(row1 + j), weight1)
      store(multiplyAdd(sum, load(row2 + j), weight2), columns + j)
      j &+= Vector.scalarCount
    }
    columns[-1] = 0
    columns[halves] = 0

    let scale = Vector(repeating: factor)
    let isEven = width & 1 == 0
    let (tap0, tap1, tap2) = (
      Vector(repeating: taps[0]), Vector(repeating: taps[1]), Vector(repeating: taps[2])
    )
    /// The columns 2j and after; those that lie as the middle tap have three taps, the others two.
    @inline(__always)
    func row(_ j: Int) -> (first: Vector, second: Vector) {
      let even = load(residual + j) * scale
      let odd = load(residual + segment + j) * scale
      let (before, here, after) = (load(columns + j - 1), load(columns + j), load(columns + j + 1))
      let three = multiplyAdd(multiplyAdd(isEven ? odd : even, before + after, tap0), here, tap2)
      let two = multiplyAdd(isEven ? even : odd, here + (isEven ? before : after), tap1)
      return isEven ? joined(two, three) : joined(three, two)
    }
    j = 0
    while 2 &* (j &+ Vector.scalarCount) <= width {
      let (first, second) = row(j)
      store(first, y + 2 * j)
      store(second, y + 2 * j + Vector.scalarCount)
      j &+= Vector.scalarCount
    }
    if 2 &* j < width {
      let (first, second) = row(j)
      let rest = width &- 2 &* j
      store(first, y + 2 * j, count: min(rest, Vector.scalarCount))
      if rest > Vector.scalarCount {
        store(second, y + 2 * j + Vector.scalarCount, count: rest &- Vector.scalarCount)
      }
    }
    // What the filter read beyond the ends was reflected into the row.
    let last = columns[halves &- 1]
    if isEven {
      y[1] += taps[0] * columns[0]
    } else {
      y[1] += taps[1] * columns[0]
      y[2] += taps[0] * columns[0]
    }
    y[width &- 2] += taps[1] * last
    y[width &- 3] += taps[0] * last
  }
}
