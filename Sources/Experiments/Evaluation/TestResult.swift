import PerceptualFiles

/// Scores clip by clip, with their mean and its 95 % interval.
public struct ScoreSummary: Sendable {
  public let clips: [Scores]
  public let mean: Scores
  /// Of the mean, in the order of ``Scores/keys``; nil where ``Bootstrap/interval(_:)`` is.
  public let intervals: [Interval?]

  public init(_ clips: [Scores], _ bootstrap: Bootstrap) {
    self.clips = clips
    mean = Scores(meanOf: clips)
    intervals = Scores.keys.map { key in bootstrap.interval(clips.map { $0[keyPath: key.value] }) }
  }

  /// A column of the paper's table: the mean, and its interval.
  public func column(_ metric: TableMetric) -> (mean: Double, interval: Interval?) {
    (metric.value(mean), zip(TableMetric.allCases, intervals).first { $0.0 == metric }?.1)
  }

  /// {"mse": [low, high], ...}.
  var intervalsJSON: JSONValue {
    .object(zip(Scores.keys, intervals).map { .init(key: $0.name, value: $1?.json ?? .null) })
  }
}

/// How a network is tested: what batch norm normalises by, and how the latent is quantised.
public struct TestWay: Hashable, Sendable {
  public let statistics: BatchStatistics
  public let quantisation: Quantisation

  public init(_ statistics: BatchStatistics, _ quantisation: Quantisation) {
    self.statistics = statistics
    self.quantisation = quantisation
  }

  /// All four, running and soft first.
  public static let all = BatchStatistics.allCases.flatMap { statistics in
    Quantisation.allCases.map { TestWay(statistics, $0) }
  }

  /// "running statistics, soft quantisation".
  public var title: String { "\(statistics.rawValue) statistics, \(quantisation.rawValue) quantisation" }

  /// {"statistics", "quantisation"}.
  var json: JSONValue { ["statistics": .string(statistics.rawValue), "quantisation": .string(quantisation.rawValue)] }
}

/// How a network did on clips or pictures, tested in one way.
public struct TestResult: Sendable {
  public let way: TestWay
  public let scores: ScoreSummary
  /// Clip by clip, with each picture's mean error taken off the reconstruction.
  public let withoutMeanError: [Scores]
  /// Its mean: the scores with the level right.
  public let levelRight: Scores
  /// Share of each clip's latents off the centres.
  public let offCentre: [Double]
  public var meanOffCentre: Double { offCentre.reduce(0, +) / Double(max(1, offCentre.count)) }

  public init(
    _ way: TestWay, _ scores: ScoreSummary, withoutMeanError: [Scores], offCentre: [Double]
  ) {
    self.way = way
    self.scores = scores
    self.withoutMeanError = withoutMeanError
    levelRight = Scores(meanOf: withoutMeanError)
    self.offCentre = offCentre
  }

  public init(_ evaluation: Evaluation, _ way: TestWay, _ bootstrap: Bootstrap) {
    self.init(
      way, ScoreSummary(evaluation.clips, bootstrap), withoutMeanError: evaluation.withoutMeanError,
      offCentre: evaluation.offCentre)
  }

  /// The means, the clips, which `sources` name, and what they come to.
  public func json(of sources: [JSONValue]) -> JSONValue {
    let clips = sources.indices.map { index in
      sources[index].adding(scores.clips[index].json).adding([
        "withoutMeanError": withoutMeanError[index].json, "offCentreLatents": .number(offCentre[index]),
      ])
    }
    return scores.mean.json.adding(["clips": .array(clips)]).adding(way.json).adding(summary)
  }

  /// Intervals, the means with the level right, the share of latents off the centres.
  var summary: JSONValue {
    [
      "intervals": scores.intervalsJSON, "withoutMeanError": levelRight.json,
      "offCentreLatents": .number(meanOffCentre),
    ]
  }
}

extension Interval {
  /// [low, high].
  var json: JSONValue { [.number(low), .number(high)] }
}
