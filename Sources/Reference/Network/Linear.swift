import PerceptualCore

/// A linear layer: y[n, o] = bias[o] + sum over i of x[n, i] weight[o, i].
///
/// Shapes: x [N, I], weight [O, I], bias [O] or none; y [N, O]. Stops if a shape does not fit.
@specialized(where Scalar == Double)
@specialized(where Scalar == Float)
public func linear<Scalar: TensorElement>(
  _ x: Tensor<Scalar>, weight: Tensor<Scalar>, bias: Tensor<Scalar>? = nil
) -> Tensor<Scalar> {
  require(noObstacle: linearObstacle(x: x.shape, weight: weight.shape, bias: bias?.shape))
  var y = Tensor<Scalar>(shape: [x.shape[0], weight.shape[0]])
  for n in 0..<x.shape[0] {
    for o in 0..<weight.shape[0] {
      var sum = bias?[o] ?? 0
      for i in 0..<x.shape[1] { sum += x[n, i] * weight[o, i] }
      y[n, o] = sum
    }
  }
  return y
}

/// The gradients of ``linear(_:weight:bias:)``:
///
///     x[n, i]: sum over o of upstream[n, o] weight[o, i];  weight[o, i]: sum over n of upstream[n, o] x[n, i]
///     bias[o]: sum over n of upstream[n, o]
@specialized(where Scalar == Double)
@specialized(where Scalar == Float)
public func linearGradient<Scalar: TensorElement>(
  _ x: Tensor<Scalar>, weight: Tensor<Scalar>, upstream: Tensor<Scalar>
) -> ConvolutionGradients<Scalar> {
  require(noObstacle: linearObstacle(x: x.shape, weight: weight.shape))
  let (samples, outputs) = (x.shape[0], weight.shape[0])
  require(
    upstream.shape == [samples, outputs], "upstream: shape \(upstream.shape), the output has [\(samples), \(outputs)]")
  var gradients = ConvolutionGradients(
    x: Tensor<Scalar>(shape: x.shape), weight: Tensor<Scalar>(shape: weight.shape),
    bias: Tensor<Scalar>(shape: [outputs]))
  for n in 0..<samples {
    for o in 0..<outputs {
      let g = upstream[n, o]
      gradients.bias[o] += g
      for i in 0..<x.shape[1] {
        gradients.x[n, i] += g * weight[o, i]
        gradients.weight[o, i] += g * x[n, i]
      }
    }
  }
  return gradients
}
