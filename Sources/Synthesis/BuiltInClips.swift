import PerceptualCore
import PerceptualFiles

/// The clips of experiment 004 that arithmetic alone can make, mono, 48 kHz, 2 s.
public enum BuiltInClip: String, Sendable, CaseIterable {
  /// Broken chords in two hands.
  case piano
  /// Band with bass, guitars and drums: clip 2 of the built-in music.
  case fullMix = "full-mix"
  /// Kick, snare, hats and toms.
  case drumKit = "drum-kit"

  public func render() -> AudioClip {
    switch self {
    case .fullMix:
      let stereo = Synthesis.render(index: 2, seed: 1)
      return AudioClip(samples: stereo.mono, sampleRate: stereo.sampleRate)
    case .piano:
      let melody = [60.0, 64, 67, 72, 76, 67, 72, 76, 60, 62, 69, 74, 77, 69, 74, 77].enumerated().map { i, pitch in
        Note(start: 0.13 * Double(i), duration: 0.3, pitch: pitch, loudness: i % 4 == 0 ? 0.8 : 0.55)
      }
      let bass = [48.0, 55, 45, 50].enumerated().map { i, pitch in
        Note(start: 0.52 * Double(i), duration: 0.6, pitch: pitch, loudness: 0.7)
      }
      return Self.played([(ModalInstrument.piano(brightness: 0.7), melody + bass)])
    case .drumKit:
      return Self.played([(DrumKit(), Self.beat(fills: true))])
    }
  }

  /// A beat alone, to put a voice over.
  public static func rhythm() -> AudioClip { played([(DrumKit(tuning: 0.9), beat(fills: false))]) }

  /// Two bars of sixteenths at 120 beats a minute.
  private static func beat(fills: Bool) -> [Note] {
    var patterns: [(Drum, String, Double)] = [
      (.kick, "X.....X.X..X....", 1), (.snare, "....X.......X..X", 0.9), (.closedHat, "X.X.X.X.X.X.X.X.", 0.4),
    ]
    if fills {
      patterns += [
        (.highTom, ".........X......", 0.8), (.middleTom, "..........X...X.", 0.8), (.lowTom, ".......X........", 0.8),
      ]
    }
    return patterns.flatMap { drum, pattern, loudness in
      pattern.enumerated().filter { $0.element == "X" }.map { place, _ in
        Note(start: 0.125 * Double(place), duration: 0.1, pitch: drum.pitch, loudness: loudness)
      }
    }
  }

  private static func played(_ parts: [(any Instrument, [Note])]) -> AudioClip {
    var mix = [Double](repeating: 0, count: 2 * Int(Synthesis.rate))
    var random = SynthesisRandom(seed: 4, index: 0)
    for (instrument, notes) in parts {
      for note in notes {
        var own = random.fork()
        Synthesis.add(instrument.sound(of: note, &own), to: &mix, at: Int(note.start * Synthesis.rate))
      }
    }
    let largest = mix.reduce(1e-9) { max($0, abs($1)) }
    return AudioClip(samples: Tensor(mix.map { Float(0.9 * $0 / largest) }), sampleRate: Int(Synthesis.rate))
  }
}
