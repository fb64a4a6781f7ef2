extension Kernels {
  public static func multiplyElements(
    _ a: UnsafePointer<Float>, _ b: UnsafePointer<Float>, _ y: UnsafeMutablePointer<Float>, count: Int
  ) {
    forEachVector(count: count) { i in
      store(load(a + i) * load(b + i), y + i)
    } partial: { i, lanes in
      store(load(a + i, count: lanes) * load(b + i, count: lanes), y + i, count: lanes)
    }
  }

  public static func accumulate(_ x: UnsafePointer<Float>, _ y: UnsafeMutablePointer<Float>, count: Int) {
    forEachVector(count: count) { i in
      store(load(y + i) + load(x + i), y + i)
    } partial: { i, lanes in
      store(load(UnsafePointer(y) + i, count: lanes) + load(x + i, count: lanes), y + i, count: lanes)
    }
  }

  public static func moduli(
    _ x: UnsafePointer<Float>, squared: Bool, _ y: UnsafeMutablePointer<Float>, pairs: Int
  ) {
    forEachVector(count: pairs) { k in
      let z = loadPairs(x + 2 &* k)
      let square = multiplyAdd(z.real * z.real, z.imaginary, z.imaginary)
      store(squared ? square : square.squareRoot(), y + k)
    } partial: { _, _ in
    }
  }

  public static func scalePairs(
    _ x: UnsafePointer<Float>, by r: UnsafePointer<Float>, _ y: UnsafeMutablePointer<Float>, pairs: Int
  ) {
    forEachVector(count: pairs) { k in
      let z = loadPairs(x + 2 &* k)
      let factor = load(r + k)
      storePairs(z.real * factor, z.imaginary * factor, y + 2 &* k)
    } partial: { _, _ in
    }
  }

  public static func renewAngles(
    rebuilt: UnsafePointer<Float>, previous: UnsafePointer<Float>, share: Float, _ angle: UnsafeMutablePointer<Float>,
    moduli: UnsafeMutablePointer<Float>, pairs: Int
  ) {
    let minusShare = Vector(repeating: -share)
    forEachVector(count: pairs) { k in
      let new = loadPairs(rebuilt + 2 &* k)
      let old = loadPairs(previous + 2 &* k)
      let real = multiplyAdd(new.real, minusShare, old.real)
      let imaginary = multiplyAdd(new.imaginary, minusShare, old.imaginary)
      let modulus = multiplyAdd(real * real, imaginary, imaginary).squareRoot()
      store(modulus, moduli + k)
      let factor = 1 / (modulus + 1e-16)
      storePairs(real * factor, imaginary * factor, angle + 2 &* k)
    } partial: { _, _ in
    }
  }
}

/// As many complex numbers as a vector has lanes, real and imaginary parts apart.
@inline(__always)
func loadPairs(_ pointer: UnsafePointer<Float>) -> (real: Vector, imaginary: Vector) {
  let first = load(pointer)
  let second = load(pointer + Vector.scalarCount)
  return (
    Vector(lowHalf: first.evenHalf, highHalf: second.evenHalf),
    Vector(lowHalf: first.oddHalf, highHalf: second.oddHalf)
  )
}

/// The reverse of ``loadPairs(_:)``.
@inline(__always)
func storePairs(_ real: Vector, _ imaginary: Vector, _ pointer: UnsafeMutablePointer<Float>) {
  var first = Vector()
  first.evenHalf = real.lowHalf
  first.oddHalf = imaginary.lowHalf
  var second = Vector()
  second.evenHalf = real.highHalf
  second.oddHalf = imaginary.highHalf
  store(first, pointer)
  store(second, pointer + Vector.scalarCount)
}
