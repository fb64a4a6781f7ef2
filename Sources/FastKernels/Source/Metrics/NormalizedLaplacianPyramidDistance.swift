import PerceptualCInstructionSet
import PerceptualKernels

// Rows are split: even columns at the pointer, odd ones `segment` floats further. Even column 2j has the neighbours
// odd[j - 1] and odd[j], odd column 2j + 1 has even[j] and even[j + 1]: every access has stride 1.

/// Where a column lies in a split row; columns beyond the ends lie in the margins.
@inline(__always)
func splitPlace(_ column: Int, _ segment: Int) -> Int {
  column & 1 == 0 ? column >> 1 : segment &+ column >> 1
}

/// Writes the columns that reflection puts beyond both ends of a split row.
@inline(__always)
private func reflect(_ row: UnsafeMutablePointer<Float>, by reach: Int, _ segment: Int, _ width: Int) {
  var i = 1
  while i <= reach {
    row[splitPlace(-i, segment)] = row[splitPlace(i, segment)]
    row[splitPlace(width &- 1 &+ i, segment)] = row[splitPlace(width &- 1 &- i, segment)]
    i &+= 1
  }
}

extension Kernels {
  public static func splitPairRow(
    _ prediction: UnsafePointer<Float>, _ target: UnsafePointer<Float>, minus mean: Float,
    _ pair: UnsafeMutablePointer<Float>, segment: Int, width: Int
  ) {
    let difference = pair + 2 * segment
    let offset = Vector(repeating: mean)
    var j = 0
    // Rows come one at a time with much work between them, which the processor's own prefetching does not foresee.
    let ahead = 6 &* width
    while 2 &* (j &+ Vector.scalarCount) <= width {
      perceptual_prefetch(target + 2 * j + ahead)
      perceptual_prefetch(prediction + 2 * j + ahead)
      // Wider vectors are whole lines of the cache.
      if Vector.scalarCount == 16 {
        perceptual_prefetch(target + 2 * j + Vector.scalarCount + ahead)
        perceptual_prefetch(prediction + 2 * j + Vector.scalarCount + ahead)
      }
      let first = load(target + 2 * j)
      let second = load(target + 2 * j + Vector.scalarCount)
      let own = separated(first - offset, second - offset)
      let other = separated(
        load(prediction + 2 * j) - first, load(prediction + 2 * j + Vector.scalarCount) - second)
      store(own.even, pair + j)
      store(own.odd, pair + segment + j)
      store(other.even, difference + j)
      store(other.odd, difference + segment + j)
      j &+= Vector.scalarCount
    }
    var column = 2 &* j
    while column < width {
      pair[splitPlace(column, segment)] = target[column] - mean
      difference[splitPlace(column, segment)] = prediction[column] - target[column]
      column &+= 1
    }
  }

  public static func halvedPairRow(
    _ rows: UnsafePointer<UnsafePointer<Float>>, taps: UnsafePointer<Float>, columns: UnsafeMutablePointer<Float>,
    target: UnsafeMutablePointer<Float>, difference: UnsafeMutablePointer<Float>, segment: Int, width: Int
  ) {
    let halves = (width &+ 1) >> 1
    let (tap0, tap1, tap2) = (
      Vector(repeating: taps[0]), Vector(repeating: taps[1]), Vector(repeating: taps[2])
    )
    let (row0, row1, row2, row3, row4) = (rows[0], rows[1], rows[2], rows[3], rows[4])
    var j = 0
    while j < halves {
      var part = 0
      while part < 4 {
        let at = part &* segment &+ j
        var sum = (load(row0 + at) + load(row4 + at)) * tap0
        sum = multiplyAdd(sum, load(row1 + at) + load(row3 + at), tap1)
        store(multiplyAdd(sum, load(row2 + at), tap2), columns + at)
        part &+= 1
      }
      j &+= Vector.scalarCount
    }
    reflect(columns, by: 2, segment, width)
    reflect(columns + 2 * segment, by: 2, segment, width)
    // The middle tap falls on the odd columns where the width is even, else on the even ones.
    let near = width & 1 == 0 ? segment : 0
    let far = width & 1 == 0 ? 0 : segment - 1
    var image = 0
    while image < 2 {
      let x = columns + 2 * image * segment
      let y = image == 0 ? target : difference
      j = 0
      while j < halves {
        var sum = (load(x + near + j - 1) + load(x + near + j + 1)) * tap0
        sum = multiplyAdd(sum, load(x + far + j) + load(x + far + j + 1), tap1)
        store(multiplyAdd(sum, load(x + near + j), tap2), y + j)
        j &+= Vector.scalarCount
      }
      y[-2] = 0
      y[-1] = 0
      y[halves] = 0
      y[halves &+ 1] = 0
      image &+= 1
    }
  }

  public static func enlargedPairRow(
    target: UnsafePointer<Float>, difference: UnsafePointer<Float>, weights: UnsafePointer<Float>,
    _ pair: UnsafeMutablePointer<Float>, segment: Int, width: Int
  ) {
    let halves = (width &+ 1) >> 1
    var j = 0
    while j < halves {
      var t = load(target + j - 2)
      var d = load(difference + j - 2)
      var weight = load(weights + j)
      var targetEven = t * weight
      var differenceEven = d * weight
      t = load(target + j - 1)
      d = load(difference + j - 1)
      weight = load(weights + segment + j)
      targetEven = multiplyAdd(targetEven, t, weight)
      differenceEven = multiplyAdd(differenceEven, d, weight)
      weight = load(weights + 4 * segment + j)
      var targetOdd = t * weight
      var differenceOdd = d * weight
      t = load(target + j)
      d = load(difference + j)
      weight = load(weights + 2 * segment + j)
      targetEven = multiplyAdd(targetEven, t, weight)
      differenceEven = multiplyAdd(differenceEven, d, weight)
      weight = load(weights + 5 * segment + j)
      targetOdd = multiplyAdd(targetOdd, t, weight)
      differenceOdd = multiplyAdd(differenceOdd, d, weight)
      t = load(target + j + 1)
      d = load(difference + j + 1)
      weight = load(weights + 3 * segment + j)
      store(multiplyAdd(targetEven, t, weight), pair + j)
      store(multiplyAdd(differenceEven, d, weight), pair + 2 * segment + j)
      weight = load(weights + 6 * segment + j)
      targetOdd = multiplyAdd(targetOdd, t, weight)
      differenceOdd = multiplyAdd(differenceOdd, d, weight)
      weight = load(weights + 7 * segment + j)
      store(multiplyAdd(targetOdd, load(target + j + 2), weight), pair + segment + j)
      store(multiplyAdd(differenceOdd, load(difference + j + 2), weight), pair + 3 * segment + j)
      j &+= Vector.scalarCount
    }
  }

  public static func residualRecord(
    _ pair: UnsafePointer<Float>, enlarged rows: UnsafePointer<UnsafePointer<Float>>, weights: UnsafePointer<Float>,
    doubt: Float, _ residuals: UnsafeMutablePointer<Float>, segment: Int, width: Int
  ) {
    let halves = (width &+ 1) >> 1
    let share = Vector(repeating: -LaplacianPyramidDoubt.bound)
    let whole = Vector(repeating: -LaplacianPyramidDoubt.bound * doubt)
    let (row0, row1, row2, row3) = (rows[0], rows[1], rows[2], rows[3])
    let weight0 = Vector(repeating: weights[0])
    let weight1 = Vector(repeating: weights[1])
    let weight2 = Vector(repeating: weights[2])
    let weight3 = Vector(repeating: weights[3])
    var parity = 0
    while parity < 2 {
      var at = parity &* segment
      let end = at &+ halves
      while at < end {
        var enlarged = load(row0 + at) * weight0
        enlarged = multiplyAdd(enlarged, load(row1 + at), weight1)
        enlarged = multiplyAdd(enlarged, load(row2 + at), weight2)
        enlarged = multiplyAdd(enlarged, load(row3 + at), weight3)
        let own = load(pair + at)
        let target = own - enlarged
        let other = at &+ 2 &* segment
        enlarged = load(row0 + other) * weight0
        enlarged = multiplyAdd(enlarged, load(row1 + other), weight1)
        enlarged = multiplyAdd(enlarged, load(row2 + other), weight2)
        enlarged = multiplyAdd(enlarged, load(row3 + other), weight3)
        let apart = load(pair + other)
        let difference = apart - enlarged
        let prediction = target + difference
        // The difference away from 0 at the prediction's residual is the magnitude's change, unless the sign changed
        // with it.
        let away = turned(difference, bySignOf: prediction)
        let size = magnitude(prediction)
        let across = size + size - away
        store(target, residuals + at)
        let magnitudes = magnitude(own) + magnitude(apart) + magnitude(target)
        store(size, residuals + other)
        let told = wherePositive(prediction, multiplyAdd(size + whole, magnitudes, share))
        store(told, residuals + at + 8 * segment)
        store(lesser(across, away), residuals + other + 2 * segment)
        store(difference, residuals + other + 4 * segment)
        at &+= Vector.scalarCount
      }
      parity &+= 1
    }
    reflect(residuals, by: 1, segment, width)
    reflect(residuals + 2 * segment, by: 1, segment, width)
    reflect(residuals + 4 * segment, by: 1, segment, width)
  }

  public static func slopeRecord(
    above: UnsafePointer<Float>, here: UnsafePointer<Float>, below: UnsafePointer<Float>, sigma: Float,
    neighbours: UnsafePointer<Float>, _ slopes: UnsafeMutablePointer<Float>?, segment: Int, width: Int
  ) -> Double {
    let top = Vector(repeating: neighbours[0])
    let left = Vector(repeating: neighbours[1])
    let right = Vector(repeating: neighbours[2])
    let bottom = Vector(repeating: neighbours[3])
    let offset = Vector(repeating: sigma)
    let next = 2 &* segment
    var squares = Vector()
    var parity = 0
    while parity < 2 {
      // Even columns lie between odd[j - 1] and odd[j], odd ones between even[j] and even[j + 1].
      let own = parity &* segment
      let before = parity == 0 ? segment &- 1 : 0
      let count = (width &+ 1 &- parity) >> 1
      var j = 0
      while j < count {
        let at = own &+ j
        let beside = before &+ j
        var target = multiplyAdd(offset, magnitude(load(above + at)), top)
        target = multiplyAdd(target, magnitude(load(here + beside)), left)
        target = multiplyAdd(target, magnitude(load(here + beside + 1)), right)
        target = multiplyAdd(target, magnitude(load(below + at)), bottom)
        var prediction = multiplyAdd(offset, load(above + next + at), top)
        prediction = multiplyAdd(prediction, load(here + next + beside), left)
        prediction = multiplyAdd(prediction, load(here + next + beside + 1), right)
        prediction = multiplyAdd(prediction, load(below + next + at), bottom)
        var change = load(above + 2 * next + at) * top
        change = multiplyAdd(change, load(here + 2 * next + beside), left)
        change = multiplyAdd(change, load(here + 2 * next + beside + 1), right)
        change = multiplyAdd(change, load(below + 2 * next + at), bottom)
        // residual' / D' - residual / D, over one denominator.
        let reciprocal = 1 / (target * prediction)
        let lost = Vector() - load(here + at) * change
        let difference = multiplyAdd(lost, load(here + 3 * next + at), target) * reciprocal
        let masked = firstLanes(difference, count &- j)
        squares = multiplyAdd(squares, masked, masked)
        if let slopes {
          let told = load(here + 4 * next + at)
          let byPrediction = target * reciprocal
          let slope = masked * byPrediction
          store(slope, slopes + at)
          store(slope * (told * byPrediction), slopes + next + at)
          store(told, slopes + 2 * next + at)
        }
        j &+= Vector.scalarCount
      }
      parity &+= 1
    }
    if let slopes {
      slopes[next &+ splitPlace(-1, segment)] = 0
      slopes[next &+ splitPlace(width, segment)] = 0
    }
    return total(squares)
  }
}
