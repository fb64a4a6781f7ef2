import PerceptualCore
import PerceptualFiles

/// What of a network is exported.
public enum NetworkPart: String, Sendable, CaseIterable {
  /// From the picture to the latent and what is sent of it.
  case encoder
  /// From what is sent to the picture.
  case decoder
  /// From picture to picture.
  case whole
}

extension Autoencoder {
  /// The network, or a part of it, as an ONNX model of operator set 17, in evaluation mode: batch norm takes the
  /// running statistics.
  ///
  /// | part | takes | gives |
  /// |---|---|---|
  /// | encoder, soft | picture | latent, quantised |
  /// | encoder, hard | picture | latent, code |
  /// | decoder, soft | quantised | reconstruction |
  /// | decoder, hard | code | reconstruction |
  /// | whole | picture | reconstruction |
  ///
  /// - picture, reconstruction: float [batch, 1, height, width], logarithmic mel-spectrograms scaled to 0 ... 1, row 0
  ///   the lowest band. Batch, height and width are free; height and width must be multiples of 16, which no runtime
  ///   checks.
  /// - latent: float [batch, m, height / 16, width / 16], tanh's output in -1 ... 1, before quantisation.
  /// - quantised: float, the latent's shape: the mean of Eq. 1 of arXiv 2312.03455, y = sum_j p_j c_j with p =
  ///   softmax_j(-s (z - c_j)^2).
  /// - code: int64, the latent's shape: the index of the nearest centre, 0 the lowest, the lower one of two at equal
  ///   distance. These are the numbers that a code file holds, in its order.
  ///
  /// Weights keep their names (docs/network.md) and bits. Accuracy: single precision; a runtime sums in an order of its
  /// own. The same network gives the same bytes. `metadata` goes with the model.
  ///
  /// Throws `.malformed` where single precision cannot hold slope, epsilon, a centre or scale times centre, `.usage`
  /// where the model would be larger than the 2 GB that a protocol buffer can be.
  public func onnx(
    part: NetworkPart = .whole, quantisation: Quantisation = .soft, metadata: [String: String] = [:]
  ) throws(PerceptualError) -> [UInt8] {
    try ONNXExport(self, part, quantisation).bytes(metadata)
  }
}

/// The export of a network as it is put together.
private struct ONNXExport {
  private let network: Autoencoder
  private let options: AutoencoderOptions
  private let part: NetworkPart
  private let quantisation: Quantisation
  private let tensors: [String: Tensor<Float>]
  private var model = ONNXModel()

  private static let pictureAxes: [ONNXModel.Axis] = ["batch", 1, "height", "width"]
  private var latentAxes: [ONNXModel.Axis] { ["batch", .fixed(options.latentChannels), "rows", "columns"] }

  init(_ network: Autoencoder, _ part: NetworkPart, _ quantisation: Quantisation) throws(PerceptualError) {
    self.network = network
    options = network.options
    self.part = part
    self.quantisation = quantisation
    tensors = Dictionary(uniqueKeysWithValues: network.tensors.map { ($0.name, $0.tensor) })
    var numbers = [("slope", options.slope), ("epsilon", options.epsilon), ("scale", options.scale)]
    for centre in options.centres {
      numbers += [("a centre", centre), ("scale times centre", 2 * options.scale * centre)]
      numbers.append(("scale times squared centre", options.scale * centre * centre))
    }
    for (name, value) in numbers where !Float(value).isFinite {
      throw .malformed(
        "\(name): \(value) found, a number that single precision holds was expected, as ONNX has it: train with another"
      )
    }
    if options.epsilon != 0 && Float(options.epsilon) == 0 {
      throw .malformed(
        "epsilon: \(options.epsilon) found, which is 0 in single precision, as ONNX has it: train with a "
          + "larger one")
    }
    let bytes = tensors.values.reduce(0) { $0 + 4 * $1.count }
    // Room for everything else.
    if bytes > Int(Int32.max) - 1 << 20 {
      throw .usage(
        "\(bytes) bytes of weights (\(MachineMemory.text(bytes))): an ONNX file holds 2 GB at most; export a network "
          + "of fewer channels")
    }
  }

  func bytes(_ metadata: [String: String]) -> [UInt8] {
    var export = self
    switch part {
    case .encoder: export.encoder()
    case .decoder: export.decoder()
    case .whole: export.whole()
    }
    var described = metadata
    described["export.part"] = part.rawValue
    described["export.quantisation"] = quantisation.rawValue
    return export.model.bytes(
      name: "autoencoder, \(part.rawValue)",
      text:
        "The compressive autoencoder of arXiv 2312.03455 in evaluation mode: \(part.rawValue), "
        + "\(quantisation.rawValue) quantisation. Heights and widths of pictures are multiples of "
        + "\(AutoencoderOptions.sizeMultiple). Weights are named as in the PyTorch module of docs/network.md.",
      metadata: described)
  }

  private mutating func encoder() {
    let latent = encoded(picture(), to: "latent")
    model.output(latent, latentAxes, "The latent before quantisation, -1 to 1.")
    switch quantisation {
    case .soft:
      model.output(soft(latent), latentAxes, "The latent after soft quantisation: the decoder's input.")
    case .hard:
      model.output(
        code(latent), latentAxes, of: .int64, "Indices of the nearest centres, 0 the lowest: the decoder's input.")
    }
  }

  private mutating func decoder() {
    switch quantisation {
    case .soft:
      model.input("quantised", latentAxes, "The quantised latent; its values lie between the outermost centres.")
      decode("quantised")
    case .hard:
      model.input("code", latentAxes, of: .int64, "Indices of centres, 0 the lowest.")
      decode(values(of: "code"))
    }
  }

  private mutating func whole() {
    let latent = encoded(picture(), to: "latent")
    decode(quantisation == .soft ? soft(latent) : values(of: code(latent)))
  }

  private mutating func picture() -> String {
    model.input("picture", Self.pictureAxes, "Logarithmic mel-spectrograms scaled to 0 ... 1, the lowest band first.")
    return "picture"
  }

  private mutating func encoded(_ picture: String, to name: String) -> String {
    var x = picture
    for layer in network.layers[...Autoencoder.latentLayer] {
      x = block(layer, x, to: layer.activationIsTanh ? name : nil)
    }
    return x
  }

  private mutating func decode(_ quantised: String) {
    var x = quantised
    for layer in network.layers[(Autoencoder.latentLayer + 1)...] { x = block(layer, x) }
    let kernel = options.lastKernel
    let y = convolution("Conv", network.lastConvolution, x, kernel: kernel, options.lastGeometry)
    let answer = model.node("Sigmoid", [y], to: "reconstruction")
    model.output(answer, Self.pictureAxes, "Reconstructed logarithmic mel-spectrograms, 0 to 1.")
  }

  /// Convolution, batch norm, activation. Values are named by the indices of their modules in the Sequential.
  private mutating func block(_ layer: Autoencoder.Layer, _ input: String, to name: String? = nil) -> String {
    var x = input
    if layer.stage.kind.isUpsampling {
      x = model.node("Resize", [x, "", doubling], resizing(layer.stage.kind), to: "\(layer.index - 1)")
    }
    x = convolution(
      layer.stage.kind == .transposed ? "ConvTranspose" : "Conv", layer.convolution, x, kernel: layer.stage.kernel,
      layer.stage.geometry)
    let normalization = ["weight", "bias", "running_mean", "running_var"].map { weight("\(layer.normalization).\($0)") }
    x = model.node(
      "BatchNormalization", [x] + normalization, ["epsilon": .number(Float(options.epsilon))], to: layer.normalization)
    let output = name ?? "\(layer.index + 2)"
    return layer.activationIsTanh
      ? model.node("Tanh", [x], to: output)
      : model.node("LeakyRelu", [x], ["alpha": .number(Float(options.slope))], to: output)
  }

  private mutating func convolution(
    _ operation: String, _ name: String, _ x: String, kernel: Int, _ geometry: ConvolutionGeometry
  ) -> String {
    let inputs = [x, weight("\(name).weight"), weight("\(name).bias")]
    let padding = [geometry.padding.height, geometry.padding.width]
    let sides: ONNXModel.Attribute = .integers([kernel, kernel])
    let strides: ONNXModel.Attribute = .integers([geometry.stride.height, geometry.stride.width])
    let pads: ONNXModel.Attribute = .integers(padding + padding)
    if operation == "Conv" {
      return model.node(operation, inputs, ["kernel_shape": sides, "strides": strides, "pads": pads], to: name)
    }
    let further: ONNXModel.Attribute = .integers([geometry.outputPadding.height, geometry.outputPadding.width])
    return model.node(
      operation, inputs, ["kernel_shape": sides, "strides": strides, "pads": pads, "output_padding": further], to: name)
  }

  /// A tensor of the network under its own name.
  private mutating func weight(_ name: String) -> String {
    tensors[name].map { model.weight(name, $0) } ?? ""
  }

  /// Eq. 1. Its softmax is that of s c_j (2 z - c_j), as the factor exp(-s z^2) is common to all; the constants are
  /// taken less their greatest, which leaves less to round.
  private mutating func soft(_ latent: String) -> String {
    let (scale, centres) = (options.scale, options.centres)
    let constants = centres.map { -scale * $0 * $0 }
    let greatest = constants.max() ?? 0
    let slopes = model.weight("12.slopes", Tensor(centres.map { Float(2 * scale * $0) }))
    let offsets = model.weight("12.offsets", Tensor(constants.map { Float($0 - greatest) }))
    let column = model.weight("12.centres", Tensor(centres.map { Float($0) }, shape: [centres.count, 1]))
    let product = model.node("Mul", [apart(latent), slopes], to: "12.product")
    let exponents = model.node("Add", [product, offsets], to: "12.exponents")
    let shares = model.node("Softmax", [exponents], ["axis": .integer(-1)], to: "12.shares")
    let mean = model.node("MatMul", [shares, column], to: "12.mean")
    return model.node("Squeeze", [mean, lastAxis], to: "quantised")
  }

  /// How many midpoints of neighbouring centres lie below: the index of the nearest centre.
  private mutating func code(_ latent: String) -> String {
    let centres = options.centres
    let midpoints = zip(centres, centres.dropFirst()).map { roundedDown(($0 + $1) / 2) }
    // A last one that nothing exceeds, so that there is one where there is a single centre.
    let thresholds = model.weight("12.thresholds", Tensor(midpoints + [.infinity]))
    let above = model.node("Greater", [apart(latent), thresholds], to: "12.above")
    let ones = model.node("Cast", [above], ["to": .integer(ONNXModel.Element.int64.rawValue)], to: "12.ones")
    return model.node("ReduceSum", [ones, lastAxis], ["keepdims": .integer(0)], to: "code")
  }

  /// The centres that a code stands for.
  private mutating func values(of code: String) -> String {
    let centres = model.weight("12.centres", Tensor(options.centres.map { Float($0) }))
    return model.node("Gather", [centres, code], to: "quantised")
  }

  /// A value with an axis of 1 behind its own, for the centres.
  private mutating func apart(_ x: String) -> String { model.node("Unsqueeze", [x, lastAxis], to: "12.apart") }

  /// The names of constants that several nodes share, added with the first of them.
  private var shared: Set<String> = []
  private var lastAxis: String {
    mutating get { shared.insert("axis").inserted ? model.weight("axis", [-1]) : "axis" }
  }
  private var doubling: String {
    mutating get { shared.insert("doubling").inserted ? model.weight("doubling", Tensor([1, 1, 2, 2])) : "doubling" }
  }

  /// Upsampling as `torch.nn.Upsample(scale_factor=2)` has it, corners not aligned.
  private func resizing(_ kind: Stage.Kind) -> KeyValuePairs<String, ONNXModel.Attribute> {
    kind == .nearest
      ? [
        "mode": .text("nearest"), "coordinate_transformation_mode": .text("asymmetric"), "nearest_mode": .text("floor"),
      ] : ["mode": .text("linear"), "coordinate_transformation_mode": .text("half_pixel")]
  }
}

/// The greatest single-precision number that is not above: a single-precision number exceeds both or neither.
private func roundedDown(_ value: Double) -> Float {
  let nearest = Float(value)
  return Double(nearest) > value ? nearest.nextDown : nearest
}
