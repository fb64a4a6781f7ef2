import PerceptualCore

/// Two-dimensional convolution (cross-correlation) with zero padding:
///
///     y[n, o, i, j] = bias[o] + sum over c, ky, kx of weight[o, c, ky, kx] x[n, c, i s - p + ky, j s - p + kx]
///
/// Shapes: x [N, C, H, W]; weight [O, C, kH, kW]; bias [O], nil for none; y [N, O, floor((H + 2 p - kH) / s) + 1, ...].
///
/// Padding takes part in the sum: an infinite weight times a padded zero is not a number. Accuracy: within gamma_n of
/// the sum of |x||w|, n = C kH kW + 1, each output one sum in the order of (c, ky, kx); where
/// ``ConvolutionPath/choices(_:isTransposed:)`` names minimal filtering, of the largest such sum among the neighbouring
/// outputs. The same bits for any number of threads. Shapes that do not fit stop the program with a sentence.
public func convolution2D(
  _ x: Tensor<Float>, weight: Tensor<Float>, bias: Tensor<Float>? = nil, geometry: ConvolutionGeometry = .init()
) -> Tensor<Float> {
  let shape = ConvolutionShape(x: x.shape, weight: weight.shape, geometry: geometry, isTransposed: false)
  requireBias(bias, outputs: shape.outputChannels)
  return makeTensor(shape.output) {
    convolution2D(x.elements, weight: weight.elements, bias: bias?.elements, $0, shape: shape)
  }
}

/// Gradients of ``convolution2D(_:weight:bias:geometry:)`` for the upstream gradient of y.
///
///     x: the transposed convolution of upstream with weight
///     weight[o, c, ky, kx] = sum over n, i, j of upstream[n, o, i, j] x[n, c, i s - p + ky, j s - p + kx]
///     bias[o] = sum over n, i, j of upstream[n, o, i, j]
public func convolution2DGradient(
  _ x: Tensor<Float>, weight: Tensor<Float>, upstream: Tensor<Float>, geometry: ConvolutionGeometry = .init()
) -> ConvolutionGradients<Float> {
  convolutionGradients(x, weight: weight, upstream: upstream, geometry: geometry, isTransposed: false)
}

/// ``convolution2D(_:weight:bias:geometry:)`` on a caller's buffers; y holds `shape.outputCount` floats.
public func convolution2D(
  _ x: UnsafePointer<Float>, weight: UnsafePointer<Float>, bias: UnsafePointer<Float>?,
  _ y: UnsafeMutablePointer<Float>, shape: ConvolutionShape
) {
  convolve(x, weight: weight, bias: bias, y, shape: shape, isTransposed: false)
}

/// The gradient with respect to x on a caller's buffers; `gradient` holds `shape.inputCount` floats.
public func convolution2DInputGradient(
  upstream: UnsafePointer<Float>, weight: UnsafePointer<Float>, _ gradient: UnsafeMutablePointer<Float>,
  shape: ConvolutionShape
) {
  // The rows and columns that the stride leaves over at the far end got no weight; output padding restores them.
  let geometry = ConvolutionGeometry(
    stride: shape.geometry.stride, padding: shape.geometry.padding,
    outputPadding: Extent(
      height: (shape.height + 2 * shape.geometry.padding.height - shape.kernelHeight) % shape.geometry.stride.height,
      width: (shape.width + 2 * shape.geometry.padding.width - shape.kernelWidth) % shape.geometry.stride.width))
  let transposed = ConvolutionShape(
    transposing: shape.images, inputChannels: shape.outputChannels, outputChannels: shape.inputChannels,
    height: shape.outputHeight, width: shape.outputWidth, kernelHeight: shape.kernelHeight,
    kernelWidth: shape.kernelWidth, geometry: geometry)
  transposedConvolution2D(upstream, weight: weight, bias: nil, gradient, shape: transposed)
}

/// The gradients with respect to weight ([O, C, kH, kW]) and, unless nil, bias ([O]) on a caller's buffers.
public func convolution2DWeightGradient(
  _ x: UnsafePointer<Float>, upstream: UnsafePointer<Float>, weight: UnsafeMutablePointer<Float>,
  bias: UnsafeMutablePointer<Float>?, shape: ConvolutionShape
) {
  convolutionParameterGradients(x, upstream: upstream, weight: weight, bias: bias, shape: shape, isTransposed: false)
}
