import PerceptualCInstructionSet
import PerceptualKernels

#if KERNELS_AVX512
  typealias Vector = SIMD16<Float>
  typealias IntegerVector = SIMD16<Int32>
  typealias VectorPair = SIMD32<Float>
#elseif KERNELS_AVX2
  typealias Vector = SIMD8<Float>
  typealias IntegerVector = SIMD8<Int32>
  typealias VectorPair = SIMD16<Float>
#else
  typealias Vector = SIMD4<Float>
  typealias IntegerVector = SIMD4<Int32>
  typealias VectorPair = SIMD8<Float>
#endif

/// The inner loops compiled for this module's instruction set.
public enum Kernels: KernelSet {
  public static var vectorWidth: Int { Vector.scalarCount }

  public static var isCompiledForItsInstructionSet: Bool {
    #if KERNELS_AVX512
      perceptual_compiled_for_avx512 != 0
    #elseif KERNELS_AVX2
      perceptual_compiled_for_avx2 != 0
    #else
      true
    #endif
  }
}

/// The vector at `pointer`, of any alignment.
@inline(__always)
func load(_ pointer: UnsafePointer<Float>) -> Vector {
  UnsafeRawPointer(pointer).loadUnaligned(as: Vector.self)
}

@inline(__always)
func load(_ pointer: UnsafeMutablePointer<Float>) -> Vector {
  UnsafeRawPointer(pointer).loadUnaligned(as: Vector.self)
}

/// The first `count` lanes from memory, the others `filler`: for the tail of a row.
@inline(__always)
func load(_ pointer: UnsafePointer<Float>, count: Int, filler: Float = 0) -> Vector {
  var vector = Vector(repeating: filler)
  var lane = 0
  while lane < count {
    vector[lane] = pointer[lane]
    lane &+= 1
  }
  return vector
}

@inline(__always)
func store(_ vector: Vector, _ pointer: UnsafeMutablePointer<Float>) {
  UnsafeMutableRawPointer(pointer).storeBytes(of: vector, as: Vector.self)
}

/// Writes the first `count` lanes only.
@inline(__always)
func store(_ vector: Vector, _ pointer: UnsafeMutablePointer<Float>, count: Int) {
  var lane = 0
  while lane < count {
    pointer[lane] = vector[lane]
    lane &+= 1
  }
}

/// sum + a b: fused where the set has the instruction. Without it `addProduct` would be a library call for each lane.
@inline(__always)
func multiplyAdd(_ sum: Vector, _ a: Vector, _ b: Vector) -> Vector {
  #if KERNELS_AVX512 || KERNELS_AVX2
    perceptual_fused(a, b, sum)
  #elseif !arch(arm64)
    sum + a * b
  #else
    sum.addingProduct(a, b)
  #endif
}

/// The square roots of all lanes, correctly rounded.
@inline(__always)
func squareRoots(_ vector: Vector) -> Vector { perceptual_root(vector) }

/// a0 b0 a1 b1 ...: the lower and the upper halves of the interleaved lanes.
@inline(__always)
func interleaved(_ a: Vector, _ b: Vector) -> (low: Vector, high: Vector) {
  (perceptual_interleave_low(a, b), perceptual_interleave_high(a, b))
}

/// Applies `body` to whole vectors of a row and then to a partial one: `body(offset, lanes)`.
@inline(__always)
func forEachVector(count: Int, whole: (Int) -> Void, partial: (Int, Int) -> Void) {
  var offset = 0
  while offset &+ Vector.scalarCount <= count {
    whole(offset)
    offset &+= Vector.scalarCount
  }
  if offset < count { partial(offset, count &- offset) }
}
