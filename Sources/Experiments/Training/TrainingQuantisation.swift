import Foundation

/// How the latent is quantised while training. `soft` is the paper; the others are options beyond it that keep what is
/// trained near what the bitstream can carry.
public enum TrainingQuantisation: String, Sendable, CaseIterable {
  /// Eq. 1 at the network's scale s, forward and backward. Its values need not come near the centres: what lies between
  /// carries more than Eq. 2 counts, and the hard code loses it.
  case soft
  /// The straight-through estimator (Bengio, Leonard and Courville 2013): forward the nearest centre, as the bitstream
  /// sends it; backward not that function's derivative, 0 almost everywhere, but the slope of Eq. 1 at the scale where
  /// it is 1 halfway between the centres furthest apart (as in Mentzer et al. 2018, forward hard and backward soft).
  /// With centres -1 and 1 that is s = 1/2 and the slope 1 - tanh(z)^2, between 0.42 and 1 over all that tanh lets
  /// through.
  case straightThrough = "straight-through"
  /// Soft-to-hard annealing (Agustsson et al. 2017): Eq. 1, its scale rising geometrically over the training from s /
  /// 10 to 10 s. Iteration i of n has s 10^(2 i / (n - 1) - 1), so that a run resumes where it was.
  case risingScale = "rising-scale"

  /// What the decoder sees.
  var forward: Quantisation { self == .straightThrough ? .hard : .soft }

  /// The scale of Eq. 1 in iteration `iteration`, counted from 0, of `iterations`.
  func scale(_ options: AutoencoderOptions, iteration: Int, of iterations: Int) -> Double {
    switch self {
    case .soft: return options.scale
    case .straightThrough:
      // The slope is 2 s times the variance of the centres, (gap / 2)^2 halfway between two.
      let gap = zip(options.centres.dropFirst(), options.centres).map { $0 - $1 }.max() ?? 2
      return 2 / (gap * gap)
    case .risingScale:
      let share = iterations > 1 ? min(1, Double(iteration) / Double(iterations - 1)) : 1
      return options.scale * pow(10, 2 * share - 1)
    }
  }
}
