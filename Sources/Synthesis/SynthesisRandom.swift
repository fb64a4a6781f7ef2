/// Random numbers of the synthesiser: SplitMix64 (Steele, Lea and Flood 2014), the same on every machine.
struct SynthesisRandom {
  private var state: UInt64

  /// An independent sequence for each (seed, index).
  init(seed: UInt64, index: UInt64) {
    state = seed
    state = next() ^ (index &* 0xd129_0ab1_6c9d_b6b5 &+ 0x2545_f491_4f6c_dd1d)
    _ = next()
  }

  mutating func next() -> UInt64 {
    state &+= 0x9e37_79b9_7f4a_7c15
    var z = state
    z = (z ^ (z >> 30)) &* 0xbf58_476d_1ce4_e5b9
    z = (z ^ (z >> 27)) &* 0x94d0_49bb_1331_11eb
    return z ^ (z >> 31)
  }

  /// A sequence of its own, drawn from this one.
  mutating func fork() -> SynthesisRandom { SynthesisRandom(seed: next(), index: 0) }

  /// Uniform in [0, 1).
  mutating func uniform() -> Double { Double(next() >> 11) * 0x1p-53 }

  /// Uniform between two numbers.
  mutating func uniform(_ low: Double, _ high: Double) -> Double { low + (high - low) * uniform() }

  mutating func uniform(in range: ClosedRange<Double>) -> Double { uniform(range.lowerBound, range.upperBound) }

  /// Uniform in [-1, 1): white noise.
  mutating func noise() -> Double { 2 * uniform() - 1 }

  /// 0 ..< count.
  mutating func integer(below count: Int) -> Int { min(count - 1, Int(uniform() * Double(count))) }

  mutating func chance(_ probability: Double) -> Bool { uniform() < probability }

  mutating func choose<Element>(_ items: [Element]) -> Element { items[integer(below: items.count)] }
}
