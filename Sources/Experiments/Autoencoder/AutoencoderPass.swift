import Fast
import PerceptualCore

/// The memory of one batch size, kept between steps, and the passes over it.
protocol AutoencoderPass: AnyObject {
  var network: Autoencoder { get }
  var images: Int { get }
  /// Bytes of the pass's memory.
  var bytes: Int { get }
  /// The network's output after the sigmoid, [N, 1, H, W].
  var output: UnsafeMutablePointer<Float> { get }
  /// The latent before and after quantisation, image by image, an image's numbers in an order of the pass's own.
  var latent: UnsafeMutablePointer<Float> { get }
  var quantised: UnsafeMutablePointer<Float> { get }
  var latentCount: Int { get }

  /// The latent before quantisation, [N, channels, H / 16, W / 16].
  func planarLatent() -> Tensor<Float>

  /// x -> latent, before quantisation. `statistics` .batch normalises by the batch and, if `updatesRunning`, moves the
  /// running statistics.
  func encode(_ x: UnsafePointer<Float>, statistics: BatchStatistics, updatesRunning: Bool)

  /// quantised -> output, likewise.
  func decode(statistics: BatchStatistics, updatesRunning: Bool)

  /// `latent`, quantised, [N, channels, H / 16, W / 16] -> output, with running statistics.
  func decode(_ latent: UnsafePointer<Float>)

  /// Adds nothing and keeps nothing: overwrites `gradient` (laid out as the network's parameters) with that of a loss
  /// whose gradient with respect to the output is `upstream`, for the batch of the last forward pass on `x`. The
  /// quantiser has the slope of Eq. 1 at `scale`.
  func backward(_ x: UnsafePointer<Float>, upstream: UnsafePointer<Float>, scale: Double, gradient: ParameterStore)
}

extension AutoencoderPass {
  /// x -> output; `scale` is s of Eq. 1.
  func forward(
    _ x: UnsafePointer<Float>, statistics: BatchStatistics, quantisation: Quantisation, scale: Double,
    updatesRunning: Bool
  ) {
    encode(x, statistics: statistics, updatesRunning: updatesRunning)
    let centres = network.options.centres
    switch quantisation {
    case .soft: softQuantization(latent, quantised, count: latentCount, centres: centres, scale: scale)
    case .hard: hardQuantization(latent, quantised, count: latentCount, centres: centres)
    }
    decode(statistics: statistics, updatesRunning: updatesRunning)
  }
}

extension Autoencoder {
  /// The ways to run the network on pictures of that size, best first, with the reason why one cannot be used; the
  /// first without one is.
  public func passes(height: Int, width: Int) -> [(name: String, obstacle: String?)] {
    [
      ("fused blocks", BlockPass.obstacle(self, height: height, width: width)),
      ("operation by operation", nil),
    ]
  }

  /// Throws `.usage` where the network cannot run in fused blocks, which `what` needs.
  public func requireFusedBlocks(for what: String, height: Int, width: Int) throws(PerceptualError) {
    if let obstacle = BlockPass.obstacle(self, height: height, width: width) {
      throw .usage("\(what) is there for networks that run in fused blocks alone: \(obstacle)")
    }
  }

  /// How fused blocks compute the encoder's stages and the decoder's.
  public var methods: [String] {
    [("encoder", options.encoderStage), ("decoder", options.decoderStage)].map { name, stage in
      "\(name), \(stage): \(ConvolutionBlock.method(stage))"
    }
  }

  /// What each of the eight blocks' convolutions is for a batch of that size, with a latent of so many channels or its
  /// own.
  func shapes(images: Int, height: Int, width: Int, latentChannels: Int? = nil) -> [ConvolutionShape] {
    let latent = latentChannels ?? options.latentChannels
    var size = (height: height, width: width)
    return layers.enumerated().map { number, layer in
      let shape = ConvolutionShape(
        layer.stage, images: images, inputChannels: number == Self.latentLayer + 1 ? latent : layer.inputs,
        outputChannels: number == Self.latentLayer ? latent : layer.outputs, height: size.height, width: size.width)
      size = (shape.outputHeight, shape.outputWidth)
      return shape
    }
  }

  /// A pass over a batch of this process alone.
  func makePass(images: Int, height: Int, width: Int, keepsForGradient: Bool) -> any AutoencoderPass {
    require(images > 0, "images: \(images) given, at least 1 is needed")
    return makePass(BatchShare(batch: images), height: height, width: width, keepsForGradient: keepsForGradient)
  }

  /// `recomputes` computes the network's largest activation again where the gradient needs it, in place of storing it;
  /// for that, for products in another precision than fp32, and for a batch that several ranks share, the network must
  /// run in fused blocks.
  func makePass(
    _ share: BatchShare, height: Int, width: Int, keepsForGradient: Bool, recomputes: Bool = false,
    precision: ProductPrecision = .fp32
  ) -> any AutoencoderPass {
    let multiple = AutoencoderOptions.sizeMultiple
    require(
      height > 0 && width > 0 && height % multiple == 0 && width % multiple == 0,
      "size: \(height)x\(width) given, multiples of \(multiple) are needed")
    let obstacle = BlockPass.obstacle(self, height: height, width: width)
    guard let obstacle else {
      return BlockPass(
        self, share, height: height, width: width, keepsForGradient: keepsForGradient, recomputes: recomputes,
        precision: precision)
    }
    for (what, isWanted) in [("recomputes", recomputes), ("precision", precision != .fp32), ("share", share.isPart)] {
      require(!isWanted, "\(what): the network cannot run in fused blocks, \(obstacle)")
    }
    return DirectPass(
      self, images: share.batch, height: height, width: width, keepsForGradient: keepsForGradient)
  }

  /// Bytes that the activations and gradients of a training's pass take, which is nearly all of its memory; known
  /// before any of it is asked for.
  func trainingBytes(images: Int, height: Int, width: Int, recomputes: Bool) -> Int {
    let isFused = BlockPass.obstacle(self, height: height, width: width) == nil
    let counts = shapes(images: images, height: height, width: width).map(\.outputCount)
    let pictures = 3 * images * height * width
    var floats = pictures
    if isFused {
      // Each output, but for a last that is computed again, and two buffers that the others' gradients pass through in
      // turn.
      floats += counts.dropLast(recomputes ? 1 : 0).reduce(0, +)
      for turn in 0..<2 {
        floats += counts.dropLast().enumerated().filter { $0.offset % 2 == turn }.map(\.element).max() ?? 0
      }
    } else {
      let largest = images * max(options.channels, options.latentChannels) * height * width
      floats += 2 * counts.reduce(0, +) + (options.decoder.isUpsampling ? 3 : 2) * largest
    }
    return floats * MemoryLayout<Float>.stride
  }

  /// A pass without gradients, kept for the next call of the same size: fresh memory costs more than the arithmetic on
  /// it.
  func inferencePass(
    images: Int, height: Int, width: Int, precision: ProductPrecision = .fp32
  ) -> any AutoencoderPass {
    let (size, execution) = ([images, height, width], Execution.current)
    if let kept = keptPass, kept.size == size, kept.precision == precision,
      kept.execution.threads == execution.threads, kept.execution.instructionSet == execution.instructionSet
    {
      return kept.pass
    }
    keptPass = nil
    let pass = makePass(
      BatchShare(batch: images), height: height, width: width, keepsForGradient: false, precision: precision)
    // A large batch's memory goes back at once.
    if images <= 16 { keptPass = (size, precision, execution, pass) }
    return pass
  }
}
