#if KERNELS_AVX512
  typealias PairVector = SIMD32<Float>
#elseif KERNELS_AVX2
  typealias PairVector = SIMD16<Float>
#else
  typealias PairVector = SIMD8<Float>
#endif

/// The even and the odd elements of two vectors that follow one another in memory.
@inline(__always)
func separated(_ first: Vector, _ second: Vector) -> (even: Vector, odd: Vector) {
  let both = PairVector(lowHalf: first, highHalf: second)
  return (both.evenHalf, both.oddHalf)
}

/// The two vectors whose even and odd elements are given.
@inline(__always)
func joined(_ even: Vector, _ odd: Vector) -> (first: Vector, second: Vector) {
  var both = PairVector()
  both.evenHalf = even
  both.oddHalf = odd
  return (both.lowHalf, both.highHalf)
}

/// The sum of the lanes in Double, pairwise from the ends.
@inline(__always)
func laneSum(_ vector: Vector) -> Double {
  var sum = 0.0
  var lane = 0
  while lane < Vector.scalarCount {
    sum += Double(vector[lane])
    lane &+= 1
  }
  return sum
}
