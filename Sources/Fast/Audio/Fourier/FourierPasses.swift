import Foundation

/// What `fourierPasses` looks up for a complex transform of a power of two, 4 or more, and the order of its results.
struct FourierPasses: Sendable {
  let twiddles: [Float]
  /// By row: which number of the transform the passes leave there.
  let numbers: [Int]
  /// By number: the row.
  let rows: [Int]

  init(length whole: Int) {
    var twiddles: [Float] = []
    var numbers = [0]
    var length = whole
    var parts = 1
    while length > 1 {
      let radix = length == 16 || length == 4 ? 4 : 8
      for j in 0..<length / radix {
        for q in 1..<radix {
          let angle = 2 * Double.pi * Double(j * q) / Double(length)
          twiddles.append(Float(cos(angle)))
          twiddles.append(Float(-sin(angle)))
        }
      }
      // Part q of a part holds the numbers that leave q when divided by the radix.
      numbers = numbers.flatMap { number in (0..<radix).map { number + $0 * parts } }
      parts *= radix
      length /= radix
    }
    var rows = [Int](repeating: 0, count: whole)
    for (row, number) in numbers.enumerated() { rows[number] = row }
    self.twiddles = twiddles
    self.numbers = numbers
    self.rows = rows
  }
}
