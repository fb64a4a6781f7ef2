import Fast
import PerceptualCore

/// What a generated clip is compared with its original by.
public enum ClipLoss: String, Sendable, CaseIterable {
  /// Mean squared error of the samples.
  case mse
  /// The Bark distance of ``BarkDistanceOptions/clipGenerator``.
  case bark
  /// That of ``BarkDistanceOptions/maskedClipGenerator``: what the original masks is forgiven.
  case maskedBark = "masked-bark"

  /// The two that the report compares.
  public static let published: [ClipLoss] = [.mse, .bark]
}

/// Experiment 004: a network that turns one fixed vector of noise into one clip of 8192 samples at 11 025 Hz.
///
/// Seven times nearest upsampling and a convolution without bias that keeps the length: by 4 six times and by 2 the
/// last time, 128 to 32 channels with kernel 3, then 32 with kernel 15, four times 25, and 1 with kernel 25. Leaky ReLU
/// of slope 0.2 after all but the last. Xavier's normal initialisation; Adam with betas 0 and 0.9. Source: "Perceptual
/// Audio Loss" (2018), audio_loss.py.
public final class ClipGenerator {
  public static let sampleRate = 11_025
  public static let samples = 8192
  public static let latentSize = 128
  public static let slope = 0.2
  public static let learningRate = 1e-4

  private struct Layer {
    let name: String
    let factor: Int
    let inputs: Int
    /// Before upsampling.
    let width: Int
    let shape: ConvolutionShape
    let upsampled: UnsafeMutablePointer<Float>
    let output: UnsafeMutablePointer<Float>
  }

  /// Channels in and out, kernel, upsampling before.
  private static let plan = [
    (latentSize, 32, 3, 4), (32, 32, 15, 4), (32, 32, 25, 4), (32, 32, 25, 4), (32, 32, 25, 4), (32, 32, 25, 4),
    (32, 1, 25, 2),
  ]

  /// Names as in the `torch.nn.Sequential` of upsampling, convolution and activation, and shapes of the weights.
  public static let weightShapes: [(name: String, shape: [Int])] = plan.enumerated().map { index, layer in
    ("\(3 * index + 1).weight", [layer.1, layer.0, 1, layer.2])
  }

  private let layers: [Layer]
  private let latent: UnsafeMutablePointer<Float>
  private let parameters = ParameterStore(weightShapes)
  private let optimizer: Optimizer
  /// Two buffers of the largest layer that gradients pass through.
  private let flowing: [UnsafeMutablePointer<Float>]
  private let arena = Arena()

  /// Noise and weights drawn from a seed; `draw` numbers independent networks of one seed, one for each loss.
  public convenience init(seed: UInt64, draw: Int = 0) {
    let leakyGain = (2 / (1 + Self.slope * Self.slope)).squareRoot()
    let shapes = Self.weightShapes
    let weights = shapes.enumerated().map { index, entry in
      xavierNormalInitialization(
        shape: entry.shape, gain: index == shapes.count - 1 ? 1 : leakyGain, seed: seed,
        index: UInt64(draw * 16 + index))
    }
    let noise = normalNoise(seed: seed, stream: .noise, index: UInt64(draw), count: Self.latentSize)
    self.init(latent: Tensor(noise), weights: weights)
  }

  /// `latent` [128] and the weights in the order of ``weightShapes``.
  public init(latent: Tensor<Float>, weights: [Tensor<Float>]) {
    require(latent.count == Self.latentSize, "latent: \(latent.count) numbers given, \(Self.latentSize) are needed")
    require(weights.count == Self.plan.count, "weights: \(weights.count) given, \(Self.plan.count) are needed")
    optimizer = Optimizer(parameters, beta1: 0, beta2: 0.9, weightDecay: 0, advice: "Try another seed")
    let arena = arena
    var width = 1
    layers = Self.plan.enumerated().map { index, plan in
      let (inputs, outputs, kernel, factor) = plan
      let shape = ConvolutionShape(
        convolving: 1, inputChannels: inputs, outputChannels: outputs, height: 1, width: width * factor,
        kernelHeight: 1, kernelWidth: kernel,
        geometry: ConvolutionGeometry(padding: Extent(height: 0, width: kernel / 2)))
      defer { width *= factor }
      return Layer(
        name: Self.weightShapes[index].name, factor: factor, inputs: inputs, width: width, shape: shape,
        upsampled: arena.zeros(shape.inputCount), output: arena.zeros(shape.outputCount))
    }
    let largest = layers.map { max($0.shape.inputCount, $0.shape.outputCount) }.max() ?? 0
    flowing = [arena.zeros(largest), arena.zeros(largest)]
    self.latent = arena.zeros(Self.latentSize)
    for i in 0..<Self.latentSize { self.latent[i] = latent[i] }
    for (entry, tensor) in zip(parameters.entries, weights) { parameters.set(entry, to: tensor) }
  }

  /// The clip that the network makes now, [1, 8192].
  public func output() -> Tensor<Float> {
    var input = UnsafePointer(latent)
    for (index, layer) in layers.enumerated() {
      nearestUpsampling(
        input, layer.upsampled, planes: layer.inputs, height: 1, width: layer.width,
        factor: Extent(height: 1, width: layer.factor))
      convolution2D(
        layer.upsampled, weight: parameters.pointer(layer.name), bias: nil, layer.output, shape: layer.shape)
      if index < layers.count - 1 {
        leakyReLU(layer.output, layer.output, count: layer.shape.outputCount, slope: Self.slope)
      }
      input = UnsafePointer(layer.output)
    }
    return Tensor(input, shape: [1, Self.samples])
  }

  /// The weights' gradients of the last step.
  var gradients: [(name: String, tensor: Tensor<Float>)] { optimizer.gradient.tensors }

  /// One step of Adam down the gradient of `loss` with respect to the last ``output()``. Throws `.nonFinite`, with the
  /// weights as they were, where the loss or a weight's gradient is no number.
  public func step(loss: Double, upstream: Tensor<Float>) throws(PerceptualError) {
    require(upstream.count == Self.samples, "upstream: \(upstream.count) numbers given, \(Self.samples) are needed")
    // The gradient of a layer's output, and that of its upsampled input.
    let (own, input) = (flowing[0], flowing[1])
    for i in 0..<Self.samples { own[i] = upstream[i] }
    for (index, layer) in layers.enumerated().reversed() {
      if index < layers.count - 1 {
        leakyReLUGradient(
          layer.output, upstream: own, own, count: layer.shape.outputCount, slope: Self.slope)
      }
      convolution2DWeightGradient(
        layer.upsampled, upstream: own, weight: optimizer.gradient.pointer(layer.name), bias: nil, shape: layer.shape)
      if index == 0 { break }
      convolution2DInputGradient(
        upstream: own, weight: parameters.pointer(layer.name), input, shape: layer.shape)
      nearestUpsamplingGradient(
        upstream: input, own, planes: layer.inputs, height: 1, width: layer.width,
        factor: Extent(height: 1, width: layer.factor))
    }
    _ = try optimizer.step(loss: loss, learningRate: Self.learningRate)
  }
}

/// A loss of generated clips against one original, what it needs kept.
public final class ClipObjective {
  public let loss: ClipLoss
  private let target: Tensor<Float>
  private let bark: (plan: BarkPlan, target: BarkTarget)?

  /// `target` is [1, 8192].
  public init(_ loss: ClipLoss, target: Tensor<Float>) {
    require(target.shape == [1, ClipGenerator.samples], "target: shape \(target.shape), [1, 8192] is needed")
    self.loss = loss
    self.target = target
    if loss != .mse {
      let plan = BarkPlan(loss == .bark ? .clipGenerator : .maskedClipGenerator, samples: ClipGenerator.samples)
      bark = (plan, BarkTarget(plan, target))
    } else {
      bark = nil
    }
  }

  /// The loss of a clip [1, 8192] and its gradient.
  public func valueAndGradient(_ clip: Tensor<Float>) -> (value: Float, gradient: Tensor<Float>) {
    let one = Tensor<Float>([1])
    let result =
      if let bark {
        bark.plan.distanceAndGradient(clip, target: bark.target, upstream: one)
      } else {
        meanSquaredErrorAndGradient(clip, target: target, upstream: one)
      }
    return (result.value[0], result.gradient)
  }

  /// The loss alone.
  public func value(_ clip: Tensor<Float>) -> Float {
    if let bark { return bark.plan.distanceAndGradient(clip, target: bark.target, upstream: nil).value[0] }
    return meanSquaredError(clip, target: target)[0]
  }
}
