import PerceptualCore

// What a convolution and a transposed one have in common: minimal filtering where it can be, else correlation.

/// y = the convolution of x with weight, plus bias.
func convolve(
  _ x: Floats, weight: Floats, bias: Floats?, _ y: MutableFloats, shape: ConvolutionShape, isTransposed: Bool
) {
  let execution = Execution.current
  if let filtering = PlanarMinimalFiltering(shape, isTransposed: isTransposed, execution),
    filtering.forward(x, weight: weight, bias: bias, y)
  {
    return
  }
  correlate(
    isTransposed ? CorrelationPlan(transposing: shape) : CorrelationPlan(convolving: shape), x, weight: weight,
    layout: WeightLayout(shape, isTransposed: isTransposed), bias: bias, y, images: shape.images,
    outputs: shape.outputChannels, execution)
}

/// All gradients for the upstream gradient of the output.
func convolutionGradients(
  _ x: Tensor<Float>, weight: Tensor<Float>, upstream: Tensor<Float>, geometry: ConvolutionGeometry, isTransposed: Bool
) -> ConvolutionGradients<Float> {
  let shape = ConvolutionShape(x: x.shape, weight: weight.shape, geometry: geometry, isTransposed: isTransposed)
  requireUpstream(upstream, shape.output)
  var biasGradient = Tensor<Float>(shape: [shape.outputChannels])
  let inputGradient = makeTensor(x.shape) {
    if isTransposed {
      transposedConvolution2DInputGradient(upstream: upstream.elements, weight: weight.elements, $0, shape: shape)
    } else {
      convolution2DInputGradient(upstream: upstream.elements, weight: weight.elements, $0, shape: shape)
    }
  }
  let weightGradient = makeTensor(weight.shape) {
    convolutionParameterGradients(
      x.elements, upstream: upstream.elements, weight: $0, bias: &biasGradient.elements, shape: shape,
      isTransposed: isTransposed)
  }
  return ConvolutionGradients(x: inputGradient, weight: weightGradient, bias: biasGradient)
}

/// The gradients with respect to weight and, unless nil, bias.
func convolutionParameterGradients(
  _ x: Floats, upstream: Floats, weight: MutableFloats, bias: MutableFloats?, shape: ConvolutionShape,
  isTransposed: Bool
) {
  let execution = Execution.current
  let isDone =
    PlanarMinimalFiltering(shape, isTransposed: isTransposed, execution)?
    .weightGradient(x, upstream: upstream, weight) ?? false
  if !isDone {
    let (coarse, fine) = isTransposed ? (x, upstream) : (upstream, x)
    correlationWeightGradient(
      CorrelationPlan(convolving: isTransposed ? shape.adjoint : shape), rows: coarse,
      rowChannels: isTransposed ? shape.inputChannels : shape.outputChannels, fine, weight, images: shape.images,
      execution)
  }
  if let bias {
    correlationBiasGradient(
      upstream, bias, images: shape.images, channels: shape.outputChannels,
      pixels: shape.outputHeight * shape.outputWidth, execution)
  }
}

extension ConvolutionShape {
  /// Of tensors of these shapes; stops unless they fit together.
  package init(x: [Int], weight: [Int], geometry: ConvolutionGeometry, isTransposed: Bool) {
    require(x.count == 4, "x: shape \(x) given, [N, C, H, W] is needed")
    let channels = x[1]
    require(
      weight.count == 4 && weight[isTransposed ? 0 : 1] == channels,
      "weight: shape \(weight) given, \(isTransposed ? "[\(channels), O" : "[O, \(channels)"), kH, kW] is needed")
    if isTransposed {
      self.init(
        transposing: x[0], inputChannels: channels, outputChannels: weight[1], height: x[2], width: x[3],
        kernelHeight: weight[2], kernelWidth: weight[3], geometry: geometry)
    } else {
      self.init(
        convolving: x[0], inputChannels: channels, outputChannels: weight[0], height: x[2], width: x[3],
        kernelHeight: weight[2], kernelWidth: weight[3], geometry: geometry)
    }
  }

  /// The output's shape.
  var output: [Int] { [images, outputChannels, outputHeight, outputWidth] }

  /// The convolution that takes this transposed convolution's output sizes back to its input sizes.
  var adjoint: ConvolutionShape {
    ConvolutionShape(
      convolving: images, inputChannels: outputChannels, outputChannels: inputChannels, height: outputHeight,
      width: outputWidth, kernelHeight: kernelHeight, kernelWidth: kernelWidth,
      geometry: ConvolutionGeometry(stride: geometry.stride, padding: geometry.padding))
  }
}
