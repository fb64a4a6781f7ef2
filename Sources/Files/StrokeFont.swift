import Foundation

/// A type face of strokes, made for this package: letters are lines and arcs, so that text of any size, weight and
/// direction comes out smooth, and pictures need no font of the machine.
///
/// Units: capitals are 14 high, small letters 10, descenders reach to -4; x runs right and y up from the base line.
enum StrokeFont {
  static let capitalHeight = 14.0
  /// Between the strokes of neighbouring letters.
  static let gap = 3.8

  struct Glyph {
    var width: Double
    /// Lines through points.
    var paths: [[Point]]
  }

  static func glyph(_ character: Character) -> Glyph { glyphs[character] ?? unknown }

  /// A box, for characters that the face lacks.
  private static let unknown = parse("7 M 0 0 L 0 14 L 7 14 L 7 0 L 0 0")
  private static let glyphs = shapes.mapValues(parse)

  /// The language of the table: the width, then commands: M x y begins a stroke, L x y draws a line to, A x y a b s e
  /// draws the arc of the ellipse around (x, y) with half axes a and b from s to e degrees, counter-clockwise from the
  /// right where e > s; a line leads to its beginning unless it begins the glyph or follows a bare M.
  private static func parse(_ text: String) -> Glyph {
    var words = text.split(separator: " ")[...]
    let width = words.popFirst().flatMap { Double($0) } ?? 0
    var paths: [[Point]] = []
    while let word = words.popFirst() {
      func number(_ index: Int) -> Double { Double(words[words.startIndex + index]) ?? 0 }
      switch word {
      case "M":
        paths.append([])
        if words.first != "A" {
          paths[paths.count - 1].append(Point(number(0), number(1)))
          words = words.dropFirst(2)
        }
      case "L":
        paths[paths.count - 1].append(Point(number(0), number(1)))
        words = words.dropFirst(2)
      default:
        let (x, y, a, b, start, end) = (number(0), number(1), number(2), number(3), number(4), number(5))
        let steps = max(2, Int(abs(end - start) / 12))
        for step in 0...steps {
          let angle = (start + (end - start) * Double(step) / Double(steps)) * .pi / 180
          paths[paths.count - 1].append(Point(x + a * Foundation.cos(angle), y + b * Foundation.sin(angle)))
        }
        words = words.dropFirst(6)
      }
    }
    return Glyph(width: width, paths: paths)
  }

  private static let shapes: [Character: String] = [
    "A": "11 M 0 0 L 5.5 14 L 11 0 M 1.9 4.8 L 9.1 4.8",
    "B": "9 M 0 0 L 0 14 A 4.8 10.75 3.6 3.25 90 -90 L 0 7.5 M 4.8 7.5 A 4.9 3.75 4.1 3.75 90 -90 L 0 0",
    "C": "10 M A 5.5 8.5 5.5 5.5 35 180 A 5.5 5.5 5.5 5.5 180 325",
    "D": "10.4 M 0 0 L 0 14 A 4.4 8 6 6 90 0 A 4.4 6 6 6 0 -90 L 0 0",
    "E": "8 M 8 14 L 0 14 L 0 0 L 8 0 M 0 7.3 L 7 7.3",
    "F": "8 M 8 14 L 0 14 L 0 0 M 0 7 L 7 7",
    "G": "10.8 M A 5.5 8.5 5.5 5.5 38 180 A 5.5 5.5 5.3 5.5 180 360 L 10.8 7 L 6.4 7",
    "H": "10 M 0 0 L 0 14 M 10 0 L 10 14 M 0 7.2 L 10 7.2",
    "I": "0 M 0 0 L 0 14",
    "J": "6 M 6 14 L 6 3.5 A 3 3.5 3 3.5 0 -165",
    "K": "9.4 M 0 0 L 0 14 M 9 14 L 0 5.3 M 3.4 8.6 L 9.4 0",
    "L": "7.4 M 0 14 L 0 0 L 7.4 0",
    "M": "12 M 0 0 L 0 14 L 6 4.4 L 12 14 L 12 0",
    "N": "10 M 0 0 L 0 14 L 10 0 L 10 14",
    "O": "11 M A 5.5 8.5 5.5 5.5 0 180 A 5.5 5.5 5.5 5.5 180 360 L 11 8.5",
    "P": "9 M 0 0 L 0 14 A 5 10.2 4 3.8 90 -90 L 0 6.4",
    "Q": "11 M A 5.5 8.5 5.5 5.5 0 180 A 5.5 5.5 5.5 5.5 180 360 L 11 8.5 M 7 3.8 L 11 -1",
    "R": "9.2 M 0 0 L 0 14 A 5 10.2 4 3.8 90 -90 L 0 6.4 M 5 6.4 L 9.2 0",
    "S": "9.1 M A 4.6 10.6 4.2 3.4 25 270 A 4.6 3.6 4.6 3.6 90 -155",
    "T": "10 M 0 14 L 10 14 M 5 14 L 5 0",
    "U": "10 M 0 14 L 0 5 A 5 5 5 5 180 360 L 10 14",
    "V": "10.4 M 0 14 L 5.2 0 L 10.4 14",
    "W": "15 M 0 14 L 3.8 0 L 7.5 12 L 11.2 0 L 15 14",
    "X": "9.6 M 0 0 L 9.6 14 M 0 14 L 9.6 0",
    "Y": "10 M 0 14 L 5 6.6 L 10 14 M 5 6.6 L 5 0",
    "Z": "9.4 M 0 14 L 9.4 14 L 0 0 L 9.4 0",
    "a": "7.4 M 7.4 0 L 7.4 6.4 A 3.9 6.4 3.5 3.6 0 150 M 7.4 5.8 A 3.1 2.9 3.1 2.9 90 270 A 3.6 3.7 3.8 3.7 -90 0",
    "b": "8 M 0 14 L 0 0 M A 4 6 4 4 180 0 A 4 4 4 4 0 -180",
    "c": "7.3 M A 4 6 4 4 38 180 A 4 4 4 4 180 322",
    "d": "8 M 8 14 L 8 0 M A 4 6 4 4 0 180 A 4 4 4 4 180 360",
    "e": "8 M 0 5 L 8 5 A 4 6 4 4 0 180 A 4 4 4 4 180 325",
    "f": "5.4 M 2 0 L 2 10.5 A 5 10.5 3 3.5 180 95 M 0 9.6 L 5 9.6",
    "g": "8 M 8 10 L 8 -0.3 A 4 -0.3 4 3.7 0 -150 M A 4 6 4 4 0 180 A 4 4 4 4 180 360",
    "h": "7.6 M 0 14 L 0 0 M A 3.8 6.2 3.8 3.8 180 0 L 7.6 0",
    "i": "0 M 0 0 L 0 10 M 0 13.4 L 0 13.7",
    "j": "2 M 2 10 L 2 -1.5 A -0.5 -1.5 2.5 2.5 0 -90 M 2 13.4 L 2 13.7",
    "k": "7.3 M 0 0 L 0 14 M 7 10 L 0 3.6 M 2.6 6 L 7.3 0",
    "l": "2.4 M 0 14 L 0 2.4 A 2.4 2.4 2.4 2.4 180 270",
    "m": "12.4 M 0 0 L 0 10 M A 3.1 6.6 3.1 3.4 180 0 L 6.2 0 M A 9.3 6.6 3.1 3.4 180 0 L 12.4 0",
    "n": "7.6 M 0 0 L 0 10 M A 3.8 6.2 3.8 3.8 180 0 L 7.6 0",
    "o": "8.2 M A 4.1 5.9 4.1 4.1 0 180 A 4.1 4.1 4.1 4.1 180 360 L 8.2 5.9",
    "p": "8 M 0 10 L 0 -4 M A 4 6 4 4 180 0 A 4 4 4 4 0 -180",
    "q": "8 M 8 10 L 8 -4 M A 4 6 4 4 0 180 A 4 4 4 4 180 360",
    "r": "5 M 0 0 L 0 10 M A 4 6 4 4 180 72",
    "s": "7.2 M A 3.6 7.4 3.3 2.6 25 270 A 3.6 2.4 3.6 2.4 90 -155",
    "t": "5.4 M 2 13.2 L 2 2.8 A 4.8 2.8 2.8 2.8 180 282 M 0 9.6 L 5.2 9.6",
    "u": "7.6 M 0 10 L 0 3.8 A 3.8 3.8 3.8 3.8 180 360 M 7.6 10 L 7.6 0",
    "v": "8 M 0 10 L 4 0 L 8 10",
    "w": "12 M 0 10 L 3 0 L 6 9 L 9 0 L 12 10",
    "x": "7.6 M 0 0 L 7.6 10 M 0 10 L 7.6 0",
    "y": "8 M 0 10 L 4 0 M 8 10 L 3.2 -2.2 A 1.2 -1.5 2 2.5 -20 -100",
    "z": "7.2 M 0 10 L 7.2 10 L 0 0 L 7.2 0",
    "0": "8.4 M A 4.2 9.4 4.2 4.6 0 180 A 4.2 4.6 4.2 4.6 180 360 L 8.4 9.4",
    "1": "8.4 M 1.6 11 L 5.2 14 L 5.2 0",
    "2": "8.4 M A 4.2 9.9 4 4.1 165 -35 L 0.2 0 L 8.4 0",
    "3": "8.4 M A 4.1 10.6 3.8 3.4 155 -90 L 3 7.2 M 4.1 7.2 A 4.1 3.6 4.2 3.6 90 -155",
    "4": "8.4 M 6.2 0 L 6.2 14 L 0 4 L 8.6 4",
    "5": "8.4 M 7.6 14 L 1.5 14 L 0.9 7.5 A 4 4.5 4.4 4.5 135 -152",
    "6": "8.4 M 6.6 14 L 0.8 6.8 A 4.2 4.3 4.2 4.3 145 505",
    "7": "8.4 M 0 14 L 8.4 14 L 3 0",
    "8": "8.4 M A 4.2 10.7 3.7 3.3 -90 270 M A 4.2 3.7 4.2 3.7 90 -270",
    "9": "8.4 M 1.8 0 L 7.6 7.2 A 4.2 9.7 4.2 4.3 -35 325",
    " ": "2.6",
    ".": "0 M 0 0 L 0 0.3",
    ",": "1 M 0.9 0.4 L 0 -2.6",
    ":": "0 M 0 0 L 0 0.3 M 0 7.4 L 0 7.7",
    ";": "1 M 0.9 0.4 L 0 -2.6 M 0.9 7.4 L 0.9 7.7",
    "!": "0 M 0 14 L 0 4.4 M 0 0 L 0 0.3",
    "?": "7.2 M A 3.6 10.5 3.6 3.5 165 -40 A 6.2 4.6 2.7 3.4 125 180 L 3.5 4.2 M 3.5 0 L 3.5 0.3",
    "'": "0 M 0 14 L 0 10.6",
    "\"": "2.8 M 0 14 L 0 10.6 M 2.8 14 L 2.8 10.6",
    "`": "2.4 M 0 14 L 2.4 11.4",
    "(": "3.4 M A 7.4 5.5 7.4 10.5 118 242",
    ")": "3.4 M A -4 5.5 7.4 10.5 62 -62",
    "[": "3 M 3 15.4 L 0 15.4 L 0 -3 L 3 -3",
    "]": "3 M 0 15.4 L 3 15.4 L 3 -3 L 0 -3",
    "{": "4.4 M 4.4 15.4 L 3.4 15.4 L 2.2 14 L 2.2 7.6 L 0.6 6.2 L 2.2 4.8 L 2.2 -1.6 L 3.4 -3 L 4.4 -3",
    "}": "4.4 M 0 15.4 L 1 15.4 L 2.2 14 L 2.2 7.6 L 3.8 6.2 L 2.2 4.8 L 2.2 -1.6 L 1 -3 L 0 -3",
    "<": "7.6 M 7.6 10.6 L 0 6.2 L 7.6 1.8",
    ">": "7.6 M 0 10.6 L 7.6 6.2 L 0 1.8",
    "/": "6 M 0 -2 L 6 15",
    "\\": "6 M 0 15 L 6 -2",
    "|": "0 M 0 -3 L 0 15.4",
    "-": "5 M 0 5.6 L 5 5.6",
    "_": "8 M 0 -2 L 8 -2",
    "+": "8 M 0 6.2 L 8 6.2 M 4 10.2 L 4 2.2",
    "=": "8 M 0 8 L 8 8 M 0 4.2 L 8 4.2",
    "*": "5.6 M 2.8 14 L 2.8 8 M 0.2 12.5 L 5.4 9.5 M 0.2 9.5 L 5.4 12.5",
    "#": "9.6 M 2 0 L 4 14 M 6 0 L 8 14 M 0.4 9.4 L 9.6 9.4 M 0 4.6 L 9.2 4.6",
    "%": "13 M 2.2 0 L 10.8 14 M A 2.8 10.9 2.8 3.1 0 360 M A 10.2 3.1 2.8 3.1 0 360",
    "&": "10.4 M 10.4 0 L 2 9.6 A 4.2 11.4 2.9 2.6 210 -45 L 2 6.8 A 4.2 3.8 4.2 3.8 125 300 L 9.8 6.6",
    "@": "13 M A 6.6 6 2.6 3 0 360 M 9.2 9 L 9.2 5 A 11 5 1.8 2 180 360 A 6.5 6 6.4 7.4 0 300",
    "^": "6.4 M 0 9.6 L 3.2 14 L 6.4 9.6",
    "~": "7.6 M A 2 5.6 2 1.8 180 40 A 5.6 6.8 2 1.8 220 360",
    "$": "9.1 M A 4.6 10.2 4.2 3 25 270 A 4.6 3.9 4.6 3.3 90 -155 M 4.6 15.4 L 4.6 -1.6",
    "×": "6.4 M 0 3 L 6.4 9.4 M 0 9.4 L 6.4 3",
    "−": "8 M 0 6.2 L 8 6.2",
    "–": "8 M 0 5.6 L 8 5.6",
    "±": "8 M 0 7.6 L 8 7.6 M 4 11.6 L 4 3.6 M 0 1 L 8 1",
    "µ": "7.6 M 0 10 L 0 -4 M A 3.8 3.8 3.8 3.8 180 360 M 7.6 10 L 7.6 0",
    "°": "4.4 M A 2.2 11.6 2.2 2.2 0 360",
    "→": "11 M 0 6 L 11 6 M 7.6 9.4 L 11 6 L 7.6 2.6",
    "²": "5 M A 2.5 12.2 2.4 2.4 165 -35 L 0.2 6.6 L 5 6.6",
    "·": "0 M 0 6 L 0 6.3",
  ]
}
