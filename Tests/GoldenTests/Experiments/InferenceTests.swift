import Fast
import PerceptualCore
import PerceptualTestSupport
import Reference
import Testing

@testable import PerceptualExperiments

/// The network in evaluation mode, where its passes fuse more than in training, beside the equations in Double.
///
/// The yardstick is single precision itself: the same network run operation by operation in Float. Fused, its root mean
/// square distance from the truth may be at most twice as large.
@Suite struct InferenceTests {
  static let allowance = 2.0

  /// Two steps of training, so that running statistics, gamma and beta are not what they start from.
  private func network(_ options: AutoencoderOptions = .init(channels: 32), seed: UInt64 = 9) throws -> Autoencoder {
    let network = Autoencoder(options, seed: seed)
    let trainer = try Trainer(
      network, options: TrainingOptions(loss: .mse, iterations: 2, batch: 2, size: 48, seed: seed), data: .noise)
    try trainer.step()
    try trainer.step()
    return network
  }

  private func reference(_ network: Autoencoder, _ x: Tensor<Float>, _ quantisation: Quantisation) throws -> Tensor<
    Double
  > {
    let options = network.options
    let tensors = Dictionary(uniqueKeysWithValues: network.tensors.map { ($0.name, $0.tensor) })
    func tensor(_ name: String) throws -> Tensor<Double> { try #require(tensors[name]).converted() }
    var y: Tensor<Double> = x.converted()
    for (number, layer) in network.layers.enumerated() {
      let weight = try tensor("\(layer.convolution).weight")
      let bias = try tensor("\(layer.convolution).bias")
      let geometry = layer.stage.geometry
      switch layer.stage.kind {
      case .convolution, .transposed: break
      case .nearest: y = Reference.nearestUpsampling(y, factor: 2)
      case .bilinear: y = Reference.bilinearUpsampling(y, factor: 2)
      }
      y =
        layer.stage.kind == .transposed
        ? Reference.transposedConvolution2D(y, weight: weight, bias: bias, geometry: geometry)
        : Reference.convolution2D(y, weight: weight, bias: bias, geometry: geometry)
      y =
        Reference.batchNormalization(
          y, gamma: try tensor("\(layer.normalization).weight"), beta: try tensor("\(layer.normalization).bias"),
          runningMean: try tensor("\(layer.normalization).running_mean"),
          runningVariance: try tensor("\(layer.normalization).running_var"), epsilon: options.epsilon, training: false
        ).y
      y = layer.activationIsTanh ? Reference.tanh(y) : Reference.leakyReLU(y, slope: options.slope)
      guard number == Autoencoder.latentLayer else { continue }
      switch quantisation {
      case .soft: y = Reference.softQuantization(y, centres: options.centres, scale: options.scale)
      case .hard: y = Reference.hardQuantization(y, centres: options.centres)
      }
    }
    let last = network.lastConvolution
    return Reference.sigmoid(
      Reference.convolution2D(
        y, weight: try tensor("\(last).weight"), bias: try tensor("\(last).bias"),
        geometry: options.lastGeometry))
  }

  /// Operation by operation, in single precision.
  private func direct(_ network: Autoencoder, _ x: Tensor<Float>, _ quantisation: Quantisation) -> Tensor<Float> {
    let direct = DirectPass(
      network, images: x.shape[0], height: x.shape[2], width: x.shape[3], keepsForGradient: false)
    x.elements.withUnsafeBufferPointer { pixels in
      guard let pixels = pixels.baseAddress else { return }
      direct.forward(
        pixels, statistics: .running, quantisation: quantisation, scale: network.options.scale, updatesRunning: false)
    }
    return Tensor(Array(UnsafeBufferPointer(start: direct.output, count: x.count)), shape: x.shape)
  }

  static let architectures: [AutoencoderOptions] = [
    .init(channels: 32), .init(channels: 32, kernel: 2),
    .init(channels: 32, latentChannels: 64, kernel: 3, lastKernel: 1),
    .init(channels: 32, kernel: 2, decoder: .nearest), .init(channels: 32, encoderKernel: 2, decoderKernel: 4),
    .init(channels: 32, latentChannels: 3, kernel: 2), .init(channels: 32, latentChannels: 40, decoder: .nearest),
  ]

  /// Those that run operation by operation alone.
  @Test(arguments: [
    AutoencoderOptions(channels: 32, kernel: 5, lastKernel: 5), .init(channels: 6, kernel: 6),
    .init(channels: 6, kernel: 3),
    .init(channels: 32, kernel: 2, decoder: .bilinear), .init(channels: 6, decoder: .nearest, decoderKernel: 5),
  ])
  func operationByOperationAgreesWithTheEquations(_ options: AutoencoderOptions) throws {
    let network = try network(options)
    let x = noisePictures([2, 1, 48, 32], seed: 9)
    #expect(network.passes(height: 48, width: 32)[0].obstacle != nil)
    let truth = try reference(network, x, .soft)
    let distance = rootMeanSquareDistance(network.reconstruct(x), truth)
    #expect(distance < Self.singlePrecision, "\(distance)")
  }

  /// A network's outputs lie between 0 and 1, and single precision carries some ten roundings of its activations there.
  static let singlePrecision = 16 * Double(Float.ulpOfOne)

  /// One piece of work an image; several below one another; several side by side, of unequal size.
  @Test(arguments: [[1, 1, 32, 32], [2, 1, 48, 32], [1, 1, 32, 560]], Quantisation.allCases)
  func agreesWithTheEquations(_ shape: [Int], _ quantisation: Quantisation) throws {
    try agrees(try network(), shape, quantisation)
  }

  @Test(arguments: architectures) func everyArchitectureAgreesWithTheEquations(_ options: AutoencoderOptions) throws {
    try agrees(try network(options), [2, 1, 48, 64], .soft)
  }

  private func agrees(_ network: Autoencoder, _ shape: [Int], _ quantisation: Quantisation) throws {
    #expect(network.passes(height: shape[2], width: shape[3])[0].obstacle == nil)
    let x = noisePictures(shape, seed: 9)
    let truth = try reference(network, x, quantisation)
    let plain = rootMeanSquareDistance(direct(network, x, quantisation), truth)
    #expect(plain < Self.singlePrecision, "\(plain)")
    #expect(plain > 0)
    for instructionSet in InstructionSet.available {
      let fused = Execution.$current.withValue(Execution(threads: 2, instructionSet: instructionSet)) {
        rootMeanSquareDistance(network.reconstruct(x, quantisation: quantisation), truth)
      }
      #expect(
        fused <= Self.allowance * plain, "\(instructionSet): \(fused) from Double, operation by operation \(plain)")
    }
  }

  @Test func isTheSameForAnyNumberOfThreads() throws {
    let network = try network()
    let x = noisePictures([2, 1, 32, 560], seed: 9)
    func run(_ threads: Int) -> [Float] {
      Execution.$current.withValue(Execution(threads: threads)) { network.reconstruct(x).elements }
    }
    let once = run(1)
    for threads in threadCounts { #expect(run(threads) == once, "\(threads) threads") }
  }

  /// Filters are transformed once and kept: only for as long as the weights are the same.
  @Test func newWeightsAreTakenUp() throws {
    let network = try network()
    let other = try self.network(seed: 10)
    let x = noisePictures([1, 1, 32, 32], seed: 9)
    let before = network.reconstruct(x)
    #expect(network.reconstruct(x) == before)
    let expected = other.reconstruct(x)
    #expect(expected != before)
    try network.load(Dictionary(uniqueKeysWithValues: other.tensors.map { ($0.name, $0.tensor) }))
    #expect(network.reconstruct(x) == expected)
  }
}
