import PerceptualCore
import PerceptualFiles

/// How much work goes into a reproduction of Table 1.
public enum Table1Scale: String, Sendable, CaseIterable {
  /// Minutes on two cores: a demonstration of the whole way, not a measurement of the claim.
  case quick
  case small
  /// The paper's settings.
  case paper

  public var channels: Int { of(16, 32, 128) }
  public var batch: Int { of(4, 8, 64) }
  /// Side of the training pictures; test pictures are always 256x256.
  public var size: Int { of(176, 192, 256) }
  public var iterations: Int { of(300, 600, 425) }
  public var trainingClips: Int { of(24, 128, 5440) }
  public var testClips: Int { of(8, 64, 195) }

  private func of(_ quick: Int, _ small: Int, _ paper: Int) -> Int {
    switch self {
    case .quick: quick
    case .small: small
    case .paper: paper
    }
  }
}

/// One of the six models and how it did on the test clips.
public struct Table1Row: Sendable {
  public let model: TableModel
  public let seed: UInt64
  /// Identity of the weights and what their file says of their training.
  public let weights: UInt64
  public let metadata: [String: String]
  /// One for each of ``TestWay/all``.
  public let results: [TestResult]
  /// What rounding the weights to half precision does to each way with running statistics; empty if they were rounded
  /// before.
  public let halfPrecision: [HalfPrecision]

  public struct HalfPrecision: Sendable {
    public let quantisation: Quantisation
    public let mean: Scores
    /// By how much each metric of a clip changes at most.
    public let largestChange: [TableMetric: Double]
  }

  public func result(_ way: TestWay) -> TestResult? { results.first { $0.way == way } }
}

/// Trains the six models of Table 1 and tests them on clips that none of them has seen.
public struct Table1 {
  public let scale: Table1Scale
  public let seed: UInt64
  /// The network that the models are.
  public let architecture: AutoencoderOptions
  public let training: [Tensor<Float>]
  public let test: ClipSet
  public let directory: String
  /// With batch statistics at most so many clips are normalised together.
  public let largestGroup: Int
  /// How the models are trained; `soft` is the paper.
  public let quantisation: TrainingQuantisation
  /// Which NLPD the models are trained on; they are tested with "hepburn" always.
  public let family: LaplacianPyramidFamily
  /// In what the products are computed while training; testing is in single precision.
  public let precision: ProductPrecision
  public let bootstrap: Bootstrap

  /// The models in the order of the paper's table.
  public static let models = PaperTable.rows.map(\.model)

  public init(
    scale: Table1Scale, seed: UInt64, architecture: AutoencoderOptions? = nil, training: [Tensor<Float>], test: ClipSet,
    directory: String, largestGroup: Int = 64, quantisation: TrainingQuantisation = .soft,
    family: LaplacianPyramidFamily = TrainingOptions.defaultFamily,
    precision: ProductPrecision = .fp32
  ) {
    self.quantisation = quantisation
    self.family = family
    self.precision = precision
    self.scale = scale
    self.seed = seed
    self.architecture = architecture ?? AutoencoderOptions(channels: scale.channels)
    self.training = training
    self.test = test
    self.directory = directory
    self.largestGroup = largestGroup
    bootstrap = Bootstrap(recordings: test.clips.map(\.file))
  }

  /// Where a model's checkpoints lie.
  public func modelDirectory(_ model: TableModel, seed: UInt64) -> String {
    "\(directory)/models/\(place(model, seed: seed))"
  }

  /// Where the weights of a trained model are written in half precision, or lie in another directory.
  private func weightsPath(_ model: TableModel, seed: UInt64, in weights: String? = nil) -> String {
    "\(weights ?? "\(directory)/weights")/\(place(model, seed: seed)).safetensors"
  }

  /// Further seeds have a directory of their own.
  private func place(_ model: TableModel, seed other: UInt64) -> String {
    other == seed ? model.name : "seed-\(other)/\(model.name)"
  }

  /// Trains a model, or resumes or takes what is already trained in the directory, and writes its weights. nil if it
  /// was stopped. `writesEvents` writes TensorBoard's events beside the checkpoints. `note` hears what ``TrainingRun``
  /// says.
  public func train(
    _ model: TableModel, seed: UInt64, writesEvents: Bool = false, shouldStop: () -> Bool,
    note: @escaping (String) -> Void, report: (TrainingStep) -> Void
  ) throws(PerceptualError) -> Autoencoder? {
    let options = TrainingOptions(
      loss: model.loss, family: family, iterations: scale.iterations, batch: scale.batch, size: scale.size, seed: seed,
      quantisation: quantisation, precision: precision)
    let trainer = try Trainer(
      Autoencoder(architecture, seed: seed), options: options,
      data: model.data == "noise" ? .noise : .pictures(training))
    let models = modelDirectory(model, seed: seed)
    let run = TrainingRun(trainer, directory: models, writesEvents: writesEvents, note: note)
    try run.resume()
    guard try run.run(shouldStop: shouldStop, report: report) == .finished else { return nil }
    let checkpoint = Checkpoint.path(iteration: trainer.iteration, in: models)
    let (network, metadata) = try Checkpoint.readWithMetadata(checkpoint)
    let path = weightsPath(model, seed: seed)
    try FilePath.createDirectory(FilePath.directory(of: path))
    try Checkpoint.write(network, to: path, metadata: metadata, precision: .float16)
    return trainer.network
  }

  /// The file of a model that is trained: in `weights` if given, else the newest intact checkpoint of the directory,
  /// else its exported weights. nil if there is none. `note` hears of checkpoints that are passed over.
  private func trainedFile(
    _ model: TableModel, seed: UInt64, weights: String?, note: (String) -> Void
  ) throws(PerceptualError) -> String? {
    let models = modelDirectory(model, seed: seed)
    if weights == nil, let newest = try Checkpoint.newestIntact(in: models, note: note) {
      return Checkpoint.path(iteration: newest, in: models)
    }
    let path = weightsPath(model, seed: seed, in: weights)
    return FilePath.exists(path) ? path : nil
  }

  /// Tests a network in all ways. Returns the scores and the reconstructions of the first way, [N, 1, 256, 256].
  public static func results(
    _ network: Autoencoder, _ pictures: Tensor<Float>, largestGroup: Int, _ bootstrap: Bootstrap
  ) -> (results: [TestResult], reconstructions: Tensor<Float>) {
    var results: [TestResult] = []
    var first: Tensor<Float>?
    for way in TestWay.all {
      let evaluation = Evaluation(
        network, pictures, statistics: way.statistics, quantisation: way.quantisation, largestGroup: largestGroup)
      results.append(TestResult(evaluation, way, bootstrap))
      if first == nil { first = evaluation.reconstructions }
    }
    return (results, first ?? pictures)
  }

  /// Tests a model in all ways. Returns the row and the reconstructions of the first way, [N, 1, 256, 256].
  public func evaluate(
    _ network: Autoencoder, as model: TableModel, seed other: UInt64? = nil,
    metadata: [String: String] = [:]
  ) throws(PerceptualError) -> (row: Table1Row, reconstructions: Tensor<Float>) {
    let pictures = test.batch
    let (results, reconstructions) = Self.results(network, pictures, largestGroup: largestGroup, bootstrap)
    var halves: [Table1Row.HalfPrecision] = []
    let rounded = try network.rounded(to: .float16)
    if rounded.identity != network.identity {
      for result in results where result.way.statistics == .running {
        let output = rounded.reconstruct(pictures, quantisation: result.way.quantisation)
        let scores = Scores.of(output, target: pictures)
        let changes = TableMetric.allCases.map { metric in
          (metric, zip(result.scores.clips, scores).map { abs(metric.value($0) - metric.value($1)) }.max() ?? 0)
        }
        halves.append(
          .init(
            quantisation: result.way.quantisation, mean: Scores(meanOf: scores),
            largestChange: Dictionary(uniqueKeysWithValues: changes)))
      }
    }
    let row = Table1Row(
      model: model, seed: other ?? seed, weights: network.identity, metadata: metadata, results: results,
      halfPrecision: halves)
    return (row, reconstructions)
  }

  /// Tests every model that there are weights of: all six for the first seed, those of noise for the further ones.
  ///
  /// `train` is called before, where given; what it returns, how far the training came, is noted. `weights` is a
  /// directory of weights in place of what is trained in ``directory``. `command` is what computes it all again.
  /// Throws `.missing` where there are no weights at all.
  public func result(
    seeds: Int = 1, weights: String? = nil, command: String = "", note: (String) -> Void = { _ in },
    train: ((_ model: TableModel, _ seed: UInt64, _ label: String) throws -> String)? = nil
  ) throws -> Table1Result {
    let start = ContinuousClock.now
    var rows: [Table1Row] = []
    var others: [Table1Row] = []
    var reconstructions: [Tensor<Float>] = []
    for (number, seed) in (0..<UInt64(seeds)).map({ ($0, self.seed &+ $0) }) {
      for model in Self.models where number == 0 || model.data == "noise" {
        let label = model.title + (number == 0 ? "" : ", seed \(seed)")
        var how = try train?(model, seed, label) ?? "taken as it is"
        guard let file = try trainedFile(model, seed: seed, weights: weights, note: note) else {
          note("\(label): no weights in \(weights ?? directory), left out")
          continue
        }
        let (network, metadata) = try Checkpoint.readWithMetadata(file)
        if let done = metadata["iteration"].flatMap({ Int($0) }), train == nil, weights == nil, done < scale.iterations
        {
          how = "trained for \(done) of \(scale.iterations) iterations"
        }
        let (row, output) = try evaluate(network, as: model, seed: seed, metadata: metadata)
        if number == 0 {
          rows.append(row)
          reconstructions.append(output)
        } else {
          others.append(row)
        }
        note("\(label): \(how), \(Int(start.duration(to: .now) / .seconds(1))) s so far")
      }
    }
    if rows.isEmpty {
      throw PerceptualError.missing(
        "\(weights ?? directory): weights of at least one model were expected, found none: train first, or check the "
          + "path")
    }
    return Table1Result(self, rows: rows, others: others, reconstructions: reconstructions, command: command)
  }
}
