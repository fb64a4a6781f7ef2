import Fast
import PerceptualCore
import Reference

/// A small network as ``ConvolutionBlock`` and ``OutputBlock`` compute it: strided blocks one after the other, each a 4x4
/// convolution or its transpose, batch normalisation and LeakyReLU, then a 3x3 convolution to one channel and a sigmoid.
public struct BlockChain: Sendable, CustomStringConvertible {
  public struct Layer: Sendable {
    public let outputs: Int
    public let isTransposed: Bool
    let padding: Extent
    let outputPadding: Extent
  }

  public let description: String
  /// [N, C, H, W]; one channel is a picture.
  public let input: [Int]
  public let layers: [Layer]
  public let slope = 0.25
  public let epsilon = 0.01
  public let momentum = 0.25

  public init(_ description: String, _ input: [Int], _ layers: [Layer]) {
    self.description = description
    self.input = input
    self.layers = layers
  }

  public var shapes: [ConvolutionShape] {
    var size = input
    return layers.map { layer in
      let geometry = ConvolutionGeometry(stride: 2, padding: layer.padding, outputPadding: layer.outputPadding)
      let shape =
        layer.isTransposed
        ? ConvolutionShape(
          transposing: size[0], inputChannels: size[1], outputChannels: layer.outputs, height: size[2], width: size[3],
          kernelHeight: 4, kernelWidth: 4, geometry: geometry)
        : ConvolutionShape(
          convolving: size[0], inputChannels: size[1], outputChannels: layer.outputs, height: size[2], width: size[3],
          kernelHeight: 4, kernelWidth: 4, geometry: geometry)
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
      let ends = [shape.outputChannels, shape.inputChannels]
      let scale = 1 / Double(16 * shape.inputChannels).squareRoot()
      let outputs = [shape.outputChannels]
      return Numbers<Double>(
        weight: normals((layer.isTransposed ? ends.reversed() : ends) + [4, 4], scale), bias: normals(outputs),
        gamma: normals(outputs, 0.2, around: 1), beta: normals(outputs, 0.5), runningMean: normals(outputs),
        runningVariance: normals(outputs).map { 0.5 + $0 * $0 })
    }
    let last = shapes[shapes.count - 1]
    return Given(
      x: x, layers: layers, weight: normals([1, last.outputChannels, 3, 3], 0.1), bias: normals([1]),
      upstream: normals([input[0], 1, last.outputHeight, last.outputWidth]))
  }

  /// Everything that the equations give, by name.
  public func equations<Scalar: BinaryFloatingPoint & Sendable>(_ given: Given<Scalar>) -> [String: Tensor<Scalar>] {
    var results: [String: Tensor<Scalar>] = [:]
    var inputs = [given.x]
    var (convolved, normalised): ([Tensor<Scalar>], [Tensor<Scalar>]) = ([], [])
    for (number, (layer, shape)) in zip(layers, shapes).enumerated() {
      let (own, x) = (given.layers[number], inputs[number])
      let y =
        layer.isTransposed
        ? Reference.transposedConvolution2D(x, weight: own.weight, bias: own.bias, geometry: shape.geometry)
        : Reference.convolution2D(x, weight: own.weight, bias: own.bias, geometry: shape.geometry)
      let z = Reference.batchNormalization(
        y, gamma: own.gamma, beta: own.beta, runningMean: own.runningMean, runningVariance: own.runningVariance,
        epsilon: epsilon, momentum: momentum, training: true)
      convolved.append(y)
      normalised.append(z.y)
      inputs.append(Reference.leakyReLU(z.y, slope: slope))
      results["\(number).runningMean"] = z.runningMean
      results["\(number).runningVariance"] = z.runningVariance
    }
    let geometry = ConvolutionGeometry(padding: 1)
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
        layer.isTransposed
        ? Reference.transposedConvolution2DGradient(
          inputs[number], weight: own.weight, upstream: normalisation.x, geometry: shape.geometry)
        : Reference.convolution2DGradient(
          inputs[number], weight: own.weight, upstream: normalisation.x, geometry: shape.geometry)
      results["\(number).gammaGradient"] = normalisation.gamma
      results["\(number).betaGradient"] = normalisation.beta
      results["\(number).weightGradient"] = gradients.weight
      upstream = gradients.x
    }
    if input[1] > 1 { results["inputGradient"] = upstream }
    return results
  }

  /// The output in evaluation mode.
  public func evaluationEquations<Scalar: BinaryFloatingPoint & Sendable>(_ given: Given<Scalar>) -> Tensor<Scalar> {
    var y = given.x
    for (number, (layer, shape)) in zip(layers, shapes).enumerated() {
      let own = given.layers[number]
      y =
        layer.isTransposed
        ? Reference.transposedConvolution2D(y, weight: own.weight, bias: own.bias, geometry: shape.geometry)
        : Reference.convolution2D(y, weight: own.weight, bias: own.bias, geometry: shape.geometry)
      y =
        Reference.batchNormalization(
          y, gamma: own.gamma, beta: own.beta, runningMean: own.runningMean, runningVariance: own.runningVariance,
          epsilon: epsilon, training: false
        ).y
      y = Reference.leakyReLU(y, slope: slope)
    }
    return Reference.sigmoid(
      Reference.convolution2D(y, weight: given.weight, bias: given.bias, geometry: ConvolutionGeometry(padding: 1)))
  }
}

extension BlockChain.Layer {
  public static func convolution(to outputs: Int, padding: Extent = 1) -> Self {
    Self(outputs: outputs, isTransposed: false, padding: padding, outputPadding: 0)
  }
  public static func transposed(to outputs: Int, padding: Extent = 1, outputPadding: Extent = 0) -> Self {
    Self(outputs: outputs, isTransposed: true, padding: padding, outputPadding: outputPadding)
  }
}
