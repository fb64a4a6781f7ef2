/// Writes the notes of a clip: chords, melodies, basses and drum patterns on a grid of sixteenths.
///
/// A rhythm is a text with one character for each sixteenth of a bar: `X` accented, `x` plain, `.` nothing. A bar of
/// three beats takes the first twelve.
struct Arranger {
  var random: SynthesisRandom
  let harmony: Harmony
  let beatsPerMinute: Double
  let beatsPerBar: Int
  /// How late the second of two sixteenths (or eighths, at twice the value) comes, as a part of a sixteenth.
  let swing: Double
  /// Seconds to be filled.
  let end: Double
  /// When bar 0 begins: before the first sample, somewhere in the bar, so that a clip begins anywhere in the music.
  private let origin: Double

  init(
    harmony: Harmony, beatsPerMinute: Double, beatsPerBar: Int, swing: Double, end: Double,
    _ random: inout SynthesisRandom
  ) {
    self.harmony = harmony
    self.beatsPerMinute = beatsPerMinute
    self.beatsPerBar = beatsPerBar
    self.swing = swing
    self.end = end
    origin = -random.uniform() * Double(beatsPerBar) * 60 / beatsPerMinute
    self.random = random.fork()
  }

  var sixteenth: Double { 15 / beatsPerMinute }
  var stepsPerBar: Int { 4 * beatsPerBar }
  var bars: Range<Int> { 0..<Int((end - origin) / (sixteenth * Double(stepsPerBar))) + 1 }

  func time(bar: Int, step: Double) -> Double {
    let whole = Int(step)
    let late = whole & 3 == 2 ? 2 * swing : (whole & 1 == 1 ? swing : 0)
    return origin + sixteenth * (Double(bar * stepsPerBar) + step + late)
  }

  /// A note, a little off the beat and uneven in loudness as players are; none outside the time to be filled.
  private mutating func play(
    _ pitch: Double, bar: Int, step: Double, steps: Double, loudness: Double, into notes: inout [Note]
  ) {
    let start = max(0, time(bar: bar, step: step) + 0.006 * random.noise())
    let stop = time(bar: bar, step: step) + steps * sixteenth
    guard start < end, stop > start + 0.02 else { return }
    let level = min(1, max(0.05, loudness * random.uniform(0.82, 1.08)))
    notes.append(Note(start: start, duration: stop - start, pitch: pitch, loudness: level))
  }

  /// The hits of a rhythm: step, steps until the next, loudness.
  private func hits(_ rhythm: String) -> [(step: Int, steps: Int, loudness: Double)] {
    let characters = Array(rhythm.utf8.prefix(stepsPerBar))
    let places = characters.indices.filter { characters[$0] != UInt8(ascii: ".") }
    return places.enumerated().map { index, place in
      let next = index + 1 < places.count ? places[index + 1] : stepsPerBar
      return (place, next - place, characters[place] == UInt8(ascii: "X") ? 1 : 0.7)
    }
  }

  /// One drum on a rhythm; `ghost` is the chance of a soft extra stroke on an empty step.
  mutating func drum(_ drum: Drum, _ rhythms: [String], loudness: Double = 0.9, ghost: Double = 0) -> [Note] {
    var notes: [Note] = []
    for bar in bars {
      let struck = hits(rhythms[bar % rhythms.count])
      for hit in struck {
        play(drum.pitch, bar: bar, step: Double(hit.step), steps: 2, loudness: loudness * hit.loudness, into: &notes)
      }
      guard ghost > 0 else { continue }
      for step in 0..<stepsPerBar where !struck.contains(where: { $0.step == step }) && random.chance(ghost) {
        play(drum.pitch, bar: bar, step: Double(step), steps: 1, loudness: loudness * 0.3, into: &notes)
      }
    }
    return notes
  }

  /// Chords on a rhythm; `strum` seconds between their strings, `length` of the space until the next.
  mutating func chords(
    _ rhythms: [String], octave: Int, voices: Int = 4, strum: Double = 0, length: Double = 1, seventh: Bool = false
  ) -> [Note] {
    var notes: [Note] = []
    for bar in bars {
      let degrees = voicing(bar: bar, voices: voices, seventh: seventh)
      for (index, hit) in hits(rhythms[bar % rhythms.count]).enumerated() {
        let order = index & 1 == 0 ? degrees : degrees.reversed()
        for (place, degree) in order.enumerated() {
          let late = strum * Double(place) / sixteenth
          play(
            harmony.pitch(degree: degree, octave: octave), bar: bar, step: Double(hit.step) + late,
            steps: max(0.5, Double(hit.steps) * length - late), loudness: 0.8 * hit.loudness, into: &notes)
        }
      }
    }
    return notes
  }

  /// Chord tones from the root upwards, doubled in octaves, kept within a tenth or so of the tonic.
  private func voicing(bar: Int, voices: Int, seventh: Bool) -> [Int] {
    let chord = harmony.chord(bar: bar, seventh: seventh)
    return (0..<voices).map { voice in
      let degree = chord[voice % chord.count] + 7 * (voice / chord.count)
      return chord[0] > 3 ? degree - 7 : degree
    }
  }

  /// Chord tones one after another, every `every` sixteenths.
  mutating func arpeggio(octave: Int, every: Int, voices: Int = 5, ringing: Double = 2) -> [Note] {
    var notes: [Note] = []
    let style = random.integer(below: 3)
    for bar in bars {
      let tones = voicing(bar: bar, voices: voices, seventh: false)
      for (count, step) in stride(from: 0, to: stepsPerBar, by: every).enumerated() {
        let place =
          switch style {
          case 0: count % voices
          case 1: abs((count % (2 * voices - 2)) - (voices - 1))
          default: random.integer(below: voices)
          }
        play(
          harmony.pitch(degree: tones[place], octave: octave), bar: bar, step: Double(step),
          steps: Double(every) * ringing, loudness: step % 4 == 0 ? 0.85 : 0.65, into: &notes)
      }
    }
    return notes
  }

  /// A line that walks along the scale and meets the chord on accents.
  mutating func melody(_ rhythms: [String], octave: Int, length: Double = 0.95, leap: Double = 0.2) -> [Note] {
    var notes: [Note] = []
    var degree = harmony.root(bar: 0) + 2 * random.integer(below: 3)
    for bar in bars {
      let chord = harmony.chord(bar: bar)
      for hit in hits(random.choose(rhythms)) {
        degree += random.chance(leap) ? random.choose([-4, -3, 3, 4]) : random.choose([-2, -1, -1, 0, 1, 1, 2])
        if degree > 9 { degree -= 5 }
        if degree < -3 { degree += 5 }
        if hit.loudness == 1 {
          let isConsonant = { (d: Int) in chord.contains { ((d - $0) % 7 + 7) % 7 == 0 } }
          if !isConsonant(degree) { degree += isConsonant(degree + 1) ? 1 : -1 }
        }
        play(
          harmony.pitch(degree: degree, octave: octave), bar: bar, step: Double(hit.step),
          steps: Double(hit.steps) * length, loudness: 0.95 * hit.loudness, into: &notes)
      }
    }
    return notes
  }

  /// Roots, with fifths and octaves on the unaccented hits.
  mutating func bass(_ rhythms: [String], octave: Int = 2, length: Double = 0.9) -> [Note] {
    var notes: [Note] = []
    for bar in bars {
      let root = harmony.root(bar: bar)
      let base = root > 4 ? root - 7 : root
      for hit in hits(rhythms[bar % rhythms.count]) {
        let degree = hit.loudness == 1 ? base : base + random.choose([0, 0, 4, 7])
        play(
          harmony.pitch(degree: degree, octave: octave), bar: bar, step: Double(hit.step),
          steps: Double(hit.steps) * length, loudness: hit.loudness, into: &notes)
      }
    }
    return notes
  }

  /// A note on every beat that leads from one chord's root to the next.
  mutating func walkingBass(octave: Int = 2) -> [Note] {
    var notes: [Note] = []
    for bar in bars {
      let root = harmony.root(bar: bar)
      let next = harmony.root(bar: bar + 1)
      for beat in 0..<beatsPerBar {
        let degree =
          beat == 0
          ? root : (beat == beatsPerBar - 1 ? next + random.choose([-1, 1]) : root + random.choose([2, 4, 3]))
        play(
          harmony.pitch(degree: degree > 6 ? degree - 7 : degree, octave: octave), bar: bar, step: Double(4 * beat),
          steps: 3.8, loudness: 0.9, into: &notes)
      }
    }
    return notes
  }

  /// A run of drums in the last beat of every second bar.
  mutating func fills(_ drums: [Drum]) -> [Note] {
    var notes: [Note] = []
    for bar in bars where bar & 1 == 1 {
      for step in stepsPerBar - 4..<stepsPerBar where random.chance(0.8) {
        let place = (step - stepsPerBar + 4) * drums.count / 4
        play(drums[place].pitch, bar: bar, step: Double(step), steps: 2, loudness: 0.9, into: &notes)
      }
    }
    return notes
  }
}
