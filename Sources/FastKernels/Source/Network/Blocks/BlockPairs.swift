import PerceptualCInstructionSet

// Products of bf16 numbers, summed in single precision: each lane of 32 bits holds two factors, and a product adds that
// of the upper halves and then that of the lower ones. A product of two bf16 numbers is exact in single precision, so
// that the instruction, the fused form and the separate one give the same bits, but where a sum or a product is
// subnormal.

/// Without the instruction.
enum PairFactor: BlockFactor {
  @inline(__always) static var rowFloats: Int { 8 }
  @inline(__always)
  static func add(_ sum: Vector, _ x: Float, _ w: Vector) -> Vector {
    let high = Float(bitPattern: x.bitPattern & 0xffff_0000)
    let low = Float(bitPattern: x.bitPattern << 16)
    return multiplyAdd(
      multiplyAdd(sum, Vector(repeating: high), highHalves(w)), Vector(repeating: low), lowHalves(w))
  }
}

#if KERNELS_AVX512
  enum NativePairFactor: BlockFactor {
    @inline(__always) static var rowFloats: Int { 8 }
    @inline(__always)
    static func add(_ sum: Vector, _ x: Float, _ w: Vector) -> Vector {
      perceptual_native_product16(sum, Vector(repeating: x), w)
    }
  }
#endif

@inline(__always)
private func lowHalves(_ x: Vector) -> Vector { perceptual_low(x) }

@inline(__always)
private func highHalves(_ x: Vector) -> Vector { perceptual_high(x) }

/// The pairs of two vectors, lane by lane, rounded to bf16: the first below.
@inline(__always)
private func pairs(_ a: Vector, _ b: Vector) -> Vector { perceptual_pair(perceptual_rounded(a), perceptual_rounded(b)) }

extension Kernels {
  public static var hasNativePairs: Bool {
    #if KERNELS_AVX512
      perceptual_compiled_for_bf16 != 0 && perceptual_processor_has_bf16() != 0
    #else
      false
    #endif
  }

  public static func pairNeighbours(
    _ x: UnsafePointer<Float>, count: Int, _ output: UnsafeMutablePointer<Float>, isNative: Bool
  ) {
    let width = Vector.scalarCount
    var index = 0
    #if KERNELS_AVX512
      if isNative {
        while index < count {
          store(perceptual_native_neighbours16(load(x + index), load(x + (index &+ width))), output + index / 2)
          index &+= 2 &* width
        }
        return
      }
    #endif
    while index < count {
      let (even, odd) = separated(load(x + index), load(x + (index &+ width)))
      store(pairs(even, odd), output + index / 2)
      index &+= 2 &* width
    }
  }

  public static func pairRows(
    _ x: UnsafePointer<Float>, rows: Int, width: Int, _ output: UnsafeMutablePointer<Float>, isNative: Bool
  ) {
    #if KERNELS_AVX512
      if isNative {
        forEachPair(x, rows: rows, width: width, output) { perceptual_native_rows16($0, $1) }
        return
      }
    #endif
    forEachPair(x, rows: rows, width: width, output) { pairs($0, $1) }
  }

  @inline(__always)
  private static func forEachPair(
    _ x: UnsafePointer<Float>, rows: Int, width: Int, _ output: UnsafeMutablePointer<Float>,
    _ join: (Vector, Vector) -> Vector
  ) {
    var from = x
    var to = output
    var row = 0
    while row < rows {
      let hasSecond = row &+ 1 < rows
      var column = 0
      while column < width {
        let second = hasSecond ? load(from + (column &+ width)) : Vector.zero
        store(join(load(from + column), second), to + column)
        column &+= Vector.scalarCount
      }
      from += 2 &* width
      to += width
      row &+= 2
    }
  }
}
