import Foundation
import PerceptualCore
import PerceptualKernels

/// How bands mask one another: made once with a plan.
struct BarkMaskingModel: Sendable {
  /// Positions that share a threshold, and how often that is.
  let framePositions: Int
  let frames: Int
  /// [bands, bands]: 10^(-offset / 10) times the share of the power of each band that reaches another.
  let spread: [Float]
  /// [bands].
  let quiet: [Float]

  init(_ masking: BarkMasking, _ options: BarkDistanceOptions, positions: Int) {
    framePositions = options.framePositions
    frames = (positions + framePositions - 1) / framePositions
    let centres = auditoryCentres(options.filters)
    let places = centres.map { 6 * asinh($0 / 600) }
    let least = pow(10, -masking.offset / 10)
    var spread: [Float] = []
    for place in places {
      let row = places.map { other in
        let distance = place - other + 0.474
        return pow(10, (15.81 + 7.5 * distance - 17.5 * (1 + distance * distance).squareRoot()) / 10)
      }
      let total = row.reduce(0, +)
      spread += row.map { Float(least * $0 / total) }
    }
    self.spread = spread
    quiet = centres.map { frequency in
      let k = frequency / 1000
      let level = min(96, 3.64 * pow(k, -0.8) - 6.5 * exp(-0.6 * (k - 3.3) * (k - 3.3)) + 0.001 * k * k * k * k)
      return Float(pow(10, (level - masking.fullScaleLevel) / 10) / 2)
    }
  }
}

extension BarkPlan {
  /// Rows of factors that a signal has: one, or one a frame.
  var factorRows: Int { masking?.frames ?? 1 }
  /// Floats of them for all groups.
  var factorsCount: Int { groups * factorRows * lanes }

  /// The factors of the logarithm, [groups, factorRows, lanes]: 1 / sqrt(threshold) of a target's frames, or everywhere
  /// the options' own.
  func fillFactors(_ target: BarkSegments, _ factors: MutableFloats, _ execution: Execution) {
    guard let masking else {
      factors.update(repeating: Float(options.logFactor), count: factorsCount)
      return
    }
    let bands = options.filters.bands
    let frames = masking.frames
    ScratchPool.shared.withFloats(2 * bands * frames) { powers in
      let thresholds = powers + bands * frames
      execution.forEach(groups) { group in
        ScratchPool.shared.withFloats(pairRows + (2 + frames) * lanes) { z in
          let sums = z + pairRows + 2 * lanes
          sums.update(repeating: 0, count: frames * lanes)
          forEachLeaf(group: group, target, z) { side, leaf, positions, _ in
            kernels.addSquares(z + leaf.rows, scales: side.scales, positions, sums)
          }
          for lane in 0..<min(lanes, bands - group * lanes) {
            for frame in 0..<frames {
              let count = min(masking.framePositions, positions - frame * masking.framePositions)
              powers[(group * lanes + lane) * frames + frame] = sums[frame * lanes + lane] / Float(count)
            }
          }
        }
      }
      matrixProduct(masking.spread, powers, thresholds, rows: bands, inner: bands, columns: frames)
      for group in 0..<groups {
        for frame in 0..<frames {
          for lane in 0..<lanes {
            let band = group * lanes + lane
            // The filters of zeros have features of 0 whatever their factor.
            let threshold = band < bands ? max(thresholds[band * frames + frame], masking.quiet[band]) : 1
            factors[(group * frames + frame) * lanes + lane] = 1 / threshold.squareRoot()
          }
        }
      }
    }
  }
}
