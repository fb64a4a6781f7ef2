import Foundation
import PerceptualCore

/// Logistic sigmoid: y = 1 / (1 + e^-x).
///
/// Shape: any, kept. 0 and 1 at the infinities; NaN stays NaN. The exponential is the C library's in Double; e^-x
/// overflows to infinity only where y is under the least number.
@specialized(where Scalar == Double)
@specialized(where Scalar == Float)
public func sigmoid<Scalar: TensorElement>(_ x: Tensor<Scalar>) -> Tensor<Scalar> {
  x.map { Scalar(1 / (1 + exp(-Double($0)))) }
}

/// The gradient of ``sigmoid(_:)``: upstream y (1 - y), with 1 - y = 1 / (1 + e^x).
@specialized(where Scalar == Double)
@specialized(where Scalar == Float)
public func sigmoidGradient<Scalar: TensorElement>(_ x: Tensor<Scalar>, upstream: Tensor<Scalar>) -> Tensor<Scalar> {
  require(upstream.shape == x.shape, "upstream: shape \(upstream.shape), x has \(x.shape)")
  var gradient = Tensor<Scalar>(shape: x.shape)
  for i in 0..<x.count {
    let y = 1 / (1 + exp(-Double(x[i])))
    let rest = 1 / (1 + exp(Double(x[i])))
    gradient[i] = upstream[i] * Scalar(y * rest)
  }
  return gradient
}
