import PerceptualCInstructionSet

// These hide the library's operators inside this module: the same sums and products, but of whole vectors, where the
// library's are loops over lanes that the optimiser does not always put together again.
extension Vector {
  @inline(__always)
  static func + (a: Vector, b: Vector) -> Vector {
    #if KERNELS_AVX512
      perceptual_sum16(a, b)
    #elseif KERNELS_AVX2
      perceptual_sum8(a, b)
    #else
      perceptual_sum4(a, b)
    #endif
  }

  @inline(__always)
  static func - (a: Vector, b: Vector) -> Vector {
    #if KERNELS_AVX512
      perceptual_difference16(a, b)
    #elseif KERNELS_AVX2
      perceptual_difference8(a, b)
    #else
      perceptual_difference4(a, b)
    #endif
  }

  @inline(__always)
  static func * (a: Vector, b: Vector) -> Vector {
    #if KERNELS_AVX512
      perceptual_product16(a, b)
    #elseif KERNELS_AVX2
      perceptual_product8(a, b)
    #else
      perceptual_product4(a, b)
    #endif
  }

  @inline(__always)
  static func / (a: Vector, b: Vector) -> Vector {
    #if KERNELS_AVX512
      perceptual_quotient16(a, b)
    #elseif KERNELS_AVX2
      perceptual_quotient8(a, b)
    #else
      perceptual_quotient4(a, b)
    #endif
  }

  /// The library's is 0 - a, which no fused product takes in.
  @inline(__always)
  static prefix func - (a: Vector) -> Vector {
    #if KERNELS_AVX512
      perceptual_negative16(a)
    #elseif KERNELS_AVX2
      perceptual_negative8(a)
    #else
      perceptual_negative4(a)
    #endif
  }

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
func isAnyNegative(_ x: Vector) -> Bool {
  #if KERNELS_AVX512
    perceptual_isAnyNegative16(x) != 0
  #elseif KERNELS_AVX2
    perceptual_isAnyNegative8(x) != 0
  #else
    perceptual_isAnyNegative4(x) != 0
  #endif
}

/// The magnitude of each lane.
@inline(__always)
func magnitude(_ x: Vector) -> Vector {
  #if KERNELS_AVX512
    perceptual_magnitude16(x)
  #elseif KERNELS_AVX2
    perceptual_magnitude8(x)
  #else
    perceptual_magnitude4(x)
  #endif
}

/// 0 where a lane is negative. NaN stays NaN.
@inline(__always)
func notNegative(_ x: Vector) -> Vector {
  #if KERNELS_AVX512
    perceptual_notNegative16(x)
  #elseif KERNELS_AVX2
    perceptual_notNegative8(x)
  #else
    perceptual_notNegative4(x)
  #endif
}

/// `x` where `condition` is above 0, and 0 elsewhere.
@inline(__always)
func wherePositive(_ x: Vector, _ condition: Vector) -> Vector {
  #if KERNELS_AVX512
    perceptual_wherePositive16(x, condition)
  #elseif KERNELS_AVX2
    perceptual_wherePositive8(x, condition)
  #else
    perceptual_wherePositive4(x, condition)
  #endif
}

/// `x` with 0 in the lanes from `count` on.
@inline(__always)
func firstLanes(_ x: Vector, _ count: Int) -> Vector {
  let lanes = Int32(truncatingIfNeeded: min(count, Vector.scalarCount))
  #if KERNELS_AVX512
    return perceptual_firstLanes16(x, lanes)
  #elseif KERNELS_AVX2
    return perceptual_firstLanes8(x, lanes)
  #else
    return perceptual_firstLanes4(x, lanes)
  #endif
}

/// The lesser of each pair of lanes, b's where either is NaN.
@inline(__always)
func lesser(_ a: Vector, _ b: Vector) -> Vector {
  #if KERNELS_AVX512
    perceptual_lesser16(a, b)
  #elseif KERNELS_AVX2
    perceptual_lesser8(a, b)
  #else
    perceptual_lesser4(a, b)
  #endif
}

/// `x` with its sign turned in the lanes where `s` is negative.
@inline(__always)
func turned(_ x: Vector, bySignOf s: Vector) -> Vector {
  #if KERNELS_AVX512
    perceptual_turned16(x, s)
  #elseif KERNELS_AVX2
    perceptual_turned8(x, s)
  #else
    perceptual_turned4(x, s)
  #endif
}

/// `x` times the sign of `s`, 0 where that is 0.
@inline(__always)
func signed(_ x: Vector, bySignOf s: Vector) -> Vector {
  #if KERNELS_AVX512
    perceptual_signed16(x, s)
  #elseif KERNELS_AVX2
    perceptual_signed8(x, s)
  #else
    perceptual_signed4(x, s)
  #endif
}

/// The sum of all lanes in Double, by halves.
@inline(__always)
func total(_ x: Vector) -> Double {
  #if KERNELS_AVX512
    perceptual_total16(x)
  #elseif KERNELS_AVX2
    perceptual_total8(x)
  #else
    perceptual_total4(x)
  #endif
}

/// `a` where `condition` is above 0, and else `b`.
@inline(__always)
func choice(_ condition: Vector, _ a: Vector, _ b: Vector) -> Vector {
  #if KERNELS_AVX512
    perceptual_choice16(condition, a, b)
  #elseif KERNELS_AVX2
    perceptual_choice8(condition, a, b)
  #else
    perceptual_choice4(condition, a, b)
  #endif
}
