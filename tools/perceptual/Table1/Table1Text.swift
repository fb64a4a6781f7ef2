import Fast
import Foundation
import PerceptualCore
import PerceptualExperiments

/// A table as `table1` prints it.
struct Table1Text {
  private let result: Table1Result

  init(_ result: Table1Result) { self.result = result }

  var lines: [String] {
    let table = result.table
    let sizes = Set(result.groups).sorted().map { "\($0)" }.joined(separator: " or ")
    var lines = [
      "Table 1 at scale \(table.scale.rawValue): mean over \(table.test.clips.count) held-out clips, beside the "
        + "paper's values; batch statistics of \(sizes) clips together; 95 % by bootstrap over \(result.units)"
    ]
    lines += aligned(means())
    lines += [""] + aligned(baselines())
    if !result.others.isEmpty { lines += ["", "Further seeds, soft quantisation"] + aligned(seeds()) }
    return lines + [""] + orderings()
  }

  private func means() -> [[String]] {
    var cells = [
      [
        "data", "loss", "statistics", "quantiser", "MSE", "95 %", "paper", "NLPD", "95 %", "paper", "MS-SSIM", "95 %",
        "paper", "MSE, level right", "off centres",
      ]
    ]
    for row in result.rows {
      guard let paper = PaperTable.row(row.model) else { continue }
      for result in row.results {
        cells.append(
          [
            row.model.symbol, row.model.loss.title, result.way.statistics.rawValue, result.way.quantisation.rawValue,
          ] + columns(result.scores, .mse, 5) + [number(paper.mse, 5)] + columns(result.scores, .nlpd, 3)
            + [number(paper.nlpd, 3)] + columns(result.scores, .msSSIM, 4)
            + [
              number(paper.msSSIM, 4), number(result.levelRight.mse, 5), number(100 * result.meanOffCentre, 1) + " %",
            ])
      }
    }
    return cells
  }

  private func baselines() -> [[String]] {
    [["answer without learning", "MSE", "95 %", "NLPD", "95 %", "MS-SSIM", "95 %"]]
      + result.baselines.map { baseline, scores in
        [baseline.title] + columns(scores, .mse, 5) + columns(scores, .nlpd, 3) + columns(scores, .msSSIM, 4)
      }
  }

  private func seeds() -> [[String]] {
    [["data", "loss", "seed", "statistics", "MSE", "NLPD", "MS-SSIM"]]
      + result.seedRows.flatMap { row in
        BatchStatistics.allCases.compactMap { statistics -> [String]? in
          guard let mean = row.result(TestWay(statistics, .soft))?.scores.mean else { return nil }
          return [
            row.model.symbol, row.model.loss.title, "\(row.seed)", statistics.rawValue, number(mean.mse, 5),
            number(mean.nlpd, 3), number(mean.msSSIM, 4),
          ]
        }
      }
  }

  /// How many of the paper's orderings are shown under each way of testing, and which not with running statistics.
  private func orderings() -> [String] {
    var lines: [String] = []
    for orderings in result.firstOrderings where !orderings.results.isEmpty {
      lines.append(
        "orderings of the paper, \(orderings.way.title): \(orderings.count(.shown)) of \(orderings.results.count) "
          + "shown, \(orderings.count(.contradicted)) contradicted, \(orderings.count(.undecided)) undecided")
      guard orderings.way == TestWay.all[0] else { continue }
      for result in orderings.results where result.verdict != .shown {
        let bounds = result.interval.map { " [\(short($0.low)), \(short($0.high))]" } ?? ""
        lines.append("  \(result.verdict.rawValue): \(result.claim.title), by \(short(result.advantage))\(bounds)")
      }
    }
    return lines
  }

  private func number(_ value: Double, _ places: Int) -> String { String(format: "%.\(places)f", value) }

  /// The mean, and its interval with a digit less.
  private func columns(_ scores: ScoreSummary, _ metric: TableMetric, _ places: Int) -> [String] {
    let (mean, interval) = scores.column(metric)
    let bounds = interval.map { "\(number($0.low, places - 1))-\(number($0.high, places - 1))" }
    return [number(mean, places), bounds ?? "-"]
  }
}
