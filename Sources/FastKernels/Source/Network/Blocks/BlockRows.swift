import PerceptualCInstructionSet
import PerceptualKernels

// Passes over rows of pixels of one block of sixteen channels; coefficients are vectors of sixteen channels.

/// Floats of a pixel, or of a tile.
let rowFloats = 16

/// `body` of the first lane of each vector of so many floats.
@inline(__always)
func forEachLane(of floats: Int = rowFloats, _ body: (Int) -> Void) {
  var lane = 0
  while lane < floats {
    body(lane)
    lane &+= Vector.scalarCount
  }
}

extension Kernels {
  public static func largestMagnitude(_ x: UnsafePointer<Float>, count: Int) -> Float {
    var largest = Vector.zero
    // x - x is 0 for finite x and NaN for all others, and a sum keeps it.
    var strange = Vector.zero
    forEachVector(count: count) { i in
      let v = load(x + i)
      strange += v - v
      largest = choice(magnitude(v) - largest, magnitude(v), largest)
    } partial: { i, lanes in
      let v = load(x + i, count: lanes)
      strange += v - v
      largest = choice(magnitude(v) - largest, magnitude(v), largest)
    }
    return largest.max() + strange.sum()
  }

  public static func copyPixels(
    _ x: UnsafePointer<Float>, pitch: Int, count: Int, _ output: UnsafeMutablePointer<Float>, outputPitch: Int
  ) {
    forEachLane { lane in
      var from = x + lane
      var to = output + lane
      var pixel = 0
      while pixel < count {
        store(load(from), to)
        from += pitch
        to += outputPitch
        pixel &+= 1
      }
    }
  }

  public static func activateBlockRow(
    _ x: UnsafePointer<Float>, count: Int, normalization: BlockNormalization, _ output: UnsafeMutablePointer<Float>
  ) {
    let s = Vector(repeating: normalization.slope)
    forEachLane { lane in
      let m = load(normalization.mean + lane)
      let f = load(normalization.factor + lane)
      let o = load(normalization.offset + lane)
      var from = x + lane
      var to = output + lane
      var pixel = 0
      while pixel < count {
        store(leaky(multiplyAdd(o, load(from) - m, f), slope: s), to)
        from += rowFloats
        to += rowFloats
        pixel &+= 1
      }
    }
  }

  public static func normalizationGradientBlockRow(
    _ x: UnsafePointer<Float>, upstream: UnsafePointer<Float>, count: Int, normalization: BlockNormalization,
    _ output: UnsafeMutablePointer<Float>
  ) {
    forEachLane { lane in
      let m = load(normalization.mean + lane)
      let f = load(normalization.factor + lane)
      let a = load(normalization.meanGradient + lane)
      let b = load(normalization.minusGradientSlope + lane)
      var from = x + lane
      var g = upstream + lane
      var to = output + lane
      var pixel = 0
      while pixel < count {
        store(multiplyAdd(load(g) - a, load(from) - m, b) * f, to)
        from += rowFloats
        g += rowFloats
        to += rowFloats
        pixel &+= 1
      }
    }
  }

  public static func addBlockBias(
    _ x: UnsafePointer<Float>, count: Int, bias: UnsafePointer<Float>?, _ output: UnsafeMutablePointer<Float>,
    streams: Bool
  ) {
    forEachLane { lane in
      let o = bias.map { load($0 + lane) } ?? Vector.zero
      var from = x + lane
      var to = output + lane
      var pixel = 0
      while pixel < count {
        let y = load(from) + o
        if streams { stream(y, to) } else { store(y, to) }
        from += rowFloats
        to += rowFloats
        pixel &+= 1
      }
    }
  }

  public static func finishBlockRow(
    _ x: UnsafePointer<Float>, count: Int, bias: UnsafePointer<Float>, pivot: UnsafePointer<Float>,
    sums: UnsafeMutablePointer<Float>, _ output: UnsafeMutablePointer<Float>, streams: Bool
  ) {
    addMoments(x, count: count, bias: bias, pivot: pivot, sums: sums) { y, place in
      if streams { stream(y, output + place) } else { store(y, output + place) }
    }
  }

  public static func momentsBlockRow(
    _ x: UnsafePointer<Float>, count: Int, bias: UnsafePointer<Float>, pivot: UnsafePointer<Float>,
    sums: UnsafeMutablePointer<Float>
  ) {
    addMoments(x, count: count, bias: bias, pivot: pivot, sums: sums) { _, _ in }
  }

  /// `write(x + bias, place)` of every vector, and its moments around the pivot.
  @inline(__always)
  private static func addMoments(
    _ x: UnsafePointer<Float>, count: Int, bias: UnsafePointer<Float>, pivot: UnsafePointer<Float>,
    sums: UnsafeMutablePointer<Float>, _ write: (Vector, Int) -> Void
  ) {
    forEachLane { lane in
      let o = load(bias + lane)
      let p = load(pivot + lane)
      var sum = load(sums + lane)
      var squares = load(sums + (rowFloats &+ lane))
      var place = lane
      let end = count &* rowFloats
      while place < end {
        let y = load(x + place) + o
        write(y, place)
        let d = y - p
        sum += d
        squares = multiplyAdd(squares, d, d)
        place &+= rowFloats
      }
      store(sum, sums + lane)
      store(squares, sums + (rowFloats &+ lane))
    }
  }

  public static func finishGradientBlockRow(
    _ upstream: UnsafePointer<Float>, x: UnsafePointer<Float>, count: Int, normalization: BlockNormalization,
    sums: UnsafeMutablePointer<Float>, _ output: UnsafeMutablePointer<Float>
  ) {
    let s = Vector(repeating: normalization.slope)
    forEachLane { lane in
      let m = load(normalization.mean + lane)
      let f = load(normalization.factor + lane)
      let o = load(normalization.offset + lane)
      var sum = load(sums + lane)
      var products = load(sums + (rowFloats &+ lane))
      var g = upstream + lane
      var from = x + lane
      var to = output + lane
      var pixel = 0
      while pixel < count {
        let d = load(from) - m
        let gradient = leakyGradient(multiplyAdd(o, d, f), upstream: load(g), slope: s)
        store(gradient, to)
        sum += gradient
        products = multiplyAdd(products, gradient, d)
        g += rowFloats
        from += rowFloats
        to += rowFloats
        pixel &+= 1
      }
      store(sum, sums + lane)
      store(products, sums + (rowFloats &+ lane))
    }
  }
}

/// z where it is above 0 and slope z elsewhere.
@inline(__always)
func leaky(_ z: Vector, slope: Vector) -> Vector { choice(z, z, z * slope) }

/// The gradient of ``leaky(_:slope:)``.
@inline(__always)
func leakyGradient(_ z: Vector, upstream: Vector, slope: Vector) -> Vector {
  choice(z, upstream, upstream * slope)
}

/// Writes past the caches where a vector is a whole line of them.
@inline(__always)
func stream(_ x: Vector, _ output: UnsafeMutablePointer<Float>) {
  #if KERNELS_AVX512
    perceptual_stream(x, output)
  #else
    store(x, output)
  #endif
}
