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

/// `vector` with 0 in the lanes from `count` on.
@inline(__always)
func firstLanes(_ vector: Vector, _ count: Int) -> Vector {
  if count >= Vector.scalarCount { return vector }
  var numbers = Vector()
  var lane = 0
  while lane < Vector.scalarCount {
    numbers[lane] = Float(lane)
    lane &+= 1
  }
  return Vector().replacing(with: vector, where: numbers .< Float(count))
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
