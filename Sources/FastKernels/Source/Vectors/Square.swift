/// As many vectors as a vector has lanes: the rows of a square.
#if KERNELS_AVX512
  typealias Square = (
    Vector, Vector, Vector, Vector, Vector, Vector, Vector, Vector,
    Vector, Vector, Vector, Vector, Vector, Vector, Vector, Vector
  )

  /// The rows with their lanes dealt out like cards: log2(width) times is a transposition.
  @inline(__always)
  private func dealt(_ r: Square) -> Square {
    let p0 = interleaved(r.0, r.8)
    let p1 = interleaved(r.1, r.9)
    let p2 = interleaved(r.2, r.10)
    let p3 = interleaved(r.3, r.11)
    let p4 = interleaved(r.4, r.12)
    let p5 = interleaved(r.5, r.13)
    let p6 = interleaved(r.6, r.14)
    let p7 = interleaved(r.7, r.15)
    return (
      p0.low, p0.high, p1.low, p1.high, p2.low, p2.high, p3.low, p3.high,
      p4.low, p4.high, p5.low, p5.high, p6.low, p6.high, p7.low, p7.high
    )
  }

  /// Lane l of row n becomes lane n of row l.
  @inline(__always)
  func transposed(_ square: Square) -> Square { dealt(dealt(dealt(dealt(square)))) }

  /// A vector from each of the addresses x + stride min(l, last), l counting rows.
  @inline(__always)
  func loadSquare(_ x: UnsafePointer<Float>, stride: Int, last: Int) -> Square {
    func row(_ lane: Int) -> Vector { load(x + min(lane, last) &* stride) }
    return (
      row(0), row(1), row(2), row(3), row(4), row(5), row(6), row(7),
      row(8), row(9), row(10), row(11), row(12), row(13), row(14), row(15)
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
  typealias Square = (
    Vector, Vector, Vector, Vector, Vector, Vector, Vector, Vector
  )

  /// The rows with their lanes dealt out like cards: log2(width) times is a transposition.
  @inline(__always)
  private func dealt(_ r: Square) -> Square {
    let p0 = interleaved(r.0, r.4)
    let p1 = interleaved(r.1, r.5)
    let p2 = interleaved(r.2, r.6)
    let p3 = interleaved(r.3, r.7)
    return (
      p0.low, p0.high, p1.low, p1.high, p2.low, p2.high, p3.low, p3.high
    )
  }

  /// Lane l of row n becomes lane n of row l.
  @inline(__always)
  func transposed(_ square: Square) -> Square { dealt(dealt(dealt(square))) }

  /// A vector from each of the addresses x + stride min(l, last), l counting rows.
  @inline(__always)
  func loadSquare(_ x: UnsafePointer<Float>, stride: Int, last: Int) -> Square {
    func row(_ lane: Int) -> Vector { load(x + min(lane, last) &* stride) }
    return (
      row(0), row(1), row(2), row(3), row(4), row(5), row(6), row(7)
    )
  }

  /// The square whose row n is row(n).
  @inline(__always)
  func square(_ row: (Int) -> Vector) -> Square {
    (
      row(0), row(1), row(2), row(3), row(4), row(5), row(6), row(7)
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
  }
#else
  typealias Square = (
    Vector, Vector, Vector, Vector
  )

  /// The rows with their lanes dealt out like cards: log2(width) times is a transposition.
  @inline(__always)
  private func dealt(_ r: Square) -> Square {
    let p0 = interleaved(r.0, r.2)
    let p1 = interleaved(r.1, r.3)
    return (
      p0.low, p0.high, p1.low, p1.high
    )
  }

  /// Lane l of row n becomes lane n of row l.
  @inline(__always)
  func transposed(_ square: Square) -> Square { dealt(dealt(square)) }

  /// A vector from each of the addresses x + stride min(l, last), l counting rows.
  @inline(__always)
  func loadSquare(_ x: UnsafePointer<Float>, stride: Int, last: Int) -> Square {
    func row(_ lane: Int) -> Vector { load(x + min(lane, last) &* stride) }
    return (
      row(0), row(1), row(2), row(3)
    )
  }

  /// The square whose row n is row(n).
  @inline(__always)
  func square(_ row: (Int) -> Vector) -> Square {
    (
      row(0), row(1), row(2), row(3)
    )
  }

  @inline(__always)
  func forEachRow(_ s: Square, _ body: (Int, Vector) -> Void) {
    body(0, s.0)
    body(1, s.1)
    body(2, s.2)
    body(3, s.3)
  }
#endif
