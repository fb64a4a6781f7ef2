import PerceptualCInstructionSet

// Matrix products on channel blocks: rows of sixteen channels, one row a tile (or pixel), one block after the other.
// Two vectors of output channels times as many rows as the registers hold; each element of the rows is broadcast once
// for two products.

#if KERNELS_AVX512
  private let largestGroup = 12
#else
  private let largestGroup = 6
#endif

/// What the products of blocks multiply: numbers, or pairs of numbers in bf16 (BlockPairs.swift).
protocol BlockFactor {
  /// Floats of memory from a row of the factors that are broadcast to the next, in ``Kernels/multiplyBlocks``.
  static var rowFloats: Int { get }
  /// sum + x w.
  static func add(_ sum: Vector, _ x: Float, _ w: Vector) -> Vector
}

enum SingleFactor: BlockFactor {
  @inline(__always) static var rowFloats: Int { 16 }
  @inline(__always)
  static func add(_ sum: Vector, _ x: Float, _ w: Vector) -> Vector { multiplyAdd(sum, Vector(repeating: x), w) }
}

/// The sums of two rows, two vectors each.
private struct RowPair<Factor: BlockFactor> {
  var a0 = Vector.zero
  var a1 = Vector.zero
  var b0 = Vector.zero
  var b1 = Vector.zero

  @inline(__always)
  init() {}

  @inline(__always)
  init(_ sums: UnsafePointer<Float>, second: Int, pitch: Int) {
    a0 = load(sums)
    a1 = load(sums + second)
    b0 = load(sums + pitch)
    b1 = load(sums + pitch + second)
  }

  @inline(__always)
  mutating func add(_ x: UnsafePointer<Float>, pitch: Int, _ w0: Vector, _ w1: Vector) {
    let a = x[0]
    a0 = Factor.add(a0, a, w0)
    a1 = Factor.add(a1, a, w1)
    let b = x[pitch]
    b0 = Factor.add(b0, b, w0)
    b1 = Factor.add(b1, b, w1)
  }

  @inline(__always)
  func write(_ sums: UnsafeMutablePointer<Float>, second: Int, pitch: Int) {
    store(a0, sums)
    store(a1, sums + second)
    store(b0, sums + pitch)
    store(b1, sums + pitch + second)
  }
}

private let rowFloats = 16
private let pairFloats = 32

/// What all rows of a product share.
private struct BlockProduct<Factor: BlockFactor> {
  /// Rows of a block's depths; those of the next block lie `blockPitch` floats further.
  let blockPitch: Int
  let blocks: Int
  /// Depths used of each block.
  let depth: Int
  /// [depth][two vectors].
  let weights: UnsafePointer<Float>
  /// Where the second vector of a row's sums lies.
  let second: Int
  let accumulates: Bool

  @inline(__always)
  func four(_ x: UnsafePointer<Float>, _ sums: UnsafeMutablePointer<Float>) {
    var p0 = accumulates ? RowPair<Factor>(sums, second: second, pitch: rowFloats) : RowPair<Factor>()
    var p1 = accumulates ? RowPair<Factor>(sums + pairFloats, second: second, pitch: rowFloats) : RowPair<Factor>()
    let pitch = Factor.rowFloats
    var from = x
    var weight = weights
    var block = 0
    while block < blocks {
      var k = 0
      while k < depth {
        let w0 = load(weight)
        let w1 = load(weight + Vector.scalarCount)
        p0.add(from + k, pitch: pitch, w0, w1)
        p1.add(from + (k &+ 2 &* pitch), pitch: pitch, w0, w1)
        weight += 2 &* Vector.scalarCount
        k &+= 1
      }
      from += blockPitch
      block &+= 1
    }
    p0.write(sums, second: second, pitch: rowFloats)
    p1.write(sums + pairFloats, second: second, pitch: rowFloats)
  }

  #if KERNELS_AVX512
    @inline(__always)
    func eight(_ x: UnsafePointer<Float>, _ sums: UnsafeMutablePointer<Float>) {
      var p0 = accumulates ? RowPair<Factor>(sums, second: second, pitch: rowFloats) : RowPair<Factor>()
      var p1 = accumulates ? RowPair<Factor>(sums + pairFloats, second: second, pitch: rowFloats) : RowPair<Factor>()
      var p2 =
        accumulates ? RowPair<Factor>(sums + 2 &* pairFloats, second: second, pitch: rowFloats) : RowPair<Factor>()
      var p3 =
        accumulates ? RowPair<Factor>(sums + 3 &* pairFloats, second: second, pitch: rowFloats) : RowPair<Factor>()
      let pitch = Factor.rowFloats
      var from = x
      var weight = weights
      var block = 0
      while block < blocks {
        var k = 0
        while k < depth {
          let w0 = load(weight)
          let w1 = load(weight + Vector.scalarCount)
          p0.add(from + k, pitch: pitch, w0, w1)
          p1.add(from + (k &+ 2 &* pitch), pitch: pitch, w0, w1)
          p2.add(from + (k &+ 4 &* pitch), pitch: pitch, w0, w1)
          p3.add(from + (k &+ 6 &* pitch), pitch: pitch, w0, w1)
          weight += 2 &* Vector.scalarCount
          k &+= 1
        }
        from += blockPitch
        block &+= 1
      }
      p0.write(sums, second: second, pitch: rowFloats)
      p1.write(sums + pairFloats, second: second, pitch: rowFloats)
      p2.write(sums + 2 &* pairFloats, second: second, pitch: rowFloats)
      p3.write(sums + 3 &* pairFloats, second: second, pitch: rowFloats)
    }
  #endif

  /// `largestGroup` rows. Asks for the rows' next block, and for a line from `next` on for every depth, before they are
  /// needed: a product runs at the speed of what feeds it.
  @inline(__always)
  func most(_ x: UnsafePointer<Float>, _ sums: UnsafeMutablePointer<Float>, next: UnsafePointer<Float>) {
    var p0 = accumulates ? RowPair<Factor>(sums, second: second, pitch: rowFloats) : RowPair<Factor>()
    var p1 = accumulates ? RowPair<Factor>(sums + pairFloats, second: second, pitch: rowFloats) : RowPair<Factor>()
    var p2 = accumulates ? RowPair<Factor>(sums + 2 &* pairFloats, second: second, pitch: rowFloats) : RowPair<Factor>()
    #if KERNELS_AVX512
      var p3 =
        accumulates ? RowPair<Factor>(sums + 3 &* pairFloats, second: second, pitch: rowFloats) : RowPair<Factor>()
      var p4 =
        accumulates ? RowPair<Factor>(sums + 4 &* pairFloats, second: second, pitch: rowFloats) : RowPair<Factor>()
      var p5 =
        accumulates ? RowPair<Factor>(sums + 5 &* pairFloats, second: second, pitch: rowFloats) : RowPair<Factor>()
    #endif
    let pitch = Factor.rowFloats
    var from = x
    var weight = weights
    var ahead = next
    var block = 0
    while block < blocks {
      var k = 0
      while k < depth {
        perceptual_prefetch(from + (blockPitch &+ k &* rowFloats))
        perceptual_prefetch_second(ahead + k &* rowFloats)
        let w0 = load(weight)
        let w1 = load(weight + Vector.scalarCount)
        p0.add(from + k, pitch: pitch, w0, w1)
        p1.add(from + (k &+ 2 &* pitch), pitch: pitch, w0, w1)
        p2.add(from + (k &+ 4 &* pitch), pitch: pitch, w0, w1)
        #if KERNELS_AVX512
          p3.add(from + (k &+ 6 &* pitch), pitch: pitch, w0, w1)
          p4.add(from + (k &+ 8 &* pitch), pitch: pitch, w0, w1)
          p5.add(from + (k &+ 10 &* pitch), pitch: pitch, w0, w1)
        #endif
        weight += 2 &* Vector.scalarCount
        k &+= 1
      }
      from += blockPitch
      ahead += depth &* rowFloats
      block &+= 1
    }
    p0.write(sums, second: second, pitch: rowFloats)
    p1.write(sums + pairFloats, second: second, pitch: rowFloats)
    p2.write(sums + 2 &* pairFloats, second: second, pitch: rowFloats)
    #if KERNELS_AVX512
      p3.write(sums + 3 &* pairFloats, second: second, pitch: rowFloats)
      p4.write(sums + 4 &* pairFloats, second: second, pitch: rowFloats)
      p5.write(sums + 5 &* pairFloats, second: second, pitch: rowFloats)
    #endif
  }

  /// All rows, `largestGroup` at a time.
  @inline(__always)
  func run(
    _ x: UnsafePointer<Float>, rows: Int, _ sums: UnsafeMutablePointer<Float>, next: UnsafePointer<Float>
  ) {
    let pitch = Factor.rowFloats
    var row = 0
    // What is left over goes in fours (and eights), never in twos.
    while rows &- row >= largestGroup && rows &- row != largestGroup &+ 2 {
      // The first groups bring all of the next panel; afterwards what is asked for is at hand.
      let lines = row / largestGroup &* blocks &* depth
      let panelLines = 2 &* Vector.scalarCount &* blocks &* depth / rowFloats
      most(
        x + row &* pitch, sums + row &* rowFloats, next: lines < panelLines ? next + lines &* rowFloats : weights)
      row &+= largestGroup
    }
    #if KERNELS_AVX512
      while rows &- row >= 8 {
        eight(x + row &* pitch, sums + row &* rowFloats)
        row &+= 8
      }
    #endif
    while row < rows {
      four(x + row &* pitch, sums + row &* rowFloats)
      row &+= 4
    }
  }
}

/// gradient[k][o] = (accumulates: +=) sum over rows r of x[16 r + k] upstream[16 r + o], for k < depth.
private struct BlockGradient<Factor: BlockFactor> {
  let second: Int
  let rows: Int
  let accumulates: Bool

  @inline(__always)
  func run(
    _ x: UnsafePointer<Float>, _ upstream: UnsafePointer<Float>, depth: Int, _ gradient: UnsafeMutablePointer<Float>
  ) {
    let panel = 2 &* Vector.scalarCount
    let width = Vector.scalarCount
    var k = 0
    #if KERNELS_AVX512
      while k &+ 8 <= depth {
        let target = gradient + k &* panel
        var p0 = accumulates ? RowPair<Factor>(target, second: width, pitch: panel) : RowPair<Factor>()
        var p1 = accumulates ? RowPair<Factor>(target + 2 &* panel, second: width, pitch: panel) : RowPair<Factor>()
        var p2 = accumulates ? RowPair<Factor>(target + 4 &* panel, second: width, pitch: panel) : RowPair<Factor>()
        var p3 = accumulates ? RowPair<Factor>(target + 6 &* panel, second: width, pitch: panel) : RowPair<Factor>()
        var from = x + k
        var g = upstream
        var row = 0
        // Two rows a turn: with one, the loop itself costs a tenth.
        while row &+ 2 <= rows {
          // The next sums.
          perceptual_prefetch(target + (8 &* panel &+ (row & 30) &* 8))
          let g0 = load(g)
          let g1 = load(g + second)
          p0.add(from, pitch: 1, g0, g1)
          p1.add(from + 2, pitch: 1, g0, g1)
          p2.add(from + 4, pitch: 1, g0, g1)
          p3.add(from + 6, pitch: 1, g0, g1)
          let h0 = load(g + rowFloats)
          let h1 = load(g + (second &+ rowFloats))
          p0.add(from + rowFloats, pitch: 1, h0, h1)
          p1.add(from + (rowFloats &+ 2), pitch: 1, h0, h1)
          p2.add(from + (rowFloats &+ 4), pitch: 1, h0, h1)
          p3.add(from + (rowFloats &+ 6), pitch: 1, h0, h1)
          from += 2 &* rowFloats
          g += 2 &* rowFloats
          row &+= 2
        }
        if row < rows {
          let g0 = load(g)
          let g1 = load(g + second)
          p0.add(from, pitch: 1, g0, g1)
          p1.add(from + 2, pitch: 1, g0, g1)
          p2.add(from + 4, pitch: 1, g0, g1)
          p3.add(from + 6, pitch: 1, g0, g1)
        }
        p0.write(target, second: width, pitch: panel)
        p1.write(target + 2 &* panel, second: width, pitch: panel)
        p2.write(target + 4 &* panel, second: width, pitch: panel)
        p3.write(target + 6 &* panel, second: width, pitch: panel)
        k &+= 8
      }
    #endif
    while k < depth {
      let target = gradient + k &* panel
      var p0 = accumulates ? RowPair<Factor>(target, second: width, pitch: panel) : RowPair<Factor>()
      var p1 = accumulates ? RowPair<Factor>(target + 2 &* panel, second: width, pitch: panel) : RowPair<Factor>()
      var from = x + k
      var g = upstream
      var row = 0
      while row < rows {
        let g0 = load(g)
        let g1 = load(g + second)
        p0.add(from, pitch: 1, g0, g1)
        p1.add(from + 2, pitch: 1, g0, g1)
        from += rowFloats
        g += rowFloats
        row &+= 1
      }
      p0.write(target, second: width, pitch: panel)
      p1.write(target + 2 &* panel, second: width, pitch: panel)
      k &+= 4
    }
  }
}

extension Kernels {
  public static var panelChannels: Int { 2 &* Vector.scalarCount }

  public static func multiplyBlocks(
    _ x: UnsafePointer<Float>, blockPitch: Int, blocks: Int, depth: Int, rows: Int, weights: UnsafePointer<Float>,
    _ sums: UnsafeMutablePointer<Float>, second: Int, accumulates: Bool, next: UnsafePointer<Float>
  ) {
    BlockProduct<SingleFactor>(
      blockPitch: blockPitch, blocks: blocks, depth: depth, weights: weights, second: second, accumulates: accumulates
    ).run(x, rows: rows, sums, next: next)
  }

  public static func multiplyBlocksGradient(
    _ x: UnsafePointer<Float>, _ upstream: UnsafePointer<Float>, second: Int, rows: Int, depth: Int,
    _ gradient: UnsafeMutablePointer<Float>, accumulates: Bool
  ) {
    BlockGradient<SingleFactor>(second: second, rows: rows, accumulates: accumulates)
      .run(x, upstream, depth: depth, gradient)
  }

  public static func multiplyBlockPairs(
    _ x: UnsafePointer<Float>, blockPitch: Int, blocks: Int, depth: Int, rows: Int, weights: UnsafePointer<Float>,
    _ sums: UnsafeMutablePointer<Float>, second: Int, accumulates: Bool, next: UnsafePointer<Float>, isNative: Bool
  ) {
    #if KERNELS_AVX512
      if isNative {
        BlockProduct<NativePairFactor>(
          blockPitch: blockPitch, blocks: blocks, depth: depth, weights: weights, second: second,
          accumulates: accumulates
        ).run(x, rows: rows, sums, next: next)
        return
      }
    #endif
    BlockProduct<PairFactor>(
      blockPitch: blockPitch, blocks: blocks, depth: depth, weights: weights, second: second, accumulates: accumulates
    ).run(x, rows: rows, sums, next: next)
  }

  public static func multiplyBlockPairsGradient(
    _ x: UnsafePointer<Float>, _ upstream: UnsafePointer<Float>, second: Int, rows: Int, depth: Int,
    _ gradient: UnsafeMutablePointer<Float>, accumulates: Bool, isNative: Bool
  ) {
    #if KERNELS_AVX512
      if isNative {
        BlockGradient<NativePairFactor>(second: second, rows: rows, accumulates: accumulates)
          .run(x, upstream, depth: depth, gradient)
        return
      }
    #endif
    BlockGradient<PairFactor>(second: second, rows: rows, accumulates: accumulates)
      .run(x, upstream, depth: depth, gradient)
  }
}
