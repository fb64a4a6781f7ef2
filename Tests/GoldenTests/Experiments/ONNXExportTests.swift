import Fast
import PerceptualCore
import PerceptualFiles
import PerceptualTestSupport
import Reference
import Testing

@testable import PerceptualExperiments

/// Models read back and computed in Double by Reference, beside the network itself. onnxruntime's word on them is had
/// by tools/oracles/exchange.
@Suite struct ONNXExportTests {
  /// Odd and even kernels, every kind of decoder, every shape of the last kernel and of the latent, and quantisers.
  static let architectures: [AutoencoderOptions] = [
    .init(channels: 5), .init(channels: 4, kernel: 3, lastKernel: 1),
    .init(channels: 4, encoderKernel: 4, decoderKernel: 5),
    .init(channels: 4, latentChannels: 3, decoder: .nearest, slope: 0.2),
    .init(channels: 4, encoderKernel: 5, decoder: .bilinear, decoderKernel: 5, lastKernel: 5),
    .init(channels: 4, decoder: .nearest, decoderKernel: 1, epsilon: 0.01),
    .init(channels: 4, centres: [-0.9, -0.2, 0.3, 1], scale: 4), .init(channels: 4, centres: [0.25], scale: 3),
  ]

  @Test(arguments: architectures, Quantisation.allCases)
  func computesTheNetwork(_ options: AutoencoderOptions, _ quantisation: Quantisation) throws {
    let network = try smallNetwork(options)
    let x = noisePictures([2, 1, 32, 48], seed: 3)
    let whole = try ONNXGraph(try network.onnx(quantisation: quantisation))
    let encoder = try ONNXGraph(try network.onnx(part: .encoder, quantisation: quantisation))
    let decoder = try ONNXGraph(try network.onnx(part: .decoder, quantisation: quantisation))
    let picture: Tensor<Double> = x.converted()
    let answer = try #require(try whole(["picture": picture])["reconstruction"])
    // Hard quantisation in Double turns a latent that lies within single precision's rounding of a midpoint: none here.
    let distance = rootMeanSquareDistance(network.reconstruct(x, quantisation: quantisation), answer)
    #expect(distance < InferenceTests.singlePrecision, "\(distance)")
    let sent = try encoder(["picture": picture])
    let latent = try #require(sent["latent"])
    #expect(latent.shape == [2, options.latentChannels, 2, 3])
    let quantised: Tensor<Double>
    switch quantisation {
    case .soft:
      quantised = try #require(sent["quantised"])
      let expected = Reference.softQuantization(latent, centres: options.centres, scale: options.scale)
      let error = rootMeanSquareDistance(quantised.converted(), expected)
      #expect(error < InferenceTests.singlePrecision, "\(error)")
    case .hard:
      quantised = try #require(sent["code"])
      #expect(quantised.elements.map { Int($0) } == network.codes(x).flatMap { $0 })
      #expect(
        quantised.elements.map { Int($0) } == Reference.hardQuantizationIndices(latent, centres: options.centres))
    }
    // Decoder after encoder is the whole, operation for operation.
    let parts = try decoder([quantisation == .soft ? "quantised" : "code": quantised])
    #expect(parts["reconstruction"] == answer)
  }

  /// A latent that single precision puts just above a midpoint which it cannot hold counts as above, as in Fast.
  @Test func midpointsAreRoundedDown() throws {
    let centres = [-1, 1.0 / 3, 0.9]
    let options = AutoencoderOptions(channels: 2, centres: centres)
    let model = try ONNXGraph(try Autoencoder(options).onnx(part: .encoder, quantisation: .hard))
    let thresholds = try #require(model.weights["12.thresholds"]).elements
    #expect(thresholds.count == 3 && thresholds[2] == .infinity)
    for (threshold, pair) in zip(thresholds, zip(centres, centres.dropFirst())) {
      let middle = (pair.0 + pair.1) / 2
      for z in [threshold.nextDown, threshold, threshold.nextUp] { #expect((z > threshold) == (Double(z) > middle)) }
    }
  }

  @Test func holdsTheWeightsAndSaysWhatItIs() throws {
    let network = try smallNetwork(AutoencoderOptions(channels: 4, latentChannels: 3, decoder: .nearest))
    let bytes = try network.onnx(metadata: ["seed": "4"])
    #expect(try network.onnx(metadata: ["seed": "4"]) == bytes)
    let model = try ONNXGraph(bytes)
    #expect(model.formatVersion == 8 && model.operatorSets == [17])
    #expect(model.producer == ["perceptual", packageVersion])
    #expect(model.metadata == ["seed": "4", "export.part": "whole", "export.quantisation": "soft"])
    #expect(model.descriptions.count == 3 && model.descriptions.allSatisfy { !$0.isEmpty })
    for (name, tensor) in network.tensors { #expect(model.weights[name] == tensor, "\(name)") }
    let picture = ["batch", "1", "height", "width"]
    #expect(model.inputs == [ONNXGraph.Port(name: "picture", element: 1, axes: picture)])
    #expect(model.outputs == [ONNXGraph.Port(name: "reconstruction", element: 1, axes: picture)])
    let block = ["Conv", "BatchNormalization", "LeakyRelu"]
    let operations = Array([block, block, block].joined()) + ["Conv", "BatchNormalization", "Tanh"]
    let quantiser = ["Unsqueeze", "Mul", "Add", "Softmax", "MatMul", "Squeeze"]
    let doubling = ["Resize"] + block
    #expect(
      model.nodes.map(\.operation)
        == operations + quantiser + doubling + doubling + doubling + doubling + ["Conv", "Sigmoid"])
  }

  @Test func partsDeclareWhatTheyTakeAndGive() throws {
    let network = Autoencoder(AutoencoderOptions(channels: 4, latentChannels: 3))
    let latent = ["batch", "3", "rows", "columns"]
    func port(_ name: String, _ element: Int = 1) -> ONNXGraph.Port {
      .init(name: name, element: element, axes: latent)
    }
    let soft = try ONNXGraph(try network.onnx(part: .encoder))
    #expect(soft.outputs == [port("latent"), port("quantised")])
    let hard = try ONNXGraph(try network.onnx(part: .encoder, quantisation: .hard))
    #expect(hard.outputs == [port("latent"), port("code", 7)])
    #expect(try ONNXGraph(try network.onnx(part: .decoder)).inputs == [port("quantised")])
    let decoder = try ONNXGraph(try network.onnx(part: .decoder, quantisation: .hard))
    #expect(decoder.inputs == [port("code", 7)])
    // A part holds its own weights alone.
    #expect(hard.weights["0.weight"] != nil && hard.weights["13.weight"] == nil)
    #expect(decoder.weights["0.weight"] == nil && decoder.weights["13.weight"] != nil)
  }

  @Test(arguments: [
    (AutoencoderOptions(channels: 2, slope: 1e60), "slope"),
    (AutoencoderOptions(channels: 2, epsilon: 1e-60), "epsilon"),
    (AutoencoderOptions(channels: 2, epsilon: 1e60), "epsilon"),
    (AutoencoderOptions(channels: 2, centres: [-1, 1e60]), "a centre"),
    (AutoencoderOptions(channels: 2, centres: [-1e30, 1], scale: 1e20), "scale times centre"),
    (AutoencoderOptions(channels: 2, centres: [-1e25, 1]), "scale times squared centre"),
  ])
  func refusesWhatSinglePrecisionCannotHold(_ options: AutoencoderOptions, _ phrase: String) throws {
    expectError(.malformed, beginning: phrase) { try Autoencoder(options).onnx() }
  }
}
