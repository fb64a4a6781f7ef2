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
  let shape = transposedShape(x, weight, geometry)
  requireBias(bias, outputs: shape.outputChannels)
  return makeTensor([shape.images, shape.outputChannels, shape.outputHeight, shape.outputWidth]) { y in
    withPointers(x, weight, bias) { x, weight, bias in
      transposedConvolution2D(x, weight: weight, bias: bias, y, shape: shape)
    }
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
  let shape = transposedShape(x, weight, geometry)
  requireUpstream(upstream, [shape.images, shape.outputChannels, shape.outputHeight, shape.outputWidth])
  let inputGradient = makeTensor(x.shape) { gradient in
    withPointers(upstream, weight, nil) { upstream, weight, _ in
      transposedConvolution2DInputGradient(upstream: upstream, weight: weight, gradient, shape: shape)
    }
  }
  var biasGradient = Tensor<Float>(shape: [shape.outputChannels])
  let weightGradient = makeTensor(weight.shape) { gradient in
    biasGradient.elements.withUnsafeMutableBufferPointer { bias in
      withPointers(upstream, x, nil) { upstream, x, _ in
        transposedConvolution2DWeightGradient(
          x, upstream: upstream, weight: gradient, bias: bias.baseAddress, shape: shape)
      }
    }
  }
  return ConvolutionGradients(x: inputGradient, weight: weightGradient, bias: biasGradient)
}

/// ``transposedConvolution2D(_:weight:bias:geometry:)`` on a caller's buffers; y holds `shape.outputCount` floats.
public func transposedConvolution2D(
  _ x: UnsafePointer<Float>, weight: UnsafePointer<Float>, bias: UnsafePointer<Float>?,
  _ y: UnsafeMutablePointer<Float>, shape: ConvolutionShape
) {
  let execution = Execution.current
  if let filtering = PlanarMinimalFiltering(shape, isTransposed: true, execution),
    filtering.forward(x, weight: weight, bias: bias, y)
  {
    return
  }
  let layout = WeightLayout.channelsFirst(
    outputs: shape.outputChannels, kernelHeight: shape.kernelHeight, kernelWidth: shape.kernelWidth)
  correlate(
    CorrelationPlan(transposing: shape), x, weight: weight, layout: layout, bias: bias, y, images: shape.images,
    outputs: shape.outputChannels, execution)
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
  let execution = Execution.current
  let isDone =
    PlanarMinimalFiltering(shape, isTransposed: true, execution)?
    .weightGradient(x, upstream: upstream, weight) ?? false
  if !isDone {
    correlationWeightGradient(
      CorrelationPlan(convolving: shape.adjoint), rows: x, rowChannels: shape.inputChannels, upstream, weight,
      images: shape.images, execution)
  }
  if let bias {
    correlationBiasGradient(
      upstream, bias, images: shape.images, channels: shape.outputChannels,
      pixels: shape.outputHeight * shape.outputWidth, execution)
  }
}

extension ConvolutionShape {
  /// The convolution that takes this transposed convolution's output sizes back to its input sizes.
  fileprivate var adjoint: ConvolutionShape {
    ConvolutionShape(
      convolving: images, inputChannels: outputChannels, outputChannels: inputChannels, height: outputHeight,
      width: outputWidth, kernelHeight: kernelHeight, kernelWidth: kernelWidth,
      geometry: ConvolutionGeometry(stride: geometry.stride, padding: geometry.padding))
  }
}

private func transposedShape(
  _ x: Tensor<Float>, _ weight: Tensor<Float>, _ geometry: ConvolutionGeometry
) -> ConvolutionShape {
  require(x.rank == 4, "x: shape \(x.shape) given, [N, C, H, W] is needed")
  require(
    weight.rank == 4 && weight.shape[0] == x.shape[1],
    "weight: shape \(weight.shape) given, [\(x.shape[1]), O, kH, kW] is needed")
  return ConvolutionShape(
    transposing: x.shape[0], inputChannels: x.shape[1], outputChannels: weight.shape[1], height: x.shape[2],
    width: x.shape[3], kernelHeight: weight.shape[2], kernelWidth: weight.shape[3], geometry: geometry)
}
