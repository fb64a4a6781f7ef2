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

/// Four complex numbers, or the transform of four.
private typealias Four = (Complex, Complex, Complex, Complex)

@inline(__always)
private func transformed(_ z: Four) -> Four {
  let (sum, difference) = (z.0 + z.2, z.0 - z.2)
  let (otherSum, otherDifference) = (z.1 + z.3, (z.1 - z.3).turned)
  return (sum + otherSum, difference + otherDifference, sum - otherSum, difference - otherDifference)
}

extension Kernels {
  public static func fourierPasses(_ z: UnsafeMutablePointer<Float>, length: Int, twiddles: UnsafePointer<Float>) {
    if length == 4 {
      passOfFour(z, length: 4, twiddles: twiddles)
    } else if length == 8 {
      passOfEight(z, length: 8, twiddles: twiddles, isLast: true)
    } else {
      let radix = length == 16 ? 4 : 8
      if radix == 4 {
        passOfFour(z, length: length, twiddles: twiddles)
      } else {
        passOfEight(z, length: length, twiddles: twiddles, isLast: false)
      }
      // Each part by itself: the first pass streams, the others stay in the nearest cache.
      let part = length / radix
      let next = twiddles + 2 &* part &* (radix &- 1)
      var r = 0
      while r < radix {
        fourierPasses(z + r &* part &* 2 &* Vector.scalarCount, length: part, twiddles: next)
        r &+= 1
      }
    }
  }

  @inline(__always)
  private static func passOfFour(
    _ z: UnsafeMutablePointer<Float>, length: Int, twiddles: UnsafePointer<Float>
  ) {
    let step = length / 4 &* 2 &* Vector.scalarCount
    var place = z
    var t = twiddles
    let end = z + step
    while place < end {
      let y = transformed((
        Complex(at: place), Complex(at: place + step), Complex(at: place + 2 &* step), Complex(at: place + 3 &* step)
      ))
      y.0.write(to: place)
      y.1.times(t[0], t[1]).write(to: place + step)
      y.2.times(t[2], t[3]).write(to: place + 2 &* step)
      y.3.times(t[4], t[5]).write(to: place + 3 &* step)
      t += 6
      place += 2 &* Vector.scalarCount
    }
  }

  @inline(__always)
  private static func passOfEight(
    _ z: UnsafeMutablePointer<Float>, length: Int, twiddles: UnsafePointer<Float>, isLast: Bool
  ) {
    let step = length / 8 &* 2 &* Vector.scalarCount
    let half = Vector(repeating: 0.70710678118654752)
    var place = z
    var t = twiddles
    let end = z + step
    while place < end {
      let (z0, z4) = (Complex(at: place), Complex(at: place + 4 &* step))
      let (z1, z5) = (Complex(at: place + step), Complex(at: place + 5 &* step))
      let (z2, z6) = (Complex(at: place + 2 &* step), Complex(at: place + 6 &* step))
      let (z3, z7) = (Complex(at: place + 3 &* step), Complex(at: place + 7 &* step))
      let even = transformed((z0 + z4, z1 + z5, z2 + z6, z3 + z7))
      // The differences times the powers of exp(-i pi / 4).
      let d1 = z1 - z5
      let d3 = z3 - z7
      let odd = transformed((
        z0 - z4, Complex((d1.real + d1.imaginary) * half, (d1.imaginary - d1.real) * half), (z2 - z6).turned,
        Complex((d3.imaginary - d3.real) * half, (d3.real + d3.imaginary) * -half)
      ))
      even.0.write(to: place)
      if isLast {
        odd.0.write(to: place + step)
        even.1.write(to: place + 2 &* step)
        odd.1.write(to: place + 3 &* step)
        even.2.write(to: place + 4 &* step)
        odd.2.write(to: place + 5 &* step)
        even.3.write(to: place + 6 &* step)
        odd.3.write(to: place + 7 &* step)
      } else {
        odd.0.times(t[0], t[1]).write(to: place + step)
        even.1.times(t[2], t[3]).write(to: place + 2 &* step)
        odd.1.times(t[4], t[5]).write(to: place + 3 &* step)
        even.2.times(t[6], t[7]).write(to: place + 4 &* step)
        odd.2.times(t[8], t[9]).write(to: place + 5 &* step)
        even.3.times(t[10], t[11]).write(to: place + 6 &* step)
        odd.3.times(t[12], t[13]).write(to: place + 7 &* step)
      }
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
  /// k] and F = -i exp(-i pi k / length) B: X[k] = (A + F) / 2 and X[length - k] = conj(A - F) / 2, both written at a time.
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

  public static func packSpectrum(
    _ spectrum: UnsafePointer<Float>, twiddles: UnsafePointer<Float>, _ z: UnsafeMutablePointer<Float>, length: Int
  ) {
    pack(twiddles: twiddles, z, length: length) { k in Complex(at: spectrum + 2 &* k &* Vector.scalarCount) }
  }

  /// With X what `read` gives, A = X[k] + conj X[length - k], B = X[k] - conj X[length - k] and D = i exp(i pi k / length)
  /// B: A + D at k and conj(A - D) at length - k.
  @inline(__always)
  static func pack(
    twiddles: UnsafePointer<Float>, _ z: UnsafeMutablePointer<Float>, length: Int, _ read: (Int) -> Complex
  ) {
    let width = Vector.scalarCount
    let (first, last) = (read(0).real, read(length).real)
    Complex(first - last, first + last).write(to: z)
    var k = 1
    while 2 &* k <= length {
      let low = read(k)
      let high = read(length &- k).conjugate
      let sum = low + high
      let turned = (low - high).times(twiddles[2 &* k], twiddles[2 &* k &+ 1]).turned
      // turned is -D; real and imaginary parts change places.
      Complex(sum.imaginary - turned.imaginary, sum.real - turned.real).write(to: z + 2 &* k &* width)
      Complex(-(sum.imaginary + turned.imaginary), sum.real + turned.real)
        .write(to: z + 2 &* (length &- k) &* width)
      k &+= 1
    }
  }
}
