import PerceptualCore

/// Bilinear enlargement followed by the low-pass filter, along one side of an image, reflection included: each of
/// `size` outputs is a weighted sum of four of ceil(size / 2) inputs, those from `first(output)` on.
struct LaplacianEnlargement {
  let size: Int
  /// Four an output; those of inputs beyond the ends are 0.
  let weights: [Float]
  /// The same before they were rounded.
  let exactWeights: [Double]

  init(size: Int) {
    self.size = size
    let half = (size + 1) / 2
    var weights = [Double](repeating: 0, count: 4 * size)
    for i in 0..<size {
      for (t, tap) in LaplacianPyramid.lowPass.enumerated() {
        // Integer division keeps the position exact.
        let (source, rest) = (Self.reflected(i + t - 2, size) * (half - 1))
          .quotientAndRemainder(dividingBy: size - 1)
        let share = Double(rest) / Double(size - 1)
        let place = 4 * i + source - Self.first(i)
        weights[place] += tap * (1 - share)
        if rest > 0 { weights[place + 1] += tap * share }
      }
    }
    exactWeights = weights
    self.weights = weights.map { Float($0) }
    self.half = half
  }

  private let half: Int

  /// The first of an output's four inputs. It may lie beyond the ends.
  static func first(_ output: Int) -> Int { output / 2 - (output % 2 == 0 ? 2 : 1) }

  /// The first of the eight outputs that an input has a part in.
  static func firstEnlarged(_ input: Int) -> Int { 2 * input - 3 }

  /// The position inside 0 ..< size that reflection puts at `i`, the edge not repeated.
  static func reflected(_ i: Int, _ size: Int) -> Int { i < 0 ? -i : i >= size ? 2 * (size - 1) - i : i }

  private func weight(_ output: Int, _ input: Int) -> Float {
    let a = input - Self.first(output)
    return (0..<size).contains(output) && (0..<4).contains(a) ? weights[4 * output + a] : 0
  }

  /// Eight weights an input.
  func transposed() -> [Float] {
    (0..<half).flatMap { input in (0..<8).map { weight(Self.firstEnlarged(input) + $0, input) } }
  }

  /// The weights of a row's even outputs 2j, for inputs j - 2 ... j + 1, and of its odd ones, for j - 1 ... j + 2:
  /// eight rows of `segment` floats.
  func columns(segment: Int) -> [Float] {
    table(segment) { parity, a, j in 2 * j + parity < size ? weights[4 * (2 * j + parity) + a] : 0 }
  }

  /// The same for the transpose: input j from the even outputs 2(j + 2) ... 2(j - 1) and the odd ones 2(j + 1) + 1 ...
  /// 2(j - 2) + 1.
  func transposedColumns(segment: Int) -> [Float] {
    table(segment) { parity, a, j in weight(2 * (j + 2 - parity - a) + parity, j) }
  }

  private func table(_ segment: Int, _ weight: (Int, Int, Int) -> Float) -> [Float] {
    var table = [Float](repeating: 0, count: 8 * segment)
    for parity in 0..<2 {
      for a in 0..<4 {
        for j in 0..<half { table[(4 * parity + a) * segment + j] = weight(parity, a, j) }
      }
    }
    return table
  }

  /// The first of the three halved positions that a position has a part in.
  static func firstHalved(_ position: Int, _ size: Int) -> Int { (position - (size % 2 == 0 ? 2 : 1)) >> 1 }

  /// Three weights a position: the transpose of the low-pass filter at every second position, reflection included.
  static func halvingTransposed(size: Int) -> [Float] {
    var weights = [Double](repeating: 0, count: 3 * size)
    for i in 0..<(size + 1) / 2 {
      for (t, tap) in LaplacianPyramid.lowPass.enumerated() {
        let position = reflected(2 * i + t - (size % 2 == 0 ? 1 : 2), size)
        weights[3 * position + i - firstHalved(position, size)] += tap
      }
    }
    return weights.map { Float($0) }
  }
}
