/// Instruments that are blown, bowed or keyed: one period in a table, played with vibrato, through fixed resonances.
///
/// Two tables, soft and bright, are mixed by the loudness of the moment, so that a swell opens the spectrum.
struct SustainedInstrument: Instrument {
  /// Amplitude of harmonic 1, 2, ... when played softly.
  var soft: @Sendable (Int) -> Double
  /// The same at full loudness.
  var bright: @Sendable (Int) -> Double
  /// Seconds.
  var attack = 0.06
  var release = 0.12
  /// Hertz, and depth in semitones, reached after the delay in seconds.
  var vibrato = (rate: 5.5, depth: 0.25, delay: 0.15)
  /// Level of noise (breath, bow hair) and the centre of its band over the note's frequency.
  var breath = (level: 0.02, ratio: 3.0)
  /// Players in unison and their mistuning in semitones.
  var players = (count: 1, spread: 0.0)
  /// Fixed resonances: hertz, quality, decibels.
  var resonances: [(hertz: Double, quality: Double, decibels: Double)] = []
  /// Depth of a slow swell in loudness, 0 ... 1.
  var expression = 0.3

  private static let tableSize = 4096
  private static let sines: [Double] = (0..<tableSize).map {
    PortableMath.sine(turns: Double($0) / Double(tableSize))
  }

  /// One period, normalised to a mean square of 1/2, and its first element again at the end.
  private static func table(_ amplitude: (Int) -> Double, hertz: Double, phases: [Int]) -> [Double] {
    var table = [Double](repeating: 0, count: tableSize + 1)
    let count = min(160, max(1, Int(18_500 / hertz)))
    var power = 0.0
    for k in 1...count {
      let a = amplitude(k)
      if a == 0 { continue }
      power += a * a
      let phase = phases[k - 1]
      for n in 0..<tableSize { table[n] += a * sines[(k * n + phase) & (tableSize - 1)] }
    }
    table[tableSize] = table[0]
    let scale = 1 / max(1e-9, power).squareRoot()
    return table.map { $0 * scale }
  }

  func sound(of note: Note, _ random: inout SynthesisRandom) -> [Double] {
    let hertz = PortableMath.frequency(pitch: note.pitch)
    // The players of a section are not in phase; a solo instrument's harmonics are.
    let phases = (0..<160).map { _ in players.count > 1 ? random.integer(below: Self.tableSize) : 0 }
    let softTable = Self.table(soft, hertz: hertz, phases: phases)
    let brightTable = Self.table(bright, hertz: hertz, phases: phases)
    let envelope = swell(attack: attack, duration: note.duration, release: release)
    var sound = [Double](repeating: 0, count: envelope.count)
    let swellRate = random.uniform(0.2, 0.6)
    let swellPhase = random.uniform()

    for _ in 0..<players.count {
      var phase = players.count > 1 ? random.uniform() : 0
      let tuning = PortableMath.powerOfTwo(players.spread * random.noise() / 12)
      let rate = vibrato.rate * random.uniform(0.93, 1.07)
      let vibratoPhase = random.uniform()
      let onset = samples(vibrato.delay)
      // A semitone of deviation is about 0.0578 of the frequency; the vibrato is updated every 16 samples.
      let deviation = 0.0578 * vibrato.depth
      var step = 0.0
      var mix = 0.0
      for n in sound.indices {
        if n & 15 == 0 {
          let time = Double(n) / Synthesis.rate
          let grown = smoothStep(Double(n) / Double(2 * onset))
          let wave = PortableMath.sine(turns: rate * time + vibratoPhase)
          step = hertz * tuning * (1 + deviation * grown * wave) / Synthesis.rate * Double(Self.tableSize)
          let swelling = 1 - expression * (0.5 + 0.5 * PortableMath.sine(turns: swellRate * time + swellPhase))
          mix = note.loudness * swelling * envelope[n]
        }
        let place = Int(phase)
        let fraction = phase - Double(place)
        let a = softTable[place] + fraction * (softTable[place + 1] - softTable[place])
        let b = brightTable[place] + fraction * (brightTable[place + 1] - brightTable[place])
        sound[n] += (a + mix * (b - a)) * (0.35 + 0.65 * mix)
        phase += step
        if phase >= Double(Self.tableSize) { phase -= Double(Self.tableSize) }
      }
    }
    addBreath(to: &sound, hertz: hertz, loudness: note.loudness, &random)
    for n in sound.indices { sound[n] *= envelope[n] * note.loudness }
    for resonance in resonances {
      sound = Biquad.peak(resonance.hertz, quality: resonance.quality, decibels: resonance.decibels).applied(to: sound)
    }
    return sound
  }

  private func addBreath(
    to sound: inout [Double], hertz: Double, loudness: Double, _ random: inout SynthesisRandom
  ) {
    guard breath.level > 0 else { return }
    var band = Biquad.bandPass(min(11_000, hertz * breath.ratio), quality: 0.5)
    let chiff = PortableMath.decayFactor(seconds: 0.15)
    var extra = 2.0
    for n in sound.indices {
      sound[n] += breath.level * Double(players.count).squareRoot() * (1 + extra) * band.filter(random.noise())
      extra *= chiff
    }
  }
}

extension SustainedInstrument {
  /// A section of bowed strings: sawtooth, the body's resonances, bow noise.
  static func bowedStrings(players: Int) -> SustainedInstrument {
    SustainedInstrument(
      soft: { 1 / (Double($0) * Double($0).squareRoot()) }, bright: { 1 / Double($0) }, attack: 0.09, release: 0.16,
      vibrato: (5.4, 0.22, 0.12), breath: (0.05, 6), players: (players, 0.09),
      resonances: [(280, 3, 5), (460, 3, 5), (1_100, 2, 3), (2_600, 1.2, 6), (7_000, 1, 3)], expression: 0.45)
  }

  /// A flue organ: drawbars are the levels (0 ... 8) of the harmonics 1, 2, 3, 4, 5, 6, 8, 12.
  static func organ(drawbars: [Int]) -> SustainedInstrument {
    let harmonics = [1, 2, 3, 4, 5, 6, 8, 12, 16]
    let levels = zip(harmonics, drawbars).reduce(into: [Int: Double]()) { table, bar in
      table[bar.0] = bar.1 == 0 ? 0 : PortableMath.amplitude(decibels: Double(bar.1 - 8) * 3)
    }
    let spectrum: @Sendable (Int) -> Double = { (levels[$0] ?? 0) + 0.02 / Double($0) }
    return SustainedInstrument(
      soft: spectrum, bright: spectrum, attack: 0.025, release: 0.07, vibrato: (6.2, 0.05, 0.02),
      breath: (0.035, 5), players: (2, 0.03), expression: 0.05)
  }

  enum Vowel: CaseIterable { case a, e, o, u }

  /// A choir on one vowel: a glottal pulse through formants.
  static func choir(_ vowel: Vowel, players: Int) -> SustainedInstrument {
    let formants: [(Double, Double, Double)] =
      switch vowel {
      case .a: [(730, 7, 16), (1_090, 9, 13), (2_440, 9, 12), (3_400, 8, 12)]
      case .e: [(530, 7, 16), (1_840, 9, 13), (2_480, 9, 12), (3_500, 8, 11)]
      case .o: [(450, 7, 17), (800, 9, 14), (2_600, 9, 11), (3_300, 8, 11)]
      case .u: [(320, 6, 16), (870, 9, 12), (2_250, 9, 10), (3_200, 8, 10)]
      }
    return SustainedInstrument(
      soft: { 1 / (Double($0) * Double($0)) }, bright: { 1 / (Double($0) * Double($0).squareRoot()) }, attack: 0.12,
      release: 0.2, vibrato: (5.1, 0.3, 0.2), breath: (0.05, 8), players: (players, 0.16), resonances: formants)
  }

  static func flute() -> SustainedInstrument {
    SustainedInstrument(
      soft: { [1, 0.35, 0.12, 0.05, 0.02, 0.01][min($0, 6) - 1] / Double(max(1, $0 - 5)) },
      bright: { [1, 0.7, 0.4, 0.2, 0.12, 0.06][min($0, 6) - 1] / Double(max(1, $0 - 5)) },
      attack: 0.05, release: 0.08, vibrato: (5.0, 0.18, 0.25), breath: (0.16, 3.5), expression: 0.35)
  }

  /// Odd harmonics first: a clarinet or a reed pipe.
  static func reed() -> SustainedInstrument {
    SustainedInstrument(
      soft: { ($0 & 1 == 1 ? 1 : 0.06) / (Double($0) * Double($0).squareRoot()) },
      bright: { ($0 & 1 == 1 ? 1 : 0.35) / Double($0) }, attack: 0.04, release: 0.08, vibrato: (4.8, 0.1, 0.3),
      breath: (0.06, 5), resonances: [(1_500, 1.5, 5), (3_700, 2, 4)], expression: 0.35)
  }

  static func brass(players: Int) -> SustainedInstrument {
    SustainedInstrument(
      soft: { 1 / (Double($0) * Double($0)) }, bright: { 1 / (0.6 + 0.4 * Double($0)) }, attack: 0.05, release: 0.09,
      vibrato: (5.2, 0.12, 0.3), breath: (0.04, 5), players: (players, 0.06),
      resonances: [(620, 1.5, 4), (1_400, 1.2, 5), (2_900, 1, 3)], expression: 0.4)
  }
}
