import Fast
import Foundation
import PerceptualCore

/// What the autoencoder of raw samples is trained to reduce.
public enum RawAudioLoss: String, Sendable, CaseIterable {
  /// Mean squared error of the samples.
  case mse
  /// The Bark distance of ``BarkDistanceOptions/rawAutoencoder``.
  case bark
  /// Cross-entropy over the 256 classes of the mu-law, in nats a sample.
  case categorical

  /// Outputs of the network for each sample.
  public var levels: Int { self == .categorical ? Self.classes : 1 }
  public static let classes = 256

  /// The mean loss of windows [N, 2048] and the gradient of the network's output, in its shape.
  func valueAndGradient(
    _ output: Tensor<Float>, target: Tensor<Float>
  ) -> (value: Double, gradient: Tensor<Float>) {
    if self == .categorical {
      let classes = muLawEncoding(target, levels: Self.classes)
      let result = categoricalCrossEntropyAndGradient(
        output.reshaped([1] + output.shape), classes: classes.reshaped([1] + classes.shape), upstream: Tensor([1]))
      return (Double(result.value[0]), result.gradient.reshaped(output.shape))
    }
    let samples = target.shape[0]
    let share = Tensor<Float>(repeating: 1 / Float(samples), shape: [samples])
    let result =
      self == .mse
      ? meanSquaredErrorAndGradient(output, target: target, upstream: share)
      : barkDistanceAndGradient(output, target: target, upstream: share, options: .rawAutoencoder)
    return (result.value.elements.reduce(0) { $0 + Double($1) } / Double(result.value.count), result.gradient)
  }
}

/// Which sample a categorical network's logits stand for.
public enum RawAudioDecoding: String, Sendable, CaseIterable {
  /// The mean of the classes' samples under their probabilities.
  case mean
  /// The most likely class.
  case mode

  /// Samples [N, T] of logits [K, N, T].
  public func samples(ofLogits logits: Tensor<Float>) -> Tensor<Float> {
    let levels = logits.shape[0]
    let count = logits.count / levels
    let values = muLawDecoding(Tensor((0..<levels).map { Float($0) }), levels: levels)
    let samples = (0..<count).map { i -> Float in
      var most = 0
      for k in 1..<levels where logits[k * count + i] > logits[most * count + i] { most = k }
      if self == .mode { return values[most] }
      var (sum, total) = (0.0, 0.0)
      for k in 0..<levels {
        let weight = exp(Double(logits[k * count + i] - logits[most * count + i]))
        sum += weight * Double(values[k])
        total += weight
      }
      return Float(sum / total)
    }
    return Tensor(samples, shape: Array(logits.shape.dropFirst()))
  }
}
