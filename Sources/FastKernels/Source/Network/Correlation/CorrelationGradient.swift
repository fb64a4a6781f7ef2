// The register tile of the weight gradients: 4 rows x 6 taps with 32 registers, 4 x 2 with 16.

#if KERNELS_AVX512 || arch(arm64)
  private let tileTaps = 6
#else
  private let tileTaps = 2
#endif
private let tileRows = 4

/// The sums of one tap, one for each row of the tile.
private struct RowSums {
  var a0: Vector
  var a1: Vector
  var a2: Vector
  var a3: Vector

  /// Resumes from accumulators[row][tap].
  @inline(__always)
  init(_ accumulators: UnsafeMutablePointer<Float>) {
    let pitch = tileTaps &* Vector.scalarCount
    a0 = load(accumulators)
    a1 = load(accumulators + pitch)
    a2 = load(accumulators + 2 &* pitch)
    a3 = load(accumulators + 3 &* pitch)
  }

  @inline(__always)
  mutating func add(_ x: Vector, _ g0: Vector, _ g1: Vector, _ g2: Vector, _ g3: Vector) {
    a0 = multiplyAdd(a0, x, g0)
    a1 = multiplyAdd(a1, x, g1)
    a2 = multiplyAdd(a2, x, g2)
    a3 = multiplyAdd(a3, x, g3)
  }

  @inline(__always)
  func write(_ accumulators: UnsafeMutablePointer<Float>) {
    let pitch = tileTaps &* Vector.scalarCount
    store(a0, accumulators)
    store(a1, accumulators + pitch)
    store(a2, accumulators + 2 &* pitch)
    store(a3, accumulators + 3 &* pitch)
  }
}

extension Kernels {
  public static var gradientChannels: Int { tileRows }
  public static var gradientTaps: Int { tileTaps }

  public static func correlateGradient(
    _ input: UnsafePointer<Float>, offsets: UnsafePointer<Int32>, rows: UnsafePointer<Float>, rowPitch: Int,
    vectors: Int, accumulators: UnsafeMutablePointer<Float>
  ) {
    let width = Vector.scalarCount
    let x0 = input + Int(offsets[0])
    let x1 = input + Int(offsets[1])
    var sums0 = RowSums(accumulators)
    var sums1 = RowSums(accumulators + width)
    #if KERNELS_AVX512 || arch(arm64)
      let x2 = input + Int(offsets[2])
      let x3 = input + Int(offsets[3])
      let x4 = input + Int(offsets[4])
      let x5 = input + Int(offsets[5])
      var sums2 = RowSums(accumulators + 2 &* width)
      var sums3 = RowSums(accumulators + 3 &* width)
      var sums4 = RowSums(accumulators + 4 &* width)
      var sums5 = RowSums(accumulators + 5 &* width)
    #endif
    var position = 0
    let end = vectors &* width
    while position < end {
      let g = rows + position
      let g0 = load(g)
      let g1 = load(g + rowPitch)
      let g2 = load(g + 2 &* rowPitch)
      let g3 = load(g + 3 &* rowPitch)
      sums0.add(load(x0 + position), g0, g1, g2, g3)
      sums1.add(load(x1 + position), g0, g1, g2, g3)
      #if KERNELS_AVX512 || arch(arm64)
        sums2.add(load(x2 + position), g0, g1, g2, g3)
        sums3.add(load(x3 + position), g0, g1, g2, g3)
        sums4.add(load(x4 + position), g0, g1, g2, g3)
        sums5.add(load(x5 + position), g0, g1, g2, g3)
      #endif
      position &+= width
    }
    sums0.write(accumulators)
    sums1.write(accumulators + width)
    #if KERNELS_AVX512 || arch(arm64)
      sums2.write(accumulators + 2 &* width)
      sums3.write(accumulators + 3 &* width)
      sums4.write(accumulators + 4 &* width)
      sums5.write(accumulators + 5 &* width)
    #endif
  }
}
