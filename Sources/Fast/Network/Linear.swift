import PerceptualCore

/// A linear layer: y[n, o] = bias[o] + sum over i of x[n, i] weight[o, i].
///
/// Shapes: x [N, I], weight [O, I], bias [O] or none; y [N, O]. Accuracy: within gamma_n of the sum of |x||w|, n = I +
/// 1. The same bits for any number of threads. Stops if a shape does not fit.
public func linear(_ x: Tensor<Float>, weight: Tensor<Float>, bias: Tensor<Float>? = nil) -> Tensor<Float> {
  require(noObstacle: linearObstacle(x: x.shape, weight: weight.shape, bias: bias?.shape))
  let (samples, inputs, outputs) = (x.shape[0], x.shape[1], weight.shape[0])
  return makeTensor([samples, outputs]) { y in
    if let bias {
      for n in 0..<samples { (y + n * outputs).update(from: bias.elements, count: outputs) }
    }
    matrixProduct(
      x.elements, weight.elements, y, rows: samples, inner: inputs, columns: outputs, bIsTransposed: true,
      adds: bias != nil)
  }
}

/// The gradients of ``linear(_:weight:bias:)``:
///
///     x[n, i]: sum over o of upstream[n, o] weight[o, i];  weight[o, i]: sum over n of upstream[n, o] x[n, i]
///     bias[o]: sum over n of upstream[n, o]
public func linearGradient(
  _ x: Tensor<Float>, weight: Tensor<Float>, upstream: Tensor<Float>
) -> ConvolutionGradients<Float> {
  require(noObstacle: linearObstacle(x: x.shape, weight: weight.shape))
  let (samples, inputs, outputs) = (x.shape[0], x.shape[1], weight.shape[0])
  requireUpstream(upstream, [samples, outputs])
  let xGradient = makeTensor(x.shape) {
    matrixProduct(upstream.elements, weight.elements, $0, rows: samples, inner: outputs, columns: inputs)
  }
  let weightGradient = makeTensor(weight.shape) {
    matrixProduct(
      upstream.elements, x.elements, $0, rows: outputs, inner: samples, columns: inputs, aIsTransposed: true)
  }
  var bias = Tensor<Float>(shape: [outputs])
  for n in 0..<samples {
    for o in 0..<outputs { bias[o] += upstream[n, o] }
  }
  return ConvolutionGradients(x: xGradient, weight: weightGradient, bias: bias)
}
