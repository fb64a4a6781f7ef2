/// An electronic voice: mistuned sawtooth or pulse oscillators through a resonant filter with an envelope of its own.
struct SubtractiveSynthesizer: Instrument {
  /// Oscillators and their mistuning in semitones.
  var oscillators = (count: 3, spread: 0.15)
  /// 0 sawtooth ... 1 square.
  var square = 0.0
  /// Hertz where the filter rests, octaves its envelope opens it, seconds the envelope takes to fall by 60 dB.
  var filter = (rest: 400.0, octaves: 4.0, decay: 0.6)
  var quality = 1.5
  var attack = 0.005
  var release = 0.08

  func sound(of note: Note, _ random: inout SynthesisRandom) -> [Double] {
    let hertz = PortableMath.frequency(pitch: note.pitch)
    let envelope = swell(attack: attack, duration: note.duration, release: release)
    var sound = [Double](repeating: 0, count: envelope.count)
    for _ in 0..<oscillators.count {
      let tuning = PortableMath.powerOfTwo(oscillators.spread * random.noise() / 12)
      let step = min(0.4, hertz * tuning / Synthesis.rate)
      var phase = random.uniform()
      for n in sound.indices {
        sound[n] += (1 - square) * saw(phase, step) + square * 0.5 * (saw(phase, step) - saw(half(phase), step))
        phase += step
        if phase >= 1 { phase -= 1 }
      }
    }
    var sweep = SweepFilter()
    let factor = PortableMath.decayFactor(seconds: filter.decay, rate: Synthesis.rate / 16)
    var opening = filter.octaves * (0.4 + 0.6 * note.loudness)
    var cutoff = 0.0
    let follow = (hertz / 130).squareRoot()
    for n in sound.indices {
      if n & 15 == 0 {
        cutoff = min(18_000, filter.rest * follow * PortableMath.powerOfTwo(opening))
        opening *= factor
      }
      sound[n] = sweep.lowPass(sound[n], hertz: cutoff, quality: quality) * envelope[n] * note.loudness
    }
    return sound
  }

  private func half(_ phase: Double) -> Double { phase < 0.5 ? phase + 0.5 : phase - 0.5 }

  /// A sawtooth whose jump is smoothed over two samples (polynomial band-limited step).
  @inline(__always)
  private func saw(_ phase: Double, _ step: Double) -> Double {
    let naive = 2 * phase - 1
    if phase < step {
      let t = phase / step
      return naive - (t + t - t * t - 1)
    }
    if phase > 1 - step {
      let t = (phase - 1) / step
      return naive - (t * t + t + t + 1)
    }
    return naive
  }
}
