import Fast
import PerceptualCore

/// Sizes of the autoencoder of raw samples.
public struct RawAutoencoderOptions: Equatable, Sendable {
  /// Samples of a window: what the strides reduce to one.
  public static let window = 2048
  public static let sampleRate = 11_025

  /// Channels of the first and of the last hidden layer; those between have twice as many. Even.
  public var channels: Int
  public var latent: Int
  /// Outputs for each sample: 1, the sample itself, or as many logits as the mu-law has classes.
  public var levels: Int

  public init(channels: Int = 256, latent: Int = 128, levels: Int = 1) {
    self.channels = channels
    self.latent = latent
    self.levels = levels
  }

  /// Throws what a user can get wrong.
  public func validate() throws(PerceptualError) {
    if channels < 2 || channels % 2 != 0 || channels > 1 << 12 {
      throw .usage("channels: \(channels) given, an even number of 2 to 4096 is needed")
    }
    if latent < 1 || latent > 1 << 14 {
      throw .usage("latent: \(latent) given, 1 to 16384 is needed")
    }
    if levels < 1 || levels > 1 << 12 {
      throw .usage("levels: \(levels) given, 1 to 4096 is needed")
    }
  }
}

/// Experiment 003: an autoencoder of 2048 raw samples at 11 025 Hz with gated convolutions, none of them with a bias.
///
///     encoder: 1 -> c (kernel 16, stride 8, padding 4), conv(x) sigmoid(gate(x))
///              c -> 2c, 2c -> 2c, 2c -> 2c (8, 4, 2), 2c -> 2c (4, 2, 0), tanh(norm(conv(x))) sigmoid(norm(gate(x)))
///              linear 2c -> latent
///     decoder: latent -> 2c (4, 2, 0), 2c -> 2c, 2c -> 2c, 2c -> c (8, 4, 2), transposed and gated likewise
///              c -> 1 (16, 8, 4), transposed, conv(x) sigmoid(gate(x)); for classes c -> levels without a gate
///
/// with c = 256, latent 128 and norm the pixel normalisation. Weights are normal with deviation 0.02.
/// Source: "Raw Audio Autoencoder" (2018).
public final class RawAutoencoder {
  /// One layer, from the encoder's first to the decoder's last.
  struct Layer {
    enum Kind {
      /// conv(x) sigmoid(gate(x)).
      case open
      /// tanh(norm(conv(x))) sigmoid(norm(gate(x))).
      case gated
      /// conv(x).
      case plain
    }
    let name: String
    let kind: Kind
    let isTransposed: Bool
    let inputs: Int
    let outputs: Int
    let kernel: Int
    let stride: Int
    let padding: Int
    /// Elements of the input for each sample.
    let width: Int

    var weightShape: [Int] { isTransposed ? [inputs, outputs, kernel] : [outputs, inputs, kernel] }
    /// Names of the weights: the convolution's and, where there is one, the gate's.
    var weightNames: [String] {
      kind == .plain ? ["\(name).conv.weight"] : ["\(name).conv.weight", "\(name).gate.weight"]
    }

    /// The convolution of `samples` signals with all weights of the layer stacked (`stacked`), or with one of them.
    func convolution(samples: Int, stacked: Bool) -> SignalConvolution {
      let both = stacked ? weightNames.count : 1
      let fine = isTransposed ? (width - 1) * stride - 2 * padding + kernel : width
      return SignalConvolution(
        samples: samples, fineChannels: isTransposed ? outputs : inputs,
        coarseChannels: isTransposed ? inputs : both * outputs, fineWidth: fine, kernel: kernel, stride: stride,
        padding: padding)
    }
    /// Elements of the output for each sample.
    var outputWidth: Int {
      let shape = convolution(samples: 1, stacked: false)
      return isTransposed ? shape.fineWidth : shape.coarseWidth
    }
  }

  public let options: RawAutoencoderOptions
  let encoder: [Layer]
  let decoder: [Layer]
  static let latentName = "encoder.5.weight"
  let parameters: ParameterStore

  /// Weights drawn from a seed: tensor i of the parameters, in order, is draw i of stream 1.
  public init(_ options: RawAutoencoderOptions = .init(), seed: UInt64 = 0) {
    self.options = options
    let c = options.channels
    // Outputs, kernel, stride, padding of each layer.
    func chain(
      _ stem: String, inputs: Int, width: Int, isTransposed: Bool, _ rows: [(Layer.Kind, Int, Int, Int, Int)]
    ) -> [Layer] {
      var layers: [Layer] = []
      for (index, row) in rows.enumerated() {
        let layer = Layer(
          name: "\(stem).\(index)", kind: row.0, isTransposed: isTransposed, inputs: layers.last?.outputs ?? inputs,
          outputs: row.1, kernel: row.2, stride: row.3, padding: row.4, width: layers.last?.outputWidth ?? width)
        layers.append(layer)
      }
      return layers
    }
    encoder = chain(
      "encoder", inputs: 1, width: RawAutoencoderOptions.window, isTransposed: false,
      [
        (.open, c, 16, 8, 4), (.gated, 2 * c, 8, 4, 2), (.gated, 2 * c, 8, 4, 2), (.gated, 2 * c, 8, 4, 2),
        (.gated, 2 * c, 4, 2, 0),
      ])
    decoder = chain(
      "decoder", inputs: options.latent, width: 1, isTransposed: true,
      [
        (.gated, 2 * c, 4, 2, 0), (.gated, 2 * c, 8, 4, 2), (.gated, 2 * c, 8, 4, 2), (.gated, c, 8, 4, 2),
        (options.levels == 1 ? .open : .plain, options.levels, 16, 8, 4),
      ])
    func weights(_ layers: [Layer]) -> [(name: String, shape: [Int])] {
      layers.flatMap { layer in layer.weightNames.map { ($0, layer.weightShape) } }
    }
    parameters = ParameterStore(
      weights(encoder) + [(Self.latentName, [options.latent, 2 * c])] + weights(decoder))
    for (index, entry) in parameters.entries.enumerated() {
      parameters.set(
        entry, to: normalInitialization(shape: entry.shape, deviation: 0.02, seed: seed, index: UInt64(index)))
    }
  }

  /// Names as in PyTorch modules of the same names, and weights.
  public var tensors: [(name: String, tensor: Tensor<Float>)] { parameters.tensors }

  /// Takes weights; throws `.malformed` where one is missing, of another shape or not finite.
  public func load(_ tensors: [String: Tensor<Float>]) throws(PerceptualError) {
    for entry in parameters.entries {
      guard let tensor = tensors[entry.name] else {
        throw .malformed("tensor \(entry.name) of shape \(entry.shape) is missing")
      }
      if tensor.shape != entry.shape {
        throw .malformed("tensor \(entry.name) has shape \(tensor.shape), \(entry.shape) was expected")
      }
      if let bad = tensor.elements.first(where: { !$0.isFinite }) {
        throw .malformed("tensor \(entry.name) holds \(bad), finite numbers were expected")
      }
    }
    for entry in parameters.entries {
      if let tensor = tensors[entry.name] { parameters.set(entry, to: tensor) }
    }
  }

  /// What the network makes of windows [N, 2048]: [N, 2048], or logits [levels, N, 2048].
  public func reconstruct(_ windows: Tensor<Float>) -> Tensor<Float> {
    require(
      windows.rank == 2 && windows.shape[0] > 0 && windows.shape[1] == RawAutoencoderOptions.window,
      "windows: shape \(windows.shape), [N, \(RawAutoencoderOptions.window)] is needed")
    let pass = RawAutoencoderPass(self, samples: windows.shape[0], keepsForGradient: false)
    pass.forward(windows.elements)
    return pass.outputTensor
  }
}
