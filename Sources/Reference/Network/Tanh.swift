import Foundation
import PerceptualCore

/// Hyperbolic tangent: y = (e^x - e^-x) / (e^x + e^-x), by the C library in Double.
///
/// Shape: any, kept. Exactly +-1 at the infinities; NaN stays NaN.
@specialized(where Scalar == Double)
@specialized(where Scalar == Float)
public func tanh<Scalar: TensorElement>(_ x: Tensor<Scalar>) -> Tensor<Scalar> {
  x.map { Scalar(Foundation.tanh(Double($0))) }
}

/// The gradient of ``tanh(_:)``: upstream (1 - tanh(x)^2) = upstream / cosh(x)^2.
///
/// The form with the hyperbolic cosine does not cancel far from 0; beyond its range it is 0.
@specialized(where Scalar == Double)
@specialized(where Scalar == Float)
public func tanhGradient<Scalar: TensorElement>(_ x: Tensor<Scalar>, upstream: Tensor<Scalar>) -> Tensor<Scalar> {
  require(upstream.shape == x.shape, "upstream: shape \(upstream.shape), x has \(x.shape)")
  var gradient = Tensor<Scalar>(shape: x.shape)
  for i in 0..<x.count {
    let cosine = Foundation.cosh(Double(x[i]))
    gradient[i] = upstream[i] * Scalar(1 / (cosine * cosine))
  }
  return gradient
}
