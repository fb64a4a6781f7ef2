import Fast
import PerceptualCore
import Reference

/// A small network as ``ConvolutionBlock`` and ``OutputBlock`` compute it: blocks one after the other, each a
/// convolution that halves, its transpose, or nearest upsampling and a convolution; batch normalisation and LeakyReLU;
/// then a convolution to one channel and a sigmoid.
public struct BlockChain: Sendable, CustomStringConvertible {
  public struct Layer: Sendable {
    public let outputs: Int
    public let kind: Stage.Kind
    public let kernel: Int
    let padding: Extent
    let outputPadding: Extent

    /// x as the convolution takes it.
    func upsampled<Scalar: BinaryFloatingPoint & Sendable>(_ x: Tensor<Scalar>) -> Tensor<Scalar> {
      kind == .nearest ? Reference.nearestUpsampling(x, factor: 2) : x
    }

    func convolved<Scalar: BinaryFloatingPoint & Sendable>(
      _ x: Tensor<Scalar>, _ own: Numbers<Scalar>, _ shape: ConvolutionShape
    ) -> Tensor<Scalar> {
      kind == .transposed
        ? Reference.transposedConvolution2D(x, weight: own.weight, bias: own.bias, geometry: shape.geometry)
        : Reference.convolution2D(upsampled(x), weight: own.weight, bias: own.bias, geometry: shape.geometry)
    }

    /// Shape of the weight.
    public func weightShape(inputs: Int) -> [Int] {
      Stage(kind, kernel: kernel).weightShape(inputs: inputs, outputs: outputs)
    }
  }

  public let description: String
  /// [N, C, H, W]; one channel is a picture.
  public let input: [Int]
  public let layers: [Layer]
  /// Side of the last convolution's kernel.
  public let lastKernel: Int
  public let slope = 0.25
  public let epsilon = 0.01
  public let momentum = 0.25

  var lastGeometry: ConvolutionGeometry { ConvolutionGeometry(padding: Extent(lastKernel / 2)) }

  public init(_ description: String, _ input: [Int], _ layers: [Layer], lastKernel: Int = 3) {
    self.lastKernel = lastKernel
    self.description = description
    self.input = input
    self.layers = layers
  }

  public var shapes: [ConvolutionShape] {
    var size = input
    return layers.map { layer in
      let factor = layer.kind.isUpsampling ? 2 : 1
      let geometry = ConvolutionGeometry(
        stride: Extent(layer.kind.isUpsampling ? 1 : 2), padding: layer.padding, outputPadding: layer.outputPadding)
      let shape =
        layer.kind == .transposed
        ? ConvolutionShape(
          transposing: size[0], inputChannels: size[1], outputChannels: layer.outputs, height: size[2], width: size[3],
          kernelHeight: layer.kernel, kernelWidth: layer.kernel, geometry: geometry)
        : ConvolutionShape(
          convolving: size[0], inputChannels: size[1], outputChannels: layer.outputs, height: factor * size[2],
          width: factor * size[3], kernelHeight: layer.kernel, kernelWidth: layer.kernel, geometry: geometry)
      size = [size[0], layer.outputs, shape.outputHeight, shape.outputWidth]
      return shape
    }
  }

  /// Numbers of a layer, or their gradients and what the running statistics have become.
  public struct Numbers<Scalar: BinaryFloatingPoint & Sendable>: Sendable {
    public var weight, bias, gamma, beta, runningMean, runningVariance: Tensor<Scalar>
  }

  /// What the chain is run on.
  public struct Given<Scalar: BinaryFloatingPoint & Sendable>: Sendable {
    public var x: Tensor<Scalar>
    public var layers: [Numbers<Scalar>]
    /// Of the last convolution.
    public var weight, bias: Tensor<Scalar>
    /// The upstream gradient of the output.
    public var upstream: Tensor<Scalar>

    public func converted<Other>(to type: Other.Type = Other.self) -> Given<Other> {
      Given<Other>(
        x: x.converted(),
        layers: layers.map {
          Numbers<Other>(
            weight: $0.weight.converted(), bias: $0.bias.converted(), gamma: $0.gamma.converted(),
            beta: $0.beta.converted(), runningMean: $0.runningMean.converted(),
            runningVariance: $0.runningVariance.converted())
        }, weight: weight.converted(), bias: bias.converted(), upstream: upstream.converted())
    }
  }

  /// Normals, weights as small as keeps the activations' size.
  public var given: Given<Double> {
    var generator = SeededGenerator(name: description)
    func normals(_ shape: [Int], _ scale: Double = 1, around centre: Double = 0) -> Tensor<Double> {
      Fill.normals.tensor(shape, &generator).map { Double(Float(centre + scale * $0)) }
    }
    let x = normals(input)
    let layers = zip(self.layers, shapes).map { layer, shape in
      let scale = 1 / Double(layer.kernel * layer.kernel * shape.inputChannels).squareRoot()
      let outputs = [shape.outputChannels]
      return Numbers<Double>(
        weight: normals(layer.weightShape(inputs: shape.inputChannels), scale), bias: normals(outputs),
        gamma: normals(outputs, 0.2, around: 1), beta: normals(outputs, 0.5), runningMean: normals(outputs),
        runningVariance: normals(outputs).map { 0.5 + $0 * $0 })
    }
    let last = shapes[shapes.count - 1]
    return Given(
      x: x, layers: layers, weight: normals([1, last.outputChannels, lastKernel, lastKernel], 0.1), bias: normals([1]),
      upstream: normals([input[0], 1, last.outputHeight, last.outputWidth]))
  }

  /// Everything that the equations give, by name.
  public func equations<Scalar: BinaryFloatingPoint & Sendable>(_ given: Given<Scalar>) -> [String: Tensor<Scalar>] {
    var results: [String: Tensor<Scalar>] = [:]
    var inputs = [given.x]
    var (convolved, normalised): ([Tensor<Scalar>], [Tensor<Scalar>]) = ([], [])
    for (number, (layer, shape)) in zip(layers, shapes).enumerated() {
      let (own, x) = (given.layers[number], inputs[number])
      let y = layer.convolved(x, own, shape)
      let z = Reference.batchNormalization(
        y, gamma: own.gamma, beta: own.beta, runningMean: own.runningMean, runningVariance: own.runningVariance,
        epsilon: epsilon, momentum: momentum, training: true)
      convolved.append(y)
      normalised.append(z.y)
      inputs.append(Reference.leakyReLU(z.y, slope: slope))
      results["\(number).runningMean"] = z.runningMean
      results["\(number).runningVariance"] = z.runningVariance
    }
    let geometry = lastGeometry
    let end = inputs[layers.count]
    let sum = Reference.convolution2D(end, weight: given.weight, bias: given.bias, geometry: geometry)
    results["output"] = Reference.sigmoid(sum)
    let last = Reference.convolution2DGradient(
      end, weight: given.weight, upstream: Reference.sigmoidGradient(sum, upstream: given.upstream), geometry: geometry)
    // A single number by itself may be right by chance.
    results["last.gradients"] = Tensor(last.weight.elements + last.bias.elements)
    var upstream = last.x
    for (number, (layer, shape)) in zip(layers, shapes).enumerated().reversed() {
      let own = given.layers[number]
      let normalisation = Reference.batchNormalizationGradient(
        convolved[number], gamma: own.gamma, runningMean: own.runningMean, runningVariance: own.runningVariance,
        upstream: Reference.leakyReLUGradient(normalised[number], upstream: upstream, slope: slope), epsilon: epsilon,
        momentum: momentum, training: true)
      let gradients =
        layer.kind == .transposed
        ? Reference.transposedConvolution2DGradient(
          inputs[number], weight: own.weight, upstream: normalisation.x, geometry: shape.geometry)
        : Reference.convolution2DGradient(
          layer.upsampled(inputs[number]), weight: own.weight, upstream: normalisation.x, geometry: shape.geometry)
      results["\(number).gammaGradient"] = normalisation.gamma
      results["\(number).betaGradient"] = normalisation.beta
      results["\(number).weightGradient"] = gradients.weight
      upstream =
        layer.kind == .nearest
        ? Reference.nearestUpsamplingGradient(shape: inputs[number].shape, upstream: gradients.x, factor: 2)
        : gradients.x
    }
    if input[1] > 1 { results["inputGradient"] = upstream }
    return results
  }

  /// The output in evaluation mode.
  public func evaluationEquations<Scalar: BinaryFloatingPoint & Sendable>(_ given: Given<Scalar>) -> Tensor<Scalar> {
    var y = given.x
    for (number, (layer, shape)) in zip(layers, shapes).enumerated() {
      let own = given.layers[number]
      y = layer.convolved(y, own, shape)
      y =
        Reference.batchNormalization(
          y, gamma: own.gamma, beta: own.beta, runningMean: own.runningMean, runningVariance: own.runningVariance,
          epsilon: epsilon, training: false
        ).y
      y = Reference.leakyReLU(y, slope: slope)
    }
    return Reference.sigmoid(
      Reference.convolution2D(y, weight: given.weight, bias: given.bias, geometry: lastGeometry))
  }
}

extension BlockChain.Layer {
  public static func convolution(to outputs: Int, kernel: Int = 4, padding: Extent? = nil) -> Self {
    make(.convolution, outputs, kernel, padding, 0)
  }
  public static func transposed(
    to outputs: Int, kernel: Int = 4, padding: Extent? = nil, outputPadding: Extent = 0
  ) -> Self {
    make(.transposed, outputs, kernel, padding, outputPadding)
  }
  public static func nearest(to outputs: Int, kernel: Int = 3) -> Self { make(.nearest, outputs, kernel, nil, 0) }

  private static func make(
    _ kind: Stage.Kind, _ outputs: Int, _ kernel: Int, _ padding: Extent?, _ outputPadding: Extent
  ) -> Self {
    Self(
      outputs: outputs, kind: kind, kernel: kernel, padding: padding ?? Stage(kind, kernel: kernel).geometry.padding,
      outputPadding: outputPadding)
  }
}
