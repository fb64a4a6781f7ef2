/// Complex numbers of all lanes.
struct Complex {
  var real: Vector
  var imaginary: Vector

  @inline(__always)
  init(_ real: Vector, _ imaginary: Vector) {
    self.real = real
    self.imaginary = imaginary
  }

  @inline(__always)
  init(at pointer: UnsafePointer<Float>) {
    self.init(load(pointer), load(pointer + Vector.scalarCount))
  }

  @inline(__always)
  func write(to pointer: UnsafeMutablePointer<Float>) {
    store(real, pointer)
    store(imaginary, pointer + Vector.scalarCount)
  }

  /// |z|^2.
  var square: Vector {
    @inline(__always) get { multiplyAdd(real * real, imaginary, imaginary) }
  }

  var conjugate: Complex {
    @inline(__always) get { Complex(real, -imaginary) }
  }

  /// -i z.
  var turned: Complex {
    @inline(__always) get { Complex(imaginary, -real) }
  }

  /// (c + i s) z.
  @inline(__always)
  func times(_ c: Float, _ s: Float) -> Complex {
    let (c, s) = (Vector(repeating: c), Vector(repeating: s))
    return Complex(multiplyAdd(real * c, -imaginary, s), multiplyAdd(imaginary * c, real, s))
  }

  @inline(__always)
  func times(_ z: Complex) -> Complex {
    Complex(
      multiplyAdd(real * z.real, -imaginary, z.imaginary), multiplyAdd(real * z.imaginary, imaginary, z.real))
  }

  /// conj(self) z.
  @inline(__always)
  func conjugateTimes(_ z: Complex) -> Complex {
    Complex(
      multiplyAdd(real * z.real, imaginary, z.imaginary), multiplyAdd(real * z.imaginary, -imaginary, z.real))
  }

  @inline(__always)
  static func + (a: Complex, b: Complex) -> Complex { Complex(a.real + b.real, a.imaginary + b.imaginary) }

  @inline(__always)
  static func - (a: Complex, b: Complex) -> Complex { Complex(a.real - b.real, a.imaginary - b.imaginary) }
}

/// Complex numbers, or their transform.
typealias FourComplex = (Complex, Complex, Complex, Complex)
typealias EightComplex = (Complex, Complex, Complex, Complex, Complex, Complex, Complex, Complex)

@inline(__always)
func transformed(_ z: FourComplex) -> FourComplex {
  let (sum, difference) = (z.0 + z.2, z.0 - z.2)
  let (otherSum, otherDifference) = (z.1 + z.3, (z.1 - z.3).turned)
  return (sum + otherSum, difference + otherDifference, sum - otherSum, difference - otherDifference)
}

@inline(__always)
func transformed(_ z: EightComplex) -> EightComplex {
  let half = Vector(repeating: 0.70710678118654752)
  let even = transformed((z.0 + z.4, z.1 + z.5, z.2 + z.6, z.3 + z.7))
  // The differences times the powers of exp(-i pi / 4).
  let d1 = z.1 - z.5
  let d3 = z.3 - z.7
  let odd = transformed(
    (
      z.0 - z.4, Complex((d1.real + d1.imaginary) * half, (d1.imaginary - d1.real) * half), (z.2 - z.6).turned,
      Complex((d3.imaginary - d3.real) * half, (d3.real + d3.imaginary) * -half)
    ))
  return (even.0, odd.0, even.1, odd.1, even.2, odd.2, even.3, odd.3)
}

/// The numbers after the first times one twiddle factor each.
@inline(__always)
func twiddled(_ z: FourComplex, by t: UnsafePointer<Float>) -> FourComplex {
  (z.0, z.1.times(t[0], t[1]), z.2.times(t[2], t[3]), z.3.times(t[4], t[5]))
}

@inline(__always)
func twiddled(_ z: EightComplex, by t: UnsafePointer<Float>) -> EightComplex {
  (
    z.0, z.1.times(t[0], t[1]), z.2.times(t[2], t[3]), z.3.times(t[4], t[5]), z.4.times(t[6], t[7]),
    z.5.times(t[8], t[9]), z.6.times(t[10], t[11]), z.7.times(t[12], t[13])
  )
}

/// Numbers `step` floats apart.
@inline(__always)
func four(at z: UnsafePointer<Float>, step: Int) -> FourComplex {
  (Complex(at: z), Complex(at: z + step), Complex(at: z + 2 &* step), Complex(at: z + 3 &* step))
}

@inline(__always)
func eight(at z: UnsafePointer<Float>, step: Int) -> EightComplex {
  (
    Complex(at: z), Complex(at: z + step), Complex(at: z + 2 &* step), Complex(at: z + 3 &* step),
    Complex(at: z + 4 &* step), Complex(at: z + 5 &* step), Complex(at: z + 6 &* step), Complex(at: z + 7 &* step)
  )
}

@inline(__always)
func write(_ y: FourComplex, to z: UnsafeMutablePointer<Float>, step: Int) {
  y.0.write(to: z)
  y.1.write(to: z + step)
  y.2.write(to: z + 2 &* step)
  y.3.write(to: z + 3 &* step)
}

@inline(__always)
func write(_ y: EightComplex, to z: UnsafeMutablePointer<Float>, step: Int) {
  y.0.write(to: z)
  y.1.write(to: z + step)
  y.2.write(to: z + 2 &* step)
  y.3.write(to: z + 3 &* step)
  y.4.write(to: z + 4 &* step)
  y.5.write(to: z + 5 &* step)
  y.6.write(to: z + 6 &* step)
  y.7.write(to: z + 7 &* step)
}

extension Kernels {
  public static func fourierPasses(_ z: UnsafeMutablePointer<Float>, length: Int, twiddles: UnsafePointer<Float>) {
    if length <= 8 { return shortTransforms(z, length: length, count: 1) }
    let radix = length == 16 ? 4 : 8
    if radix == 4 {
      passOfFour(z, length: length, twiddles: twiddles, isTransposed: false)
    } else {
      passOfEight(z, length: length, twiddles: twiddles, isTransposed: false)
    }
    let part = length / radix
    if part <= 8 { return shortTransforms(z, length: part, count: radix) }
    // Each part by itself: the first pass streams, the others stay in the nearest cache.
    let next = twiddles + 2 &* part &* (radix &- 1)
    var r = 0
    while r < radix {
      fourierPasses(z + r &* part &* 2 &* Vector.scalarCount, length: part, twiddles: next)
      r &+= 1
    }
  }

  public static func transposedFourierPasses(
    _ z: UnsafeMutablePointer<Float>, length: Int, twiddles: UnsafePointer<Float>
  ) {
    if length <= 8 { return shortTransforms(z, length: length, count: 1) }
    let radix = length == 16 ? 4 : 8
    let part = length / radix
    if part <= 8 {
      shortTransforms(z, length: part, count: radix)
    } else {
      let next = twiddles + 2 &* part &* (radix &- 1)
      var r = 0
      while r < radix {
        transposedFourierPasses(z + r &* part &* 2 &* Vector.scalarCount, length: part, twiddles: next)
        r &+= 1
      }
    }
    if radix == 4 {
      passOfFour(z, length: length, twiddles: twiddles, isTransposed: true)
    } else {
      passOfEight(z, length: length, twiddles: twiddles, isTransposed: true)
    }
  }

  /// `count` transforms of 4 or 8 numbers, one after the other: passes without twiddle factors, their own transposes.
  @inline(__always)
  private static func shortTransforms(_ z: UnsafeMutablePointer<Float>, length: Int, count: Int) {
    let step = 2 &* Vector.scalarCount
    var place = z
    let end = z + count &* length &* step
    if length == 4 {
      while place < end {
        write(transformed(four(at: place, step: step)), to: place, step: step)
        place += 4 &* step
      }
    } else {
      while place < end {
        write(transformed(eight(at: place, step: step)), to: place, step: step)
        place += 8 &* step
      }
    }
  }

  public static func fourierPassOfEight(
    _ z: UnsafeMutablePointer<Float>, length: Int, twiddles: UnsafePointer<Float>
  ) {
    passOfEight(z, length: length, twiddles: twiddles, isTransposed: false)
  }

  public static func transposedFourierPassOfEight(
    _ z: UnsafeMutablePointer<Float>, length: Int, twiddles: UnsafePointer<Float>
  ) {
    passOfEight(z, length: length, twiddles: twiddles, isTransposed: true)
  }

  /// One pass, or its transpose: the factors come in before the sums instead of after them.
  @inline(__always)
  private static func passOfFour(
    _ z: UnsafeMutablePointer<Float>, length: Int, twiddles: UnsafePointer<Float>, isTransposed: Bool
  ) {
    let step = length / 4 &* 2 &* Vector.scalarCount
    var place = z
    var t = twiddles
    let end = z + step
    while place < end {
      let x = four(at: place, step: step)
      write(isTransposed ? transformed(twiddled(x, by: t)) : twiddled(transformed(x), by: t), to: place, step: step)
      t += 6
      place += 2 &* Vector.scalarCount
    }
  }

  @inline(__always)
  private static func passOfEight(
    _ z: UnsafeMutablePointer<Float>, length: Int, twiddles: UnsafePointer<Float>, isTransposed: Bool
  ) {
    let step = length / 8 &* 2 &* Vector.scalarCount
    var place = z
    var t = twiddles
    let end = z + step
    while place < end {
      let x = eight(at: place, step: step)
      write(isTransposed ? transformed(twiddled(x, by: t)) : twiddled(transformed(x), by: t), to: place, step: step)
      t += 14
      place += 2 &* Vector.scalarCount
    }
  }

  public static func unpackSpectrum(
    _ z: UnsafePointer<Float>, rows: UnsafePointer<Int>, twiddles: UnsafePointer<Float>,
    _ spectrum: UnsafeMutablePointer<Float>, length: Int
  ) {
    unpack(z, rows: rows, twiddles: twiddles, length: length) { k, bin, l, other in
      bin.write(to: spectrum + 2 &* k &* Vector.scalarCount)
      other.write(to: spectrum + 2 &* l &* Vector.scalarCount)
    }
  }

  public static func unpackModuli(
    _ z: UnsafePointer<Float>, rows: UnsafePointer<Int>, twiddles: UnsafePointer<Float>, squared: Bool,
    _ moduli: UnsafeMutablePointer<Float>, length: Int
  ) {
    unpack(z, rows: rows, twiddles: twiddles, length: length) { k, bin, l, other in
      store(squared ? bin.square : squareRoots(bin.square), moduli + k &* Vector.scalarCount)
      store(squared ? other.square : squareRoots(other.square), moduli + l &* Vector.scalarCount)
    }
  }

  /// With Z the transform of the pairs x[2 n] + i x[2 n + 1], A = Z[k] + conj Z[length - k], B = Z[k] - conj Z[length -
  /// k] and F = -i exp(-i pi k / length) B: X[k] = (A + F) / 2 and X[length - k] = conj(A - F) / 2, both written at a
  /// time.
  @inline(__always)
  static func unpack(
    _ z: UnsafePointer<Float>, rows: UnsafePointer<Int>, twiddles: UnsafePointer<Float>, length: Int,
    _ write: (Int, Complex, Int, Complex) -> Void
  ) {
    let width = Vector.scalarCount
    let first = Complex(at: z + rows[0] &* 2 &* width)
    write(
      0, Complex(first.real + first.imaginary, .zero), length, Complex(first.real - first.imaginary, .zero))
    let half = Vector(repeating: 0.5)
    var k = 1
    while 2 &* k <= length {
      let low = Complex(at: z + rows[k] &* 2 &* width)
      let high = Complex(at: z + rows[length &- k] &* 2 &* width).conjugate
      let sum = low + high
      let difference = low - high
      let turned = difference.times(twiddles[2 &* k], -twiddles[2 &* k &+ 1]).turned
      let (x, mirrored) = (sum + turned, sum - turned)
      write(
        k, Complex(x.real * half, x.imaginary * half), length &- k,
        Complex(mirrored.real * half, mirrored.imaginary * -half))
      k &+= 1
    }
  }

  /// With X the spectrum, A = X[k] + conj X[length - k], B = X[k] - conj X[length - k] and D = i exp(i pi k / length)
  /// B: A + D at k and conj(A - D) at length - k.
  public static func packSpectrum(
    _ spectrum: UnsafePointer<Float>, twiddles: UnsafePointer<Float>, _ z: UnsafeMutablePointer<Float>, length: Int
  ) {
    let pitch = 2 &* Vector.scalarCount
    let (first, last) = (Complex(at: spectrum).real, Complex(at: spectrum + length &* pitch).real)
    Complex(first - last, first + last).write(to: z)
    var k = 1
    while 2 &* k <= length {
      let low = Complex(at: spectrum + k &* pitch)
      let high = Complex(at: spectrum + (length &- k) &* pitch).conjugate
      let sum = low + high
      let turned = (low - high).times(twiddles[2 &* k], twiddles[2 &* k &+ 1]).turned
      // turned is -D; real and imaginary parts change places.
      Complex(sum.imaginary - turned.imaginary, sum.real - turned.real).write(to: z + k &* pitch)
      Complex(-(sum.imaginary + turned.imaginary), sum.real + turned.real).write(to: z + (length &- k) &* pitch)
      k &+= 1
    }
  }
}
