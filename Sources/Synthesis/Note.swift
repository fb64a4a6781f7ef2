/// What an instrument is asked to play.
struct Note {
  /// Seconds from the start of the rendering.
  var start: Double
  /// Seconds until the release.
  var duration: Double
  /// MIDI note number, 69 = 440 Hz; for drums the number of a ``Drum``.
  var pitch: Double
  /// 0 ... 1.
  var loudness: Double
}

/// Turns a note into samples at ``Synthesis/rate``, release included.
protocol Instrument {
  func sound(of note: Note, _ random: inout SynthesisRandom) -> [Double]
}

/// A number of samples, at least 1.
func samples(_ seconds: Double) -> Int { max(1, Int(seconds * Synthesis.rate)) }

/// 0 at 0, 1 at 1, smooth at both ends.
func smoothStep(_ x: Double) -> Double {
  let t = min(1, max(0, x))
  return t * t * (3 - 2 * t)
}

/// Rises over `attack` seconds, holds, falls over `release` seconds after `duration`.
func swell(attack: Double, duration: Double, release: Double) -> [Double] {
  let rise = Double(samples(attack))
  let fall = Double(samples(release))
  let held = samples(duration)
  return (0..<held + Int(fall)).map { n in
    smoothStep(Double(n) / rise) * (n < held ? 1 : smoothStep(1 - Double(n - held) / fall))
  }
}

/// Fades the last `seconds` of a sound to zero.
func fadeEnd(_ sound: inout [Double], seconds: Double) {
  let fade = min(sound.count, samples(seconds))
  for n in 0..<fade { sound[sound.count - 1 - n] *= smoothStep(Double(n) / Double(fade)) }
}
