import Fast
import PerceptualCore

/// Answers that take no learning, as rows to compare a table with.
public enum Baseline: String, Sendable, CaseIterable {
  case constant, means8, means4, contrast, noise

  public var title: String {
    switch self {
    case .constant: "constant answer 0.5"
    case .means8: "means of 8x8 blocks, interpolated"
    case .means4: "means of 4x4 blocks, interpolated"
    case .contrast: "contrast shrunk to 0.3 around 0.5"
    case .noise: "white noise of 0.05 added"
    }
  }

  /// Pictures [N, 1, H, W] as the baseline answers them. Blocks divide both sides. The noise is normal, draw i of
  /// stream 3 of the seed for picture i.
  public func answer(_ pictures: Tensor<Float>, seed: UInt64 = 0) -> Tensor<Float> {
    switch self {
    case .constant: return pictures.map { _ in 0.5 }
    case .contrast: return pictures.map { 0.5 + 0.3 * ($0 - 0.5) }
    case .means8: return Self.blockMeans(pictures, side: 8)
    case .means4: return Self.blockMeans(pictures, side: 4)
    case .noise:
      let pixels = pictures.count / max(1, pictures.shape[0])
      var elements = pictures.elements
      for picture in 0..<pictures.shape[0] {
        let draws = normalNoise(seed: seed, stream: .other, index: 1 << 33 + UInt64(picture), count: pixels)
        for pixel in 0..<pixels { elements[picture * pixels + pixel] += 0.05 * draws[pixel] }
      }
      return Tensor(elements, shape: pictures.shape)
    }
  }

  /// Means of blocks, standing at the blocks' centres, interpolated linearly between them and constant beyond the
  /// outermost.
  private static func blockMeans(_ pictures: Tensor<Float>, side: Int) -> Tensor<Float> {
    let (images, height, width) = (pictures.shape[0], pictures.shape[2], pictures.shape[3])
    require(height % side == 0 && width % side == 0, "pictures: \(height)x\(width), multiples of \(side) are needed")
    let (rows, columns) = (height / side, width / side)
    /// The blocks before and after a pixel, and the share of the latter.
    func neighbours(_ pixel: Int, _ count: Int) -> (Int, Int, Float) {
      let place = (Float(pixel) + 0.5) / Float(side) - 0.5
      let below = max(0, min(count - 1, Int(place.rounded(.down))))
      return (below, min(below + 1, count - 1), max(0, min(1, place - Float(below))))
    }
    var elements = [Float](repeating: 0, count: pictures.count)
    for image in 0..<images {
      let base = image * height * width
      var means = [Float](repeating: 0, count: rows * columns)
      for y in 0..<height {
        for x in 0..<width { means[y / side * columns + x / side] += pictures[base + y * width + x] }
      }
      for block in means.indices { means[block] /= Float(side * side) }
      for y in 0..<height {
        let (top, bottom, down) = neighbours(y, rows)
        for x in 0..<width {
          let (left, right, across) = neighbours(x, columns)
          func along(_ row: Int) -> Float {
            let (first, second) = (means[row * columns + left], means[row * columns + right])
            return first + across * (second - first)
          }
          let (above, below) = (along(top), along(bottom))
          elements[base + y * width + x] = above + down * (below - above)
        }
      }
    }
    return Tensor(elements, shape: pictures.shape)
  }
}
