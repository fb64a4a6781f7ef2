import PerceptualCore

/// A linear layer: y[n, o] = bias[o] + sum over i of x[n, i] weight[o, i].
///
/// Shapes: x [N, I], weight [O, I], bias [O] or none; y [N, O]. Accuracy: within gamma_n of the sum of |x||w|, n = I +
/// 1. The same bits for any number of threads. Stops if a shape does not fit.
public func linear(_ x: Tensor<Float>, weight: Tensor<Float>, bias: Tensor<Float>? = nil) -> Tensor<Float> {
  let obstacle = linearObstacle(x: x.shape, weight: weight.shape, bias: bias?.shape)
  require(obstacle == nil, obstacle ?? "")
  let (samples, inputs, outputs) = (x.shape[0], x.shape[1], weight.shape[0])
  return makeTensor([samples, outputs]) { y in
    withPointers(x, weight, bias) { x, weight, bias in
      if let bias {
        for n in 0..<samples { (y + n * outputs).update(from: bias, count: outputs) }
      }
      multiplyMatrices(
        MatrixView(x, rows: samples, columns: inputs), MatrixView(weight, rows: outputs, columns: inputs).transposed, y,
        adds: bias != nil)
    }
  }
}

/// The gradients of ``linear(_:weight:bias:)``:
///
///     x[n, i]: sum over o of upstream[n, o] weight[o, i];  weight[o, i]: sum over n of upstream[n, o] x[n, i]
///     bias[o]: sum over n of upstream[n, o]
public func linearGradient(
  _ x: Tensor<Float>, weight: Tensor<Float>, upstream: Tensor<Float>
) -> ConvolutionGradients<Float> {
  let obstacle = linearObstacle(x: x.shape, weight: weight.shape)
  require(obstacle == nil, obstacle ?? "")
  let (samples, inputs, outputs) = (x.shape[0], x.shape[1], weight.shape[0])
  requireUpstream(upstream, [samples, outputs])
  let xGradient = makeTensor(x.shape) { gradient in
    withPointers(upstream, weight, nil) { upstream, weight, _ in
      multiplyMatrices(
        MatrixView(upstream, rows: samples, columns: outputs), MatrixView(weight, rows: outputs, columns: inputs),
        gradient)
    }
  }
  let weightGradient = makeTensor(weight.shape) { gradient in
    withPointers(upstream, x, nil) { upstream, x, _ in
      multiplyMatrices(
        MatrixView(upstream, rows: samples, columns: outputs).transposed, MatrixView(x, rows: samples, columns: inputs),
        gradient)
    }
  }
  var bias = Tensor<Float>(shape: [outputs])
  for n in 0..<samples {
    for o in 0..<outputs { bias[o] += upstream[n, o] }
  }
  return ConvolutionGradients(x: xGradient, weight: weightGradient, bias: bias)
}
