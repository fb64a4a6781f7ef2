import PerceptualCInstructionSet

#if KERNELS_AVX512 || KERNELS_AVX2
  /// Columns l, l + 4, and so on, of four rows, l = 0 ... 3, in 128 bits each.
  @inline(__always)
  private func quarters(_ a: Vector, _ b: Vector, _ c: Vector, _ d: Vector) -> (Vector, Vector, Vector, Vector) {
    let (low0, high0) = (perceptual_single_low(a, b), perceptual_single_high(a, b))
    let (low1, high1) = (perceptual_single_low(c, d), perceptual_single_high(c, d))
    return (
      perceptual_pair_low(low0, low1), perceptual_pair_high(low0, low1), perceptual_pair_low(high0, high1),
      perceptual_pair_high(high0, high1)
    )
  }
#endif

/// As many vectors as a vector has lanes: the rows of a square.
#if KERNELS_AVX512
  typealias Square = (
    Vector, Vector, Vector, Vector, Vector, Vector, Vector, Vector,
    Vector, Vector, Vector, Vector, Vector, Vector, Vector, Vector
  )

  /// The quarters of four vectors turned round.
  @inline(__always)
  private func quartersTurned(_ a: Vector, _ b: Vector, _ c: Vector, _ d: Vector) -> (Vector, Vector, Vector, Vector) {
    let (even0, odd0) = (perceptual_even(a, b), perceptual_odd(a, b))
    let (even1, odd1) = (perceptual_even(c, d), perceptual_odd(c, d))
    return (
      perceptual_even(even0, even1), perceptual_even(odd0, odd1), perceptual_odd(even0, even1),
      perceptual_odd(odd0, odd1)
    )
  }

  /// Lane l of row n becomes lane n of row l.
  @inline(__always)
  func transposed(_ s: Square) -> Square {
    let p = quarters(s.0, s.1, s.2, s.3)
    let q = quarters(s.4, s.5, s.6, s.7)
    let r = quarters(s.8, s.9, s.10, s.11)
    let t = quarters(s.12, s.13, s.14, s.15)
    let c0 = quartersTurned(p.0, q.0, r.0, t.0)
    let c1 = quartersTurned(p.1, q.1, r.1, t.1)
    let c2 = quartersTurned(p.2, q.2, r.2, t.2)
    let c3 = quartersTurned(p.3, q.3, r.3, t.3)
    return (
      c0.0, c1.0, c2.0, c3.0, c0.1, c1.1, c2.1, c3.1,
      c0.2, c1.2, c2.2, c3.2, c0.3, c1.3, c2.3, c3.3
    )
  }

  /// The square whose row n is row(n).
  @inline(__always)
  func square(_ row: (Int) -> Vector) -> Square {
    (
      row(0), row(1), row(2), row(3), row(4), row(5), row(6), row(7),
      row(8), row(9), row(10), row(11), row(12), row(13), row(14), row(15)
    )
  }

  @inline(__always)
  func forEachRow(_ s: Square, _ body: (Int, Vector) -> Void) {
    body(0, s.0)
    body(1, s.1)
    body(2, s.2)
    body(3, s.3)
    body(4, s.4)
    body(5, s.5)
    body(6, s.6)
    body(7, s.7)
    body(8, s.8)
    body(9, s.9)
    body(10, s.10)
    body(11, s.11)
    body(12, s.12)
    body(13, s.13)
    body(14, s.14)
    body(15, s.15)
  }
#elseif KERNELS_AVX2
  typealias Square = (Vector, Vector, Vector, Vector, Vector, Vector, Vector, Vector)

  /// Lane l of row n becomes lane n of row l.
  @inline(__always)
  func transposed(_ s: Square) -> Square {
    let p = quarters(s.0, s.1, s.2, s.3)
    let q = quarters(s.4, s.5, s.6, s.7)
    return (
      perceptual_even(p.0, q.0), perceptual_even(p.1, q.1), perceptual_even(p.2, q.2), perceptual_even(p.3, q.3),
      perceptual_odd(p.0, q.0), perceptual_odd(p.1, q.1), perceptual_odd(p.2, q.2), perceptual_odd(p.3, q.3)
    )
  }

  /// The square whose row n is row(n).
  @inline(__always)
  func square(_ row: (Int) -> Vector) -> Square {
    (row(0), row(1), row(2), row(3), row(4), row(5), row(6), row(7))
  }

  @inline(__always)
  func forEachRow(_ s: Square, _ body: (Int, Vector) -> Void) {
    body(0, s.0)
    body(1, s.1)
    body(2, s.2)
    body(3, s.3)
    body(4, s.4)
    body(5, s.5)
    body(6, s.6)
    body(7, s.7)
  }
#else
  typealias Square = (Vector, Vector, Vector, Vector)

  /// The rows with their lanes dealt out like cards: log2(width) times is a transposition.
  @inline(__always)
  private func dealt(_ r: Square) -> Square {
    let p0 = interleaved(r.0, r.2)
    let p1 = interleaved(r.1, r.3)
    return (p0.low, p0.high, p1.low, p1.high)
  }

  /// Lane l of row n becomes lane n of row l.
  @inline(__always)
  func transposed(_ square: Square) -> Square { dealt(dealt(square)) }

  /// The square whose row n is row(n).
  @inline(__always)
  func square(_ row: (Int) -> Vector) -> Square {
    (row(0), row(1), row(2), row(3))
  }

  @inline(__always)
  func forEachRow(_ s: Square, _ body: (Int, Vector) -> Void) {
    body(0, s.0)
    body(1, s.1)
    body(2, s.2)
    body(3, s.3)
  }
#endif

/// A vector from each of the addresses x + stride min(l, last), l counting rows.
@inline(__always)
func loadSquare(_ x: UnsafePointer<Float>, stride: Int, last: Int) -> Square {
  square { load(x + min($0, last) &* stride) }
}
