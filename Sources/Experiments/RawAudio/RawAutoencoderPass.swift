import Fast
import PerceptualCore

/// The network's buffers for one number of windows, and its passes over them. Signals are [channels, samples, width].
final class RawAutoencoderPass {
  private typealias Layer = RawAutoencoder.Layer

  /// One layer's signals.
  private struct Stage {
    let layer: Layer
    let stacked: SignalConvolution
    let single: SignalConvolution
    /// Of the convolution, then of the gate where there is one.
    let raw: UnsafeMutablePointer<Float>
    /// The same normalised; `raw` itself where nothing is.
    let normalized: UnsafeMutablePointer<Float>
    let output: UnsafeMutablePointer<Float>
    let outputCount: Int
    let inputCount: Int
    let positions: Int
  }

  let network: RawAutoencoder
  let samples: Int
  private let encoder: [Stage]
  private let decoder: [Stage]
  /// [latent, samples].
  private let latent: UnsafeMutablePointer<Float>
  /// Two buffers that gradients pass through, each for a layer's signal and its gate.
  private let flowing: [UnsafeMutablePointer<Float>]
  private let arena = Arena()

  init(_ network: RawAutoencoder, samples: Int, keepsForGradient: Bool) {
    self.network = network
    self.samples = samples
    let arena = arena
    func stages(_ layers: [Layer]) -> [Stage] {
      layers.map { layer in
        let count = layer.outputs * samples * layer.outputWidth
        let both = count * layer.weightNames.count
        let raw = arena.zeros(both)
        return Stage(
          layer: layer, stacked: layer.convolution(samples: samples, stacked: true),
          single: layer.convolution(samples: samples, stacked: false), raw: raw,
          normalized: layer.kind == .gated && keepsForGradient ? arena.zeros(both) : raw,
          output: layer.kind == .plain ? raw : arena.zeros(count), outputCount: count,
          inputCount: layer.inputs * samples * layer.width, positions: samples * layer.outputWidth)
      }
    }
    encoder = stages(network.encoder)
    decoder = stages(network.decoder)
    latent = arena.zeros(network.options.latent * samples)
    let largest = (encoder + decoder).map { max($0.outputCount * 2, $0.inputCount) }.max() ?? 0
    flowing = keepsForGradient ? [arena.zeros(largest), arena.zeros(largest)] : []
  }

  private var last: Stage { decoder[decoder.count - 1] }
  /// [levels, samples, window].
  var output: UnsafeMutablePointer<Float> { last.output }
  var outputTensor: Tensor<Float> {
    let levels = network.options.levels
    return Tensor(output, shape: (levels == 1 ? [] : [levels]) + [samples, RawAutoencoderOptions.window])
  }

  /// `windows` [samples, 2048] into ``output``.
  func forward(_ windows: UnsafePointer<Float>) {
    var signal = windows
    for stage in encoder { signal = forward(stage, signal) }
    let parameters = network.parameters
    matrixProduct(
      parameters.pointer(RawAutoencoder.latentName), signal, latent, rows: network.options.latent,
      inner: 2 * network.options.channels, columns: samples)
    signal = UnsafePointer(latent)
    for stage in decoder { signal = forward(stage, signal) }
  }

  private func forward(_ stage: Stage, _ x: UnsafePointer<Float>) -> UnsafePointer<Float> {
    let layer = stage.layer
    if layer.isTransposed {
      for (index, name) in layer.weightNames.enumerated() {
        stage.single.up(x, weight: network.parameters.pointer(name), stage.raw + index * stage.outputCount)
      }
    } else {
      // The gate's weight follows the convolution's in memory: sizes are multiples of a cache line.
      stage.stacked.down(x, weight: network.parameters.pointer(layer.weightNames[0]), stage.raw)
    }
    if layer.kind == .plain { return UnsafePointer(stage.raw) }
    if layer.kind == .gated {
      for part in 0..<2 {
        pixelNormalization(
          stage.raw + part * stage.outputCount, stage.normalized + part * stage.outputCount, images: 1,
          channels: layer.outputs, positions: stage.positions)
      }
    }
    gatedUnit(
      stage.normalized, gate: stage.normalized + stage.outputCount,
      activation: layer.kind == .gated ? .tanh : .identity, stage.output, count: stage.outputCount)
    return UnsafePointer(stage.output)
  }

  /// The gradients of all parameters for the gradient of ``output``, after ``forward(_:)`` on the same windows.
  func backward(_ windows: UnsafePointer<Float>, upstream: UnsafePointer<Float>, gradient: ParameterStore) {
    let (own, input) = (flowing[0], flowing[1])
    own.update(from: upstream, count: last.outputCount)
    for (index, stage) in decoder.enumerated().reversed() {
      let x = index == 0 ? UnsafePointer(latent) : UnsafePointer(decoder[index - 1].output)
      backward(stage, x, own, to: input, gradient, needsInput: true)
      own.update(from: input, count: stage.inputCount)
    }
    let bottom = encoder[encoder.count - 1]
    let options = network.options
    matrixProduct(
      own, bottom.output, gradient.pointer(RawAutoencoder.latentName), rows: options.latent, inner: samples,
      columns: 2 * options.channels, bIsTransposed: true)
    matrixProduct(
      network.parameters.pointer(RawAutoencoder.latentName), own, input, rows: 2 * options.channels,
      inner: options.latent, columns: samples, aIsTransposed: true)
    own.update(from: input, count: bottom.outputCount)
    for (index, stage) in encoder.enumerated().reversed() {
      let x = index == 0 ? windows : UnsafePointer(encoder[index - 1].output)
      backward(stage, x, own, to: input, gradient, needsInput: index > 0)
      if index > 0 { own.update(from: input, count: stage.inputCount) }
    }
  }

  /// One layer: `own`, the gradient of its output, is overwritten by those of its convolution and gate.
  private func backward(
    _ stage: Stage, _ x: UnsafePointer<Float>, _ own: UnsafeMutablePointer<Float>,
    to input: UnsafeMutablePointer<Float>, _ gradient: ParameterStore, needsInput: Bool
  ) {
    let layer = stage.layer
    let count = stage.outputCount
    if layer.kind != .plain {
      gatedUnitGradient(
        stage.normalized, gate: stage.normalized + count, upstream: own,
        activation: layer.kind == .gated ? .tanh : .identity, xGradient: own, gateGradient: own + count, count: count)
    }
    if layer.kind == .gated {
      for part in 0..<2 {
        pixelNormalizationGradient(
          stage.raw + part * count, upstream: own + part * count, own + part * count, images: 1,
          channels: layer.outputs, positions: stage.positions)
      }
    }
    let weights = network.parameters
    if layer.isTransposed {
      for (index, name) in layer.weightNames.enumerated() {
        stage.single.weightGradient(fine: own + index * count, coarse: x, gradient.pointer(name))
        if needsInput {
          stage.single.down(own + index * count, weight: weights.pointer(name), input, adds: index > 0)
        }
      }
    } else {
      stage.stacked.weightGradient(fine: x, coarse: own, gradient.pointer(layer.weightNames[0]))
      if needsInput { stage.stacked.up(own, weight: weights.pointer(layer.weightNames[0]), input) }
    }
  }
}
