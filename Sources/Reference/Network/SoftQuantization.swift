import Foundation
import PerceptualCore

/// Soft quantisation (Eq. 1 of arXiv 2312.03455): the mean of the centres, weighted by a softmax of squared distances.
///
///     y = sum_j p_j c_j,  p = softmax_j(-s (x - c_j)^2)
///
/// The factor exp(-s x^2), which all weights share, is left out: p = softmax_j(s c_j (2 x - c_j)), computed with the
/// largest exponent subtracted. For centres -1 and 1 this is tanh(2 s x).
///
/// Shape: any, kept. NaN and the infinities give NaN. Stops without a centre or where the scale is not positive.
@specialized(where Scalar == Double)
@specialized(where Scalar == Float)
public func softQuantization<Scalar: TensorElement>(
  _ x: Tensor<Scalar>, centres: [Double] = [-1, 1], scale: Double = 10
) -> Tensor<Scalar> {
  requireQuantizer(centres, scale: scale)
  return x.map { x in
    let weights = softmaxWeights(Double(x), centres, scale)
    return Scalar(zip(weights, centres).reduce(0) { $0 + $1.0 * $1.1 })
  }
}

/// The gradient of ``softQuantization(_:centres:scale:)``: upstream 2 s sum_j p_j (c_j - y)^2.
///
/// It is the derivative of the softmax, 2 s (sum p c^2 - (sum p c)^2), written as the variance that it is.
@specialized(where Scalar == Double)
@specialized(where Scalar == Float)
public func softQuantizationGradient<Scalar: TensorElement>(
  _ x: Tensor<Scalar>, upstream: Tensor<Scalar>, centres: [Double] = [-1, 1], scale: Double = 10
) -> Tensor<Scalar> {
  requireQuantizer(centres, scale: scale)
  require(upstream.shape == x.shape, "upstream: shape \(upstream.shape), x has \(x.shape)")
  var gradient = Tensor<Scalar>(shape: x.shape)
  for i in 0..<x.count {
    let weights = softmaxWeights(Double(x[i]), centres, scale)
    let y = zip(weights, centres).reduce(0) { $0 + $1.0 * $1.1 }
    let variance = zip(weights, centres).reduce(0) { $0 + $1.0 * ($1.1 - y) * ($1.1 - y) }
    gradient[i] = upstream[i] * Scalar(2 * scale * variance)
  }
  return gradient
}

/// softmax_j(s c_j (2 x - c_j)).
private func softmaxWeights(_ x: Double, _ centres: [Double], _ scale: Double) -> [Double] {
  let exponents = centres.map { scale * $0 * (2 * x - $0) }
  let largest = exponents.reduce(-Double.infinity) { max($0, $1) }
  let weights = exponents.map { exp($0 - largest) }
  let total = weights.reduce(0) { $0 + $1 }
  return weights.map { $0 / total }
}

private func requireQuantizer(_ centres: [Double], scale: Double) {
  require(!centres.isEmpty, "centres: none given, at least one is needed")
  require(scale > 0, "scale: \(scale) given, a positive number is needed")
}
