import PerceptualFiles

/// A line of results.jsonl: a run under one way of testing, or why it came to nothing.
public struct SweepResult: Sendable {
  /// What a line holds besides the labels of its run.
  static let ownKeys: Set = [
    "name", "options", "data", "loss", "seed", "iterations", "trainingLoss", "seconds", "machines", "weights", "failed",
    "evaluation", "clips", "statistics", "quantisation", "mse", "nlpd", "msSSIM", "ssim", "intervals",
    "withoutMeanError", "offCentreLatents",
  ]

  public let name: String
  public let recipes: [String]
  public let model: TableModel
  public let seed: UInt64
  /// nil where the training failed.
  public let tested: (way: TestWay, scores: Scores)?
  /// Why the training ended without weights worth testing.
  public let failure: String?
  public let document: JSONValue

  /// nil where something is missing.
  init?(_ document: JSONValue) {
    guard let name = document["name"]?.string, let data = document["data"]?.string,
      let loss = document["loss"]?.string.flatMap(TrainingLoss.init),
      let seed = document["seed"]?.string.flatMap(UInt64.init)
    else { return nil }
    self.name = name
    recipes = SweepPlan.recipes(document["recipe"]) ?? []
    model = TableModel(data, loss)
    self.seed = seed
    self.document = document
    failure = document["failed"]?.string
    if failure != nil {
      tested = nil
      return
    }
    /// What was not finite stands as null.
    func value(_ key: String) -> Double? { document[key] == .null ? .nan : document[key]?.double }
    guard let statistics = document["statistics"]?.string.flatMap(BatchStatistics.init),
      let quantisation = document["quantisation"]?.string.flatMap(Quantisation.init), let mse = value("mse"),
      let nlpd = value("nlpd"), let msSSIM = value("msSSIM"), let ssim = value("ssim")
    else { return nil }
    tested = (TestWay(statistics, quantisation), Scores(mse: mse, nlpd: nlpd, msSSIM: msSSIM, ssim: ssim))
  }

  /// Its scores under a way of testing; nil under another.
  public func scores(_ way: TestWay) -> Scores? { tested?.way == way ? tested?.scores : nil }
}

extension SweepPlan.Run {
  /// What every line of the run says: name, labels, the model, and how its training went; `curves` are its log.
  public func resultMembers(
    _ model: TableModel, seed: UInt64, curves: LearningCurves, record: SweepRecord
  ) -> JSONValue {
    let run: JSONValue = ["name": .string(name)]
    return run.adding(.object(labels)).adding([
      "options": record.options.json, "data": .string(model.data), "loss": .string(model.loss.rawValue),
      "seed": .string("\(seed)"), "iterations": .integer(Int(curves.loss.last?.x ?? 0)),
      "trainingLoss": curves.loss.last.map { .number($0.y) } ?? .null, "seconds": .number(curves.seconds),
      "machines": .array(record.machines.map(\.json)),
    ])
  }
}

extension SweepPlan.Evaluation {
  /// A line's part on one way of testing.
  func resultMembers(_ result: TestResult, weights: UInt64) -> JSONValue {
    let tested: JSONValue = [
      "weights": .string(hexadecimal(weights, digits: 16)), "evaluation": json,
      "clips": .integer(result.scores.clips.count),
    ]
    return tested.adding(result.way.json).adding(result.scores.mean.json).adding(result.summary)
  }
}
