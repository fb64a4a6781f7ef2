import Foundation
import PerceptualCore
import PerceptualKernels

/// One step of AdamW (Loshchilov and Hutter 2019), as PyTorch's `torch.optim.AdamW`:
///
///     m = beta1 m + (1 - beta1) g,  v = beta2 v + (1 - beta2) g^2
///     p = p (1 - lr wd) - lr (m / (1 - beta1^t)) / (sqrt(v / (1 - beta2^t)) + epsilon)
///
/// `step` is t and counts from 1. Returns the parameter and the moments after the step; shapes are kept.
///
/// Accuracy: a few units in the last place of the larger of p and the step.
public func adamW(
  _ parameter: Tensor<Float>, gradient: Tensor<Float>, firstMoment: Tensor<Float>, secondMoment: Tensor<Float>,
  step: Int, learningRate: Double, beta1: Double = 0.9, beta2: Double = 0.999, epsilon: Double = 1e-8,
  weightDecay: Double = 0.01
) -> AdamWOutput<Float> {
  for (name, tensor) in [("gradient", gradient), ("firstMoment", firstMoment), ("secondMoment", secondMoment)] {
    require(tensor.shape == parameter.shape, "\(name): shape \(tensor.shape) given, \(parameter.shape) is needed")
  }
  var output = AdamWOutput(parameter: parameter, firstMoment: firstMoment, secondMoment: secondMoment)
  adamW(
    parameter: &output.parameter.elements, gradient: gradient.elements, firstMoment: &output.firstMoment.elements,
    secondMoment: &output.secondMoment.elements, count: gradient.count, step: step, learningRate: learningRate,
    beta1: beta1, beta2: beta2, epsilon: epsilon, weightDecay: weightDecay)
  return output
}

/// One step of AdamW in place on a caller's buffers.
public func adamW(
  parameter: UnsafeMutablePointer<Float>, gradient: UnsafePointer<Float>, firstMoment: UnsafeMutablePointer<Float>,
  secondMoment: UnsafeMutablePointer<Float>, count: Int, step: Int, learningRate: Double, beta1: Double = 0.9,
  beta2: Double = 0.999, epsilon: Double = 1e-8, weightDecay: Double = 0.01
) {
  require(step >= 1, "step: \(step) given, steps count from 1")
  let constants = AdamWConstants(
    beta1: Float(beta1), beta2: Float(beta2), oneMinusBeta1: Float(1 - beta1), oneMinusBeta2: Float(1 - beta2),
    decay: Float(1 - learningRate * weightDecay), stepSize: Float(learningRate / (1 - pow(beta1, Double(step)))),
    secondCorrection: Float(1 / (1 - pow(beta2, Double(step))).squareRoot()), epsilon: Float(epsilon))
  Execution.current.forEachPiece(of: count) { kernels, offset, length in
    kernels.adamW(
      parameter + offset, gradient: gradient + offset, firstMoment: firstMoment + offset,
      secondMoment: secondMoment + offset, count: length, constants: constants)
  }
}
