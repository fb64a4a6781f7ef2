/// What a record goes through last: a high-pass, a lift of the treble, compression, a limiter and a noise floor.
struct Mastering {
  /// Decibels below full scale.
  var targetRMS: Double
  /// Decibels of the treble shelf at 5 kHz.
  var treble: Double
  /// Decibels below full scale: hiss of the microphones.
  var noiseFloor: Double
  /// The limiter's ceiling.
  static let ceiling = PortableMath.amplitude(decibels: -0.3)

  func applied(to input: [[Double]], _ random: inout SynthesisRandom) -> [[Double]] {
    var mix = input.map { channel in
      Biquad.highShelf(5_000, decibels: treble).applied(to: Biquad.highPass(28).applied(to: channel))
    }
    compress(&mix)
    let hiss = PortableMath.amplitude(decibels: noiseFloor)
    // The limiter takes some loudness away, so the gain before it is found by trying.
    var gain = PortableMath.amplitude(decibels: targetRMS) / max(1e-9, rms(mix))
    var output = mix
    for _ in 0..<4 {
      output = limited(mix.map { $0.map { gain * $0 } })
      gain *= PortableMath.amplitude(decibels: targetRMS) / max(1e-9, rms(output))
    }
    output = limited(mix.map { $0.map { gain * $0 } })
    for channel in output.indices {
      var low = 0.0
      for n in output[channel].indices {
        let white = random.noise()
        low += 0.1 * (white - low)
        output[channel][n] += hiss * (white + 3 * low)
      }
    }
    // Music of little contrast ends under the ceiling: released music is brought up to it.
    let peak = output.map { $0.reduce(0) { max($0, abs($1)) } }.max() ?? 1
    let scale = min(Self.ceiling / max(1e-9, peak), PortableMath.amplitude(decibels: 3))
    return output.map { $0.map { $0 * scale } }
  }

  private func rms(_ channels: [[Double]]) -> Double {
    let sum = channels.reduce(0) { $0 + $1.reduce(0) { $0 + $1 * $1 } }
    return (sum / Double(channels.reduce(0) { $0 + $1.count })).squareRoot()
  }

  /// Reduces what is louder than the average by half of its excess, both channels alike.
  private func compress(_ channels: inout [[Double]]) {
    let average = max(1e-12, rms(channels) * rms(channels))
    let rise = PortableMath.exponential(-1 / (0.012 * Synthesis.rate))
    let fall = PortableMath.exponential(-1 / (0.18 * Synthesis.rate))
    var level = average
    var gain = 1.0
    for n in channels[0].indices {
      let power = 0.5 * (channels[0][n] * channels[0][n] + channels[1][n] * channels[1][n])
      level = power + (power > level ? rise : fall) * (level - power)
      if n & 31 == 0 {
        let excess = max(1, level / average)
        // A power of excess^(-1/2) is an amplitude of excess^(-1/4).
        gain = 1 / excess.squareRoot().squareRoot()
      }
      for channel in channels.indices { channels[channel][n] *= gain }
    }
  }

  /// Keeps peaks under the ceiling: the gain falls ahead of a peak and recovers in 60 ms; a soft knee first.
  private func limited(_ channels: [[Double]]) -> [[Double]] {
    let look = samples(0.003)
    let count = channels[0].count
    var needed = [Double](repeating: 1, count: count)
    for n in 0..<count {
      let peak = max(abs(channels[0][n]), abs(channels[1][n]))
      needed[n] = peak > Self.ceiling ? Self.ceiling / peak : 1
    }
    // Backwards: the gain a sample needs is approached on a slope that begins `look` samples before it.
    let slope = 1 / Double(look)
    for n in stride(from: count - 2, through: 0, by: -1) { needed[n] = min(needed[n], needed[n + 1] + slope) }
    let recovery = 1 - PortableMath.exponential(-1 / (0.06 * Synthesis.rate))
    var gain = 1.0
    var output = channels
    for n in 0..<count {
      gain = min(needed[n], gain + recovery * (1 - gain))
      for channel in output.indices { output[channel][n] *= gain }
    }
    return output
  }
}
