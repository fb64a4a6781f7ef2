import Fast
import Foundation
import PerceptualCore

/// Where training pictures come from. Batch i is a function of (seed, i) alone.
public enum TrainingData: Sendable {
  /// U(x): uniform noise in [0, 1), stream 0 of the seed.
  case noise
  /// P(x): pictures [256, 256] or larger, of which a batch takes random ones, cut at random places to the training
  /// size.
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
    let count = images * height * width
    let elements = [Float](unsafeUninitializedCapacity: count) { buffer, initialized in
      if let base = buffer.baseAddress {
        draw(index, images: 0..<images, height: height, width: width, seed: seed, into: base)
      }
      initialized = count
    }
    return Tensor(elements, shape: [images, 1, height, width])
  }

  /// Some images of batch `index` into a caller's buffer. Of noise an image has a multiple of eight pixels.
  func draw(
    _ index: Int, images: Range<Int>, height: Int, width: Int, seed: UInt64,
    into elements: UnsafeMutablePointer<Float>
  ) {
    switch self {
    case .noise:
      // A step of the counter gives eight values.
      uniformNoise(
        into: elements, count: images.count * height * width, key: [seed, RandomStream.noise.rawValue],
        counter: [UInt64(images.lowerBound * height * width / 8), 0, UInt64(index), 0])
    case .pictures(let pictures):
      // Three draws a picture: which one, and where its rows and columns start.
      let draws = uniformNoise(seed: seed, stream: .other, index: UInt64(index), count: 3 * images.upperBound)
      for image in images {
        let picture = pictures[pick(draws[3 * image], below: pictures.count)]
        let top = pick(draws[3 * image + 1], below: picture.shape[0] - height + 1)
        let left = pick(draws[3 * image + 2], below: picture.shape[1] - width + 1)
        picture.elements.withUnsafeBufferPointer { from in
          guard let from = from.baseAddress else { return }
          for row in 0..<height {
            (elements + ((image - images.lowerBound) * height + row) * width).update(
              from: from + (top + row) * picture.shape[1] + left, count: width)
          }
        }
      }
    }
  }

  private func pick(_ draw: Float, below count: Int) -> Int { min(count - 1, Int(Double(draw) * Double(count))) }

  /// Throws if the pictures cannot give batches of that size.
  func validate(height: Int, width: Int) throws(PerceptualError) {
    guard case .pictures(let pictures) = self else { return }
    if pictures.isEmpty { throw .missing("no pictures to train on") }
    if let small = pictures.first(where: { $0.rank != 2 || $0.shape[0] < height || $0.shape[1] < width }) {
      throw .usage("a picture of shape \(small.shape) is smaller than the training size \(height)x\(width)")
    }
  }
}
