import Fast
import Foundation
import PerceptualCore
import PerceptualFiles

/// Settings of a training of the autoencoder of raw samples.
public struct RawAudioTrainingOptions: Equatable, Sendable {
  public var loss: RawAudioLoss
  public var iterations: Int
  public var batch: Int
  public var learningRate: Double
  public var seed: UInt64

  public init(
    loss: RawAudioLoss, iterations: Int = 1000, batch: Int = 32, learningRate: Double = 5e-5, seed: UInt64 = 0
  ) {
    self.loss = loss
    self.iterations = iterations
    self.batch = batch
    self.learningRate = learningRate
    self.seed = seed
  }

  /// Throws what a user can get wrong.
  public func validate() throws(PerceptualError) {
    if !(0...1 << 30).contains(iterations) {
      throw .usage("iterations: \(iterations) given, 0 to 2^30 are possible")
    }
    if !(1...1 << 12).contains(batch) { throw .usage("batch: \(batch) given, 1 to 4096 are possible") }
    if !(learningRate > 0 && learningRate.isFinite) {
      throw .usage("learning rate: \(learningRate) given, a positive number is needed")
    }
  }
}

/// Trains an autoencoder of raw samples with Adam. Iteration i draws batch i of the data, so a resumed run continues
/// bit for bit.
public final class RawAudioTrainer: ResumableTrainer {
  public let network: RawAutoencoder
  public let options: RawAudioTrainingOptions
  public let data: RawAudioData
  public let optimizer: Optimizer
  public let execution = Execution.current
  private let pass: RawAutoencoderPass
  /// Windows held out that measures are taken of.
  private lazy var heldOut = data.heldOutWindows(Self.judged)
  static let judged = 64

  public init(
    _ network: RawAutoencoder, options: RawAudioTrainingOptions, data: RawAudioData
  ) throws(PerceptualError) {
    try options.validate()
    require(
      network.options.levels == options.loss.levels,
      "network: \(network.options.levels) levels, the loss \(options.loss.rawValue) needs \(options.loss.levels)")
    self.network = network
    self.options = options
    self.data = data
    optimizer = Optimizer(network.parameters, weightDecay: 0, advice: "Lower the learning rate")
    pass = RawAutoencoderPass(network, samples: options.batch, keepsForGradient: true)
  }

  public func takeStep() throws(PerceptualError) -> TrainingStep {
    try step(on: data.batch(iteration, count: options.batch, seed: options.seed))
  }

  /// One step on windows [batch, 2048].
  @discardableResult
  func step(on windows: Tensor<Float>) throws(PerceptualError) -> TrainingStep {
    require(
      windows.shape == [options.batch, RawAutoencoderOptions.window],
      "windows: shape \(windows.shape), a batch of \(options.batch) is needed")
    pass.forward(windows.elements)
    let (loss, upstream) = options.loss.valueAndGradient(pass.outputTensor, target: windows)
    pass.backward(windows.elements, upstream: upstream.elements, gradient: optimizer.gradient)
    return try optimizer.step(loss: loss, learningRate: options.learningRate)
  }

  /// The loss on windows held out and what the network makes of them, in batches.
  public func validate(_ windows: Tensor<Float>) -> (loss: Double, output: Tensor<Float>) {
    let count = windows.shape[0]
    let window = RawAutoencoderOptions.window
    var sum = 0.0
    var samples: [Float] = []
    for first in stride(from: 0, to: count, by: options.batch) {
      let size = min(options.batch, count - first)
      let part = Tensor(Array(windows.elements[first * window..<(first + size) * window]), shape: [size, window])
      let output = network.reconstruct(part)
      sum += options.loss.valueAndGradient(output, target: part).value * Double(size)
      samples +=
        options.loss == .categorical ? RawAudioDecoding.mean.samples(ofLogits: output).elements : output.elements
    }
    return (sum / Double(count), Tensor(samples, shape: windows.shape))
  }

  public var iterations: Int { options.iterations }

  /// The epoch; at checkpoints the loss on windows held out, and means of the measures of ``ClipMeasures`` over them.
  public func logMembers(_ step: TrainingStep, isCheckpoint: Bool) -> JSONValue {
    let epoch: JSONValue = ["epoch": .number(Double(step.iteration * options.batch) / Double(data.trainingCount))]
    if !isCheckpoint { return epoch }
    let (loss, output) = validate(heldOut)
    return epoch.adding(["validationLoss": .number(loss)])
      .adding(JSONValue(rawAudioMeasures(output, target: heldOut)))
  }
}

/// Means over windows [N, 2048] of ``ClipMeasures``; energies are added up before their ratio is taken.
/// The Bark distance is that of ``BarkDistanceOptions/rawAutoencoder``.
private func rawAudioMeasures(_ output: Tensor<Float>, target: Tensor<Float>) -> [(name: String, value: Double)] {
  let count = target.shape[0]
  let window = target.shape[1]
  let distances = barkDistance(output, target: target, options: .rawAutoencoder)
  let each = Execution.current.map(count) { n in
    let range = n * window..<(n + 1) * window
    return ClipMeasures(
      Tensor(Array(output.elements[range])), original: Tensor(Array(target.elements[range])),
      barkDistance: Double(distances[n]))
  }
  return ClipMeasures.keys.map { name, measure in
    let values = each.map { $0[keyPath: measure] }
    // Ratios have no mean worth the name: their geometric one, within a millionth and a million.
    let isRatio = name == "highFrequencyEnergyRatio" || name == "onsetSharpness"
    let sum = values.reduce(0) { $0 + (isRatio ? log(min(max($1, 1e-6), 1e6)) : $1) } / Double(count)
    return (name, isRatio ? exp(sum) : sum)
  }
}
