import PerceptualCore
import PerceptualFiles

/// Music made by arithmetic alone, for whoever has no recordings: 48 kHz stereo clips of 4.208 s, no two alike.
///
/// A clip is a function of (index, seed): eight kinds of ensemble in turn, with key, mode, tempo, harmony, rhythm,
/// melody, instruments, places on the stage, room and mastering drawn from the seed. Only exactly rounded operations
/// are used (``PortableMath``), and the result is rounded to 16 bits, so that every machine renders the same samples.
/// It is a stand-in for the paper's MusicCaps and PMQD clips, not a substitute: docs/data.md says how it compares with
/// recordings.
public enum Synthesis {
  /// Samples each second.
  static let rate = 48_000.0
  /// 4.208 s.
  public static let frames = 201_984
  /// Music that sounds before the first sample kept, so that a clip begins in the midst of it.
  private static let leadIn = 62_400

  /// The samples of a clip, [2, 201984], each a multiple of 2^-15 in [-1, 1).
  public static func samples(index: Int, seed: UInt64) -> Tensor<Float> {
    require(index >= 0, "index: \(index) given, 0 or more is needed")
    var plan = Plan(index: index, seed: seed)
    let (dry, sent) = mix(plan.ensemble.parts(&plan.score), &plan.random)
    let room = Room(
      reverberation: plan.random.uniform(in: plan.ensemble.reverberation), size: plan.random.uniform(0.6, 1.4),
      brightness: plan.random.uniform(3_500, 9_000))
    let wet = room.applied(to: sent, &plan.random)
    let whole = zip(dry, wet).map { dry, wet in zip(dry, wet).map { $0 + $1 }.suffix(frames) }.map(Array.init)
    let mastering = Mastering(
      targetRMS: plan.random.uniform(-18, -13.5), treble: plan.random.uniform(-4, 3),
      noiseFloor: plan.random.uniform(-84, -72))
    let finished = mastering.applied(to: whole, &plan.random)
    let elements = finished.flatMap { channel in
      channel.map { Float(min(32_767, max(-32_768, ($0 * 32_768).rounded(.toNearestOrEven))) / 32_768) }
    }
    return Tensor(elements, shape: [2, frames])
  }

  /// A clip as sound: stereo, 48 kHz, 4.208 s.
  public static func render(index: Int, seed: UInt64) -> AudioClip {
    AudioClip(samples: samples(index: index, seed: seed), sampleRate: Int(rate))
  }

  /// One line about a clip: ensemble, tempo, metre and key.
  public static func describe(index: Int, seed: UInt64) -> String {
    let plan = Plan(index: index, seed: seed)
    let metre = plan.score.beatsPerBar == 3 ? "three" : "four"
    let tempo = Int(plan.score.beatsPerMinute.rounded())
    return "\(plan.ensemble.name), \(tempo) beats a minute in \(metre), \(plan.score.harmony.name)"
  }

  /// The kind of ensemble, for file names: "chamber-strings".
  public static func name(index: Int) -> String {
    String(Plan.ensemble(index).name.map { $0 == " " ? "-" : $0 })
  }

  /// What is decided before a note is written.
  private struct Plan {
    let ensemble: Ensemble
    var score: Arranger
    var random: SynthesisRandom

    static func ensemble(_ index: Int) -> Ensemble { Ensemble.all[index % Ensemble.all.count] }

    init(index: Int, seed: UInt64) {
      var random = SynthesisRandom(seed: seed, index: UInt64(index))
      let ensemble = Self.ensemble(index)
      self.ensemble = ensemble
      let tempo = random.uniform(in: ensemble.tempi)
      let harmony = Harmony(ensemble.modes, &random)
      let isWaltz = ensemble.waltzes && random.chance(0.25)
      let swing = ensemble.swings ? random.uniform(0.2, 0.33) : 0
      score = Arranger(
        harmony: harmony, beatsPerMinute: tempo, beatsPerBar: isWaltz ? 3 : 4, swing: swing,
        end: Double(leadIn + frames) / rate, &random)
      self.random = random
    }
  }

  /// Plays every part, brings it to its level and places it: the direct sound and what goes to the room.
  private static func mix(
    _ parts: [Part], _ random: inout SynthesisRandom
  ) -> (dry: [[Double]], sent: [[Double]]) {
    let count = leadIn + frames
    let silence = [[Double]](repeating: [Double](repeating: 0, count: count), count: 2)
    var dry = silence
    var sent = silence
    for part in parts {
      var stage = silence
      for note in part.notes {
        var own = random.fork()
        let pan = min(1, max(-1, part.pan + part.width * own.noise()))
        let sound = part.instrument.sound(of: note, &own)
        let start = Int(note.start * rate)
        let gains = [((1 - pan) / 2).squareRoot(), ((1 + pan) / 2).squareRoot()]
        for channel in 0..<2 { add(sound, to: &stage[channel], at: start, gain: gains[channel]) }
      }
      if part.drive > 0 { stage = stage.map { amplified($0, drive: part.drive) } }
      let power = stage.reduce(0) { $0 + $1.suffix(frames).reduce(0) { $0 + $1 * $1 } } / Double(2 * frames)
      guard power > 0 else { continue }
      let gain = PortableMath.amplitude(decibels: part.level) / power.squareRoot()
      for channel in 0..<2 {
        add(stage[channel], to: &dry[channel], gain: gain)
        add(stage[channel], to: &sent[channel], gain: part.send * gain)
      }
    }
    return (dry, sent)
  }

  /// Adds what fits of a sound, from a sample on.
  static func add(_ sound: [Double], to target: inout [Double], at start: Int = 0, gain: Double = 1) {
    for n in 0..<min(sound.count, target.count - start) { target[start + n] += gain * sound[n] }
  }

  /// An overdriven amplifier with a loudspeaker: tanh, then the cabinet's band.
  private static func amplified(_ sound: [Double], drive: Double) -> [Double] {
    let power = sound.reduce(0) { $0 + $1 * $1 } / Double(sound.count)
    guard power > 0 else { return sound }
    let gain = drive / power.squareRoot()
    let driven = sound.map { $0 == 0 ? 0 : PortableMath.hyperbolicTangent(gain * $0 * 0.5) }
    var cabinet = Biquad.highPass(75).applied(to: driven)
    cabinet = Biquad.peak(2_600, quality: 0.8, decibels: 6).applied(to: cabinet)
    return Biquad.lowPass(6_500, quality: 0.9).applied(to: cabinet)
  }
}
