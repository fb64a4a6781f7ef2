import Fast
import Foundation
import PerceptualCore
import PerceptualFiles

/// How much work goes into a reproduction of Table 1.
public enum Table1Scale: String, Sendable, CaseIterable {
  /// Minutes on two cores: a demonstration of the whole way, not a measurement of the claim.
  case quick
  case small
  /// The paper's settings.
  case paper

  public var channels: Int {
    switch self {
    case .quick: 16
    case .small: 32
    case .paper: 128
    }
  }
  public var batch: Int {
    switch self {
    case .quick: 4
    case .small: 8
    case .paper: 64
    }
  }
  /// Side of the training pictures; test pictures are always 256x256.
  public var size: Int {
    switch self {
    case .quick: 176
    case .small: 192
    case .paper: 256
    }
  }
  public var iterations: Int {
    switch self {
    case .quick: 300
    case .small: 600
    case .paper: 425
    }
  }
  public var trainingClips: Int {
    switch self {
    case .quick: 24
    case .small: 128
    case .paper: 5440
    }
  }
  public var testClips: Int {
    switch self {
    case .quick: 8
    case .small: 64
    case .paper: 195
    }
  }
}

/// One of the six models and how it did on the test clips.
public struct Table1Row: Sendable {
  public let data: String
  public let loss: TrainingLoss
  /// One for each pair of statistics and quantisation, running and soft first.
  public let results: [Result]

  /// The scores under one way of testing.
  public struct Result: Sendable {
    public let statistics: BatchStatistics
    public let quantisation: Quantisation
    public let mean: Scores
    /// Clip by clip.
    public let clips: [Scores]
  }

  public func result(_ statistics: BatchStatistics, _ quantisation: Quantisation) -> Result? {
    results.first { $0.statistics == statistics && $0.quantisation == quantisation }
  }
}

/// Trains the six models of Table 1 and tests them on clips that none of them has seen.
public struct Table1 {
  public let scale: Table1Scale
  public let seed: UInt64
  public let training: [Tensor<Float>]
  public let test: ClipSet
  public let directory: String

  /// The models in the order of the paper's table.
  public static let models = PaperTable.rows.map { (data: $0.data, loss: $0.loss) }

  public init(scale: Table1Scale, seed: UInt64, training: [Tensor<Float>], test: ClipSet, directory: String) {
    self.scale = scale
    self.seed = seed
    self.training = training
    self.test = test
    self.directory = directory
  }

  public func modelDirectory(_ data: String, _ loss: TrainingLoss) -> String {
    "\(directory)/models/\(data)-\(loss.rawValue)"
  }

  /// Trains a model, or resumes or takes what is already trained in the directory. nil if it was stopped.
  public func train(
    _ data: String, _ loss: TrainingLoss, shouldStop: () -> Bool, report: (Trainer.Step) -> Void
  ) throws(PerceptualError) -> Autoencoder? {
    let options = TrainingOptions(
      loss: loss, iterations: scale.iterations, batch: scale.batch, size: scale.size, seed: seed)
    let trainer = try Trainer(
      Autoencoder(AutoencoderOptions(channels: scale.channels), seed: seed), options: options,
      data: data == "noise" ? .noise : .pictures(training))
    let run = TrainingRun(trainer, directory: modelDirectory(data, loss))
    try run.resume()
    switch try run.run(shouldStop: shouldStop, report: report) {
    case .finished: return trainer.network
    case .stopped: return nil
    }
  }

  /// Tests a model under every pair of statistics and quantisation. Returns the row and the reconstructions of the first
  /// pair, [N, 1, 256, 256].
  public func evaluate(
    _ network: Autoencoder, data: String, loss: TrainingLoss
  ) -> (row: Table1Row, reconstructions: Tensor<Float>) {
    let pictures = test.batch
    var results: [Table1Row.Result] = []
    var first: Tensor<Float>?
    for statistics in BatchStatistics.allCases {
      for quantisation in Quantisation.allCases {
        let output = network.reconstruct(pictures, statistics: statistics, quantisation: quantisation)
        let scores = Scores.of(output, target: pictures)
        results.append(
          Table1Row.Result(
            statistics: statistics, quantisation: quantisation, mean: Scores(meanOf: scores), clips: scores))
        if first == nil { first = output }
      }
    }
    return (Table1Row(data: data, loss: loss, results: results), first ?? pictures)
  }
}

extension Table1Row {
  /// {"data", "loss"} with the keys of `evaluate`, for running statistics and soft quantisation, and the other ways of
  /// testing under "alternatives".
  public func json(clips: [Clip]) -> JSONValue {
    func members(_ result: Result) -> [JSONValue.Member] {
      scoreMembers(result.mean) + [
        .init(
          key: "clips",
          value: .array(
            zip(clips, result.clips).map { clip, scores in
              .object(
                [
                  .init(key: "file", value: .string(clip.file)), .init(key: "start", value: .number(clip.start)),
                ] + scoreMembers(scores))
            })),
        .init(key: "statistics", value: .string(result.statistics.rawValue)),
        .init(key: "quantisation", value: .string(result.quantisation.rawValue)),
      ]
    }
    let identity: [JSONValue.Member] = [
      .init(key: "data", value: .string(data)), .init(key: "loss", value: .string(loss.rawValue)),
    ]
    let others = results.dropFirst().map { JSONValue.object(members($0)) }
    return .object(
      identity + (results.first.map(members) ?? []) + [.init(key: "alternatives", value: .array(others))])
  }
}

/// {"mse", "nlpd", "msSSIM", "ssim"}.
public func scoreMembers(_ scores: Scores) -> [JSONValue.Member] {
  [
    .init(key: "mse", value: .number(scores.mse)), .init(key: "nlpd", value: .number(scores.nlpd)),
    .init(key: "msSSIM", value: .number(scores.msSSIM)), .init(key: "ssim", value: .number(scores.ssim)),
  ]
}

extension Array<Table1Row> {
  /// One line a model and way of testing, with the paper's values beside.
  public var csv: String {
    var lines = ["data,loss,statistics,quantisation,mse,nlpd,ms_ssim,ssim,paper_mse,paper_nlpd,paper_ms_ssim"]
    for row in self {
      guard let paper = PaperTable.rows.first(where: { $0.data == row.data && $0.loss == row.loss }) else { continue }
      for result in row.results {
        let mean = result.mean
        let cells =
          [row.data, row.loss.rawValue, result.statistics.rawValue, result.quantisation.rawValue]
          + [mean.mse, mean.nlpd, mean.msSSIM, mean.ssim, paper.mse, paper.nlpd, paper.msSSIM].map { "\($0)" }
        lines.append(cells.joined(separator: ","))
      }
    }
    return lines.joined(separator: "\n") + "\n"
  }
}
