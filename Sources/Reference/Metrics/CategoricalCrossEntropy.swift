import Foundation
import PerceptualCore

/// Cross-entropy of classes under the softmax of logits, in nats, averaged over a sample's positions:
///
///     value[n] = (1 / P) sum over p of (ln sum over k of exp(z[n, k, p]) - z[n, class[n, p], p])
///
/// the greatest logit of a position taken out before the exponentials, in Double.
///
/// Shapes: logits z [N, K, ...], classes [N, ...], whole numbers of 0 ..< K; value [N]. NaN stays NaN. Stops if a shape
/// or a class does not fit.
@specialized(where Scalar == Double)
@specialized(where Scalar == Float)
public func categoricalCrossEntropy<Scalar: TensorElement>(
  _ logits: Tensor<Scalar>, classes: Tensor<Scalar>
) -> Tensor<Scalar> {
  require(noObstacle: categoricalObstacle(logits: logits.shape, classes: classes))
  let (samples, levels) = (logits.shape[0], logits.shape[1])
  let positions = classes.count / samples
  var value = Tensor<Scalar>(shape: [samples])
  for n in 0..<samples {
    var sum: Scalar = 0
    for p in 0..<positions {
      let own = logits[(n * levels + Int(classes[n * positions + p])) * positions + p]
      sum += Scalar(logOfSum(logits, n, p, levels, positions) - Double(own))
    }
    value[n] = sum / Scalar(positions)
  }
  return value
}

/// The gradient of ``categoricalCrossEntropy(_:classes:)`` with respect to the logits:
///
///     upstream[n] / P (softmax over k of z[n, k, p] - [k is the class])
///
/// Shapes: upstream [N]; the gradient as logits.
@specialized(where Scalar == Double)
@specialized(where Scalar == Float)
public func categoricalCrossEntropyGradient<Scalar: TensorElement>(
  _ logits: Tensor<Scalar>, classes: Tensor<Scalar>, upstream: Tensor<Scalar>
) -> Tensor<Scalar> {
  require(noObstacle: categoricalObstacle(logits: logits.shape, classes: classes))
  let (samples, levels) = (logits.shape[0], logits.shape[1])
  require(upstream.shape == [samples], "upstream: shape \(upstream.shape), one number a sample is [\(samples)]")
  let positions = classes.count / samples
  var gradient = Tensor<Scalar>(shape: logits.shape)
  for n in 0..<samples {
    for p in 0..<positions {
      let total = logOfSum(logits, n, p, levels, positions)
      for k in 0..<levels {
        let i = (n * levels + k) * positions + p
        let probability = Scalar(exp(Double(logits[i]) - total))
        let isClass: Scalar = k == Int(classes[n * positions + p]) ? 1 : 0
        gradient[i] = upstream[n] / Scalar(positions) * (probability - isClass)
      }
    }
  }
  return gradient
}

/// ln sum over k of exp(z[n, k, p]).
private func logOfSum<Scalar: TensorElement>(
  _ logits: Tensor<Scalar>, _ n: Int, _ p: Int, _ levels: Int, _ positions: Int
) -> Double {
  var greatest = -Double.infinity
  for k in 0..<levels { greatest = max(greatest, Double(logits[(n * levels + k) * positions + p])) }
  var sum = 0.0
  for k in 0..<levels { sum += exp(Double(logits[(n * levels + k) * positions + p]) - greatest) }
  return greatest + log(sum)
}
