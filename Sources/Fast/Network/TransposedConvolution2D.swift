import PerceptualCore

/// Two-dimensional transposed convolution, the adjoint of ``convolution2D(_:weight:bias:geometry:)`` in x:
///
///     y[n, o, i s - p + ky, j s - p + kx] += weight[c, o, ky, kx] x[n, c, i, j], plus bias[o]
///
/// Shapes: x [N, C, H, W]; weight [C, O, kH, kW]; bias [O], nil for none; y [N, O, (H - 1) s - 2 p + kH + output
/// padding, ...].
///
/// Accuracy: within gamma_n of the sum of |x||w| over the products of that output, n at most C kH kW + 1, or, where
/// ``ConvolutionPath/choices(_:isTransposed:)`` names minimal filtering, over the largest of its neighbours'. Outputs
/// at the border meet zeros beyond x: there an infinite weight gives not a number. The same bits for any number of
/// threads.
public func transposedConvolution2D(
  _ x: Tensor<Float>, weight: Tensor<Float>, bias: Tensor<Float>? = nil, geometry: ConvolutionGeometry = .init()
) -> Tensor<Float> {
  let shape = ConvolutionShape(x: x.shape, weight: weight.shape, geometry: geometry, isTransposed: true)
  requireBias(bias, outputs: shape.outputChannels)
  return makeTensor(shape.output) {
    transposedConvolution2D(x.elements, weight: weight.elements, bias: bias?.elements, $0, shape: shape)
  }
}

/// Gradients of ``transposedConvolution2D(_:weight:bias:geometry:)`` for the upstream gradient of y.
///
///     x: the convolution of upstream with weight
///     weight[c, o, ky, kx] = sum over n, i, j of x[n, c, i, j] upstream[n, o, i s - p + ky, j s - p + kx]
///     bias[o] = sum over n, i, j of upstream[n, o, i, j]
public func transposedConvolution2DGradient(
  _ x: Tensor<Float>, weight: Tensor<Float>, upstream: Tensor<Float>, geometry: ConvolutionGeometry = .init()
) -> ConvolutionGradients<Float> {
  convolutionGradients(x, weight: weight, upstream: upstream, geometry: geometry, isTransposed: true)
}

/// ``transposedConvolution2D(_:weight:bias:geometry:)`` on a caller's buffers; y holds `shape.outputCount` floats.
public func transposedConvolution2D(
  _ x: UnsafePointer<Float>, weight: UnsafePointer<Float>, bias: UnsafePointer<Float>?,
  _ y: UnsafeMutablePointer<Float>, shape: ConvolutionShape
) {
  convolve(x, weight: weight, bias: bias, y, shape: shape, isTransposed: true)
}

/// The gradient with respect to x on a caller's buffers; `gradient` holds `shape.inputCount` floats.
public func transposedConvolution2DInputGradient(
  upstream: UnsafePointer<Float>, weight: UnsafePointer<Float>, _ gradient: UnsafeMutablePointer<Float>,
  shape: ConvolutionShape
) {
  convolution2D(upstream, weight: weight, bias: nil, gradient, shape: shape.adjoint)
}

/// The gradients with respect to weight ([C, O, kH, kW]) and, unless nil, bias ([O]) on a caller's buffers.
public func transposedConvolution2DWeightGradient(
  _ x: UnsafePointer<Float>, upstream: UnsafePointer<Float>, weight: UnsafeMutablePointer<Float>,
  bias: UnsafeMutablePointer<Float>?, shape: ConvolutionShape
) {
  convolutionParameterGradients(x, upstream: upstream, weight: weight, bias: bias, shape: shape, isTransposed: true)
}
