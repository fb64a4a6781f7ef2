/// Key, mode and the chords of a piece. A degree counts the steps of the scale from the tonic, 0 the tonic itself.
struct Harmony {
  enum Mode: String, CaseIterable {
    case major, minor, dorian, mixolydian
    case harmonicMinor = "harmonic minor"

    /// Semitones above the tonic.
    var steps: [Int] {
      switch self {
      case .major: [0, 2, 4, 5, 7, 9, 11]
      case .minor: [0, 2, 3, 5, 7, 8, 10]
      case .dorian: [0, 2, 3, 5, 7, 9, 10]
      case .mixolydian: [0, 2, 4, 5, 7, 9, 10]
      case .harmonicMinor: [0, 2, 3, 5, 7, 8, 11]
      }
    }

    /// Successions of chords in use, roots as degrees.
    var progressions: [[Int]] {
      switch self {
      case .major:
        [[0, 4, 5, 3], [0, 5, 3, 4], [1, 4, 0, 0], [0, 3, 4, 0], [3, 0, 4, 5], [0, 2, 3, 4], [5, 1, 4, 0]]
      case .minor: [[0, 5, 2, 6], [0, 3, 4, 0], [0, 6, 5, 6], [0, 5, 3, 4], [3, 0, 6, 2]]
      case .dorian: [[0, 3, 0, 6], [0, 6, 3, 0], [0, 1, 2, 3]]
      case .mixolydian: [[0, 6, 3, 0], [0, 3, 6, 3], [0, 4, 6, 3]]
      case .harmonicMinor: [[0, 3, 4, 0], [0, 5, 4, 4], [0, 4, 5, 3]]
      }
    }
  }

  var tonic: Int
  var mode: Mode
  var progression: [Int]

  init(_ modes: [Mode], _ random: inout SynthesisRandom) {
    tonic = random.integer(below: 12)
    mode = random.choose(modes)
    progression = random.choose(mode.progressions)
  }

  /// The MIDI pitch of a degree, octave 4 holding degree 0 at 60 + tonic; degrees past 6 go on upwards.
  func pitch(degree: Int, octave: Int = 4) -> Double {
    let turns = degree >= 0 ? degree / 7 : -((6 - degree) / 7)
    let transposition = tonic > 6 ? tonic - 12 : tonic
    return Double(12 * (octave + 1 + turns) + transposition + mode.steps[degree - 7 * turns])
  }

  /// The chord's root in a bar, bars counted from any origin.
  func root(bar: Int) -> Int {
    let place = bar % progression.count
    return progression[place < 0 ? place + progression.count : place]
  }

  /// Degrees of a bar's chord: root, third, fifth and, if `seventh`, the seventh.
  func chord(bar: Int, seventh: Bool = false) -> [Int] {
    let root = root(bar: bar)
    return [0, 2, 4].map { root + $0 } + (seventh ? [root + 6] : [])
  }

  var name: String {
    let names = ["C", "C sharp", "D", "E flat", "E", "F", "F sharp", "G", "A flat", "A", "B flat", "B"]
    return "\(names[tonic]) \(mode.rawValue)"
  }
}
