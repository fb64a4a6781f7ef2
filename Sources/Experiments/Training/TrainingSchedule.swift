import Fast
import Foundation
import PerceptualCore

/// How the learning rate changes over a training. The paper names an "initial" rate and no schedule.
public enum LearningRateDecay: String, Sendable, CaseIterable {
  /// Iteration i of n has the rate itself.
  case none
  /// Iteration i of n, counted from 0, has rate (1 + cos(pi i / n)) / 2 (Loshchilov and Hutter 2017, without restarts).
  case cosine

  func rate(_ initial: Double, iteration: Int, of iterations: Int) -> Double {
    switch self {
    case .none: initial
    case .cosine: initial * (1 + cos(.pi * Double(min(iteration, iterations)) / Double(max(1, iterations)))) / 2
    }
  }
}

/// What the weights and biases of the convolutions are drawn from; gamma is 1 and beta 0 always. The paper does not
/// say.
public enum WeightInitialisation: String, Sendable, CaseIterable {
  /// PyTorch's default: weights and biases uniform in +-1 / sqrt(fan in).
  case uniform
  /// Weights normal with variance 2 / ((1 + slope^2) fan in), biases 0 (He et al. 2015).
  case he
  /// Weights normal with deviation 0.02, biases 0 (Radford, Metz and Chintala 2016).
  case dcgan

  /// Tensor `index` of the convolutions, weight before bias.
  func draw(
    _ shape: [Int], isBias: Bool, fanIn: Int, slope: Double, seed: UInt64, index: UInt64
  ) -> Tensor<Float> {
    if self == .uniform { return defaultInitialization(shape: shape, fanIn: fanIn, seed: seed, index: index) }
    if isBias { return Tensor(shape: shape) }
    let deviation = self == .he ? (2 / ((1 + slope * slope) * Double(fanIn))).squareRoot() : 0.02
    return normalInitialization(shape: shape, deviation: deviation, seed: seed, index: index)
  }
}
