import PerceptualCInstructionSet

// Matrix products on channel blocks: rows of sixteen channels, one row a tile (or pixel), one block after the other.
// Two vectors of output channels times as many rows as the registers hold; each element of the rows is broadcast once
// for two products.

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

/// The sums of some rows, two vectors each, which lie `second` floats apart; rows lie `pitch` floats apart.
private protocol SumsOfRows {
  static var rows: Int { get }
  init()
  init(_ sums: UnsafePointer<Float>, second: Int, pitch: Int)
  /// Adds the products of one number of each row and two vectors of weights.
  mutating func add(_ x: UnsafePointer<Float>, pitch: Int, _ w0: Vector, _ w1: Vector)
  func write(_ sums: UnsafeMutablePointer<Float>, second: Int, pitch: Int)
}

private struct TwoRows<Factor: BlockFactor>: SumsOfRows {
  @inline(__always) static var rows: Int { 2 }
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

/// Rows, and as many or other ones below them.
private struct Stack<Upper: SumsOfRows, Lower: SumsOfRows>: SumsOfRows {
  @inline(__always) static var rows: Int { Upper.rows &+ Lower.rows }
  private var upper: Upper
  private var lower: Lower

  @inline(__always)
  init() {
    upper = Upper()
    lower = Lower()
  }

  @inline(__always)
  init(_ sums: UnsafePointer<Float>, second: Int, pitch: Int) {
    upper = Upper(sums, second: second, pitch: pitch)
    lower = Lower(sums + Upper.rows &* pitch, second: second, pitch: pitch)
  }

  @inline(__always)
  mutating func add(_ x: UnsafePointer<Float>, pitch: Int, _ w0: Vector, _ w1: Vector) {
    upper.add(x, pitch: pitch, w0, w1)
    lower.add(x + Upper.rows &* pitch, pitch: pitch, w0, w1)
  }

  @inline(__always)
  func write(_ sums: UnsafeMutablePointer<Float>, second: Int, pitch: Int) {
    upper.write(sums, second: second, pitch: pitch)
    lower.write(sums + Upper.rows &* pitch, second: second, pitch: pitch)
  }
}

private typealias FourRows<Factor: BlockFactor> = Stack<TwoRows<Factor>, TwoRows<Factor>>
#if KERNELS_AVX512
  private typealias EightRows<Factor: BlockFactor> = Stack<FourRows<Factor>, FourRows<Factor>>
  private typealias MostRows<Factor: BlockFactor> = Stack<EightRows<Factor>, FourRows<Factor>>
#else
  private typealias MostRows<Factor: BlockFactor> = Stack<FourRows<Factor>, TwoRows<Factor>>
#endif

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

  /// As many rows as `Sums` holds. If it is to prefetch, it asks for the rows' next block, and for a line from `next`
  /// on for every depth, before they are needed: a product runs at the speed of what feeds it.
  @inline(__always)
  func multiply<Sums: SumsOfRows>(
    _: Sums.Type, _ x: UnsafePointer<Float>, _ sums: UnsafeMutablePointer<Float>, next: UnsafePointer<Float>,
    prefetches: Bool
  ) {
    var products = accumulates ? Sums(sums, second: second, pitch: rowFloats) : Sums()
    var from = x
    var weight = weights
    var ahead = next
    var block = 0
    while block < blocks {
      var k = 0
      while k < depth {
        if prefetches {
          perceptual_prefetch(from + (blockPitch &+ k &* rowFloats))
          perceptual_prefetch_second(ahead + k &* rowFloats)
        }
        let w0 = load(weight)
        let w1 = load(weight + Vector.scalarCount)
        products.add(from + k, pitch: Factor.rowFloats, w0, w1)
        weight += 2 &* Vector.scalarCount
        k &+= 1
      }
      from += blockPitch
      ahead += depth &* rowFloats
      block &+= 1
    }
    products.write(sums, second: second, pitch: rowFloats)
  }

  /// All rows, the most that registers hold at a time.
  @inline(__always)
  func run(
    _ x: UnsafePointer<Float>, rows: Int, _ sums: UnsafeMutablePointer<Float>, next: UnsafePointer<Float>
  ) {
    let pitch = Factor.rowFloats
    let most = MostRows<Factor>.rows
    var row = 0
    // What is left over goes in fours (and eights), never in twos.
    while rows &- row >= most && rows &- row != most &+ 2 {
      // The first groups bring all of the next panel; afterwards what is asked for is at hand.
      let lines = row / most &* blocks &* depth
      let panelLines = 2 &* Vector.scalarCount &* blocks &* depth / rowFloats
      multiply(
        MostRows<Factor>.self, x + row &* pitch, sums + row &* rowFloats,
        next: lines < panelLines ? next + lines &* rowFloats : weights, prefetches: true)
      row &+= most
    }
    #if KERNELS_AVX512
      while rows &- row >= 8 {
        multiply(EightRows<Factor>.self, x + row &* pitch, sums + row &* rowFloats, next: next, prefetches: false)
        row &+= 8
      }
    #endif
    while row < rows {
      multiply(FourRows<Factor>.self, x + row &* pitch, sums + row &* rowFloats, next: next, prefetches: false)
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
    var k = 0
    #if KERNELS_AVX512
      while k &+ 8 <= depth {
        let target = gradient + k &* panel
        var sums = begin(EightRows<Factor>.self, target)
        var from = x + k
        var g = upstream
        var row = 0
        // Two rows a turn: with one, the loop itself costs a tenth.
        while row &+ 2 <= rows {
          // The next sums.
          perceptual_prefetch(target + (8 &* panel &+ (row & 30) &* 8))
          add(from, g, to: &sums)
          add(from + rowFloats, g + rowFloats, to: &sums)
          from += 2 &* rowFloats
          g += 2 &* rowFloats
          row &+= 2
        }
        if row < rows { add(from, g, to: &sums) }
        sums.write(target, second: Vector.scalarCount, pitch: panel)
        k &+= 8
      }
    #endif
    while k < depth {
      let target = gradient + k &* panel
      var sums = begin(FourRows<Factor>.self, target)
      var from = x + k
      var g = upstream
      var row = 0
      while row < rows {
        add(from, g, to: &sums)
        from += rowFloats
        g += rowFloats
        row &+= 1
      }
      sums.write(target, second: Vector.scalarCount, pitch: panel)
      k &+= 4
    }
  }

  private var panel: Int {
    @inline(__always) get { 2 &* Vector.scalarCount }
  }

  @inline(__always)
  private func begin<Sums: SumsOfRows>(_: Sums.Type, _ target: UnsafePointer<Float>) -> Sums {
    accumulates ? Sums(target, second: Vector.scalarCount, pitch: panel) : Sums()
  }

  /// Adds the products of one row of x and one of the upstream gradient.
  @inline(__always)
  private func add<Sums: SumsOfRows>(_ x: UnsafePointer<Float>, _ g: UnsafePointer<Float>, to sums: inout Sums) {
    sums.add(x, pitch: 1, load(g), load(g + second))
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
