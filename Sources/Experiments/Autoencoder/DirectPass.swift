import Fast
import PerceptualCore

/// The network operation by operation, for any kernel and number of channels.
///
/// A training pass keeps each block's convolution output (for batch norm's gradient) and its activation (for the next
/// convolution's weight gradient).
final class DirectPass: AutoencoderPass {
  unowned let network: Autoencoder
  let images: Int
  let keepsForGradient: Bool

  /// A block with its buffers.
  struct Block {
    let layer: Autoencoder.Layer
    let shape: ConvolutionShape
    /// Output of the convolution; shared by all blocks unless kept for the gradient.
    let convolved: UnsafeMutablePointer<Float>
    /// Output of the activation.
    let activated: UnsafeMutablePointer<Float>
    /// Batch mean and 1 / sqrt(variance + epsilon).
    let mean: UnsafeMutablePointer<Float>
    let inverseDeviation: UnsafeMutablePointer<Float>
    var pixels: Int { shape.outputHeight * shape.outputWidth }
    /// What is upsampled by 2 before the convolution, where the block upsamples: planes in the usual order.
    var upsampling: (planes: Int, height: Int, width: Int) {
      (shape.images * shape.inputChannels, shape.height / 2, shape.width / 2)
    }
  }

  let blocks: [Block]
  let quantised: UnsafeMutablePointer<Float>
  let lastShape: ConvolutionShape
  let output: UnsafeMutablePointer<Float>
  private let arena = Arena()
  var bytes: Int { arena.bytes }
  /// Two buffers of the largest activation that gradients pass through in turn.
  private let gradients: [UnsafeMutablePointer<Float>]
  /// An upsampled activation, and its gradient, where the decoder upsamples.
  private let upsampled: UnsafeMutablePointer<Float>?

  init(_ network: Autoencoder, images: Int, height: Int, width: Int, keepsForGradient: Bool) {
    self.network = network
    self.images = images
    self.keepsForGradient = keepsForGradient
    let channels = network.options.channels
    let largest = images * max(channels, network.options.latentChannels) * height * width
    let arena = arena
    let shared = keepsForGradient ? [] : [arena.zeros(largest), arena.zeros(largest), arena.zeros(largest)]
    let shapes = network.shapes(images: images, height: height, width: width)
    blocks = zip(network.layers, shapes).enumerated().map { number, pair in
      let (layer, shape) = pair
      return Block(
        layer: layer, shape: shape, convolved: keepsForGradient ? arena.zeros(shape.outputCount) : shared[2],
        activated: keepsForGradient ? arena.zeros(shape.outputCount) : shared[number % 2],
        mean: arena.zeros(layer.outputs), inverseDeviation: arena.zeros(layer.outputs))
    }
    quantised = arena.zeros(blocks[Autoencoder.latentLayer].shape.outputCount)
    lastShape = ConvolutionShape(
      convolving: images, inputChannels: channels, outputChannels: 1, height: height, width: width,
      kernelHeight: network.options.lastKernel, kernelWidth: network.options.lastKernel,
      geometry: network.options.lastGeometry)
    output = arena.zeros(lastShape.outputCount)
    gradients = keepsForGradient ? [arena.zeros(largest), arena.zeros(largest)] : []
    upsampled = network.options.decoder.isUpsampling ? arena.zeros(largest) : nil
  }

  var latentCount: Int { blocks[Autoencoder.latentLayer].shape.outputCount }
  var latent: UnsafeMutablePointer<Float> { blocks[Autoencoder.latentLayer].activated }

  func encode(_ x: UnsafePointer<Float>, statistics: BatchStatistics, updatesRunning: Bool) {
    var input = x
    for block in blocks[...Autoencoder.latentLayer] {
      run(block, input, statistics: statistics, updatesRunning: updatesRunning)
      input = UnsafePointer(block.activated)
    }
  }

  func decode(_ latent: UnsafePointer<Float>) {
    quantised.update(from: latent, count: latentCount)
    decode(statistics: .running, updatesRunning: false)
  }

  func decode(statistics: BatchStatistics, updatesRunning: Bool) {
    var input = UnsafePointer(quantised)
    for block in blocks[(Autoencoder.latentLayer + 1)...] {
      run(block, input, statistics: statistics, updatesRunning: updatesRunning)
      input = UnsafePointer(block.activated)
    }
    convolution2D(
      input, weight: network.parameters.pointer("\(network.lastConvolution).weight"),
      bias: network.parameters.pointer("\(network.lastConvolution).bias"), output, shape: lastShape)
    sigmoid(output, output, count: lastShape.outputCount)
  }

  func planarLatent() -> Tensor<Float> {
    let shape = blocks[Autoencoder.latentLayer].shape
    return Tensor(latent, shape: [images, shape.outputChannels, shape.outputHeight, shape.outputWidth])
  }

  /// What the block's convolution takes for its input x: x, or x upsampled.
  private func convolved(_ block: Block, _ x: UnsafePointer<Float>) -> UnsafePointer<Float> {
    guard let upsampled, block.layer.stage.kind.isUpsampling else { return x }
    let (planes, height, width) = block.upsampling
    if block.layer.stage.kind == .nearest {
      nearestUpsampling(x, upsampled, planes: planes, height: height, width: width, factor: 2)
    } else {
      bilinearUpsampling(x, upsampled, planes: planes, height: height, width: width, factor: 2)
    }
    return UnsafePointer(upsampled)
  }

  private func run(
    _ block: Block, _ x: UnsafePointer<Float>, statistics: BatchStatistics, updatesRunning: Bool
  ) {
    let parameters = network.parameters
    let layer = block.layer
    let weight = parameters.pointer("\(layer.convolution).weight")
    let bias = parameters.pointer("\(layer.convolution).bias")
    if layer.stage.kind == .transposed {
      transposedConvolution2D(x, weight: weight, bias: bias, block.convolved, shape: block.shape)
    } else {
      convolution2D(convolved(block, x), weight: weight, bias: bias, block.convolved, shape: block.shape)
    }
    let gamma = parameters.pointer("\(layer.normalization).weight")
    let beta = parameters.pointer("\(layer.normalization).bias")
    let runningMean = network.statistics.pointer("\(layer.normalization).running_mean")
    let runningVariance = network.statistics.pointer("\(layer.normalization).running_var")
    switch statistics {
    case .batch:
      batchNormalizationTraining(
        x: block.convolved, y: block.activated, images: images, channels: layer.outputs, pixels: block.pixels,
        gamma: gamma, beta: beta, mean: block.mean, inverseDeviation: block.inverseDeviation,
        runningMean: updatesRunning ? runningMean : nil, runningVariance: updatesRunning ? runningVariance : nil,
        epsilon: network.options.epsilon, momentum: network.options.momentum)
    case .running:
      batchNormalizationInference(
        x: block.convolved, y: block.activated, images: images, channels: layer.outputs, pixels: block.pixels,
        gamma: gamma, beta: beta, runningMean: runningMean, runningVariance: runningVariance,
        epsilon: network.options.epsilon)
    }
    let count = block.shape.outputCount
    if layer.activationIsTanh {
      tanh(block.activated, block.activated, count: count)
    } else {
      leakyReLU(block.activated, block.activated, count: count, slope: network.options.slope)
    }
  }

  func backward(_ x: UnsafePointer<Float>, upstream: UnsafePointer<Float>, scale: Double, gradient: ParameterStore) {
    require(keepsForGradient, "backward: this pass keeps no activations")
    let options = network.options
    let last = network.lastConvolution
    let lastInput = UnsafePointer(blocks[blocks.count - 1].activated)
    // sigmoid'(output), in a buffer of its own size inside the first gradient buffer.
    sigmoidGradient(output, upstream: upstream, gradients[0], count: lastShape.outputCount)
    convolution2DWeightGradient(
      lastInput, upstream: gradients[0], weight: gradient.pointer("\(last).weight"),
      bias: gradient.pointer("\(last).bias"), shape: lastShape)
    convolution2DInputGradient(
      upstream: gradients[0], weight: network.parameters.pointer("\(last).weight"), gradients[1], shape: lastShape)
    var current = 1
    for number in blocks.indices.reversed() {
      let block = blocks[number]
      let layer = block.layer
      let flowing = gradients[current]
      let count = block.shape.outputCount
      if number == Autoencoder.latentLayer {
        softQuantizationGradient(
          latent, upstream: flowing, flowing, count: count, centres: options.centres, scale: scale)
        tanhGradient(block.activated, upstream: flowing, flowing, count: count)
      } else {
        leakyReLUGradient(block.activated, upstream: flowing, flowing, count: count, slope: options.slope)
      }
      batchNormalizationTrainingGradient(
        x: block.convolved, upstream: flowing, gradient: flowing, images: images, channels: layer.outputs,
        pixels: block.pixels, gamma: network.parameters.pointer("\(layer.normalization).weight"), mean: block.mean,
        inverseDeviation: block.inverseDeviation, gammaGradient: gradient.pointer("\(layer.normalization).weight"),
        betaGradient: gradient.pointer("\(layer.normalization).bias"))
      let input =
        number == 0
        ? x
        : number == Autoencoder.latentLayer + 1 ? UnsafePointer(quantised) : UnsafePointer(blocks[number - 1].activated)
      let weight = network.parameters.pointer("\(layer.convolution).weight")
      let weightGradient = gradient.pointer("\(layer.convolution).weight")
      let biasGradient = gradient.pointer("\(layer.convolution).bias")
      if layer.stage.kind == .transposed {
        transposedConvolution2DWeightGradient(
          input, upstream: flowing, weight: weightGradient, bias: biasGradient, shape: block.shape)
        transposedConvolution2DInputGradient(
          upstream: flowing, weight: weight, gradients[1 - current], shape: block.shape)
      } else {
        convolution2DWeightGradient(
          convolved(block, input), upstream: flowing, weight: weightGradient, bias: biasGradient, shape: block.shape)
        if let upsampled, layer.stage.kind.isUpsampling {
          convolution2DInputGradient(upstream: flowing, weight: weight, upsampled, shape: block.shape)
          let (planes, height, width) = block.upsampling
          if layer.stage.kind == .nearest {
            nearestUpsamplingGradient(
              upstream: upsampled, gradients[1 - current], planes: planes, height: height, width: width, factor: 2)
          } else {
            bilinearUpsamplingGradient(
              upstream: upsampled, gradients[1 - current], planes: planes, height: height, width: width, factor: 2)
          }
        } else if number > 0 {
          // Nothing asks for the gradient of the picture itself.
          convolution2DInputGradient(upstream: flowing, weight: weight, gradients[1 - current], shape: block.shape)
        }
      }
      current = 1 - current
    }
  }
}
