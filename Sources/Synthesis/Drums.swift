/// The pieces of a drum kit; the raw value is the pitch of a note that strikes one.
enum Drum: Int, CaseIterable {
  case kick, snare, closedHat, openHat, highTom, middleTom, lowTom, ride, crash, shaker, clap, brush, timpani

  var pitch: Double { Double(rawValue) }
}

/// Drums from swept sines, noise and clusters of square waves.
struct DrumKit: Instrument {
  /// 0.8 ... 1.25: how high the drums are tuned.
  var tuning = 1.0
  /// 0.6 ... 1.6: how long they ring.
  var ring = 1.0

  func sound(of note: Note, _ random: inout SynthesisRandom) -> [Double] {
    let drum = Drum(rawValue: Int(note.pitch)) ?? .kick
    var sound =
      switch drum {
      case .kick: skin(from: 150, to: 48, fall: 0.05, decay: 0.45, click: 0.5, &random)
      case .snare: snare(&random)
      case .closedHat: metal(above: 7_000, decay: 0.07, noise: 0.5, &random)
      case .openHat: metal(above: 6_500, decay: 0.45, noise: 0.5, &random)
      case .highTom: skin(from: 260, to: 175, fall: 0.12, decay: 0.5, click: 0.25, &random)
      case .middleTom: skin(from: 190, to: 125, fall: 0.12, decay: 0.6, click: 0.25, &random)
      case .lowTom: skin(from: 140, to: 85, fall: 0.12, decay: 0.8, click: 0.25, &random)
      case .ride: metal(above: 4_500, decay: 1.1, noise: 0.15, &random)
      case .crash: metal(above: 2_800, decay: 1.9, noise: 0.9, &random)
      case .shaker: noise(low: 5_000, high: 13_000, attack: 0.02, decay: 0.11, &random)
      case .clap: clap(&random)
      case .brush: noise(low: 1_800, high: 9_000, attack: 0.03, decay: 0.28, &random)
      case .timpani: skin(from: 112, to: 98, fall: 0.05, decay: 1.6, click: 0.15, &random)
      }
    for n in sound.indices { sound[n] *= note.loudness }
    fadeEnd(&sound, seconds: 0.01)
    return sound
  }

  /// A sine that falls from one frequency to another, with two overtones of a membrane and the stick's click.
  private func skin(
    from high: Double, to low: Double, fall: Double, decay: Double, click: Double, _ random: inout SynthesisRandom
  ) -> [Double] {
    var sound = [Double](repeating: 0, count: samples(decay * ring))
    let factor = PortableMath.decayFactor(seconds: decay * ring)
    let overtoneFactor = PortableMath.decayFactor(seconds: decay * ring * 0.4)
    let bend = PortableMath.decayFactor(seconds: fall * 3)
    let tick = PortableMath.decayFactor(seconds: 0.025)
    var phase = 0.0
    var level = 1.0
    var overtone = 0.35
    var excess = high - low
    var clicking = click
    var stick = Biquad.bandPass(3_800, quality: 0.4)
    for n in sound.indices {
      let fundamental = PortableMath.sine(turns: phase)
      let membrane = PortableMath.sine(turns: 1.593 * phase) + 0.6 * PortableMath.sine(turns: 2.295 * phase)
      sound[n] = level * fundamental + overtone * membrane + clicking * stick.filter(random.noise())
      phase += tuning * (low + excess) / Synthesis.rate
      level *= factor
      overtone *= overtoneFactor
      excess *= bend
      clicking *= tick
    }
    return sound
  }

  private func snare(_ random: inout SynthesisRandom) -> [Double] {
    var sound = skin(from: 250, to: 185, fall: 0.04, decay: 0.25, click: 0.6, &random)
    let wires = noise(low: 1_400, high: 11_000, attack: 0.001, decay: 0.32 * ring, &random)
    if sound.count < wires.count { sound += [Double](repeating: 0, count: wires.count - sound.count) }
    for n in wires.indices { sound[n] = 0.6 * sound[n] + 1.1 * wires[n] }
    return sound
  }

  private func clap(_ random: inout SynthesisRandom) -> [Double] {
    let hands = noise(low: 900, high: 6_000, attack: 0.001, decay: 0.2 * ring, &random)
    let delays = [0, samples(0.009), samples(0.019), samples(0.028)]
    var sound = [Double](repeating: 0, count: hands.count + delays[3])
    for (index, delay) in delays.enumerated() {
      let length = index == 3 ? hands.count : samples(0.012)
      for n in 0..<length { sound[delay + n] += hands[n] * 0.8 }
    }
    return sound
  }

  /// Six square waves that share no harmonic, with noise, above a frequency.
  private func metal(above hertz: Double, decay: Double, noise share: Double, _ random: inout SynthesisRandom)
    -> [Double]
  {
    let frequencies = [205.3, 304.4, 369.6, 522.7, 540.0, 800.0].map {
      $0 * 3.1 * tuning * random.uniform(0.995, 1.005)
    }
    var phases = frequencies.map { _ in random.uniform() }
    let seconds = decay * ring
    var sound = [Double](repeating: 0, count: samples(seconds))
    let factor = PortableMath.decayFactor(seconds: seconds)
    let ping = PortableMath.decayFactor(seconds: 0.06)
    var level = 0.6
    var attack = 0.5
    var first = Biquad.highPass(hertz)
    var second = Biquad.highPass(hertz * 0.8)
    for n in sound.indices {
      var sum = 0.0
      for k in 0..<6 {
        sum += phases[k] < 0.5 ? 1 : -1
        phases[k] += frequencies[k] / Synthesis.rate
        if phases[k] >= 1 { phases[k] -= 1 }
      }
      let source = (1 - share) * sum / 3 + share * random.noise()
      sound[n] = (level + attack) * second.filter(first.filter(source))
      level *= factor
      attack *= ping
    }
    return sound
  }

  private func noise(
    low: Double, high: Double, attack: Double, decay: Double, _ random: inout SynthesisRandom
  ) -> [Double] {
    var above = Biquad.highPass(low)
    var below = Biquad.lowPass(high)
    let factor = PortableMath.decayFactor(seconds: decay)
    var level = 1.0
    let rise = Double(samples(attack))
    return (0..<samples(attack + decay)).map { n in
      if Double(n) >= rise { level *= factor }
      return level * smoothStep(Double(n + 1) / rise) * below.filter(above.filter(random.noise()))
    }
  }
}
