import Foundation
import PerceptualCore

/// Entropy coding of the latents' indices, and how much there is to gain.
///
/// Each bit of an index, highest first, is coded by a model of its own for the channel, the bits above it in the same
/// index, and the neighbours to the left (the time before) and above (the band before): whether each exceeds the middle
/// index. Models start empty and run on from clip to clip.
public enum CodeEntropy {
  /// What a code would cost under models of growing knowledge, in bits a latent.
  public struct Estimate: Equatable, Sendable {
    /// log2 L: what Eq. 2 counts.
    public var bound: Double
    /// Shannon's entropy of all indices together.
    public var together: Double
    /// The same channel by channel, the channels' shares known beforehand.
    public var byChannel: Double
    /// What the entropy coder writes, header aside.
    public var coded: Double
  }

  public static func estimate(_ files: [CodeFile]) -> Estimate {
    guard let layout = files.first?.layout else { return Estimate(bound: 0, together: 0, byChannel: 0, coded: 0) }
    var counts = [[Double]](repeating: [Double](repeating: 0, count: layout.centres), count: layout.channels)
    var coded = 0.0
    for file in files {
      coded += Double(8 * encode(file.clips, file.layout).count)
      for (number, clip) in file.clips.enumerated() {
        let size = file.layout.latentSize(clip: number)
        for (place, index) in clip.indices.enumerated() {
          counts[place / (size.rows * size.columns)][Int(index)] += 1
        }
      }
    }
    let latents = counts.joined().reduce(0, +)
    let sums = (0..<layout.centres).map { index in counts.reduce(0) { $0 + $1[index] } }
    return Estimate(
      bound: log2(Double(layout.centres)), together: entropy(sums) / latents,
      byChannel: counts.reduce(0) { $0 + entropy($1) } / latents, coded: coded / latents)
  }

  /// Bits that a memoryless code of these counts takes in all.
  private static func entropy(_ counts: [Double]) -> Double {
    let total = counts.reduce(0, +)
    return counts.reduce(0) { $0 + ($1 > 0 ? $1 * log2(total / $1) : 0) }
  }

  private static func model(_ layout: CodeLayout) -> BitModel {
    BitModel(contexts: layout.channels << (layout.bits + 2))
  }

  static func encode(_ clips: [CodeFile.Clip], _ layout: CodeLayout) -> [UInt8] {
    var model = model(layout)
    var coder = RangeEncoder()
    for (number, clip) in clips.enumerated() {
      let walk = Walk(layout, clip: number)
      for place in clip.indices.indices {
        let context = walk.context(place, clip.indices)
        var node = 1
        for bit in (0..<layout.bits).reversed() {
          let isSet = clip.indices[place] >> bit & 1 == 1
          coder.encode(isSet, zero: model.zero(context + node))
          model.see(isSet, context + node)
          node = 2 * node + (isSet ? 1 : 0)
        }
      }
    }
    return coder.finish()
  }

  static func decode(_ code: ArraySlice<UInt8>, _ layout: CodeLayout) throws(PerceptualError) -> [[UInt8]] {
    var model = model(layout)
    var coder = RangeDecoder(code)
    var clips: [[UInt8]] = []
    for number in 0..<layout.clips {
      let walk = Walk(layout, clip: number)
      var indices = [UInt8](repeating: 0, count: layout.latents(clip: number))
      for place in indices.indices {
        let context = walk.context(place, indices)
        var node = 1
        for _ in 0..<layout.bits {
          let isSet = coder.decode(zero: model.zero(context + node))
          model.see(isSet, context + node)
          node = 2 * node + (isSet ? 1 : 0)
        }
        if coder.isExhausted { throw .malformed("the code ends within clip \(number)") }
        let index = node - 1 << layout.bits
        guard index < layout.centres else {
          throw .malformed("latent \(place) of clip \(number) has centre \(index) of \(layout.centres)")
        }
        indices[place] = UInt8(index)
      }
      clips.append(indices)
    }
    if !coder.isAtEnd { throw .malformed("bytes follow the last clip's code") }
    return clips
  }

  /// The order of a clip's latents and what is known before each.
  private struct Walk {
    let columns: Int
    let area: Int
    let bits: Int
    let middle: UInt8

    init(_ layout: CodeLayout, clip: Int) {
      let size = layout.latentSize(clip: clip)
      columns = size.columns
      area = size.rows * size.columns
      bits = layout.bits
      middle = UInt8(layout.centres / 2)
    }

    func context(_ place: Int, _ indices: [UInt8]) -> Int {
      let inside = place % area
      let left = inside % columns > 0 && indices[place - 1] >= middle ? 1 : 0
      let above = inside >= columns && indices[place - columns] >= middle ? 2 : 0
      return (4 * (place / area) + left + above) << bits
    }
  }
}
