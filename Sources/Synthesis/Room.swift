/// A room: early reflections, then a network of eight delays fed back through a Householder matrix (Jot 1991), each
/// with its own loss of high frequencies.
struct Room {
  /// Seconds to decay by 60 dB.
  var reverberation: Double
  /// 0.5 small ... 1.5 large.
  var size: Double
  /// Hertz above which walls absorb.
  var brightness: Double

  private static let delays = [1433.0, 1601, 1867, 2053, 2251, 2399, 2617, 2797]

  /// The wet sound of a stereo input, of equal length.
  func applied(to input: [[Double]], _ random: inout SynthesisRandom) -> [[Double]] {
    let count = input[0].count
    var output = reflections(of: input, &random)
    let lengths = Self.delays.map { max(2, Int($0 * size)) }
    var lines = lengths.map { [Double](repeating: 0, count: $0) }
    var positions = [Int](repeating: 0, count: 8)
    var lows = [Double](repeating: 0, count: 8)
    let gains = lengths.map { PortableMath.decayFactor(seconds: reverberation, rate: Synthesis.rate / Double($0)) }
    let damping = PortableMath.exponential(-6.283185307179586 * brightness / Synthesis.rate)
    var heads = [Double](repeating: 0, count: 8)
    for n in 0..<count {
      var sum = 0.0
      for k in 0..<8 {
        let delayed = lines[k][positions[k]]
        lows[k] = delayed + damping * (lows[k] - delayed)
        heads[k] = gains[k] * lows[k]
        sum += heads[k]
      }
      output[0][n] += 0.35 * (heads[0] - heads[2] + heads[4] - heads[6])
      output[1][n] += 0.35 * (heads[1] - heads[3] + heads[5] - heads[7])
      for k in 0..<8 {
        lines[k][positions[k]] = input[k & 1][n] + heads[k] - 0.25 * sum
        positions[k] = positions[k] + 1 == lengths[k] ? 0 : positions[k] + 1
      }
    }
    return output
  }

  /// Eight echoes from each side within 60 ms, half of them from the other channel.
  private func reflections(of input: [[Double]], _ random: inout SynthesisRandom) -> [[Double]] {
    let count = input[0].count
    var output = [[Double]](repeating: [Double](repeating: 0, count: count), count: 2)
    for channel in 0..<2 {
      for tap in 0..<8 {
        let delay = samples(size * (0.006 + 0.0065 * Double(tap) * random.uniform(0.7, 1.2)))
        let gain = 0.5 * PortableMath.amplitude(decibels: -1.5 * Double(tap)) * (random.chance(0.5) ? 1 : -1)
        let source = tap & 1 == 0 ? channel : 1 - channel
        for n in stride(from: delay, to: count, by: 1) { output[channel][n] += gain * input[source][n - delay] }
      }
    }
    return output
  }
}
