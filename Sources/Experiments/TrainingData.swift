import Fast
import Foundation
import PerceptualCore

/// Where training pictures come from. Batch i is a function of (seed, i) alone.
public enum TrainingData: Sendable {
  /// U(x): uniform noise in [0, 1), stream 0 of the seed.
  case noise
  /// P(x): pictures [256, 256] or larger, of which a batch takes random ones, cut at random places to the training size.
  case pictures([Tensor<Float>])

  public var title: String {
    switch self {
    case .noise: "noise"
    case .pictures: "music"
    }
  }

  /// What tells one collection of pictures from another, nil for noise: how many, their mean and mean square to four
  /// digits, which rounding on another instruction set leaves alone.
  var fingerprint: String? {
    guard case .pictures(let pictures) = self else { return nil }
    var sum = 0.0
    var squares = 0.0
    var count = 0.0
    for picture in pictures {
      for value in picture.elements {
        sum += Double(value)
        squares += Double(value) * Double(value)
      }
      count += Double(picture.count)
    }
    return String(format: "%d of mean %.4f, mean square %.4f", pictures.count, sum / count, squares / count)
  }

  /// Batch `index`, [images, 1, height, width].
  public func batch(_ index: Int, images: Int, height: Int, width: Int, seed: UInt64) -> Tensor<Float> {
    let shape = [images, 1, height, width]
    switch self {
    case .noise:
      let noise = uniformNoise(
        seed: seed, stream: .noise, index: UInt64(index), count: images * height * width)
      return Tensor(noise, shape: shape)
    case .pictures(let pictures):
      // Three draws a picture: which one, and where its rows and columns start.
      let draws = uniformNoise(seed: seed, stream: .other, index: UInt64(index), count: 3 * images)
      var elements: [Float] = []
      elements.reserveCapacity(images * height * width)
      for image in 0..<images {
        let picture = pictures[pick(draws[3 * image], below: pictures.count)]
        let top = pick(draws[3 * image + 1], below: picture.shape[0] - height + 1)
        let left = pick(draws[3 * image + 2], below: picture.shape[1] - width + 1)
        for row in top..<top + height {
          let start = row * picture.shape[1] + left
          elements.append(contentsOf: picture.elements[start..<start + width])
        }
      }
      return Tensor(elements, shape: shape)
    }
  }

  private func pick(_ draw: Float, below count: Int) -> Int { min(count - 1, Int(Double(draw) * Double(count))) }

  /// Throws if the pictures cannot give batches of that size.
  func validate(height: Int, width: Int) throws(PerceptualError) {
    guard case .pictures(let pictures) = self else { return }
    if pictures.isEmpty { throw PerceptualError(.missing, "no pictures to train on") }
    if let small = pictures.first(where: { $0.rank != 2 || $0.shape[0] < height || $0.shape[1] < width }) {
      throw PerceptualError(
        .usage, "a picture of shape \(small.shape) is smaller than the training size \(height)x\(width)")
    }
  }
}
