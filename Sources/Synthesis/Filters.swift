/// A filter of second order (R. Bristow-Johnson's designs), transposed direct form II.
struct Biquad {
  private let b0: Double, b1: Double, b2: Double, a1: Double, a2: Double
  private var s1 = 0.0
  private var s2 = 0.0

  private init(_ b0: Double, _ b1: Double, _ b2: Double, _ a0: Double, _ a1: Double, _ a2: Double) {
    self.b0 = b0 / a0
    self.b1 = b1 / a0
    self.b2 = b2 / a0
    self.a1 = a1 / a0
    self.a2 = a2 / a0
  }

  private static func angle(_ hertz: Double, _ quality: Double) -> (cosine: Double, alpha: Double) {
    let turns = min(0.49, max(1e-5, hertz / Synthesis.rate))
    return (PortableMath.cosine(turns: turns), PortableMath.sine(turns: turns) / (2 * quality))
  }

  static func lowPass(_ hertz: Double, quality: Double = 0.7071) -> Biquad {
    let (c, a) = angle(hertz, quality)
    return Biquad((1 - c) / 2, 1 - c, (1 - c) / 2, 1 + a, -2 * c, 1 - a)
  }

  static func highPass(_ hertz: Double, quality: Double = 0.7071) -> Biquad {
    let (c, a) = angle(hertz, quality)
    return Biquad((1 + c) / 2, -(1 + c), (1 + c) / 2, 1 + a, -2 * c, 1 - a)
  }

  /// Gain 1 at the centre.
  static func bandPass(_ hertz: Double, quality: Double) -> Biquad {
    let (c, a) = angle(hertz, quality)
    return Biquad(a, 0, -a, 1 + a, -2 * c, 1 - a)
  }

  /// `decibels` at the centre, 0 far away.
  static func peak(_ hertz: Double, quality: Double, decibels: Double) -> Biquad {
    let (c, a) = angle(hertz, quality)
    let g = PortableMath.amplitude(decibels: decibels / 2)
    return Biquad(1 + a * g, -2 * c, 1 - a * g, 1 + a / g, -2 * c, 1 - a / g)
  }

  /// `decibels` above the frequency, 0 below.
  static func highShelf(_ hertz: Double, decibels: Double) -> Biquad {
    let (c, a) = angle(hertz, 0.7071)
    let g = PortableMath.amplitude(decibels: decibels / 2)
    let r = 2 * g.squareRoot() * a
    return Biquad(
      g * ((g + 1) + (g - 1) * c + r), -2 * g * ((g - 1) + (g + 1) * c), g * ((g + 1) + (g - 1) * c - r),
      (g + 1) - (g - 1) * c + r, 2 * ((g - 1) - (g + 1) * c), (g + 1) - (g - 1) * c - r)
  }

  @inline(__always)
  mutating func filter(_ x: Double) -> Double {
    let y = b0 * x + s1
    s1 = b1 * x - a1 * y + s2
    s2 = b2 * x - a2 * y
    return y
  }

  /// Filters a whole sound from rest.
  func applied(to sound: [Double]) -> [Double] {
    var filter = self
    return sound.map { filter.filter($0) }
  }
}

/// A low-pass filter whose cutoff and resonance may change at every sample (trapezoidal state-variable form).
struct SweepFilter {
  private var first = 0.0
  private var second = 0.0

  mutating func lowPass(_ x: Double, hertz: Double, quality: Double) -> Double {
    let turns = min(0.22, hertz / (2 * Synthesis.rate))
    let g = PortableMath.sine(turns: turns) / PortableMath.cosine(turns: turns)
    let k = 1 / quality
    let a = 1 / (1 + g * (g + k))
    let v = x - second
    let band = a * (first + g * v)
    let low = second + g * band
    first = 2 * band - first
    second = 2 * low - second
    return low
  }
}
