/// An adaptive binary arithmetic coder in integers alone, so that every machine writes and reads the same bytes.
///
/// A range coder with carry propagation (Martin 1979, in the form of LZMA): 32 bits of range, probabilities of 16 bits
/// from the counts of a context by the rule of Krichevsky and Trofimov (1981), (n + 1/2) / (total + 1). Counts are
/// halved at 4096, so that statistics may drift.
struct BitModel {
  private var counts: [UInt16]

  init(contexts: Int) { counts = [UInt16](repeating: 0, count: 2 * contexts) }

  /// In bits a bit: log2(256/255), rounded down.
  static let leastCost = 0.0056

  /// The probability of a 0 in units of 2^-16, within 1/256 and 255/256: so a bit costs at least ``leastCost``, and a
  /// short file cannot claim to hold a long code.
  func zero(_ context: Int) -> UInt32 {
    let zeros = UInt32(counts[2 * context])
    let total = zeros + UInt32(counts[2 * context + 1])
    return min(max((2 * zeros + 1) * 32_768 / (total + 1), 256), 65_280)
  }

  mutating func see(_ bit: Bool, _ context: Int) {
    let place = 2 * context + (bit ? 1 : 0)
    counts[place] += 1
    if counts[place] == 4096 {
      counts[2 * context] /= 2
      counts[2 * context + 1] /= 2
    }
  }
}

struct RangeEncoder {
  private var low: UInt64 = 0
  private var range: UInt32 = .max
  private var cache: UInt8 = 0
  /// Bytes not written yet because a carry may still reach them: the cache and 255s after it.
  private var pending = 0
  private var bytes: [UInt8] = []
  private var isFirst = true

  mutating func encode(_ bit: Bool, zero: UInt32) {
    let bound = (range >> 16) * zero
    if bit {
      low += UInt64(bound)
      range -= bound
    } else {
      range = bound
    }
    while range < 1 << 24 {
      range <<= 8
      shift()
    }
  }

  private mutating func shift() {
    if low < 0xFF00_0000 || low > 0xFFFF_FFFF {
      let carry = UInt8(truncatingIfNeeded: low >> 32)
      // What is cached first is no byte of the code.
      if !isFirst { bytes.append(cache &+ carry) }
      isFirst = false
      for _ in 0..<pending { bytes.append(0xFF &+ carry) }
      pending = 0
      cache = UInt8(truncatingIfNeeded: low >> 24)
    } else {
      pending += 1
    }
    low = low << 8 & 0xFFFF_FFFF
  }

  /// The code: four bytes for the decoder to start with and one for each that it shifts in.
  mutating func finish() -> [UInt8] {
    for _ in 0..<5 { shift() }
    return bytes
  }
}

struct RangeDecoder {
  private let bytes: ArraySlice<UInt8>
  private var place: Int
  private var range: UInt32 = .max
  private var code: UInt32 = 0
  /// Whether more bytes were asked for than there are.
  private(set) var isExhausted = false

  init(_ bytes: ArraySlice<UInt8>) {
    self.bytes = bytes
    place = bytes.startIndex
    for _ in 0..<4 { code = code << 8 | UInt32(next()) }
  }

  /// Whether every byte has been read.
  var isAtEnd: Bool { place == bytes.endIndex }

  private mutating func next() -> UInt8 {
    guard place < bytes.endIndex else {
      isExhausted = true
      return 0
    }
    place += 1
    return bytes[place - 1]
  }

  mutating func decode(zero: UInt32) -> Bool {
    let bound = (range >> 16) * zero
    let bit = code >= bound
    if bit {
      code -= bound
      range -= bound
    } else {
      range = bound
    }
    while range < 1 << 24 {
      range <<= 8
      code = code << 8 | UInt32(next())
    }
    return bit
  }
}
