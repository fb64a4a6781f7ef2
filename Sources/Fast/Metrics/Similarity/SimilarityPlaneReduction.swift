import PerceptualCore

/// What SSIM's rules for large images do to a plane: means of some pixels around every `factor`-th.
struct PlaneReduction: Sendable {
  let rule: SimilarityDownsampling
  let factor: Int
  let height: Int
  let width: Int
  let reducedHeight: Int
  let reducedWidth: Int

  init(_ rule: SimilarityDownsampling, height: Int, width: Int) {
    self.rule = rule
    factor = rule.factor(height: height, width: width)
    self.height = height
    self.width = width
    reducedHeight = rule.reduced(height, by: factor)
    reducedWidth = rule.reduced(width, by: factor)
  }

  var isIdentity: Bool { factor == 1 }
  private var reducedCount: Int { roundedToVectors(reducedHeight * reducedWidth) }
  var scratchCount: Int { isIdentity ? 0 : 2 * reducedCount }

  /// Both images reduced, or themselves.
  func apply(_ x: Floats, _ y: Floats, _ scratch: MutableFloats) -> (Floats, Floats) {
    if isIdentity { return (x, y) }
    let second = scratch + reducedCount
    reduce(x, scratch)
    reduce(y, second)
    return (UnsafePointer(scratch), UnsafePointer(second))
  }

  private func reduce(_ x: Floats, _ y: MutableFloats) {
    let share = 1 / Float(factor * factor)
    for i in 0..<reducedHeight {
      for j in 0..<reducedWidth {
        var sum: Float = 0
        for a in 0..<factor {
          let row = x + mirrored(factor * i + a - rule.reach(of: factor), height) * width
          for b in 0..<factor { sum += row[mirrored(factor * j + b - rule.reach(of: factor), width)] }
        }
        y[i * reducedWidth + j] = sum * share
      }
    }
  }

  /// The gradient of an image from that of the reduced one.
  func applyTransposed(_ upstream: Floats, _ gradient: MutableFloats) {
    gradient.update(repeating: 0, count: height * width)
    let share = 1 / Float(factor * factor)
    for i in 0..<reducedHeight {
      for j in 0..<reducedWidth {
        let each = upstream[i * reducedWidth + j] * share
        for a in 0..<factor {
          let row = gradient + mirrored(factor * i + a - rule.reach(of: factor), height) * width
          for b in 0..<factor { row[mirrored(factor * j + b - rule.reach(of: factor), width)] += each }
        }
      }
    }
  }

  /// The position inside 0 ..< size that a mirror puts at `i`, the edge repeated.
  private func mirrored(_ i: Int, _ size: Int) -> Int { i < 0 ? -1 - i : i >= size ? 2 * size - 1 - i : i }
}
