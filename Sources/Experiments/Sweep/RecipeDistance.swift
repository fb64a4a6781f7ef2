import Foundation

/// How a recipe is judged: how far its models are from the paper's Table 1, and in how many seeds its models of noise
/// come in the paper's order.
///
/// Table 1 has eighteen cells: six models under three metrics. The distance of a cell is |ln(ours / the paper's)|, of
/// MSE, of NLPD and of 1 - MS-SSIM: 0.69 is twice or half. With several seeds a cell's is the mean of theirs: errors of
/// opposite sign do not cancel, and every cell counts once, however many seeds it has.
public struct RecipeDistance: Sendable {
  /// A trained model and its mean scores under one way of testing.
  public struct Model: Sendable {
    public let model: TableModel
    public let seed: UInt64
    public let scores: Scores

    public init(_ model: TableModel, seed: UInt64, _ scores: Scores) {
      self.model = model
      self.seed = seed
      self.scores = scores
    }
  }

  /// A cell of the table for which there is a model.
  public struct Cell: Sendable {
    public let model: TableModel
    public let metric: TableMetric
    /// ln(ours / the paper's), one a seed.
    public let logRatios: [Double]

    /// Mean over seeds.
    public var distance: Double { logRatios.reduce(0) { $0 + abs($1) } / Double(logRatios.count) }
  }

  /// An ordering that the paper claims, and in how many of the seeds that have both models ours are in that order.
  public struct Ordering: Sendable {
    public let claim: OrderingClaim
    public let right: Int
    public let seeds: Int
  }

  public let models: [Model]
  /// In the order of the paper's table.
  public let cells: [Cell]
  /// The nine among models of noise.
  public let orderings: [Ordering]

  public init(_ models: [Model]) {
    self.models = models
    cells = PaperTable.rows.flatMap { row -> [Cell] in
      let own = models.filter { $0.model == row.model }
      if own.isEmpty { return [] }
      return TableMetric.allCases.map { metric in
        Cell(
          model: own[0].model, metric: metric,
          logRatios: own.map { log(Self.error($0.scores, metric) / Self.error(row.scores, metric)) })
      }
    }
    orderings = OrderingClaim.all.filter { $0.better.data == "noise" && $0.worse.data == "noise" }.map { claim in
      let advantages = models.filter { $0.model == claim.better }.compactMap { better in
        models.first { $0.model == claim.worse && $0.seed == better.seed }.map {
          claim.metric.advantage(of: better.scores, over: $0.scores)
        }
      }
      return Ordering(claim: claim, right: advantages.count { $0 > 0 }, seeds: advantages.count)
    }
  }

  /// The mean over the cells of "noise" or "music", or over all; nil where there is none.
  public func mean(of data: String? = nil) -> Double? {
    let cells = cells.filter { data == nil || $0.model.data == data }
    return cells.isEmpty ? nil : cells.reduce(0) { $0 + $1.distance } / Double(cells.count)
  }

  /// The mean over the cells of "noise" or "music" of each seed by itself, ascending: what another seed changes.
  public func meansOfSeeds(of data: String) -> [Double] {
    let own = models.filter { $0.model.data == data }
    return Set(own.map(\.seed)).compactMap { seed in RecipeDistance(own.filter { $0.seed == seed }).mean() }.sorted()
  }

  /// MSE, NLPD or 1 - MS-SSIM; what is under a millionth counts as that, so that a perfect model's logarithm is finite.
  private static func error(_ scores: Scores, _ metric: TableMetric) -> Double {
    let value = metric == .msSSIM ? 1 - scores.msSSIM : metric.value(scores)
    return value < 1e-6 ? 1e-6 : value
  }
}
