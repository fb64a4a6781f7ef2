import PerceptualConformance
import PerceptualCore

/// What a pair of images under a metric looks like. Every value is exact in Float.
public enum PicturePair: String, Sendable, CaseIterable {
  /// A smooth picture and the same with noise of standard deviation 0.05, both in [0, 1] and
  /// hardly ever clamped: where images are exactly flat, NLPD stands on its kink.
  case noisy
  /// A smooth picture and the same with noise of standard deviation 0.002: nearly alike.
  case close
  /// One half is almost a flat 0, the other almost a flat 1, with noise of standard deviation 0.01 on both images.
  case flat
  /// Two independent fields of uniform noise.
  case noise

  /// Replaces the inputs of a metric by a pair of this kind, times `scale`.
  public func fill(_ operationCase: inout OperationCase<Double>, scale: Double = 1, seed: String) {
    guard let shape = operationCase.inputs["target"]?.shape, shape.count == 4 else { return }
    var generator = SeededGenerator(name: "\(seed) \(rawValue) \(shape)")
    var target = Tensor<Double>(shape: shape)
    var prediction = target
    let planes = shape[0] * shape[1]
    for plane in 0..<planes {
      // A few waves of random direction and phase.
      let waves = (0..<4).map { _ in
        (generator.normal() * 0.15, generator.normal() * 0.15, generator.uniform() * 6.28, generator.uniform())
      }
      for row in 0..<shape[2] {
        for column in 0..<shape[3] {
          let index = (plane * shape[2] + row) * shape[3] + column
          var (t, p): (Double, Double)
          switch self {
          case .noisy, .close:
            t = 0.5
            for wave in waves { t += wave.3 * 0.08 * sine(wave.0 * Double(row) + wave.1 * Double(column) + wave.2) }
            p = t + (self == .noisy ? 0.05 : 0.002) * generator.normal()
          case .flat:
            let side = column < shape[3] / 2 ? 0.03 : 0.97
            t = side + 0.01 * generator.normal()
            p = side + 0.01 * generator.normal()
          case .noise:
            t = generator.uniform()
            p = generator.uniform()
          }
          target[index] = Double(Float(scale * min(max(t, 0), 1)))
          prediction[index] = Double(Float(scale * min(max(p, 0), 1)))
        }
      }
    }
    operationCase.inputs["target"] = target
    operationCase.inputs["prediction"] = prediction
  }
}

/// A wave of period 2 pi and range [-1, 1]: Bhaskara's rational form, the same on every processor.
private func sine(_ angle: Double) -> Double {
  let turns = angle / (2 * .pi)
  let phase = (turns - turns.rounded(.down)) * 2
  let x = phase < 1 ? phase : phase - 1
  let y = 16 * x * (1 - x) / (5 - 4 * x * (1 - x))
  return phase < 1 ? y : -y
}
