import Fast
import PerceptualCore

/// The paper's compressive autoencoder, on Fast.
///
/// Encoder: 4 x (convolution of stride 2, batch norm, LeakyReLU), the last activation tanh. Soft quantisation. Decoder:
/// 4 x (a transposed convolution of stride 2, or upsampling and a convolution; batch norm, LeakyReLU), a convolution to
/// one channel, sigmoid. Tensors are named as in the equivalent `torch.nn.Sequential`: encoder 0-11, quantiser 12,
/// decoder 13-24 and the last convolution 25, or, since upsampling counts as a layer, 13-28 and 29.
public final class Autoencoder {
  public let options: AutoencoderOptions
  /// Weights, biases, gamma and beta.
  let parameters: ParameterStore
  /// Running means and variances.
  let statistics: ParameterStore
  let layers: [Layer]
  /// The last pass without gradients; its size is images, height and width.
  var keptPass: (size: [Int], precision: ProductPrecision, execution: Execution, pass: any AutoencoderPass)?

  /// One of the eight blocks that change the resolution: convolution, batch norm, activation.
  struct Layer {
    /// Index of the convolution in the Sequential; batch norm is the next one.
    let index: Int
    let stage: Stage
    let inputs: Int
    let outputs: Int
    var activationIsTanh: Bool { index == Autoencoder.latentLayer * 3 }
    var convolution: String { "\(index)" }
    var normalization: String { "\(index + 1)" }
  }

  /// The block whose output is the latent.
  static let latentLayer = 3
  /// Name of the last convolution.
  var lastConvolution: String { Self.lastConvolution(of: options.decoder) }
  static func lastConvolution(of decoder: Stage.Kind) -> String { decoder.isUpsampling ? "29" : "25" }
  /// Index in the Sequential of the convolution of one of the decoder's blocks.
  static func decoderIndex(_ block: Int, _ decoder: Stage.Kind) -> Int {
    decoder.isUpsampling ? 14 + 4 * block : 13 + 3 * block
  }

  /// Draws the weights from stream 1 of `seed`, tensor i of the convolutions being number i of the stream, weight
  /// before bias in the order of the Sequential. Gamma is 1, beta 0.
  public init(
    _ options: AutoencoderOptions = .init(), seed: UInt64 = 0, initialisation: WeightInitialisation = .uniform
  ) {
    let problem = Result { () throws(PerceptualError) in try options.validate() }
    if case .failure(let error) = problem { require(false, error.description) }
    self.options = options
    let downsamplings = AutoencoderOptions.downsamplings
    // Channels of the picture and of every block's output.
    let others = [Int](repeating: options.channels, count: downsamplings)
    let widths: [Int] = [1] + Array(others.dropLast()) + [options.latentChannels] + others
    layers = (0..<2 * downsamplings).map { block in
      let isDecoder = block >= downsamplings
      return Layer(
        index: isDecoder ? Self.decoderIndex(block - downsamplings, options.decoder) : 3 * block,
        stage: isDecoder ? options.decoderStage : options.encoderStage, inputs: widths[block],
        outputs: widths[block + 1])
    }
    var shapes: [(name: String, shape: [Int])] = []
    var running: [(name: String, shape: [Int])] = []
    for layer in layers {
      shapes.append(
        ("\(layer.convolution).weight", layer.stage.weightShape(inputs: layer.inputs, outputs: layer.outputs)))
      shapes.append(("\(layer.convolution).bias", [layer.outputs]))
      shapes.append(("\(layer.normalization).weight", [layer.outputs]))
      shapes.append(("\(layer.normalization).bias", [layer.outputs]))
      running.append(("\(layer.normalization).running_mean", [layer.outputs]))
      running.append(("\(layer.normalization).running_var", [layer.outputs]))
    }
    let last = Self.lastConvolution(of: options.decoder)
    shapes.append(("\(last).weight", [1, options.channels, options.lastKernel, options.lastKernel]))
    shapes.append(("\(last).bias", [1]))
    parameters = ParameterStore(shapes)
    statistics = ParameterStore(running)
    initialize(initialisation, seed: seed)
  }

  private func initialize(_ initialisation: WeightInitialisation, seed: UInt64) {
    var index: UInt64 = 0
    for entry in parameters.entries {
      let parts = entry.name.split(separator: ".")
      let convolution = layers.first { $0.convolution == parts[0] }
      if convolution == nil && parts[0] != lastConvolution {
        let isGamma = parts[1] == "weight"
        (parameters.values + entry.offset).update(repeating: isGamma ? 1 : 0, count: entry.count)
        continue
      }
      let fanIn =
        convolution.map { $0.stage.fanIn(inputs: $0.inputs, outputs: $0.outputs) }
        ?? options.channels * options.lastKernel * options.lastKernel
      parameters.set(
        entry,
        to: initialisation.draw(
          entry.shape, isBias: parts[1] == "bias", fanIn: fanIn, slope: options.slope, seed: seed, index: index))
      index += 1
    }
    for entry in statistics.entries {
      let isVariance = entry.name.hasSuffix("var")
      (statistics.values + entry.offset).update(repeating: isVariance ? 1 : 0, count: entry.count)
    }
  }

  /// Names and shapes of everything that a checkpoint holds, and how many numbers are trained.
  public var parameterCount: Int { parameters.entries.reduce(0) { $0 + $1.count } }

  /// Eq. 2 for a picture of that size, in bits.
  public func entropyBound(height: Int, width: Int) -> Double {
    latentEntropyBound(
      channels: options.latentChannels, height: height, width: width, downsamplings: AutoencoderOptions.downsamplings,
      centres: options.centres.count)
  }

  /// All tensors by name, weights first.
  public var tensors: [(name: String, tensor: Tensor<Float>)] { parameters.tensors + statistics.tensors }

  /// Takes tensors by name; throws if one is missing, unknown, of another shape or not finite.
  public func load(_ tensors: [String: Tensor<Float>]) throws(PerceptualError) {
    let entries = [parameters, statistics].flatMap { store in store.entries.map { (store, $0) } }
    if let stranger = tensors.keys.sorted().first(where: { name in !entries.contains { $0.1.name == name } }) {
      throw .malformed("unknown tensor \(stranger): this is no checkpoint of the autoencoder")
    }
    for (_, entry) in entries {
      guard let tensor = tensors[entry.name] else {
        throw .malformed("tensor \(entry.name) is missing: this is no checkpoint of the autoencoder")
      }
      if tensor.shape != entry.shape {
        throw .malformed("tensor \(entry.name) has shape \(tensor.shape), expected \(entry.shape)")
      }
      if let place = tensor.elements.firstIndex(where: { !$0.isFinite }) {
        throw .malformed("tensor \(entry.name) holds \(tensor[place]) at \(coordinates(of: place, in: tensor.shape))")
      }
    }
    for (store, entry) in entries {
      if let tensor = tensors[entry.name] { store.set(entry, to: tensor) }
    }
  }
}
