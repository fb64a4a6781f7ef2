import PerceptualCore

/// Two-dimensional transposed convolution: the adjoint of a convolution, which spreads every input over the output.
///
///     y[n, o, i s - p + k, j s - p + l] = bias[o] + sum of x[n, c, i, j] weight[c, o, k, l]
///
/// over all c, i, j, k, l that lead to the same place; s is the stride, p the padding (each along its own axis).
///
/// Shapes: x [N, C, H, W], weight [C, O, kH, kW], bias [O]; y [N, O, H', W'], H' = (H - 1) s - 2 p + kH + output
/// padding. Edge cases: a place that no input reaches (a stride beyond the kernel, output padding) holds the bias. Only
/// inputs that exist are summed, so no padding meets an infinite weight. Stops if a shape does not fit, the output
/// padding is not less than the stride, or the padding leaves no output. Source: Dumoulin and Visin 2016, relationship
/// 14.
@specialized(where Scalar == Double)
@specialized(where Scalar == Float)
public func transposedConvolution2D<Scalar: TensorElement>(
  _ x: Tensor<Scalar>, weight: Tensor<Scalar>, bias: Tensor<Scalar>? = nil, geometry: ConvolutionGeometry = .init()
) -> Tensor<Scalar> {
  var y = Tensor<Scalar>(shape: geometry.transposedOutputShape(x: x.shape, weight: weight.shape, bias: bias?.shape))
  let (stride, padding) = (geometry.stride, geometry.padding)
  for n in 0..<y.shape[0] {
    for o in 0..<y.shape[1] {
      for row in 0..<y.shape[2] {
        for column in 0..<y.shape[3] { y[n, o, row, column] = bias?[o] ?? 0 }
      }
      for c in 0..<x.shape[1] {
        for i in 0..<x.shape[2] {
          for j in 0..<x.shape[3] {
            for k in 0..<weight.shape[2] {
              for l in 0..<weight.shape[3] {
                let row = i * stride.height - padding.height + k
                let column = j * stride.width - padding.width + l
                if row >= 0 && row < y.shape[2] && column >= 0 && column < y.shape[3] {
                  y[n, o, row, column] += x[n, c, i, j] * weight[c, o, k, l]
                }
              }
            }
          }
        }
      }
    }
  }
  return y
}

/// The gradients of ``transposedConvolution2D(_:weight:bias:geometry:)``, with g the upstream gradient:
///
///     x[n, c, i, j]:      sum over o, k, l of weight[c, o, k, l] g[n, o, i s - p + k, j s - p + l]
///     weight[c, o, k, l]: sum over n, i, j of x[n, c, i, j] g[n, o, i s - p + k, j s - p + l]
///     bias[o]:            sum of g[n, o, row, column]
///
/// over the places that exist in the output. Shapes: as the inputs; upstream as the output.
@specialized(where Scalar == Double)
@specialized(where Scalar == Float)
public func transposedConvolution2DGradient<Scalar: TensorElement>(
  _ x: Tensor<Scalar>, weight: Tensor<Scalar>, upstream: Tensor<Scalar>, geometry: ConvolutionGeometry = .init()
) -> ConvolutionGradients<Scalar> {
  let shape = geometry.transposedOutputShape(x: x.shape, weight: weight.shape)
  require(upstream.shape == shape, "upstream: shape \(upstream.shape), the output has \(shape)")
  let (stride, padding) = (geometry.stride, geometry.padding)
  var xGradient = Tensor<Scalar>(shape: x.shape)
  var weightGradient = Tensor<Scalar>(shape: weight.shape)
  var biasGradient = Tensor<Scalar>(shape: [weight.shape[1]])
  for n in 0..<shape[0] {
    for o in 0..<shape[1] {
      for row in 0..<shape[2] {
        for column in 0..<shape[3] { biasGradient[o] += upstream[n, o, row, column] }
      }
      for c in 0..<x.shape[1] {
        for i in 0..<x.shape[2] {
          for j in 0..<x.shape[3] {
            for k in 0..<weight.shape[2] {
              for l in 0..<weight.shape[3] {
                let row = i * stride.height - padding.height + k
                let column = j * stride.width - padding.width + l
                if row >= 0 && row < shape[2] && column >= 0 && column < shape[3] {
                  let g = upstream[n, o, row, column]
                  xGradient[n, c, i, j] += weight[c, o, k, l] * g
                  weightGradient[c, o, k, l] += x[n, c, i, j] * g
                }
              }
            }
          }
        }
      }
    }
  }
  return ConvolutionGradients(x: xGradient, weight: weightGradient, bias: biasGradient)
}
