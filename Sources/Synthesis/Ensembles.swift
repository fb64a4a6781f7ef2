/// One instrument's notes and its place in the mix.
struct Part {
  var instrument: any Instrument
  var notes: [Note]
  /// Decibels of this part's RMS over the clip against the other parts.
  var level: Double
  /// -1 left ... 1 right.
  var pan = 0.0
  /// How far notes stray from the pan.
  var width = 0.0
  /// Share that goes to the room.
  var send = 0.3
  /// 0 clean; above, how hard an amplifier with a loudspeaker is driven.
  var drive = 0.0
}

/// The kinds of music; a clip's index modulo their number chooses one.
enum Ensemble: Int, CaseIterable {
  case chamberStrings, folkGuitar, rockBand, organChoir, bells, jazzTrio, electronic, brassBand

  var name: String {
    switch self {
    case .chamberStrings: "chamber strings"
    case .folkGuitar: "folk guitar"
    case .rockBand: "rock band"
    case .organChoir: "organ and choir"
    case .bells: "bells and bars"
    case .jazzTrio: "jazz trio"
    case .electronic: "electronic"
    case .brassBand: "brass band"
    }
  }

  var tempi: ClosedRange<Double> {
    switch self {
    case .chamberStrings: 66...126
    case .folkGuitar: 84...140
    case .rockBand: 100...176
    case .organChoir: 60...100
    case .bells: 72...150
    case .jazzTrio: 96...200
    case .electronic: 104...150
    case .brassBand: 84...132
    }
  }

  var modes: [Harmony.Mode] {
    switch self {
    case .chamberStrings: [.major, .minor, .harmonicMinor]
    case .folkGuitar: [.major, .mixolydian, .dorian, .minor]
    case .rockBand: [.minor, .mixolydian, .major, .dorian]
    case .organChoir: [.major, .minor, .harmonicMinor]
    case .bells: [.major, .dorian, .minor]
    case .jazzTrio: [.dorian, .major, .mixolydian]
    case .electronic: [.minor, .dorian, .major]
    case .brassBand: [.major, .mixolydian, .minor]
    }
  }

  /// Whether a bar may have three beats.
  var waltzes: Bool {
    switch self {
    case .rockBand, .electronic: false
    default: true
    }
  }

  var swings: Bool { self == .jazzTrio }

  /// Seconds of reverberation.
  var reverberation: ClosedRange<Double> {
    switch self {
    case .organChoir: 1.8...3.2
    case .chamberStrings, .brassBand: 1.0...2.2
    case .bells: 1.2...2.6
    case .folkGuitar, .jazzTrio: 0.5...1.2
    case .rockBand, .electronic: 0.5...1.4
    }
  }

  func parts(_ score: inout Arranger) -> [Part] {
    switch self {
    case .chamberStrings: Self.chamberStrings(&score)
    case .folkGuitar: Self.folkGuitar(&score)
    case .rockBand: Self.rockBand(&score)
    case .organChoir: Self.organChoir(&score)
    case .bells: Self.bells(&score)
    case .jazzTrio: Self.jazzTrio(&score)
    case .electronic: Self.electronic(&score)
    case .brassBand: Self.brassBand(&score)
    }
  }
}

extension Ensemble {
  private static let melodies = [
    "X...x.x.X...x...", "X..x..x.X.x.x...", "X.x.x.x.X...x.x.", "X.....x.X.x.....", "X.xxx.x.X.x.X...",
  ]

  private static func chamberStrings(_ score: inout Arranger) -> [Part] {
    let bows = ["X.x.X.x.X.x.X.x.", "X...x...X...x...", "X.......X.......", "X..x..x.X..x..x."]
    var parts = [
      Part(
        instrument: SustainedInstrument.bowedStrings(players: 4), notes: score.melody(melodies, octave: 5), level: 0,
        pan: -0.4, width: 0.1, send: 0.35),
      Part(
        instrument: SustainedInstrument.bowedStrings(players: 4),
        notes: score.chords([score.random.choose(bows)], octave: 4, voices: 3), level: -4, pan: 0.15, width: 0.4,
        send: 0.35),
      Part(
        instrument: SustainedInstrument.bowedStrings(players: 3),
        notes: score.bass([score.random.choose(bows)], octave: 2), level: -3, pan: 0.45, send: 0.3),
    ]
    if score.random.chance(0.6) {
      let pizzicato = PluckedString(brightness: 0.5, decay: 0.7, place: 0.2, body: [(280, 6), (470, 4), (2_500, 4)])
      parts.append(
        Part(instrument: pizzicato, notes: score.arpeggio(octave: 4, every: 2), level: -7, pan: 0.1, width: 0.5))
    }
    if score.random.chance(0.4) {
      parts.append(
        Part(
          instrument: DrumKit(), notes: score.drum(.timpani, ["X.......x...x.x."]), level: -9, pan: 0.3, send: 0.5))
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
        instrument: steel, notes: score.chords([score.random.choose(strums)], octave: 3, voices: 5, strum: 0.012),
        level: 0, pan: -0.35, width: 0.1),
      Part(
        instrument: steel, notes: score.arpeggio(octave: 4, every: score.random.choose([1, 2, 2])), level: -2, pan: 0.4,
        width: 0.1),
      Part(instrument: lead, notes: score.melody(melodies, octave: 5), level: -2, pan: 0.05, send: 0.4),
      Part(
        instrument: PluckedString(brightness: 0.35, decay: 2, damping: 0.45, body: [(90, 5)]),
        notes: score.bass(["X.....x.X.....x."], octave: 2), level: -3),
    ]
    if score.random.chance(0.75) {
      parts.append(
        Part(
          instrument: DrumKit(), notes: score.drum(.shaker, ["x.x.X.x.x.x.X.xx"], ghost: 0.15), level: -12, pan: 0.5))
      parts.append(
        Part(instrument: DrumKit(tuning: 1.1), notes: score.drum(.middleTom, ["X.....x.x..x...."]), level: -8))
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
        instrument: electric, notes: score.chords([riff], octave: 3, voices: 3, length: 0.95), level: -1, pan: -0.7,
        send: 0.15, drive: score.random.uniform(3, 9)),
      Part(
        instrument: electric, notes: score.chords([riff], octave: 3, voices: 3, length: 0.95), level: -1, pan: 0.7,
        send: 0.15, drive: score.random.uniform(3, 9)),
      Part(
        instrument: electric, notes: score.melody(melodies, octave: 5), level: -3, pan: 0.1, send: 0.35,
        drive: score.random.uniform(2, 5)),
      Part(
        instrument: PluckedString(brightness: 0.6, decay: 4, damping: 0.4), notes: score.bass([riff], octave: 2),
        level: 0, send: 0.05, drive: 1.2),
      Part(instrument: kit, notes: score.drum(.kick, [score.random.choose(kicks)]), level: -1, send: 0.08),
      Part(
        instrument: kit, notes: score.drum(.snare, ["....X.......X..."], ghost: 0.06), level: -1, pan: 0.05, send: 0.3),
      Part(instrument: kit, notes: score.drum(time, ["X.x.X.x.X.x.X.x."]), level: -8, pan: 0.35, send: 0.12),
      Part(instrument: kit, notes: score.fills([.highTom, .middleTom, .lowTom]), level: -4, width: 0.6),
      Part(
        instrument: kit, notes: score.drum(.crash, ["X...............", "................"]), level: -10, pan: -0.4),
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
      Part(
        instrument: organ, notes: score.chords([score.random.choose(moves)], octave: 4, voices: 4), level: -1,
        width: 0.4, send: 0.4),
      Part(instrument: organ, notes: score.bass(["X.......X......."], octave: 1), level: -4, send: 0.3),
      Part(
        instrument: SustainedInstrument.choir(vowel, players: 4),
        notes: score.chords([score.random.choose(moves)], octave: 4, voices: 3), level: -3, width: 0.7, send: 0.55),
      Part(
        instrument: SustainedInstrument.choir(score.random.choose(SustainedInstrument.Vowel.allCases), players: 3),
        notes: score.melody(melodies, octave: 5), level: -3, pan: -0.1, width: 0.2, send: 0.5),
    ]
    if score.random.chance(0.5) {
      parts.append(
        Part(
          instrument: organ, notes: score.arpeggio(octave: 5, every: 1, ringing: 0.9), level: -6, pan: 0.3, send: 0.4))
    }
    return parts
  }

  private static func bells(_ score: inout Arranger) -> [Part] {
    let bars = ModalInstrument.metalBar(decay: score.random.uniform(1.5, 3.5))
    var parts = [
      Part(
        instrument: bars, notes: score.arpeggio(octave: 5, every: score.random.choose([1, 2])), level: -3, pan: 0.4,
        width: 0.4, send: 0.35),
      Part(
        instrument: ModalInstrument.woodenBar(), notes: score.arpeggio(octave: 3, every: 2, voices: 6), level: -1,
        pan: -0.35, width: 0.4, send: 0.3),
      Part(
        instrument: ModalInstrument.bell(decay: score.random.uniform(3, 6)),
        notes: score.melody(["X.......X...x...", "X...x...X......."], octave: 4), level: -2, send: 0.45),
      Part(
        instrument: ModalInstrument.bell(decay: 7), notes: score.bass(["X..............."], octave: 2), level: -6,
        pan: -0.1, send: 0.5),
    ]
    if score.random.chance(0.5) {
      parts.append(
        Part(
          instrument: SustainedInstrument.choir(.u, players: 4), notes: score.chords(["X..............."], octave: 4),
          level: -5, width: 0.8, send: 0.5))
    } else {
      parts.append(
        Part(
          instrument: SubtractiveSynthesizer(
            oscillators: (5, 0.2), filter: (500, 2.5, 3), quality: 0.8, attack: 0.4, release: 0.5),
          notes: score.chords(["X..............."], octave: 3), level: -5, width: 0.8, send: 0.4))
    }
    if score.random.chance(0.7) {
      parts.append(
        Part(instrument: DrumKit(), notes: score.drum(.shaker, ["x.xxX.x.x.xxX.x."]), level: -13, pan: -0.5))
    }
    return parts
  }

  private static func jazzTrio(_ score: inout Arranger) -> [Part] {
    let piano = ModalInstrument.piano(brightness: score.random.uniform(0.4, 0.9))
    let kit = DrumKit(tuning: 1.15, ring: 1.2)
    let comping = ["X.....x.......x.", "..X.......X...x.", "X..x......X.....", "....X.....X....."]
    return [
      Part(
        instrument: piano,
        notes: score.chords(
          [score.random.choose(comping), score.random.choose(comping)], octave: 3, voices: 5, seventh: true),
        level: -2, pan: -0.2, width: 0.3),
      Part(
        instrument: piano,
        notes: score.melody(["X.x.x.x.X.x.x.x.", "..x.X.x.x...X.x.", "X.xxx.x.X.x.x.x."], octave: 5),
        level: 0, pan: 0.2, width: 0.3),
      Part(
        instrument: PluckedString(brightness: 0.4, decay: 2.2, place: 0.25, damping: 0.45, body: [(98, 5), (190, 3)]),
        notes: score.walkingBass(), level: 0, pan: 0.05, send: 0.15),
      Part(
        instrument: kit, notes: score.drum(.ride, ["X...x.x.X...x.x."], ghost: 0.04), level: -9, pan: 0.45, send: 0.2),
      Part(instrument: kit, notes: score.drum(.brush, ["....X.......X..."], ghost: 0.2), level: -7, pan: -0.15),
      Part(instrument: kit, notes: score.drum(.kick, ["X.......x......."], loudness: 0.6), level: -10),
      Part(instrument: kit, notes: score.drum(.closedHat, ["....X.......X..."]), level: -13, pan: 0.35),
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
      Part(instrument: kit, notes: score.drum(.kick, [kicks]), level: 0, send: 0.04),
      Part(
        instrument: kit, notes: score.drum(score.random.choose([.clap, .snare]), ["....X.......X..."]), level: -4,
        send: 0.3),
      Part(instrument: kit, notes: score.drum(.closedHat, ["xxXxxxXxxxXxxxXx"], ghost: 0), level: -9, pan: 0.25),
      Part(instrument: kit, notes: score.drum(.openHat, ["..X...X...X...X."]), level: -9, pan: -0.2),
      Part(instrument: bass, notes: score.bass([score.random.choose(basses)], octave: 2), level: -1, send: 0.05),
      Part(
        instrument: lead, notes: score.arpeggio(octave: 4, every: score.random.choose([1, 1, 2]), ringing: 0.9),
        level: -4, pan: 0.2, width: 0.6, send: 0.35),
      Part(instrument: pad, notes: score.chords(["X..............."], octave: 4), level: -5, width: 0.9, send: 0.4),
      Part(instrument: lead, notes: score.melody(melodies, octave: 5), level: -5, pan: -0.15, send: 0.45),
    ]
  }

  private static func brassBand(_ score: inout Arranger) -> [Part] {
    let kit = DrumKit(tuning: 1.05, ring: 1.2)
    let stabs = ["X..x..X.....x.x.", "X...x...X...x...", "X.x...X.X.x...X.", "X.......X......."]
    let marches = ["X.xxX.x.X.xxX.xx", "X.x.X.xxX.x.Xxxx", "..X...X...X..xX."]
    return [
      Part(
        instrument: SustainedInstrument.brass(players: 3), notes: score.melody(melodies, octave: 4, leap: 0.3),
        level: 0,
        pan: 0.2, width: 0.1, send: 0.35),
      Part(
        instrument: SustainedInstrument.brass(players: 3),
        notes: score.chords([score.random.choose(stabs)], octave: 3, voices: 4, length: 0.8), level: -3, pan: -0.3,
        width: 0.4, send: 0.35),
      Part(
        instrument: SustainedInstrument.brass(players: 2), notes: score.bass(["X...x...X...x..."], octave: 1),
        level: -3,
        pan: 0.4, send: 0.25),
      Part(
        instrument: score.random.choose([SustainedInstrument.flute(), .reed()]),
        notes: score.melody(["X.x.x.x.X.x.x.x.", "X.xxX.xxX.x.x.x."], octave: 6), level: -6, pan: -0.5, send: 0.4),
      Part(
        instrument: kit, notes: score.drum(.snare, [score.random.choose(marches)], ghost: 0.1), level: -6, pan: 0.1,
        send: 0.35),
      Part(instrument: kit, notes: score.drum(.kick, ["X.......X......."]), level: -5, send: 0.25),
      Part(
        instrument: kit, notes: score.drum(.crash, ["X...............", "........X......."]), level: -9, pan: -0.3,
        send: 0.4),
    ]
  }
}
