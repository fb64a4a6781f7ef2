import PerceptualCore

/// A table tested: what all that is written of it shows, computed once.
public struct Table1Result {
  public let table: Table1
  /// Of the first seed.
  public let rows: [Table1Row]
  /// Of further seeds.
  public let others: [Table1Row]
  /// Those of the rows, [N, 1, 256, 256] each.
  public let reconstructions: [Tensor<Float>]
  /// Answers that take no learning, on the same clips.
  public let baselines: [(baseline: Baseline, scores: ScoreSummary)]
  /// For each seed and way of testing every claim whose two models there are.
  public let orderings: [Orderings]
  /// Of Figure 2, the input first.
  public let measures: [ModelMeasures]
  /// What computes it all again.
  public let command: String

  public struct Orderings: Sendable {
    public let seed: UInt64
    public let way: TestWay
    public let results: [OrderingResult]

    public func count(_ verdict: OrderingResult.Verdict) -> Int { results.count { $0.verdict == verdict } }
  }

  public init(
    _ table: Table1, rows: [Table1Row], others: [Table1Row] = [], reconstructions: [Tensor<Float>], command: String = ""
  ) {
    self.table = table
    self.rows = rows
    self.others = others
    self.reconstructions = reconstructions
    self.command = command
    let pictures = table.test.batch
    baselines = Baseline.allCases.map {
      ($0, ScoreSummary(Scores.of($0.answer(pictures), target: pictures), table.bootstrap))
    }
    let all = rows + others
    orderings = all.map(\.seed).uniqued.flatMap { seed in
      TestWay.all.map { way in
        Orderings(
          seed: seed, way: way, results: all.filter { $0.seed == seed }.orderings(way, table.bootstrap))
      }
    }
    measures = ModelMeasures.of(table.test, rows, reconstructions: reconstructions)
  }

  /// In the order of the rows.
  public var seeds: [UInt64] { (rows + others).map(\.seed).uniqued }

  /// Those of the first seed, one for each of ``TestWay/all``.
  public var firstOrderings: [Orderings] { orderings.filter { $0.seed == orderings.first?.seed } }

  /// The means, under soft quantisation, of the models that have further seeds, and those of these.
  public var seedMeans: [(row: Table1Row, statistics: BatchStatistics, mean: Scores)] {
    let first = rows.filter { row in others.contains { $0.model == row.model } }
    return (first + others).flatMap { row in
      BatchStatistics.allCases.compactMap { statistics in
        row.result(TestWay(statistics, .soft)).map { (row, statistics, $0.scores.mean) }
      }
    }
  }

  /// "12 recordings" or "8 clips": what the intervals draw.
  public var units: String { "\(table.bootstrap.units) \(table.bootstrap.drawsRecordings ? "recordings" : "clips")" }

  /// Sizes of the groups that are normalised together with batch statistics.
  public var groups: [Int] { Autoencoder.groups(of: table.test.clips.count, largest: table.largestGroup).map(\.count) }
}

extension Array where Element: Hashable {
  /// Each element once, at its first place.
  var uniqued: [Element] {
    var seen: Set<Element> = []
    return filter { seen.insert($0).inserted }
  }
}
