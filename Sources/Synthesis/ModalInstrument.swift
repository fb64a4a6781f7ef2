/// Bells, bars and struck strings: a sum of decaying sines that need not be harmonic.
///
/// Each partial is the recurrence y[n] = 2 r cos(w) y[n-1] - r^2 y[n-2], four in a vector.
struct ModalInstrument: Instrument {
  struct Mode {
    /// Frequency over that of the note.
    var ratio: Double
    var amplitude: Double
    /// Seconds to decay by 60 dB.
    var decay: Double
  }
  /// The modes of a note of this frequency and loudness.
  var modes: @Sendable (_ hertz: Double, _ loudness: Double) -> [Mode]
  /// Seconds until a released note is silent; nil lets it ring.
  var release: Double?
  /// Each mode is doubled, mistuned by this fraction: beats.
  var beating = 0.0
  /// Loudness of the blow itself.
  var knock = 0.05

  func sound(of note: Note, _ random: inout SynthesisRandom) -> [Double] {
    let hertz = PortableMath.frequency(pitch: note.pitch)
    var partials: [(hertz: Double, amplitude: Double, decay: Double)] = []
    for mode in modes(hertz, note.loudness) where hertz * mode.ratio < 20_000 {
      let own = hertz * mode.ratio
      partials.append((own * (1 + beating * random.uniform(0.4, 1)), mode.amplitude, mode.decay))
      if beating > 0 { partials.append((own * (1 - beating * random.uniform(0.4, 1)), mode.amplitude, mode.decay)) }
    }
    let longest = partials.map(\.decay).max() ?? 0.1
    let length = samples(min(longest, release.map { note.duration + $0 } ?? 5))
    var sound = [Double](repeating: 0, count: length)
    for start in stride(from: 0, to: partials.count, by: 4) {
      ring(Array(partials[start..<min(start + 4, partials.count)]), into: &sound)
    }
    addKnock(to: &sound, loudness: note.loudness, hertz: hertz, &random)
    for n in sound.indices { sound[n] *= note.loudness }
    fadeEnd(&sound, seconds: release ?? 0.3)
    return sound
  }

  private func ring(_ partials: [(hertz: Double, amplitude: Double, decay: Double)], into sound: inout [Double]) {
    var twice = SIMD4<Double>()
    var square = SIMD4<Double>()
    var last = SIMD4<Double>()
    var before = SIMD4<Double>()
    for (lane, partial) in partials.enumerated() {
      let factor = PortableMath.decayFactor(seconds: partial.decay)
      let turns = partial.hertz / Synthesis.rate
      twice[lane] = 2 * factor * PortableMath.cosine(turns: turns)
      square[lane] = factor * factor
      before[lane] = -partial.amplitude * PortableMath.sine(turns: turns) / factor
    }
    for n in sound.indices {
      let now = twice * last - square * before
      before = last
      last = now
      sound[n] += (now[0] + now[1]) + (now[2] + now[3])
    }
  }

  private func addKnock(to sound: inout [Double], loudness: Double, hertz: Double, _ random: inout SynthesisRandom) {
    var filter = Biquad.bandPass(min(9_000, 1_200 + 2 * hertz), quality: 0.7)
    var level = knock
    let factor = PortableMath.decayFactor(seconds: 0.03)
    for n in 0..<min(sound.count, samples(0.04)) {
      sound[n] += level * filter.filter(random.noise())
      level *= factor
    }
  }
}

extension ModalInstrument {
  /// Struck strings: partial n at n sqrt(1 + B n^2) of the fundamental.
  static func piano(brightness: Double) -> ModalInstrument {
    ModalInstrument(
      modes: { hertz, loudness in
        let stiffness = 0.00007 * (hertz / 110)
        let slope = 1.9 - 0.6 * brightness - 0.5 * loudness
        return (1...min(28, max(4, Int(9_000 / hertz)))).map { n in
          let k = Double(n)
          let comb = 0.15 + abs(PortableMath.sine(turns: k * 0.061))
          let amplitude = comb * PortableMath.powerOfTwo(-slope * Double(octaves(n)))
          return Mode(
            ratio: k * (1 + stiffness * k * k).squareRoot(), amplitude: amplitude,
            decay: 7 * (110 / hertz).squareRoot() / (1 + 0.14 * k))
        }
      }, release: 0.2, beating: 0.0006, knock: 0.06)
  }

  /// A tuned bell: hum, prime, minor third, fifth, nominal and above.
  static func bell(decay: Double) -> ModalInstrument {
    let ratios = [0.5, 1, 1.19, 1.5, 2, 2.51, 2.66, 3.01, 4.17, 5.43, 6.8, 8.21]
    let amplitudes = [0.5, 0.7, 0.6, 0.35, 1, 0.5, 0.4, 0.35, 0.3, 0.24, 0.18, 0.12]
    return table(ratios, amplitudes, decay: decay, release: nil, knock: 0.12)
  }

  /// A metal bar free at both ends: glockenspiel, gamelan.
  static func metalBar(decay: Double) -> ModalInstrument {
    table([1, 2.756, 5.404, 8.933, 13.34], [1, 0.6, 0.4, 0.25, 0.15], decay: decay, release: nil, knock: 0.25)
  }

  /// A wooden bar with its second mode tuned to the double octave: marimba.
  static func woodenBar() -> ModalInstrument {
    table([1, 3.99, 9.9, 16.2], [1, 0.35, 0.12, 0.06], decay: 0.9, release: nil, knock: 0.3)
  }

  private static func table(
    _ ratios: [Double], _ amplitudes: [Double], decay: Double, release: Double?, knock: Double
  ) -> ModalInstrument {
    ModalInstrument(
      modes: { hertz, loudness in
        zip(ratios, amplitudes).enumerated().map { index, mode in
          let tilt = index == 0 ? 1 : 0.5 + 0.5 * loudness
          return Mode(
            ratio: mode.0, amplitude: mode.1 * tilt,
            decay: decay * (440 / hertz).squareRoot() / (0.6 + 0.4 * mode.0))
        }
      }, release: release, beating: 0.0008, knock: knock)
  }

  /// log2(n), coarsely between powers of two: enough for a spectral slope.
  private static func octaves(_ n: Int) -> Double {
    let exponent = Double(n).exponent
    return Double(exponent) + (Double(n).significand - 1)
  }
}
