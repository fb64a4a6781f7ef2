// The register tile of the convolutions. With 32 registers 8 channels x 3 vectors leave room for the inputs and a
// broadcast weight; with 16 registers 4 x 3 (the baseline needs one more for each product).

#if KERNELS_AVX512 || arch(arm64)
  private let tileChannels = 8
#else
  private let tileChannels = 4
#endif
private let tileVectors = 3

/// The sums of one vector of positions, one for each output channel of the tile.
private struct ChannelSums {
  var a0 = Vector.zero
  var a1 = Vector.zero
  var a2 = Vector.zero
  var a3 = Vector.zero
  #if KERNELS_AVX512 || arch(arm64)
    var a4 = Vector.zero
    var a5 = Vector.zero
    var a6 = Vector.zero
    var a7 = Vector.zero
  #endif

  @inline(__always)
  mutating func add(_ x: Vector, _ weights: UnsafePointer<Float>) {
    a0 = multiplyAdd(a0, x, Vector(repeating: weights[0]))
    a1 = multiplyAdd(a1, x, Vector(repeating: weights[1]))
    a2 = multiplyAdd(a2, x, Vector(repeating: weights[2]))
    a3 = multiplyAdd(a3, x, Vector(repeating: weights[3]))
    #if KERNELS_AVX512 || arch(arm64)
      a4 = multiplyAdd(a4, x, Vector(repeating: weights[4]))
      a5 = multiplyAdd(a5, x, Vector(repeating: weights[5]))
      a6 = multiplyAdd(a6, x, Vector(repeating: weights[6]))
      a7 = multiplyAdd(a7, x, Vector(repeating: weights[7]))
    #endif
  }

  @inline(__always)
  func write(_ tile: UnsafeMutablePointer<Float>, pitch: Int) {
    store(a0, tile)
    store(a1, tile + pitch)
    store(a2, tile + 2 &* pitch)
    store(a3, tile + 3 &* pitch)
    #if KERNELS_AVX512 || arch(arm64)
      store(a4, tile + 4 &* pitch)
      store(a5, tile + 5 &* pitch)
      store(a6, tile + 6 &* pitch)
      store(a7, tile + 7 &* pitch)
    #endif
  }
}

extension Kernels {
  public static var correlationChannels: Int { tileChannels }
  public static var correlationVectors: Int { tileVectors }
  public static var oneChannelVectors: Int { 8 }

  public static func correlate(
    _ input: UnsafePointer<Float>, offsets: UnsafePointer<Int32>, taps: Int, weights: UnsafePointer<Float>,
    _ tile: UnsafeMutablePointer<Float>
  ) {
    let width = Vector.scalarCount
    var first = ChannelSums()
    var second = ChannelSums()
    var third = ChannelSums()
    var weight = weights
    var tap = 0
    while tap < taps {
      let x = input + Int(offsets[tap])
      let x0 = load(x)
      let x1 = load(x + width)
      let x2 = load(x + 2 &* width)
      first.add(x0, weight)
      second.add(x1, weight)
      third.add(x2, weight)
      weight += tileChannels
      tap &+= 1
    }
    let pitch = tileVectors &* width
    first.write(tile, pitch: pitch)
    second.write(tile + width, pitch: pitch)
    third.write(tile + 2 &* width, pitch: pitch)
  }

  public static func correlateOneChannel(
    _ input: UnsafePointer<Float>, offsets: UnsafePointer<Int32>, taps: Int, weights: UnsafePointer<Float>,
    _ tile: UnsafeMutablePointer<Float>
  ) {
    let width = Vector.scalarCount
    var a0 = Vector.zero
    var a1 = Vector.zero
    var a2 = Vector.zero
    var a3 = Vector.zero
    var a4 = Vector.zero
    var a5 = Vector.zero
    var a6 = Vector.zero
    var a7 = Vector.zero
    var tap = 0
    while tap < taps {
      let x = input + Int(offsets[tap])
      let weight = Vector(repeating: weights[tap])
      a0 = multiplyAdd(a0, load(x), weight)
      a1 = multiplyAdd(a1, load(x + width), weight)
      a2 = multiplyAdd(a2, load(x + 2 &* width), weight)
      a3 = multiplyAdd(a3, load(x + 3 &* width), weight)
      a4 = multiplyAdd(a4, load(x + 4 &* width), weight)
      a5 = multiplyAdd(a5, load(x + 5 &* width), weight)
      a6 = multiplyAdd(a6, load(x + 6 &* width), weight)
      a7 = multiplyAdd(a7, load(x + 7 &* width), weight)
      tap &+= 1
    }
    store(a0, tile)
    store(a1, tile + width)
    store(a2, tile + 2 &* width)
    store(a3, tile + 3 &* width)
    store(a4, tile + 4 &* width)
    store(a5, tile + 5 &* width)
    store(a6, tile + 6 &* width)
    store(a7, tile + 7 &* width)
  }

  public static func addBias(
    _ x: UnsafePointer<Float>, bias: Float, _ output: UnsafeMutablePointer<Float>, count: Int
  ) {
    map(x, output, count: count) { $0 + bias }
  }

  public static func interleave(
    _ even: UnsafePointer<Float>, _ odd: UnsafePointer<Float>, bias: Float, _ output: UnsafeMutablePointer<Float>,
    pairs: Int
  ) {
    forEachVector(count: pairs) { i in
      var both = VectorPair()
      both.evenHalf = load(even + i) + bias
      both.oddHalf = load(odd + i) + bias
      UnsafeMutableRawPointer(output + 2 &* i).storeBytes(of: both, as: VectorPair.self)
    } partial: { i, lanes in
      var lane = 0
      while lane < lanes {
        output[2 &* (i &+ lane)] = even[i &+ lane] + bias
        output[2 &* (i &+ lane) &+ 1] = odd[i &+ lane] + bias
        lane &+= 1
      }
    }
  }

  public static func sum(_ x: UnsafePointer<Float>, count: Int) -> Float {
    var sums = Vector.zero
    forEachVector(count: count) { i in
      sums += load(x + i)
    } partial: { i, lanes in
      sums += load(x + i, count: lanes)
    }
    return sums.sum()
  }
}
