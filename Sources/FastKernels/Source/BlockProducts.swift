import PerceptualCInstructionSet

// Matrix products on channel blocks: rows of sixteen channels, one row a tile (or pixel), one block after the other.
// Two vectors of output channels times as many rows as the registers hold; each element of the rows is broadcast once for
// two products.

#if KERNELS_AVX512
  private let largestGroup = 12
#else
  private let largestGroup = 6
#endif

/// The sums of two rows, two vectors each.
private struct RowPair {
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
    let a = Vector(repeating: x[0])
    a0 = multiplyAdd(a0, a, w0)
    a1 = multiplyAdd(a1, a, w1)
    let b = Vector(repeating: x[pitch])
    b0 = multiplyAdd(b0, b, w0)
    b1 = multiplyAdd(b1, b, w1)
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
private struct Factors {
  /// Rows of sixteen depths; the next sixteen lie `blockPitch` floats further.
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
    var p0 = accumulates ? RowPair(sums, second: second, pitch: rowFloats) : RowPair()
    var p1 = accumulates ? RowPair(sums + pairFloats, second: second, pitch: rowFloats) : RowPair()
    var from = x
    var weight = weights
    var block = 0
    while block < blocks {
      var k = 0
      while k < depth {
        let w0 = load(weight)
        let w1 = load(weight + Vector.scalarCount)
        p0.add(from + k, pitch: rowFloats, w0, w1)
        p1.add(from + (k &+ pairFloats), pitch: rowFloats, w0, w1)
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
      var p0 = accumulates ? RowPair(sums, second: second, pitch: rowFloats) : RowPair()
      var p1 = accumulates ? RowPair(sums + pairFloats, second: second, pitch: rowFloats) : RowPair()
      var p2 = accumulates ? RowPair(sums + 2 &* pairFloats, second: second, pitch: rowFloats) : RowPair()
      var p3 = accumulates ? RowPair(sums + 3 &* pairFloats, second: second, pitch: rowFloats) : RowPair()
      var from = x
      var weight = weights
      var block = 0
      while block < blocks {
        var k = 0
        while k < depth {
          let w0 = load(weight)
          let w1 = load(weight + Vector.scalarCount)
          p0.add(from + k, pitch: rowFloats, w0, w1)
          p1.add(from + (k &+ pairFloats), pitch: rowFloats, w0, w1)
          p2.add(from + (k &+ 2 &* pairFloats), pitch: rowFloats, w0, w1)
          p3.add(from + (k &+ 3 &* pairFloats), pitch: rowFloats, w0, w1)
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

  /// `largestGroup` rows. Asks for the rows' next block, and for a line from `next` on for every depth, before they are needed:
  /// a product runs at the speed of what feeds it.
  @inline(__always)
  func most(_ x: UnsafePointer<Float>, _ sums: UnsafeMutablePointer<Float>, next: UnsafePointer<Float>) {
    var p0 = accumulates ? RowPair(sums, second: second, pitch: rowFloats) : RowPair()
    var p1 = accumulates ? RowPair(sums + pairFloats, second: second, pitch: rowFloats) : RowPair()
    var p2 = accumulates ? RowPair(sums + 2 &* pairFloats, second: second, pitch: rowFloats) : RowPair()
    #if KERNELS_AVX512
      var p3 = accumulates ? RowPair(sums + 3 &* pairFloats, second: second, pitch: rowFloats) : RowPair()
      var p4 = accumulates ? RowPair(sums + 4 &* pairFloats, second: second, pitch: rowFloats) : RowPair()
      var p5 = accumulates ? RowPair(sums + 5 &* pairFloats, second: second, pitch: rowFloats) : RowPair()
    #endif
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
        p0.add(from + k, pitch: rowFloats, w0, w1)
        p1.add(from + (k &+ pairFloats), pitch: rowFloats, w0, w1)
        p2.add(from + (k &+ 2 &* pairFloats), pitch: rowFloats, w0, w1)
        #if KERNELS_AVX512
          p3.add(from + (k &+ 3 &* pairFloats), pitch: rowFloats, w0, w1)
          p4.add(from + (k &+ 4 &* pairFloats), pitch: rowFloats, w0, w1)
          p5.add(from + (k &+ 5 &* pairFloats), pitch: rowFloats, w0, w1)
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
}

extension Kernels {
  public static var panelChannels: Int { 2 &* Vector.scalarCount }

  public static func multiplyBlocks(
    _ x: UnsafePointer<Float>, blockPitch: Int, blocks: Int, depth: Int, rows: Int, weights: UnsafePointer<Float>,
    _ sums: UnsafeMutablePointer<Float>, second: Int, accumulates: Bool, next: UnsafePointer<Float>
  ) {
    let factors = Factors(
      blockPitch: blockPitch, blocks: blocks, depth: depth, weights: weights, second: second, accumulates: accumulates)
    var row = 0
    // What is left over goes in fours (and eights), never in twos.
    while rows &- row >= largestGroup && rows &- row != largestGroup &+ 2 {
      // The first groups bring all of the next panel; afterwards what is asked for is at hand.
      let lines = row / largestGroup &* blocks &* depth
      let panelLines = 2 &* Vector.scalarCount &* blocks &* depth / rowFloats
      factors.most(
        x + row &* rowFloats, sums + row &* rowFloats,
        next: lines < panelLines ? next + lines &* rowFloats : weights)
      row &+= largestGroup
    }
    #if KERNELS_AVX512
      while rows &- row >= 8 {
        factors.eight(x + row &* rowFloats, sums + row &* rowFloats)
        row &+= 8
      }
    #endif
    while row < rows {
      factors.four(x + row &* rowFloats, sums + row &* rowFloats)
      row &+= 4
    }
  }

  public static func multiplyBlocksGradient(
    _ x: UnsafePointer<Float>, _ upstream: UnsafePointer<Float>, second: Int, rows: Int, depth: Int,
    _ gradient: UnsafeMutablePointer<Float>, accumulates: Bool
  ) {
    let panel = 2 &* Vector.scalarCount
    let width = Vector.scalarCount
    var k = 0
    #if KERNELS_AVX512
      while k &+ 8 <= depth {
        let target = gradient + k &* panel
        var p0 = accumulates ? RowPair(target, second: width, pitch: panel) : RowPair()
        var p1 = accumulates ? RowPair(target + 2 &* panel, second: width, pitch: panel) : RowPair()
        var p2 = accumulates ? RowPair(target + 4 &* panel, second: width, pitch: panel) : RowPair()
        var p3 = accumulates ? RowPair(target + 6 &* panel, second: width, pitch: panel) : RowPair()
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
      var p0 = accumulates ? RowPair(target, second: width, pitch: panel) : RowPair()
      var p1 = accumulates ? RowPair(target + 2 &* panel, second: width, pitch: panel) : RowPair()
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
