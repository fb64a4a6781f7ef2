/// A plucked string after Karplus and Strong (1983), tuned by a fractional delay (Jaffe and Smith 1983).
///
/// y[n] = x[n] + g ((1 - s) y[n - N] + s y[n - N - 1]), followed in the loop by a first-order all-pass that supplies
/// the fraction of a sample. The excitation is a burst of noise, one period long, softened by the plectrum and combed
/// by the place where the string is plucked.
struct PluckedString: Instrument {
  /// 0 dull ... 1 bright: the plectrum.
  var brightness = 0.6
  /// Seconds in which the fundamental decays by 60 dB, at 110 Hz; less for higher notes.
  var decay = 3.0
  /// The place of the pluck as a fraction of the string.
  var place = 0.13
  /// Averaging in the loop, 0.02 ... 0.5: how much faster high partials die.
  var damping = 0.3
  /// Resonances of the body: hertz and decibels.
  var body: [(hertz: Double, decibels: Double)] = []
  /// Seconds until a released string is silent.
  var release = 0.12

  func sound(of note: Note, _ random: inout SynthesisRandom) -> [Double] {
    let hertz = PortableMath.frequency(pitch: note.pitch)
    let period = Synthesis.rate / hertz
    // The loop's delay is N, plus `damping` of the average, plus 0.1 ... 1.1 of the all-pass.
    let whole = max(2, Int(period - damping - 0.1))
    let fraction = period - damping - Double(whole)
    let allPass = (1 - fraction) / (1 + fraction)
    let seconds = decay * (110 / hertz).squareRoot()
    let gain = PortableMath.decayFactor(seconds: seconds, rate: hertz)

    let length = samples(min(note.duration + release, seconds))
    let burst = excitation(period: whole, loudness: note.loudness, &random)
    var sound = [Double](repeating: 0, count: length)
    var line = [Double](repeating: 0, count: whole + 1)
    var position = 0
    var before = 0.0
    var allPassInput = 0.0
    var allPassOutput = 0.0
    for n in 0..<length {
      let oldest = line[position]
      let averaged = gain * ((1 - damping) * oldest + damping * before)
      before = oldest
      let delayed = allPass * averaged + allPassInput - allPass * allPassOutput
      allPassInput = averaged
      allPassOutput = delayed
      let y = (n < burst.count ? burst[n] : 0) + delayed
      line[position] = y
      position = position + 1 == whole ? 0 : position + 1
      sound[n] = y
    }
    for resonance in body {
      sound = Biquad.peak(resonance.hertz, quality: 2.5, decibels: resonance.decibels).applied(to: sound)
    }
    fadeEnd(&sound, seconds: release)
    return sound
  }

  private func excitation(period: Int, loudness: Double, _ random: inout SynthesisRandom) -> [Double] {
    var noise = (0..<period).map { _ in random.noise() }
    let mean = noise.reduce(0, +) / Double(period)
    for n in noise.indices { noise[n] -= mean }
    let softness = 1 - min(0.98, brightness * (0.5 + 0.5 * loudness))
    var low = 0.0
    for n in noise.indices {
      low += (1 - softness) * (noise[n] - low)
      noise[n] = low * loudness
    }
    let delay = max(1, Int(Double(period) * place))
    var combed = noise + [Double](repeating: 0, count: delay)
    for n in noise.indices { combed[n + delay] -= 0.9 * noise[n] }
    return combed
  }
}
