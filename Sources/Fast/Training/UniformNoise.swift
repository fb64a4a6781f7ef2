import PerceptualCore

/// Uniform noise in [0, 1), equal bit for bit to NumPy's
/// `Generator(Philox(key=key, counter=counter)).random(count, dtype=float32)`.
///
/// Philox4x64-10 (Salmon et al. 2011): the 256-bit counter, first word least significant, is raised by one before each
/// block of four 64-bit words; each word gives its low 32 bits u first, then its high ones; value = (u >> 8) / 2^24.
///
/// `key` has two words, `counter` four.
public func uniformNoise(key: [UInt64], counter: [UInt64], count: Int) -> [Float] {
  require(count >= 0, "count: \(count) given, at least 0 is needed")
  return [Float](unsafeUninitializedCapacity: count) { buffer, initialized in
    if let base = buffer.baseAddress, count > 0 { uniformNoise(into: base, count: count, key: key, counter: counter) }
    initialized = count
  }
}

/// Draw `index` of a stream of `seed`: key (seed, stream), counter (0, 0, index, 0).
public func uniformNoise(seed: UInt64, stream: RandomStream, index: UInt64, count: Int) -> [Float] {
  uniformNoise(key: [seed, stream.rawValue], counter: [0, 0, index, 0], count: count)
}

/// ``uniformNoise(key:counter:count:)`` into a caller's buffer.
public func uniformNoise(into values: UnsafeMutablePointer<Float>, count: Int, key: [UInt64], counter: [UInt64]) {
  require(key.count == 2, "key: \(key.count) words given, 2 are needed")
  require(counter.count == 4, "counter: \(counter.count) words given, 4 are needed")
  let philox = Philox(key: (key[0], key[1]))
  Execution.current.forEachPiece(of: count) { offset, length in
    // A piece is a multiple of a block's 8 values; its first block is number offset / 8 + 1 from the counter.
    var state = Philox.raised((counter[0], counter[1], counter[2], counter[3]), by: UInt64(offset / 8))
    var i = offset
    let end = offset + length
    while i < end {
      state = Philox.raised(state, by: 1)
      let block = philox.block(state)
      if i + 8 <= end {
        Philox.write(block.0, values + i)
        Philox.write(block.1, values + i + 2)
        Philox.write(block.2, values + i + 4)
        Philox.write(block.3, values + i + 6)
      } else {
        // The last block gives only some of its values.
        let words = [block.0, block.1, block.2, block.3]
        for place in 0..<end - i { values[i + place] = Philox.value(words[place / 2] >> UInt64(place % 2 * 32)) }
      }
      i += 8
    }
  }
}

/// The counter-based generator of ten rounds.
private struct Philox {
  typealias Words = (UInt64, UInt64, UInt64, UInt64)
  let key: (UInt64, UInt64)

  @inline(__always)
  func block(_ counter: Words) -> Words {
    var c = counter
    var k = key
    for round in 0..<10 {
      if round > 0 {
        // The Weyl sequences of the golden ratio and of sqrt(3) - 1.
        k.0 &+= 0x9E37_79B9_7F4A_7C15
        k.1 &+= 0xBB67_AE85_84CA_A73B
      }
      let a = c.0.multipliedFullWidth(by: 0xD2E7_470E_E14C_6C93)
      let b = c.2.multipliedFullWidth(by: 0xCA5A_8263_9512_1157)
      c = (b.high ^ c.1 ^ k.0, b.low, a.high ^ c.3 ^ k.1, a.low)
    }
    return c
  }

  /// Of the low 32 bits the upper 24, in [0, 1).
  @inline(__always)
  static func value(_ word: UInt64) -> Float { Float(UInt32(truncatingIfNeeded: word) >> 8) * 0x1p-24 }

  /// The two values of a word.
  @inline(__always)
  static func write(_ word: UInt64, _ values: MutableFloats) {
    values[0] = value(word)
    values[1] = value(word >> 32)
  }

  /// The 256-bit sum of a counter and a number.
  @inline(__always)
  static func raised(_ counter: Words, by number: UInt64) -> Words {
    var c = counter
    var carry: Bool
    (c.0, carry) = c.0.addingReportingOverflow(number)
    if carry { (c.1, carry) = c.1.addingReportingOverflow(1) }
    if carry { (c.2, carry) = c.2.addingReportingOverflow(1) }
    if carry { c.3 &+= 1 }
    return c
  }
}

/// PyTorch's default initialisation of a convolution's weight or bias, drawn from our generator: uniform in
/// +-1 / sqrt(fanIn).
///
/// value = bound (2 u - 1), u draw `index` of stream 1 of `seed`, computed in Float. For a convolution fanIn is input
/// channels x kernel area, for a transposed one PyTorch counts output channels x kernel area.
public func defaultInitialization(shape: [Int], fanIn: Int, seed: UInt64, index: UInt64) -> Tensor<Float> {
  require(fanIn > 0, "fanIn: \(fanIn) given, at least 1 is needed")
  let bound = Float(1 / Double(fanIn).squareRoot())
  let draws = uniformNoise(seed: seed, stream: .weights, index: index, count: shape.reduce(1, *))
  return Tensor(draws.map { bound * (2 * $0 - 1) }, shape: shape)
}
