import Foundation
import PerceptualCore

/// Peak signal-to-noise ratio of each sample in decibels: 20 log10(L / root of the mean squared error), +infinity for
/// equal samples.
///
/// Shapes: prediction and target [N, ...], the same; value [N]. L is the data range, in the units of the input. NaN
/// passes through. Accuracy: that of ``meanSquaredError(_:target:)``, 16 epsilons, times 4.3 decibels. A mean squared
/// error under the least number of single precision counts as 0. Shapes that differ or a range that is not positive are
/// a caller's bug.
public func peakSignalToNoiseRatio(
  _ prediction: Tensor<Float>, target: Tensor<Float>, dataRange: Double = 1
) -> Tensor<Float> {
  require(dataRange > 0 && dataRange.isFinite, "dataRange: \(dataRange) given, a positive number is needed")
  return meanSquaredError(prediction, target: target).map { error in
    Float(20 * log10(dataRange) - 10 * log10(Double(error)))
  }
}

/// The gradient of ``peakSignalToNoiseRatio(_:target:dataRange:)``: -20 / ln 10 (prediction - target) upstream[n] /
/// (sum of squared differences), and its negative; 0 for equal samples. Shapes: upstream [N]; gradients as prediction
/// and target. Accuracy: 32 epsilons, relative.
public func peakSignalToNoiseRatioGradient(
  _ prediction: Tensor<Float>, target: Tensor<Float>, upstream: Tensor<Float>, dataRange: Double = 1
) -> PairGradients<Float> {
  require(dataRange > 0 && dataRange.isFinite, "dataRange: \(dataRange) given, a positive number is needed")
  let errors = meanSquaredError(prediction, target: target)
  require(upstream.shape == errors.shape, "upstream: shape \(upstream.shape), one number a sample is [\(errors.count)]")
  // The mean squared error's gradient is 2 (prediction - target) / M.
  let inner = Tensor(
    (0..<errors.count).map { n in
      errors[n] == 0 ? 0 : Float(-10 / log(10.0) * Double(upstream[n]) / Double(errors[n]))
    })
  return meanSquaredErrorGradient(prediction, target: target, upstream: inner)
}
