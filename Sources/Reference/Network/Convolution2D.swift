import PerceptualCore

/// Two-dimensional convolution (cross-correlation) of images padded with zeros:
///
///     y[n, o, i, j] = bias[o] + sum over c, k, l of weight[o, c, k, l] x[n, c, i s - p + k, j s - p + l]
///
/// where s is the stride, p the padding (each along its own axis) and x is 0 outside the image.
///
/// Shapes: x [N, C, H, W], weight [O, C, kH, kW], bias [O]; y [N, O, H', W'], H' = floor((H + 2 p - kH) / s) + 1. Edge
/// cases: the padding may be wider than the image. The zeros of the padding take part in the sum: an infinite weight
/// times a padded zero is NaN. Stops if a shape does not fit, or the kernel is larger than the padded image. Source:
/// Dumoulin and Visin 2016, relationship 6.
@specialized(where Scalar == Double)
@specialized(where Scalar == Float)
public func convolution2D<Scalar: TensorElement>(
  _ x: Tensor<Scalar>, weight: Tensor<Scalar>, bias: Tensor<Scalar>? = nil, geometry: ConvolutionGeometry = .init()
) -> Tensor<Scalar> {
  var y = Tensor<Scalar>(shape: geometry.outputShape(x: x.shape, weight: weight.shape, bias: bias?.shape))
  let (stride, padding) = (geometry.stride, geometry.padding)
  let (height, width) = (x.shape[2], x.shape[3])
  for n in 0..<y.shape[0] {
    for o in 0..<y.shape[1] {
      for i in 0..<y.shape[2] {
        for j in 0..<y.shape[3] {
          var sum = bias?[o] ?? 0
          for c in 0..<x.shape[1] {
            for k in 0..<weight.shape[2] {
              for l in 0..<weight.shape[3] {
                let row = i * stride.height - padding.height + k
                let column = j * stride.width - padding.width + l
                let isInside = row >= 0 && row < height && column >= 0 && column < width
                sum += weight[o, c, k, l] * (isInside ? x[n, c, row, column] : 0)
              }
            }
          }
          y[n, o, i, j] = sum
        }
      }
    }
  }
  return y
}

/// The gradients of ``convolution2D(_:weight:bias:geometry:)``, with g the upstream gradient:
///
///     x:      sum over the (o, i, j, k, l) that read x[n, c, row, column] of weight[o, c, k, l] g[n, o, i, j]
///     weight: sum over n, i, j of g[n, o, i, j] x[n, c, i s - p + k, j s - p + l]
///     bias:   sum over n, i, j of g[n, o, i, j]
///
/// Shapes: as the inputs; upstream as the output. The zeros of the padding take part in the sum for the weight.
@specialized(where Scalar == Double)
@specialized(where Scalar == Float)
public func convolution2DGradient<Scalar: TensorElement>(
  _ x: Tensor<Scalar>, weight: Tensor<Scalar>, upstream: Tensor<Scalar>, geometry: ConvolutionGeometry = .init()
) -> ConvolutionGradients<Scalar> {
  let shape = geometry.outputShape(x: x.shape, weight: weight.shape)
  require(upstream.shape == shape, "upstream: shape \(upstream.shape), the output has \(shape)")
  let (stride, padding) = (geometry.stride, geometry.padding)
  let (height, width) = (x.shape[2], x.shape[3])
  var xGradient = Tensor<Scalar>(shape: x.shape)
  var weightGradient = Tensor<Scalar>(shape: weight.shape)
  var biasGradient = Tensor<Scalar>(shape: [weight.shape[0]])
  for n in 0..<shape[0] {
    for o in 0..<shape[1] {
      for i in 0..<shape[2] {
        for j in 0..<shape[3] {
          let g = upstream[n, o, i, j]
          biasGradient[o] += g
          for c in 0..<x.shape[1] {
            for k in 0..<weight.shape[2] {
              for l in 0..<weight.shape[3] {
                let row = i * stride.height - padding.height + k
                let column = j * stride.width - padding.width + l
                let isInside = row >= 0 && row < height && column >= 0 && column < width
                weightGradient[o, c, k, l] += g * (isInside ? x[n, c, row, column] : 0)
                if isInside { xGradient[n, c, row, column] += weight[o, c, k, l] * g }
              }
            }
          }
        }
      }
    }
  }
  return ConvolutionGradients(x: xGradient, weight: weightGradient, bias: biasGradient)
}
