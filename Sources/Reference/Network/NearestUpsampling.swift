import PerceptualCore

/// Every element repeated: y[n, c, i, j] = x[n, c, floor(i / fH), floor(j / fW)].
///
/// Shapes: x [N, C, H, W]; y [N, C, fH H, fW W]. Any value is copied. Stops if x has another rank or a factor is under
/// 1. Source: `torch.nn.Upsample(mode="nearest")` with whole factors.
@specialized(where Scalar == Double)
@specialized(where Scalar == Float)
public func nearestUpsampling<Scalar: TensorElement>(_ x: Tensor<Scalar>, factor: Extent) -> Tensor<Scalar> {
  var y = Tensor<Scalar>(shape: factor.upsampled(x.shape))
  for n in 0..<y.shape[0] {
    for c in 0..<y.shape[1] {
      for i in 0..<y.shape[2] {
        for j in 0..<y.shape[3] { y[n, c, i, j] = x[n, c, i / factor.height, j / factor.width] }
      }
    }
  }
  return y
}

/// The gradient of ``nearestUpsampling(_:factor:)``: the sum of upstream over the copies of each element.
///
/// `shape` is x's.
@specialized(where Scalar == Double)
@specialized(where Scalar == Float)
public func nearestUpsamplingGradient<Scalar: TensorElement>(
  shape: [Int], upstream: Tensor<Scalar>, factor: Extent
) -> Tensor<Scalar> {
  let expected = factor.upsampled(shape)
  require(upstream.shape == expected, "upstream: shape \(upstream.shape), the output has \(expected)")
  var gradient = Tensor<Scalar>(shape: shape)
  for n in 0..<expected[0] {
    for c in 0..<expected[1] {
      for i in 0..<expected[2] {
        for j in 0..<expected[3] { gradient[n, c, i / factor.height, j / factor.width] += upstream[n, c, i, j] }
      }
    }
  }
  return gradient
}
