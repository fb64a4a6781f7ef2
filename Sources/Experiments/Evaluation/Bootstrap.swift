import Fast
import PerceptualCore

/// The ends of a confidence interval.
public struct Interval: Equatable, Sendable {
  public let low: Double
  public let high: Double

  public var width: Double { high - low }
}

/// Percentile bootstrap of means over clips (Efron 1979), seeded: 95 % of the means of samples drawn anew lie within.
///
/// What is drawn, with replacement, are recordings, each with all its clips, since clips of one recording are not
/// independent; where all clips come from one recording, clips. The same draws serve every metric and model, so that
/// the interval of a difference is that of paired values. Draw r takes draw 2^32 + r of stream 3 of the seed.
public struct Bootstrap: Sendable {
  public static let confidence = 0.95
  public let resamples: Int
  /// Whether recordings are drawn, else clips.
  public let drawsRecordings: Bool
  /// Recordings, or clips.
  public let units: Int
  private let unitOfClip: [Int]
  /// How often draw r took each unit.
  private let draws: [[UInt16]]

  /// `recordings` names the recording of each clip.
  public init(recordings: [String], seed: UInt64 = 0, resamples: Int = 2000) {
    let names = recordings.uniqued
    let numbers = Dictionary(uniqueKeysWithValues: zip(names, names.indices))
    drawsRecordings = names.count > 1
    let units = drawsRecordings ? names.count : recordings.count
    self.units = units
    unitOfClip = drawsRecordings ? recordings.compactMap { numbers[$0] } : Array(recordings.indices)
    self.resamples = resamples
    draws = (0..<resamples).map { draw in
      let uniforms = uniformNoise(seed: seed, stream: .other, index: 1 << 32 + UInt64(draw), count: units)
      var taken = [UInt16](repeating: 0, count: units)
      for uniform in uniforms { taken[min(units - 1, Int(Double(uniform) * Double(units)))] += 1 }
      return taken
    }
  }

  /// Of the mean of one value a clip; nil with fewer than two units, where nothing can be said.
  public func interval(_ values: [Double]) -> Interval? {
    require(values.count == unitOfClip.count, "values: \(values.count) given for \(unitOfClip.count) clips")
    guard units > 1 else { return nil }
    var sums = [Double](repeating: 0, count: units)
    var counts = [Double](repeating: 0, count: units)
    for (unit, value) in zip(unitOfClip, values) {
      sums[unit] += value
      counts[unit] += 1
    }
    let means = draws.map { taken -> Double in
      var sum = 0.0
      var count = 0.0
      for unit in 0..<units {
        sum += Double(taken[unit]) * sums[unit]
        count += Double(taken[unit]) * counts[unit]
      }
      return sum / count
    }.sorted()
    let tail = (1 - Self.confidence) / 2
    return Interval(low: Self.quantile(means, tail), high: Self.quantile(means, 1 - tail))
  }

  /// Between the two nearest of sorted values, linearly.
  private static func quantile(_ sorted: [Double], _ share: Double) -> Double {
    let place = share * Double(sorted.count - 1)
    let below = Int(place)
    let above = min(below + 1, sorted.count - 1)
    return sorted[below] + (place - Double(below)) * (sorted[above] - sorted[below])
  }
}
