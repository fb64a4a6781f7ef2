import Fast
import PerceptualCore

/// The paper's compressive autoencoder, on Fast.
///
/// Encoder: 4 x (convolution of stride 2, batch norm, LeakyReLU), the last activation tanh. Soft quantisation. Decoder:
/// 4 x (transposed convolution of stride 2, batch norm, LeakyReLU), a 3x3 convolution to one channel, sigmoid. Tensors
/// are named as in the equivalent `torch.nn.Sequential` (encoder 0-11, quantiser 12, decoder 13-24, last convolution 25).
public final class Autoencoder {
  /// A trainer may change the scale of Eq. 1 for the length of a step (``TrainingQuantisation``).
  public internal(set) var options: AutoencoderOptions
  /// Weights, biases, gamma and beta.
  let parameters: ParameterStore
  /// Running means and variances.
  let statistics: ParameterStore
  let layers: [Layer]
  /// The last pass without gradients.
  var keptPass: KeptPass?

  /// One of the eight strided blocks: convolution, batch norm, activation.
  struct Layer {
    /// Index of the convolution in the Sequential; batch norm is the next one.
    let index: Int
    let isTransposed: Bool
    let inputs: Int
    let outputs: Int
    var activationIsTanh: Bool { index == Autoencoder.latentLayer * 3 }
    var convolution: String { "\(index)" }
    var normalization: String { "\(index + 1)" }
  }

  /// The block whose output is the latent.
  static let latentLayer = 3
  static let lastConvolution = "25"

  /// Draws PyTorch's default initialisation from stream 1 of `seed`: tensor i of the convolutions, weight before bias in
  /// the order of the Sequential, is uniform in +-1 / sqrt(fan in). Gamma is 1, beta 0.
  public init(_ options: AutoencoderOptions = .init(), seed: UInt64 = 0) {
    let problem = Result { () throws(PerceptualError) in try options.validate() }
    if case .failure(let error) = problem { require(false, error.description) }
    self.options = options
    let channels = options.channels
    layers = (0..<8).map { block in
      let decoder = block >= 4
      return Layer(
        index: block * 3 + (decoder ? 1 : 0), isTransposed: decoder, inputs: block == 0 ? 1 : channels,
        outputs: channels)
    }
    var shapes: [(name: String, shape: [Int])] = []
    var running: [(name: String, shape: [Int])] = []
    for layer in layers {
      let ends = layer.isTransposed ? [layer.inputs, layer.outputs] : [layer.outputs, layer.inputs]
      shapes.append(("\(layer.convolution).weight", ends + [options.kernel, options.kernel]))
      shapes.append(("\(layer.convolution).bias", [layer.outputs]))
      shapes.append(("\(layer.normalization).weight", [layer.outputs]))
      shapes.append(("\(layer.normalization).bias", [layer.outputs]))
      running.append(("\(layer.normalization).running_mean", [layer.outputs]))
      running.append(("\(layer.normalization).running_var", [layer.outputs]))
    }
    shapes.append(("\(Self.lastConvolution).weight", [1, channels, 3, 3]))
    shapes.append(("\(Self.lastConvolution).bias", [1]))
    parameters = ParameterStore(shapes)
    statistics = ParameterStore(running)
    initialize(seed: seed)
  }

  private func initialize(seed: UInt64) {
    var index: UInt64 = 0
    for entry in parameters.entries {
      let parts = entry.name.split(separator: ".")
      let convolution = layers.first { $0.convolution == parts[0] }
      if convolution == nil && parts[0] != Self.lastConvolution {
        let isGamma = parts[1] == "weight"
        (parameters.values + entry.offset).update(repeating: isGamma ? 1 : 0, count: entry.count)
        continue
      }
      let kernelArea = convolution == nil ? 9 : options.kernel * options.kernel
      // PyTorch counts the second axis of the weight, which for a transposed convolution is the outputs.
      let fanChannels = convolution.map { $0.isTransposed ? $0.outputs : $0.inputs } ?? options.channels
      parameters.set(
        entry,
        to: defaultInitialization(shape: entry.shape, fanIn: fanChannels * kernelArea, seed: seed, index: index))
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
      channels: options.channels, height: height, width: width, downsamplings: AutoencoderOptions.downsamplings,
      centres: options.centres.count)
  }

  /// All tensors by name, weights first.
  public var tensors: [(name: String, tensor: Tensor<Float>)] {
    parameters.entries.map { ($0.name, parameters.tensor($0)) }
      + statistics.entries.map { ($0.name, statistics.tensor($0)) }
  }

  /// Takes tensors by name; throws if one is missing, unknown, of another shape or not finite.
  public func load(_ tensors: [String: Tensor<Float>]) throws(PerceptualError) {
    let known = (parameters.entries + statistics.entries).map(\.name)
    if let stranger = tensors.keys.sorted().first(where: { !known.contains($0) }) {
      throw PerceptualError(.malformed, "unknown tensor \(stranger): this is no checkpoint of the autoencoder")
    }
    for store in [parameters, statistics] {
      for entry in store.entries {
        guard let tensor = tensors[entry.name] else {
          throw PerceptualError(.malformed, "tensor \(entry.name) is missing: this is no checkpoint of the autoencoder")
        }
        if tensor.shape != entry.shape {
          throw PerceptualError(.malformed, "tensor \(entry.name) has shape \(tensor.shape), expected \(entry.shape)")
        }
        if let place = tensor.elements.firstIndex(where: { !$0.isFinite }) {
          throw PerceptualError(
            .malformed, "tensor \(entry.name) holds \(tensor[place]) at \(coordinates(of: place, in: tensor.shape))")
        }
      }
    }
    for store in [parameters, statistics] {
      for entry in store.entries {
        if let tensor = tensors[entry.name] { store.set(entry, to: tensor) }
      }
    }
  }
}
