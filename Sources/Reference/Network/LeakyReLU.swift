import PerceptualCore

/// LeakyReLU: y = x where x > 0, else slope x.
///
/// Shape: any, kept. NaN stays NaN. Source: Maas et al. 2013.
@specialized(where Scalar == Double)
@specialized(where Scalar == Float)
public func leakyReLU<Scalar: TensorElement>(_ x: Tensor<Scalar>, slope: Double = 0.01) -> Tensor<Scalar> {
  x.map { $0 > 0 ? $0 : Scalar(slope) * $0 }
}

/// The gradient of ``leakyReLU(_:slope:)``: upstream where x > 0, else slope upstream; at 0 the slope.
@specialized(where Scalar == Double)
@specialized(where Scalar == Float)
public func leakyReLUGradient<Scalar: TensorElement>(
  _ x: Tensor<Scalar>, upstream: Tensor<Scalar>, slope: Double = 0.01
) -> Tensor<Scalar> {
  require(upstream.shape == x.shape, "upstream: shape \(upstream.shape), x has \(x.shape)")
  var gradient = Tensor<Scalar>(shape: x.shape)
  for i in 0..<x.count {
    gradient[i] = x[i] > 0 ? upstream[i] : Scalar(slope) * upstream[i]
  }
  return gradient
}
