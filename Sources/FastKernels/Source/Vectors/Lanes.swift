/// The even and the odd elements of two vectors that follow one another in memory.
@inline(__always)
func separated(_ first: Vector, _ second: Vector) -> (even: Vector, odd: Vector) {
  let both = VectorPair(lowHalf: first, highHalf: second)
  return (both.evenHalf, both.oddHalf)
}

/// The two vectors whose even and odd elements are given.
@inline(__always)
func joined(_ even: Vector, _ odd: Vector) -> (first: Vector, second: Vector) {
  var both = VectorPair()
  both.evenHalf = even
  both.oddHalf = odd
  return (both.lowHalf, both.highHalf)
}

/// The sums of the lanes of as many rows as a vector has lanes, `pitch` floats apart.
///
/// Two rows become one of their halves' sums, interleaved, until one is left: three instructions for a row and level,
/// where adding up the lanes of each row by itself takes twenty.
@inline(__always)
func rowSums(_ x: UnsafePointer<Float>, pitch: Int) -> Vector {
  let half = Vector.scalarCount / 2
  @inline(__always)
  func joinedRows(_ a: Vector, _ b: Vector) -> Vector {
    let (low, high) = interleaved(a, b)
    return low + high
  }
  @inline(__always) func pair(_ i: Int) -> Vector { joinedRows(load(x + i &* pitch), load(x + (i &+ half) &* pitch)) }
  @inline(__always) func four(_ i: Int) -> Vector { joinedRows(pair(i), pair(i &+ half / 2)) }
  #if KERNELS_AVX512
    @inline(__always) func eight(_ i: Int) -> Vector { joinedRows(four(i), four(i &+ 2)) }
    return joinedRows(eight(0), eight(1))
  #elseif KERNELS_AVX2
    return joinedRows(four(0), four(1))
  #else
    return four(0)
  #endif
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
