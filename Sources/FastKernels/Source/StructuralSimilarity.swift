extension Kernels {
  public static func windowColumns(
    _ x: UnsafePointer<Float>, difference: UnsafePointer<Float>, stride: Int, taps: UnsafePointer<Float>, window: Int,
    _ columns: UnsafeMutablePointer<Float>, segment: Int, width: Int
  ) {
    var i = 0
    while i < width {
      var meanX = Vector()
      var meanD = Vector()
      var at = i
      var k = 0
      while k < window {
        let tap = Vector(repeating: taps[k])
        meanX = multiplyAdd(meanX, load(x + at), tap)
        meanD = multiplyAdd(meanD, load(difference + at), tap)
        at &+= stride
        k &+= 1
      }
      // About the means, so that nothing cancels where the image is flat.
      var both = Vector()
      var varianceD = Vector()
      at = i
      k = 0
      while k < window {
        let tap = Vector(repeating: taps[k])
        let fromX = load(x + at) - meanX
        let fromD = load(difference + at) - meanD
        let fromY = fromX - fromD
        both = multiplyAdd(both, multiplyAdd(fromX * fromX, fromY, fromY), tap)
        varianceD = multiplyAdd(varianceD, fromD * fromD, tap)
        at &+= stride
        k &+= 1
      }
      store(meanX, columns + i)
      store(meanD, columns + segment + i)
      store(both, columns + 2 * segment + i)
      store(varianceD, columns + 3 * segment + i)
      i &+= Vector.scalarCount
    }
  }

  public static func windowRow(
    _ columns: UnsafePointer<Float>, segment: Int, taps: UnsafePointer<Float>, window: Int, luminanceConstant: Float,
    contrastConstant: Float, withLuminance: Bool, offset: Float, differenceOffset: Float,
    maps: UnsafeMutablePointer<Float>?, mapSegment: Int, width: Int
  ) -> Double {
    var sum = Vector()
    var i = 0
    while i < width {
      var meanX = Vector()
      var meanD = Vector()
      var k = 0
      while k < window {
        let tap = Vector(repeating: taps[k])
        meanX = multiplyAdd(meanX, load(columns + i + k), tap)
        meanD = multiplyAdd(meanD, load(columns + segment + i + k), tap)
        k &+= 1
      }
      // A window's variance: the mean of its columns' variances and the variance of its columns' means.
      var both = Vector()
      var varianceD = Vector()
      k = 0
      while k < window {
        let tap = Vector(repeating: taps[k])
        let fromX = load(columns + i + k) - meanX
        let fromD = load(columns + segment + i + k) - meanD
        let fromY = fromX - fromD
        let bothHere = multiplyAdd(load(columns + 2 * segment + i + k), fromX, fromX)
        both = multiplyAdd(both, multiplyAdd(bothHere, fromY, fromY), tap)
        varianceD = multiplyAdd(varianceD, multiplyAdd(load(columns + 3 * segment + i + k), fromD, fromD), tap)
        k &+= 1
      }

      // contrast = 1 - varianceD / (both + C2) and luminance = 1 - meanD^2 / (meanX^2 + meanY^2 + C1): small deficits
      // stay exact where the images are alike.
      let reciprocal = 1 / (both + contrastConstant)
      let contrastDeficit = varianceD * reciprocal
      var deficit = contrastDeficit
      var slope = 2 * reciprocal
      var byMean = Vector()
      if withLuminance {
        let wholeMeanX = meanX + offset
        let wholeMeanD = meanD + differenceOffset
        let meanY = wholeMeanX - wholeMeanD
        let luminanceReciprocal = 1 / (multiplyAdd(wholeMeanX * wholeMeanX, meanY, meanY) + luminanceConstant)
        let relative = wholeMeanD * luminanceReciprocal
        let luminanceDeficit = wholeMeanD * relative
        deficit = luminanceDeficit + contrastDeficit - luminanceDeficit * contrastDeficit
        slope *= 1 - luminanceDeficit
        byMean = (1 - contrastDeficit) * (-2 * relative) * (1 - wholeMeanX * relative)
      }
      let left = width &- i
      sum += firstLanes(deficit, left)
      if let maps {
        let tilt = slope * contrastDeficit
        store(firstLanes(byMean + (slope * meanD - tilt * meanX), left), maps + i)
        store(firstLanes(slope, left), maps + mapSegment + i)
        store(firstLanes(tilt, left), maps + 2 * mapSegment + i)
      }
      i &+= Vector.scalarCount
    }
    return laneSum(sum)
  }

  public static func windowGradientRow(
    _ maps: UnsafePointer<Float>, segment: Int, taps: UnsafePointer<Float>, window: Int, x: UnsafePointer<Float>,
    difference: UnsafePointer<Float>, _ y: UnsafeMutablePointer<Float>, width: Int
  ) {
    var i = 0
    while i < width {
      var constant = Vector()
      var slope = Vector()
      var tilt = Vector()
      var at = i &- (window &- 1)
      var k = 0
      while k < window {
        let tap = Vector(repeating: taps[k])
        constant = multiplyAdd(constant, load(maps + at), tap)
        slope = multiplyAdd(slope, load(maps + segment + at), tap)
        tilt = multiplyAdd(tilt, load(maps + 2 * segment + at), tap)
        at &+= 1
        k &+= 1
      }
      let d = load(difference + i)
      store(constant - d * slope + load(x + i) * tilt, y + i)
      i &+= Vector.scalarCount
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
