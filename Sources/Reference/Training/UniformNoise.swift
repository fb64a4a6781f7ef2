import PerceptualCore

/// Uniform noise in [0, 1): the counter-based generator Philox4x64-10, as NumPy reads it.
///
/// Equal bit for bit to `Generator(Philox(key=key, counter=counter)).random(count, dtype=float32)`: the 256-bit
/// counter, first word least significant, is raised by one before each block of four 64-bit words; each word gives its
/// low 32 bits u first, then its high ones; value = floor(u / 2^8) / 2^24.
///
/// `key` has two words, `counter` four.
///
/// Source: Salmon, Moraes, Dror and Shaw 2011, section 4.3.
public func uniformNoise(key: [UInt64], counter: [UInt64], count: Int) -> [Float] {
  require(key.count == 2, "key: \(key.count) words given, 2 are needed")
  require(counter.count == 4, "counter: \(counter.count) words given, 4 are needed")
  require(count >= 0, "count: \(count) given, at least 0 is needed")
  var state = counter
  var values: [Float] = []
  while values.count < count {
    for index in 0..<4 {
      state[index] &+= 1
      if state[index] != 0 { break }  // no carry into the next word
    }
    for word in philox(counter: state, key: key) {
      for half in [word & 0xFFFF_FFFF, word >> 32] where values.count < count {
        values.append(Float(half >> 8) / 16_777_216)
      }
    }
  }
  return values
}

/// Ten rounds on a counter of four words. A round multiplies words 0 and 2, and exclusive-ors the high halves of the
/// products with words 1 and 3 and the key; between rounds the key is raised by the golden ratio and by sqrt(3) - 1.
private func philox(counter: [UInt64], key: [UInt64]) -> [UInt64] {
  var x = counter
  var k = key
  for _ in 0..<10 {
    let first = x[0].multipliedFullWidth(by: 0xD2E7_470E_E14C_6C93)
    let second = x[2].multipliedFullWidth(by: 0xCA5A_8263_9512_1157)
    x = [second.high ^ x[1] ^ k[0], second.low, first.high ^ x[3] ^ k[1], first.low]
    k = [k[0] &+ 0x9E37_79B9_7F4A_7C15, k[1] &+ 0xBB67_AE85_84CA_A73B]
  }
  return x
}
