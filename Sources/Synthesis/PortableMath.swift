/// Sines and powers from additions, multiplications and exact roundings only.
///
/// Swift never fuses `a * b + c` by itself, and IEEE 754 fixes every step used here, so the synthesised music is the
/// same on every processor and operating system; their own `sin` and `exp` differ in the last bit.
enum PortableMath {
  /// sin(2 pi x), x in turns; within 1e-11 of the truth (Taylor to x^15 on a quarter turn).
  static func sine(turns x: Double) -> Double {
    var r = x - x.rounded(.down)
    if r > 0.5 { r -= 1 }
    if r > 0.25 { r = 0.5 - r }
    if r < -0.25 { r = -0.5 - r }
    let t = r * 6.283185307179586
    let s = t * t
    var sum = -1.0 / 1_307_674_368_000
    sum = sum * s + 1.0 / 6_227_020_800
    sum = sum * s - 1.0 / 39_916_800
    sum = sum * s + 1.0 / 362_880
    sum = sum * s - 1.0 / 5_040
    sum = sum * s + 1.0 / 120
    sum = sum * s - 1.0 / 6
    sum = sum * s + 1
    return t * sum
  }

  static func cosine(turns x: Double) -> Double { sine(turns: x + 0.25) }

  /// 2^x for x in -1000 ... 1000; relative error under 1e-12 (Taylor on half an octave either side).
  static func powerOfTwo(_ x: Double) -> Double {
    let bounded = min(1000, max(-1000, x))
    let whole = bounded.rounded(.toNearestOrEven)
    let t = (bounded - whole) * 0.6931471805599453
    var sum = 1.0
    for n in stride(from: 12, through: 1, by: -1) { sum = 1 + t * sum / Double(n) }
    return Double(sign: .plus, exponent: Int(whole), significand: sum)
  }

  static func exponential(_ x: Double) -> Double { powerOfTwo(x * 1.4426950408889634) }

  /// (e^2x - 1) / (e^2x + 1).
  static func hyperbolicTangent(_ x: Double) -> Double {
    let e = exponential(2 * min(20, max(-20, x)))
    return (e - 1) / (e + 1)
  }

  /// The amplitude of a level in decibels.
  static func amplitude(decibels: Double) -> Double { powerOfTwo(decibels * 0.16609640474436813) }

  /// Hertz of a MIDI note number: 440 at 69, a semitone for each 1.
  static func frequency(pitch: Double) -> Double { 440 * powerOfTwo((pitch - 69) / 12) }

  /// The factor that, applied every sample, decays by 60 dB in `seconds`.
  static func decayFactor(seconds: Double, rate: Double = Synthesis.rate) -> Double {
    powerOfTwo(-9.965784284662087 / (max(1e-4, seconds) * rate))
  }
}
