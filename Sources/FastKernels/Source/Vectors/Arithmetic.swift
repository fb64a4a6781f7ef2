import PerceptualCInstructionSet

// These hide the library's operators inside this module: the same sums and products, but of whole vectors, where the
// library's are loops over lanes that the optimiser does not always put together again.
extension Vector {
  @inline(__always) static func + (a: Vector, b: Vector) -> Vector { perceptual_sum(a, b) }
  @inline(__always) static func - (a: Vector, b: Vector) -> Vector { perceptual_difference(a, b) }
  @inline(__always) static func * (a: Vector, b: Vector) -> Vector { perceptual_product(a, b) }
  @inline(__always) static func / (a: Vector, b: Vector) -> Vector { perceptual_quotient(a, b) }

  /// The library's is 0 - a, which no fused product takes in.
  @inline(__always) static prefix func - (a: Vector) -> Vector { perceptual_negative(a) }

  @inline(__always) static func + (a: Vector, b: Float) -> Vector { a + Vector(repeating: b) }
  @inline(__always) static func - (a: Vector, b: Float) -> Vector { a - Vector(repeating: b) }
  @inline(__always) static func * (a: Vector, b: Float) -> Vector { a * Vector(repeating: b) }
  @inline(__always) static func / (a: Vector, b: Float) -> Vector { a / Vector(repeating: b) }
  @inline(__always) static func + (a: Float, b: Vector) -> Vector { Vector(repeating: a) + b }
  @inline(__always) static func - (a: Float, b: Vector) -> Vector { Vector(repeating: a) - b }
  @inline(__always) static func * (a: Float, b: Vector) -> Vector { Vector(repeating: a) * b }
  @inline(__always) static func / (a: Float, b: Vector) -> Vector { Vector(repeating: a) / b }
  @inline(__always) static func += (a: inout Vector, b: Vector) { a = a + b }
  @inline(__always) static func -= (a: inout Vector, b: Vector) { a = a - b }
  @inline(__always) static func *= (a: inout Vector, b: Vector) { a = a * b }
  @inline(__always) static func += (a: inout Vector, b: Float) { a = a + b }
  @inline(__always) static func *= (a: inout Vector, b: Float) { a = a * b }
}

/// 1 / x within a unit in the last place, for x of moderate size.
@inline(__always)
func reciprocal(_ x: Vector) -> Vector {
  #if KERNELS_AVX512
    perceptual_reciprocal16(x)
  #else
    1 / x
  #endif
}

/// Whether the sign of any lane is negative.
@inline(__always)
func isAnyNegative(_ x: Vector) -> Bool { perceptual_isAnyNegative(x) != 0 }

/// The magnitude of each lane.
@inline(__always)
func magnitude(_ x: Vector) -> Vector { perceptual_magnitude(x) }

/// 0 where a lane is negative. NaN stays NaN.
@inline(__always)
func notNegative(_ x: Vector) -> Vector { perceptual_notNegative(x) }

/// `x` where `condition` is above 0, and 0 elsewhere.
@inline(__always)
func wherePositive(_ x: Vector, _ condition: Vector) -> Vector { perceptual_wherePositive(x, condition) }

/// `x` with 0 in the lanes from `count` on.
@inline(__always)
func firstLanes(_ x: Vector, _ count: Int) -> Vector {
  let lanes = Int32(truncatingIfNeeded: min(count, Vector.scalarCount))
  return perceptual_firstLanes(x, lanes)
}

/// The lesser of each pair of lanes, b's where either is NaN.
@inline(__always)
func lesser(_ a: Vector, _ b: Vector) -> Vector { perceptual_lesser(a, b) }

/// `x` with its sign turned in the lanes where `s` is negative.
@inline(__always)
func turned(_ x: Vector, bySignOf s: Vector) -> Vector { perceptual_turned(x, s) }

/// `x` times the sign of `s`, 0 where that is 0.
@inline(__always)
func signed(_ x: Vector, bySignOf s: Vector) -> Vector { perceptual_signed(x, s) }

/// The sum of all lanes in Double, by halves.
@inline(__always)
func total(_ x: Vector) -> Double { perceptual_total(x) }

/// `a` where `condition` is above 0, and else `b`.
@inline(__always)
func choice(_ condition: Vector, _ a: Vector, _ b: Vector) -> Vector { perceptual_choice(condition, a, b) }
