import Foundation
import PerceptualCore

/// One step of Adam with decoupled weight decay:
///
///     m' = beta1 m + (1 - beta1) g
///     v' = beta2 v + (1 - beta2) g^2
///     p' = p (1 - lr wd) - lr (m' / (1 - beta1^t)) / (sqrt(v' / (1 - beta2^t)) + epsilon)
///
/// p is the parameter, g its gradient, m and v the moments (0 at first), lr the learning rate, wd the weight decay.
///
/// Shapes: any, the same for all four. A negative second moment gives NaN. Stops if a shape differs or the step is
/// under 1. `step` is t and counts from 1.
///
/// Source: Loshchilov and Hutter 2019, algorithm 2, with the decay times the learning rate, as in PyTorch.
@specialized(where Scalar == Double)
@specialized(where Scalar == Float)
public func adamW<Scalar: TensorElement>(
  _ parameter: Tensor<Scalar>, gradient: Tensor<Scalar>, firstMoment: Tensor<Scalar>, secondMoment: Tensor<Scalar>,
  step: Int, learningRate: Double, beta1: Double = 0.9, beta2: Double = 0.999, epsilon: Double = 1e-8,
  weightDecay: Double = 0.01
) -> AdamWOutput<Scalar> {
  for (name, tensor) in [("gradient", gradient), ("firstMoment", firstMoment), ("secondMoment", secondMoment)] {
    require(tensor.shape == parameter.shape, "\(name): shape \(tensor.shape), parameter has \(parameter.shape)")
  }
  require(step >= 1, "step: \(step) given, steps count from 1")
  let firstCorrection = Scalar(1 - pow(beta1, Double(step)))
  let secondCorrection = Scalar(1 - pow(beta2, Double(step)))
  var output = AdamWOutput(parameter: parameter, firstMoment: firstMoment, secondMoment: secondMoment)
  for i in 0..<parameter.count {
    let g = gradient[i]
    let m = Scalar(beta1) * firstMoment[i] + Scalar(1 - beta1) * g
    let v = Scalar(beta2) * secondMoment[i] + Scalar(1 - beta2) * g * g
    let decayed = parameter[i] * Scalar(1 - learningRate * weightDecay)
    let divisor = (v / secondCorrection).squareRoot() + Scalar(epsilon)
    output.parameter[i] = decayed - Scalar(learningRate) * (m / firstCorrection) / divisor
    output.firstMoment[i] = m
    output.secondMoment[i] = v
  }
  return output
}
