import Fast
import PerceptualCore

/// The network in fused blocks (``ConvolutionBlock``): what a training step writes to memory is each convolution's
/// output, once, and the gradient of each block's normalised values, once, but for the last and largest, which is never
/// stored.
final class BlockPass: AutoencoderPass {
  unowned let network: Autoencoder
  let images: Int
  private let arena = Arena()
  private let blocks: [ConvolutionBlock]
  private let last: OutputBlock
  let latent: UnsafeMutablePointer<Float>
  let quantised: UnsafeMutablePointer<Float>
  let latentCount: Int
  /// Where the latent is widened for the blocks' sake, and then the quantised one so, into zeros.
  private let padded: PaddedLatent?
  private let widened: UnsafeMutablePointer<Float>
  private let latentPixels: Int
  /// The gradient of the latent as the blocks have it.
  private let latentGradient: UnsafeMutablePointer<Float>?
  /// That of its own channels, where it is widened.
  private let ownGradient: UnsafeMutablePointer<Float>?

  var output: UnsafeMutablePointer<Float> { last.output }
  var bytes: Int { arena.bytes }

  /// Why the network cannot run in fused blocks on pictures of that size; nil if it can.
  static func obstacle(_ network: Autoencoder, height: Int, width: Int) -> String? {
    let shapes = shapes(network, PaddedLatent(network), images: 1, height: height, width: width)
    for (layer, shape) in zip(network.layers, shapes) {
      if let obstacle = ConvolutionBlock.obstacle(shape, layer.stage.kind) {
        return "layer \(layer.index): \(obstacle)"
      }
    }
    let kernel = network.options.lastKernel
    return OutputBlock.obstacle(kernel: kernel).map { "layer \(network.lastConvolution): \($0)" }
  }

  private static func shapes(
    _ network: Autoencoder, _ padded: PaddedLatent?, images: Int, height: Int, width: Int
  ) -> [ConvolutionShape] {
    network.shapes(
      images: images, height: height, width: width, latentChannels: padded?.width ?? network.options.latentChannels)
  }

  init(
    _ network: Autoencoder, _ share: BatchShare, height: Int, width: Int, keepsForGradient: Bool, recomputes: Bool,
    precision: ProductPrecision
  ) {
    let images = share.images.count
    self.network = network
    self.images = images
    let arena = arena
    let padded = PaddedLatent(network)
    self.padded = padded
    let shapes = Self.shapes(network, padded, images: images, height: height, width: width)
    let workspace = BlockWorkspace(keepsForGradient: keepsForGradient, share, arena: arena)
    // Without gradients a block's output is dead once the next has read it: two buffers in turn.
    let shared = keepsForGradient ? [] : Self.turns(shapes, arena)
    let end = shapes.count - 1
    let blocks = zip(network.layers, shapes).enumerated().map { number, pair in
      ConvolutionBlock(
        pair.1, pair.0.stage.kind, slope: pair.0.activationIsTanh ? 1 : network.options.slope,
        epsilon: network.options.epsilon, arena: arena, workspace: workspace,
        convolved: keepsForGradient ? nil : shared[number % 2],
        recomputesOutput: keepsForGradient && recomputes && number == end, precision: precision)
    }
    if keepsForGradient {
      // The last block's gradient is never stored; the others' pass through two buffers in turn.
      let turns = Self.turns(Array(shapes.dropLast()), arena)
      for (number, block) in blocks.dropLast().enumerated() { block.gradient = turns[number % 2] }
    }
    self.blocks = blocks
    let latentShape = shapes[Autoencoder.latentLayer]
    latentPixels = latentShape.outputHeight * latentShape.outputWidth
    latentCount = images * network.options.latentChannels * latentPixels
    latent = arena.floats(latentCount)
    quantised = arena.floats(latentCount)
    widened = padded == nil ? quantised : arena.zeros(latentShape.outputCount)
    latentGradient = keepsForGradient ? arena.floats(latentShape.outputCount) : nil
    ownGradient = keepsForGradient && padded != nil ? arena.floats(latentCount) : nil
    last = OutputBlock(
      blocks[blocks.count - 1], kernel: network.options.lastKernel, arena: arena, keepsForGradient: keepsForGradient)
    workspace.take()
  }

  /// Two buffers, for the outputs of the blocks of even and of odd number.
  private static func turns(_ shapes: [ConvolutionShape], _ arena: Arena) -> [UnsafeMutablePointer<Float>] {
    (0..<2).map { turn in
      arena.floats(shapes.indices.filter { $0 % 2 == turn }.map { shapes[$0].outputCount }.max() ?? 0)
    }
  }

  func decode(_ latent: UnsafePointer<Float>) {
    padded?.take()
    if padded == nil {
      blocks[Autoencoder.latentLayer].blocked(latent, quantised)
    } else {
      quantised.update(from: latent, count: latentCount)
    }
    decode(statistics: .running, updatesRunning: false)
  }

  func decode(statistics: BatchStatistics, updatesRunning: Bool) {
    padded?.widen(quantised, widened, images: images, pixels: latentPixels)
    let x = UnsafePointer(widened)
    let end = blocks.count - 1
    for number in Autoencoder.latentLayer + 1..<end {
      run(number, x, statistics: statistics, updatesRunning: updatesRunning)
    }
    let name = network.lastConvolution
    let weight = network.parameters.pointer("\(name).weight")
    let bias = network.parameters.pointer("\(name).bias")
    switch statistics {
    case .batch:
      run(end, x, statistics: statistics, updatesRunning: updatesRunning)
      last.forward(weight: weight, bias: bias)
    case .running:
      let running = running(end)
      last.forward(
        through: input(end, x), parameters(end, network.parameters), runningMean: running.mean,
        runningVariance: running.variance, weight: weight, bias: bias)
    }
  }

  func encode(_ x: UnsafePointer<Float>, statistics: BatchStatistics, updatesRunning: Bool) {
    padded?.take()
    for number in 0...Autoencoder.latentLayer {
      run(number, x, statistics: statistics, updatesRunning: updatesRunning)
    }
    let block = blocks[Autoencoder.latentLayer]
    if let padded {
      if updatesRunning { padded.returnStatistics() }
      block.activate(widened)
      padded.narrow(widened, latent, images: images, pixels: latentPixels)
    } else {
      block.activate(latent)
    }
    tanh(latent, latent, count: latentCount)
  }

  func planarLatent() -> Tensor<Float> {
    let block = blocks[Autoencoder.latentLayer]
    if padded == nil { return block.planar(latent) }
    return Tensor(
      latent, shape: [images, network.options.latentChannels, block.shape.outputHeight, block.shape.outputWidth])
  }

  private func run(_ number: Int, _ x: UnsafePointer<Float>, statistics: BatchStatistics, updatesRunning: Bool) {
    let running = running(number)
    blocks[number].forward(
      input(number, x), parameters(number, network.parameters),
      statistics: statistics == .batch
        ? .batch(momentum: updatesRunning ? network.options.momentum : nil) : .running,
      runningMean: running.mean, runningVariance: running.variance)
  }

  private func running(
    _ number: Int
  ) -> (mean: UnsafeMutablePointer<Float>, variance: UnsafeMutablePointer<Float>) {
    let name = network.layers[number].normalization
    let store = number == Autoencoder.latentLayer ? padded?.statistics ?? network.statistics : network.statistics
    return (store.pointer("\(name).running_mean"), store.pointer("\(name).running_var"))
  }

  private func input(_ number: Int, _ x: UnsafePointer<Float>) -> ConvolutionBlock.Input {
    switch number {
    case 0: .picture(x)
    case Autoencoder.latentLayer + 1: .stored(widened)
    default: .block(blocks[number - 1])
    }
  }

  private func parameters(_ number: Int, _ store: ParameterStore) -> ConvolutionBlock.Parameters {
    let layer = network.layers[number]
    let wide = padded.map { store === network.parameters ? $0.parameters : $0.gradient }
    // Before the latent all of a block's parameters are as many as its channels, behind it the weight's inputs are.
    let own = number == Autoencoder.latentLayer ? wide ?? store : store
    let weights = number == Autoencoder.latentLayer + 1 ? wide ?? store : own
    return ConvolutionBlock.Parameters(
      weight: weights.pointer("\(layer.convolution).weight"), bias: own.pointer("\(layer.convolution).bias"),
      gamma: own.pointer("\(layer.normalization).weight"), beta: own.pointer("\(layer.normalization).bias"))
  }

  func backward(_ x: UnsafePointer<Float>, upstream: UnsafePointer<Float>, scale: Double, gradient: ParameterStore) {
    guard let latentGradient else {
      require(false, "backward: this pass keeps no activations")
      return
    }
    let options = network.options
    let end = blocks.count - 1
    let name = network.lastConvolution
    last.backward(
      upstream: upstream, weightGradient: gradient.pointer("\(name).weight"),
      biasGradient: gradient.pointer("\(name).bias"), input: input(end, x), parameters(end, network.parameters),
      gradients: parameters(end, gradient))
    for number in blocks.indices.dropLast().reversed() {
      if number == Autoencoder.latentLayer {
        let own = ownGradient ?? latentGradient
        padded?.narrow(latentGradient, own, images: images, pixels: latentPixels)
        softQuantizationGradient(
          latent, upstream: own, own, count: latentCount, centres: options.centres, scale: scale)
        tanhGradient(latent, upstream: own, own, count: latentCount)
        padded?.widen(own, latentGradient, images: images, pixels: latentPixels)
        blocks[number].receive(latentGradient)
      }
      blocks[number].backward(
        input(number, x), parameters(number, network.parameters), gradients: parameters(number, gradient),
        inputGradient: number == Autoencoder.latentLayer + 1 ? latentGradient : nil)
    }
    padded?.returnGradient(gradient)
  }
}
