/// One instrument's notes and its place in the mix.
struct Part {
  let instrument: any Instrument
  let notes: [Note]
  /// Decibels of this part's RMS over the clip against the other parts.
  let level: Double
  /// -1 left ... 1 right.
  let pan: Double
  /// How far notes stray from the pan.
  let width: Double
  /// Share that goes to the room.
  let send: Double
  /// 0 clean; above, how hard an amplifier with a loudspeaker is driven.
  let drive: Double

  init(
    _ instrument: any Instrument, _ notes: [Note], level: Double, pan: Double = 0, width: Double = 0,
    send: Double = 0.3, drive: Double = 0
  ) {
    self.instrument = instrument
    self.notes = notes
    self.level = level
    self.pan = pan
    self.width = width
    self.send = send
    self.drive = drive
  }
}

/// A kind of music.
struct Ensemble {
  let name: String
  let tempi: ClosedRange<Double>
  let modes: [Harmony.Mode]
  /// Seconds.
  let reverberation: ClosedRange<Double>
  /// Whether a bar may have three beats.
  var waltzes = true
  var swings = false
  let parts: @Sendable (_ score: inout Arranger) -> [Part]

  /// A clip's index modulo their number chooses one.
  static let all = [
    Ensemble(
      name: "chamber strings", tempi: 66...126, modes: [.major, .minor, .harmonicMinor], reverberation: 1.0...2.2,
      parts: chamberStrings),
    Ensemble(
      name: "folk guitar", tempi: 84...140, modes: [.major, .mixolydian, .dorian, .minor], reverberation: 0.5...1.2,
      parts: folkGuitar),
    Ensemble(
      name: "rock band", tempi: 100...176, modes: [.minor, .mixolydian, .major, .dorian], reverberation: 0.5...1.4,
      waltzes: false, parts: rockBand),
    Ensemble(
      name: "organ and choir", tempi: 60...100, modes: [.major, .minor, .harmonicMinor], reverberation: 1.8...3.2,
      parts: organChoir),
    Ensemble(
      name: "bells and bars", tempi: 72...150, modes: [.major, .dorian, .minor], reverberation: 1.2...2.6,
      parts: bells),
    Ensemble(
      name: "jazz trio", tempi: 96...200, modes: [.dorian, .major, .mixolydian], reverberation: 0.5...1.2,
      swings: true, parts: jazzTrio),
    Ensemble(
      name: "electronic", tempi: 104...150, modes: [.minor, .dorian, .major], reverberation: 0.5...1.4,
      waltzes: false, parts: electronic),
    Ensemble(
      name: "brass band", tempi: 84...132, modes: [.major, .mixolydian, .minor], reverberation: 1.0...2.2,
      parts: brassBand),
  ]
}

extension Ensemble {
  private static let melodies = [
    "X...x.x.X...x...", "X..x..x.X.x.x...", "X.x.x.x.X...x.x.", "X.....x.X.x.....", "X.xxx.x.X.x.X...",
  ]

  private static func chamberStrings(_ score: inout Arranger) -> [Part] {
    let bows = ["X.x.X.x.X.x.X.x.", "X...x...X...x...", "X.......X.......", "X..x..x.X..x..x."]
    var parts = [
      Part(
        SustainedInstrument.bowedStrings(players: 4), score.melody(melodies, octave: 5), level: 0, pan: -0.4,
        width: 0.1, send: 0.35),
      Part(
        SustainedInstrument.bowedStrings(players: 4), score.chords([score.random.choose(bows)], octave: 4, voices: 3),
        level: -4, pan: 0.15, width: 0.4, send: 0.35),
      Part(
        SustainedInstrument.bowedStrings(players: 3), score.bass([score.random.choose(bows)], octave: 2), level: -3,
        pan: 0.45, send: 0.3),
    ]
    if score.random.chance(0.6) {
      let pizzicato = PluckedString(brightness: 0.5, decay: 0.7, place: 0.2, body: [(280, 6), (470, 4), (2_500, 4)])
      parts.append(Part(pizzicato, score.arpeggio(octave: 4, every: 2), level: -7, pan: 0.1, width: 0.5))
    }
    if score.random.chance(0.4) {
      parts.append(Part(DrumKit(), score.drum(.timpani, ["X.......x...x.x."]), level: -9, pan: 0.3, send: 0.5))
    }
    return parts
  }

  private static func folkGuitar(_ score: inout Arranger) -> [Part] {
    let body = [(hertz: 105.0, decibels: 5.0), (hertz: 215, decibels: 4), (hertz: 3_500, decibels: 4)]
    let steel = PluckedString(
      brightness: score.random.uniform(0.75, 0.95), decay: score.random.uniform(2.5, 4.5),
      place: score.random.uniform(0.09, 0.2), damping: score.random.uniform(0.12, 0.3), body: body)
    let strums = ["X..xx.x.X.xx..x.", "X.x.X.x.X.xxX.x.", "X...x.x.X.x.x.xx", "X.xxX.xxX.xxX.xx"]
    let lead: any Instrument = score.random.choose([SustainedInstrument.flute(), .reed(), .bowedStrings(players: 1)])
    var parts = [
      Part(
        steel, score.chords([score.random.choose(strums)], octave: 3, voices: 5, strum: 0.012), level: 0, pan: -0.35,
        width: 0.1),
      Part(steel, score.arpeggio(octave: 4, every: score.random.choose([1, 2, 2])), level: -2, pan: 0.4, width: 0.1),
      Part(lead, score.melody(melodies, octave: 5), level: -2, pan: 0.05, send: 0.4),
      Part(
        PluckedString(brightness: 0.35, decay: 2, damping: 0.45, body: [(90, 5)]),
        score.bass(["X.....x.X.....x."], octave: 2), level: -3),
    ]
    if score.random.chance(0.75) {
      parts.append(Part(DrumKit(), score.drum(.shaker, ["x.x.X.x.x.x.X.xx"], ghost: 0.15), level: -12, pan: 0.5))
      parts.append(Part(DrumKit(tuning: 1.1), score.drum(.middleTom, ["X.....x.x..x...."]), level: -8))
    }
    return parts
  }

  private static func rockBand(_ score: inout Arranger) -> [Part] {
    let kit = DrumKit(tuning: score.random.uniform(0.85, 1.2), ring: score.random.uniform(0.8, 1.4))
    let electric = PluckedString(brightness: 0.9, decay: 5, place: 0.1, damping: 0.2)
    let riffs = ["X.x.x.X.x.x.X.x.", "XxxxXxxxXxxxXxxx", "X..X..X.X..X..X.", "X.......X..X...."]
    let riff = score.random.choose(riffs)
    let kicks = ["X.....x.X.x.....", "X..x..X...x..x..", "X.x...x.X.....x."]
    let time = score.random.choose([Drum.closedHat, .closedHat, .ride, .openHat])
    return [
      Part(
        electric, score.chords([riff], octave: 3, voices: 3, length: 0.95), level: -1, pan: -0.7, send: 0.15,
        drive: score.random.uniform(3, 9)),
      Part(
        electric, score.chords([riff], octave: 3, voices: 3, length: 0.95), level: -1, pan: 0.7, send: 0.15,
        drive: score.random.uniform(3, 9)),
      Part(
        electric, score.melody(melodies, octave: 5), level: -3, pan: 0.1, send: 0.35,
        drive: score.random.uniform(2, 5)),
      Part(
        PluckedString(brightness: 0.6, decay: 4, damping: 0.4), score.bass([riff], octave: 2), level: 0, send: 0.05,
        drive: 1.2),
      Part(kit, score.drum(.kick, [score.random.choose(kicks)]), level: -1, send: 0.08),
      Part(kit, score.drum(.snare, ["....X.......X..."], ghost: 0.06), level: -1, pan: 0.05, send: 0.3),
      Part(kit, score.drum(time, ["X.x.X.x.X.x.X.x."]), level: -8, pan: 0.35, send: 0.12),
      Part(kit, score.fills([.highTom, .middleTom, .lowTom]), level: -4, width: 0.6),
      Part(kit, score.drum(.crash, ["X...............", "................"]), level: -10, pan: -0.4),
    ]
  }

  private static func organChoir(_ score: inout Arranger) -> [Part] {
    let registrations = [
      [8, 8, 6, 6, 4, 4, 5, 3, 2], [8, 4, 8, 6, 2, 5, 6, 4, 3], [6, 8, 5, 8, 5, 4, 7, 5, 4],
      [8, 6, 3, 4, 1, 2, 3, 2, 1],
    ]
    let organ = SustainedInstrument.organ(drawbars: score.random.choose(registrations))
    let vowel = score.random.choose(SustainedInstrument.Vowel.allCases)
    let moves = ["X...x...X...x...", "X.......X...x...", "X.....x.X.....x."]
    var parts = [
      Part(organ, score.chords([score.random.choose(moves)], octave: 4, voices: 4), level: -1, width: 0.4, send: 0.4),
      Part(organ, score.bass(["X.......X......."], octave: 1), level: -4, send: 0.3),
      Part(
        SustainedInstrument.choir(vowel, players: 4), score.chords([score.random.choose(moves)], octave: 4, voices: 3),
        level: -3, width: 0.7, send: 0.55),
      Part(
        SustainedInstrument.choir(score.random.choose(SustainedInstrument.Vowel.allCases), players: 3),
        score.melody(melodies, octave: 5), level: -3, pan: -0.1, width: 0.2, send: 0.5),
    ]
    if score.random.chance(0.5) {
      parts.append(Part(organ, score.arpeggio(octave: 5, every: 1, ringing: 0.9), level: -6, pan: 0.3, send: 0.4))
    }
    return parts
  }

  private static func bells(_ score: inout Arranger) -> [Part] {
    let bars = ModalInstrument.metalBar(decay: score.random.uniform(1.5, 3.5))
    var parts = [
      Part(
        bars, score.arpeggio(octave: 5, every: score.random.choose([1, 2])), level: -3, pan: 0.4, width: 0.4, send: 0.35
      ),
      Part(
        ModalInstrument.woodenBar(), score.arpeggio(octave: 3, every: 2, voices: 6), level: -1, pan: -0.35, width: 0.4,
        send: 0.3),
      Part(
        ModalInstrument.bell(decay: score.random.uniform(3, 6)),
        score.melody(["X.......X...x...", "X...x...X......."], octave: 4), level: -2, send: 0.45),
      Part(
        ModalInstrument.bell(decay: 7), score.bass(["X..............."], octave: 2), level: -6, pan: -0.1, send: 0.5),
    ]
    if score.random.chance(0.5) {
      parts.append(
        Part(
          SustainedInstrument.choir(.u, players: 4), score.chords(["X..............."], octave: 4), level: -5,
          width: 0.8, send: 0.5))
    } else {
      parts.append(
        Part(
          SubtractiveSynthesizer(oscillators: (5, 0.2), filter: (500, 2.5, 3), quality: 0.8, attack: 0.4, release: 0.5),
          score.chords(["X..............."], octave: 3), level: -5, width: 0.8, send: 0.4))
    }
    if score.random.chance(0.7) {
      parts.append(Part(DrumKit(), score.drum(.shaker, ["x.xxX.x.x.xxX.x."]), level: -13, pan: -0.5))
    }
    return parts
  }

  private static func jazzTrio(_ score: inout Arranger) -> [Part] {
    let piano = ModalInstrument.piano(brightness: score.random.uniform(0.4, 0.9))
    let kit = DrumKit(tuning: 1.15, ring: 1.2)
    let comping = ["X.....x.......x.", "..X.......X...x.", "X..x......X.....", "....X.....X....."]
    return [
      Part(
        piano,
        score.chords(
          [score.random.choose(comping), score.random.choose(comping)], octave: 3, voices: 5, seventh: true), level: -2,
        pan: -0.2, width: 0.3),
      Part(
        piano, score.melody(["X.x.x.x.X.x.x.x.", "..x.X.x.x...X.x.", "X.xxx.x.X.x.x.x."], octave: 5), level: 0,
        pan: 0.2, width: 0.3),
      Part(
        PluckedString(brightness: 0.4, decay: 2.2, place: 0.25, damping: 0.45, body: [(98, 5), (190, 3)]),
        score.walkingBass(), level: 0, pan: 0.05, send: 0.15),
      Part(kit, score.drum(.ride, ["X...x.x.X...x.x."], ghost: 0.04), level: -9, pan: 0.45, send: 0.2),
      Part(kit, score.drum(.brush, ["....X.......X..."], ghost: 0.2), level: -7, pan: -0.15),
      Part(kit, score.drum(.kick, ["X.......x......."], loudness: 0.6), level: -10),
      Part(kit, score.drum(.closedHat, ["....X.......X..."]), level: -13, pan: 0.35),
    ]
  }

  private static func electronic(_ score: inout Arranger) -> [Part] {
    let kit = DrumKit(tuning: score.random.uniform(0.9, 1.15), ring: score.random.uniform(0.6, 1.1))
    let bass = SubtractiveSynthesizer(
      oscillators: (2, 0.08), square: score.random.uniform(), filter: (140, score.random.uniform(3, 5.5), 0.35),
      quality: score.random.uniform(1, 5))
    let lead = SubtractiveSynthesizer(
      oscillators: (4, 0.14), square: score.random.uniform(), filter: (500, score.random.uniform(3, 5), 0.5),
      quality: score.random.uniform(1, 3))
    let pad = SubtractiveSynthesizer(
      oscillators: (6, 0.22), filter: (900, score.random.uniform(2, 3.5), 4), quality: 0.8, attack: 0.25, release: 0.4)
    let basses = ["x.X.x.X.x.X.x.X.", "X.xxX.xxX.xxX.xx", "X..X..X.X..X..X."]
    let kicks = score.random.chance(0.7) ? "X...X...X...X..." : "X..X..X.....X..."
    return [
      Part(kit, score.drum(.kick, [kicks]), level: 0, send: 0.04),
      Part(kit, score.drum(score.random.choose([.clap, .snare]), ["....X.......X..."]), level: -4, send: 0.3),
      Part(kit, score.drum(.closedHat, ["xxXxxxXxxxXxxxXx"], ghost: 0), level: -9, pan: 0.25),
      Part(kit, score.drum(.openHat, ["..X...X...X...X."]), level: -9, pan: -0.2),
      Part(bass, score.bass([score.random.choose(basses)], octave: 2), level: -1, send: 0.05),
      Part(
        lead, score.arpeggio(octave: 4, every: score.random.choose([1, 1, 2]), ringing: 0.9), level: -4, pan: 0.2,
        width: 0.6, send: 0.35),
      Part(pad, score.chords(["X..............."], octave: 4), level: -5, width: 0.9, send: 0.4),
      Part(lead, score.melody(melodies, octave: 5), level: -5, pan: -0.15, send: 0.45),
    ]
  }

  private static func brassBand(_ score: inout Arranger) -> [Part] {
    let kit = DrumKit(tuning: 1.05, ring: 1.2)
    let stabs = ["X..x..X.....x.x.", "X...x...X...x...", "X.x...X.X.x...X.", "X.......X......."]
    let marches = ["X.xxX.x.X.xxX.xx", "X.x.X.xxX.x.Xxxx", "..X...X...X..xX."]
    return [
      Part(
        SustainedInstrument.brass(players: 3), score.melody(melodies, octave: 4, leap: 0.3), level: 0, pan: 0.2,
        width: 0.1, send: 0.35),
      Part(
        SustainedInstrument.brass(players: 3),
        score.chords([score.random.choose(stabs)], octave: 3, voices: 4, length: 0.8), level: -3, pan: -0.3, width: 0.4,
        send: 0.35),
      Part(
        SustainedInstrument.brass(players: 2), score.bass(["X...x...X...x..."], octave: 1), level: -3, pan: 0.4,
        send: 0.25),
      Part(
        score.random.choose([SustainedInstrument.flute(), .reed()]),
        score.melody(["X.x.x.x.X.x.x.x.", "X.xxX.xxX.x.x.x."], octave: 6), level: -6, pan: -0.5, send: 0.4),
      Part(kit, score.drum(.snare, [score.random.choose(marches)], ghost: 0.1), level: -6, pan: 0.1, send: 0.35),
      Part(kit, score.drum(.kick, ["X.......X......."]), level: -5, send: 0.25),
      Part(kit, score.drum(.crash, ["X...............", "........X......."]), level: -9, pan: -0.3, send: 0.4),
    ]
  }
}
