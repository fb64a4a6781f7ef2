import Foundation
import PerceptualCore

/// Peak signal-to-noise ratio of each sample in decibels, +infinity for equal samples.
///
///     value[n] = 20 log10(L / root mean square of (prediction - target))
///
/// Differences are taken relative to the largest, so that no square overflows or vanishes. Shapes: prediction and
/// target [N, ...], the same; value [N]. L is the data range, in the units of the input. A NaN makes its sample's value
/// NaN, an infinite difference -infinity. A shape that differs, a sample of nothing or a range that is not positive is
/// a caller's bug.
@specialized(where Scalar == Double)
@specialized(where Scalar == Float)
public func peakSignalToNoiseRatio<Scalar: TensorElement>(
  _ prediction: Tensor<Scalar>, target: Tensor<Scalar>, dataRange: Double = 1
) -> Tensor<Scalar> {
  let samples = checkedSamples(prediction, target, dataRange: dataRange)
  return Tensor(
    (0..<samples).map { n in
      let (largest, square) = relativeSquare(prediction, target, n)
      if largest == 0 { return .infinity }
      if largest.isInfinite { return -.infinity }
      return Scalar(20 * (log10(dataRange) - log10(Double(largest))) - 10 * log10(Double(square)))
    })
}

/// The gradient of ``peakSignalToNoiseRatio(_:target:dataRange:)``: -(20 / ln 10) (prediction - target) / (sum of their
/// squares) upstream[n], and its negative; 0 where the samples are equal. Shapes: upstream [N]; gradients as prediction
/// and target.
@specialized(where Scalar == Double)
@specialized(where Scalar == Float)
public func peakSignalToNoiseRatioGradient<Scalar: TensorElement>(
  _ prediction: Tensor<Scalar>, target: Tensor<Scalar>, upstream: Tensor<Scalar>, dataRange: Double = 1
) -> PairGradients<Scalar> {
  let samples = checkedSamples(prediction, target, dataRange: dataRange)
  require(upstream.shape == [samples], "upstream: shape \(upstream.shape), one number a sample is [\(samples)]")
  let size = prediction.count / samples
  var gradients = PairGradients(
    prediction: Tensor<Scalar>(shape: prediction.shape), target: Tensor<Scalar>(shape: target.shape))
  for n in 0..<samples {
    let (largest, square) = relativeSquare(prediction, target, n)
    if largest == 0 { continue }
    let outer = -upstream[n] * Scalar(decibelsPerNeper) / (square * Scalar(size))
    for i in n * size..<(n + 1) * size {
      // The quotient of a subnormal difference is beyond the scalar: the gradient's magnitude is its largest number.
      let exact = outer * ((prediction[i] - target[i]) / largest) / largest
      let gradient = min(max(exact, -Scalar.greatestFiniteMagnitude), Scalar.greatestFiniteMagnitude)
      gradients.prediction[i] = gradient
      gradients.target[i] = -gradient
    }
  }
  return gradients
}

/// 20 / ln 10: what multiplying by e adds.
private let decibelsPerNeper = 8.685889638065037

/// The largest magnitude of a sample's differences, and the mean square of differences relative to it.
private func relativeSquare<Scalar: TensorElement>(
  _ prediction: Tensor<Scalar>, _ target: Tensor<Scalar>, _ n: Int
) -> (largest: Scalar, square: Scalar) {
  let size = prediction.count / prediction.shape[0]
  let range = n * size..<(n + 1) * size
  var largest: Scalar = 0
  for i in range {
    let difference = abs(prediction[i] - target[i])
    if !(difference <= largest) { largest = difference }
    if largest.isNaN { return (.nan, .nan) }
  }
  var sum: Scalar = 0
  for i in range where largest > 0 {
    let relative = (prediction[i] - target[i]) / largest
    sum += relative * relative
  }
  return (largest, sum / Scalar(size))
}

private func checkedSamples<Scalar>(_ prediction: Tensor<Scalar>, _ target: Tensor<Scalar>, dataRange: Double) -> Int {
  require(dataRange > 0 && dataRange.isFinite, "dataRange: \(dataRange) given, a positive number is needed")
  return checkedSamples(prediction, target)
}
