import Fast
import Foundation
import PerceptualCore
import PerceptualFiles

/// Settings of a training run (arXiv 2312.03455, section 2.3).
public struct TrainingOptions: Equatable, Sendable {
  public var loss: TrainingLoss
  /// Losses added to `loss`, each times its weight.
  public var added: [LossTerm]
  /// Which published form of NLPD, wherever that is among the losses.
  public var family: LaplacianPyramidFamily
  /// How NLPD is joined over a batch: the mean of the images' distances, or one number for all images, as in the
  /// authors' codes: a norm of order 0.6 over the levels of all, or in the family "tensorflow" the mean of levels
  /// pooled over all.
  public var pooling: LaplacianPyramidPooling
  public var iterations: Int
  public var batch: Int
  /// Side of the square pictures, a multiple of 16.
  public var size: Int
  public var learningRate: Double
  public var decay: LearningRateDecay
  /// What the network's weights were drawn from.
  public var initialisation: WeightInitialisation
  public var seed: UInt64
  public var quantisation: TrainingQuantisation
  /// Computes the network's largest activation again where its gradient needs it, three times a step, in place of
  /// storing it: half the memory, the same bits, more time.
  public var checkpointsActivations: Bool
  /// In what the products of the strided convolutions but the first, which has a single channel, are computed, forward
  /// and backward; sums, activations, weights and moments are in single precision. The network must run in fused blocks
  /// for any other than fp32.
  public var precision: ProductPrecision

  /// A form that sees the level of a picture (docs/search.md); Hepburn's, which the tables report, does not.
  public static let defaultFamily = LaplacianPyramidFamily.tensorflow

  public init(
    loss: TrainingLoss, added: [LossTerm] = [], family: LaplacianPyramidFamily = defaultFamily,
    pooling: LaplacianPyramidPooling = .image, iterations: Int = 425, batch: Int = 64, size: Int = 256,
    learningRate: Double = 1e-3, decay: LearningRateDecay = .none, initialisation: WeightInitialisation = .uniform,
    seed: UInt64 = 0, quantisation: TrainingQuantisation = .soft, checkpointsActivations: Bool = false,
    precision: ProductPrecision = .fp32
  ) {
    self.precision = precision
    self.quantisation = quantisation
    self.loss = loss
    self.added = added
    self.family = family
    self.pooling = pooling
    self.iterations = iterations
    self.batch = batch
    self.size = size
    self.learningRate = learningRate
    self.decay = decay
    self.initialisation = initialisation
    self.seed = seed
    self.checkpointsActivations = checkpointsActivations
  }

  /// Every loss that is part of the sum.
  var losses: Set<TrainingLoss> { Set(added.map(\.loss)).union([loss]) }

  /// "NLPD", or with what is added "NLPD + 10 MSE".
  public var lossTitle: String {
    ([loss.title] + added.map { "\(String(format: "%g", $0.weight)) \($0.loss.title)" }).joined(separator: " + ")
  }

  /// Throws what a user can get wrong.
  public func validate() throws(PerceptualError) {
    let multiple = AutoencoderOptions.sizeMultiple
    if size < multiple || size % multiple != 0 {
      throw .usage("size: \(size) given, a multiple of \(multiple) is needed")
    }
    var given: Set = [loss]
    for term in added {
      // What each image's gradient is multiplied by, in single precision.
      if !(term.weight > 0) || !Float(term.weight / Double(max(1, batch))).isNormal {
        throw .usage(
          "added loss: \(term.loss.rawValue) with weight \(term.weight) given, a positive number is needed that single "
            + "precision can hold")
      }
      if !given.insert(term.loss).inserted {
        throw .usage("added loss: \(term.loss.rawValue) given a second time, each is needed once")
      }
    }
    if losses.contains(.nlpd),
      let obstacle = LaplacianPyramid.obstacle(
        levels: LaplacianPyramid.sigmas.count, family: family, pooling: pooling)
    {
      throw .usage(obstacle)
    }
    for loss in TrainingLoss.allCases where losses.contains(loss) {
      let least =
        switch loss {
        case .mse: 1
        case .nlpd: LaplacianPyramid.smallestSide(levels: LaplacianPyramid.sigmas.count, family: family)
        case .msSSIM: MultiScaleStructuralSimilarityOptions().smallestSide
        }
      if size < least {
        let possible = (least + multiple - 1) / multiple * multiple
        throw .usage(
          "size: \(size) given, the loss \(loss.rawValue) needs at least \(least); the next multiple of \(multiple) is "
            + "\(possible)")
      }
    }
    // Far beyond what any memory holds; products of sizes must not overflow.
    let most = 1 << 16
    if size > most || batch > most {
      throw .usage("size \(size) and batch \(batch) given, at most \(most) each is possible")
    }
    if batch < 1 { throw .usage("batch: \(batch) given, at least 1 is needed") }
    if batch == 1 && size == multiple {
      throw .usage(
        "batch: 1 given with size \(size), which leaves one value a channel in the latent and batch normalisation "
          + "needs two; give a batch of 2 or a size of \(2 * multiple)")
    }
    if iterations < 0 { throw .usage("iterations: \(iterations) given, at least 0 is needed") }
    if !(learningRate > 0 && learningRate.isFinite) {
      throw .usage("learning rate: \(learningRate) given, a positive number is needed")
    }
  }
}

/// Trains an autoencoder with AdamW. Iteration i draws batch i of the data, so a resumed run continues bit for bit.
///
/// A step that fails leaves the running statistics too as they were.
public final class Trainer: ResumableTrainer {
  public let network: Autoencoder
  public let options: TrainingOptions
  public let data: TrainingData
  public let optimizer: Optimizer
  public let execution = Execution.current
  public let ranks: (any Communicator)?
  private let share: BatchShare
  /// Clips that the network is tested on at checkpoints, as `evaluate` does by default; none leaves that out.
  public var test: ClipSet?
  /// The reconstructions of the last test, [N, 1, 256, 256].
  private var tested: Tensor<Float>?
  /// Of the pictures trained on; nil for noise.
  let fingerprint: String?
  private let pass: any AutoencoderPass
  /// s of Eq. 1 in the last step.
  private var scale: Double
  /// The running statistics before a step, which a step that fails puts back.
  private let earlierStatistics: ParameterStore
  private let objective: TrainingObjective
  /// The batch, and the gradient of the loss with respect to the network's output.
  private let arena = Arena()
  private let batch: UnsafeMutablePointer<Float>
  private let upstream: UnsafeMutablePointer<Float>

  /// Throws what of the options is wrong, or is not there for such a network: what can be known before any data are
  /// read.
  public static func validate(
    _ options: TrainingOptions, for network: Autoencoder, ranks: Int = 1
  ) throws(PerceptualError) {
    try options.validate()
    if options.batch < ranks {
      throw .usage("batch: \(options.batch) given, \(ranks) ranks need at least \(ranks); start fewer ranks")
    }
    let wanted = [
      ("checkpointing of activations", options.checkpointsActivations),
      ("precision \(options.precision.rawValue)", options.precision != .fp32),
      ("training on several ranks", ranks > 1),
    ]
    for (what, isWanted) in wanted where isWanted {
      try network.requireFusedBlocks(for: what, height: options.size, width: options.size)
    }
    let images = (options.batch + ranks - 1) / ranks
    let needed = network.trainingBytes(
      images: images, height: options.size, width: options.size, recomputes: options.checkpointsActivations)
    let limit = MachineMemory.limit
    if needed > limit {
      throw .usage(
        "a step of \(images) pictures of \(options.size)x\(options.size) with \(network.options.channels) "
          + "channels takes \(needed) bytes (\(MachineMemory.text(needed))), there are \(MachineMemory.text(limit)): "
          + "lower batch, size or channels")
    }
  }

  /// `ranks` are the processes that share each batch; every one makes such a trainer of the same network, options and
  /// data, and takes the same steps. They have the same bits as one process.
  ///
  /// Throws `.usage` also where the ranks run on different instruction sets.
  public init(
    _ network: Autoencoder, options: TrainingOptions, data: TrainingData, ranks: (any Communicator)? = nil
  ) throws(PerceptualError) {
    try Self.validate(options, for: network, ranks: ranks?.count ?? 1)
    try ranks?.checkInstructionSet()
    self.ranks = ranks
    let share = BatchShare(batch: options.batch, ranks: ranks)
    self.share = share
    try data.validate(height: options.size, width: options.size)
    self.network = network
    self.options = options
    self.data = data
    fingerprint = data.fingerprint
    scale = network.options.scale
    optimizer = Optimizer(
      network.parameters, advice: "Lower the learning rate, or look at the pictures trained on")
    earlierStatistics = ParameterStore(like: network.statistics)
    pass = network.makePass(
      share, height: options.size, width: options.size, keepsForGradient: true,
      recomputes: options.checkpointsActivations, precision: options.precision)
    objective = TrainingObjective(options, share)
    let pixels = share.images.count * options.size * options.size
    batch = arena.zeros(pixels)
    upstream = arena.zeros(pixels)
  }

  public func takeStep() throws(PerceptualError) -> TrainingStep {
    data.draw(
      iteration, images: share.images, height: options.size, width: options.size, seed: options.seed, into: batch)
    let statistics = network.statistics
    earlierStatistics.values.update(from: statistics.values, count: statistics.count)
    scale = options.quantisation.scale(network.options, iteration: iteration, of: options.iterations)
    pass.forward(
      batch, statistics: .batch, quantisation: options.quantisation.forward, scale: scale, updatesRunning: true)
    let loss = objective(pass.output, target: batch, gradient: upstream)
    pass.backward(batch, upstream: upstream, scale: scale, gradient: optimizer.gradient)
    let rate = options.decay.rate(options.learningRate, iteration: iteration, of: options.iterations)
    do throws(PerceptualError) {
      return try optimizer.step(loss: loss, learningRate: rate)
    } catch {
      statistics.values.update(from: earlierStatistics.values, count: statistics.count)
      throw error
    }
  }

  public var iterations: Int { options.iterations }

  public func shareState() { optimizer.share(network.statistics, ranks) }

  /// Every 25 iterations, how the latents stand to the quantiser. At checkpoints, the mean scores on the clips to test
  /// on, with running statistics and soft quantisation.
  public func logMembers(_ step: TrainingStep, isCheckpoint: Bool) -> JSONValue {
    var members: JSONValue = [:]
    if step.iteration % 25 == 0 || step.iteration == 1 {
      let latents = latents
      members = ["liveLatents": .number(latents.live), "offCentreLatents": .number(latents.offCentre)]
    }
    if isCheckpoint, let test {
      let pictures = test.batch
      let (output, scores) = Execution.$current.withValue(execution) {
        let output = network.reconstruct(pictures)
        return (output, Scores.of(output, target: pictures))
      }
      tested = output
      members["test"] = Scores(meanOf: scores).json
    }
    return members
  }

  /// Of the first clip to test on: input, reconstruction and difference as a figure, and the reconstruction's sound.
  public func exhibits() -> [EventValue] {
    guard let clip = test?.clips.first, let tested else { return [] }
    let reconstruction = Execution.$current.withValue(execution) {
      Reconstruction(clip.picture, answer: tested.picture(0), seed: options.seed)
    }
    return [
      .image("test/spectrogram", reconstructionFigure(reconstruction, title: "Iteration \(iteration)")),
      .audio("test/sound", reconstruction.audio),
    ]
  }

  /// Bytes that a step's activations, their gradients and the working memory take.
  public var passBytes: Int { pass.bytes }

  /// Statistics of the last batch's latents, under the scale that the step had.
  public var latents: LatentStatistics {
    LatentStatistics(
      latent: UnsafeBufferPointer(start: pass.latent, count: pass.latentCount),
      quantised: UnsafeBufferPointer(start: pass.quantised, count: pass.latentCount), centres: network.options.centres,
      scale: scale, ranks)
  }
}

/// How a batch of latents stands to the quantiser.
public struct LatentStatistics: Sendable {
  /// Share of latents that still learn: the soft quantiser's slope there is at least a thousandth of its peak.
  public let live: Double
  /// Share of latents whose quantised value lies between the centres, further than a tenth of their distance / 2 from
  /// any: there one latent carries more than the bits that Eq. 2 counts.
  public let offCentre: Double

  /// Over the latents of all ranks.
  init(
    latent: UnsafeBufferPointer<Float>, quantised: UnsafeBufferPointer<Float>, centres: [Double], scale: Double,
    _ ranks: (any Communicator)? = nil
  ) {
    let gaps = zip(centres.dropFirst(), centres).map { $0 - $1 }
    // The slope is 2 s times the variance of the centres under the softmax, at most (gap / 2)^2 between two of them.
    let peak = 2 * scale * (gaps.map { ($0 / 2) * ($0 / 2) }.max() ?? 0)
    var live = 0
    for z in latent {
      // The moments of the centres under the softmax.
      var (total, sum, squares) = (0.0, 0.0, 0.0)
      for centre in centres {
        let weight = exp(-scale * (Double(z) - centre) * (Double(z) - centre))
        total += weight
        sum += weight * centre
        squares += weight * centre * centre
      }
      let mean = sum / total
      if 2 * scale * (squares / total - mean * mean) >= 0.001 * peak { live += 1 }
    }
    let counts = [live, Self.countOffCentre(quantised, centres), latent.count]
    let all = ranks?.sum(counts) ?? counts
    self.live = Double(all[0]) / Double(all[2])
    offCentre = Double(all[1]) / Double(all[2])
  }

  static func countOffCentre(_ quantised: UnsafeBufferPointer<Float>, _ centres: [Double]) -> Int {
    let margin = 0.1 * (zip(centres.dropFirst(), centres).map { $0 - $1 }.min() ?? 0) / 2
    var off = 0
    for q in quantised where centres.allSatisfy({ abs(Double(q) - $0) > margin }) { off += 1 }
    return off
  }
}
