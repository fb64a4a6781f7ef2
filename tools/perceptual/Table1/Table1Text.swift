import Foundation
import PerceptualExperiments

/// A table as `table1` prints it.
struct Table1Text {
  let result: Table1Result

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
        let way = [
          row.model.symbol, row.model.loss.title, result.way.statistics.rawValue, result.way.quantisation.rawValue,
        ]
        let scores = TableMetric.allCases.flatMap {
          columns(result.scores, $0) + [$0.text($0.value(paper.scores))]
        }
        let offCentre = String(format: "%.1f %%", 100 * result.meanOffCentre)
        cells.append(way + scores + [TableMetric.mse.text(result.levelRight.mse), offCentre])
      }
    }
    return cells
  }

  private func baselines() -> [[String]] {
    [["answer without learning", "MSE", "95 %", "NLPD", "95 %", "MS-SSIM", "95 %"]]
      + result.baselines.map { baseline, scores in
        [baseline.title] + TableMetric.allCases.flatMap { columns(scores, $0) }
      }
  }

  private func seeds() -> [[String]] {
    [["data", "loss", "seed", "statistics", "MSE", "NLPD", "MS-SSIM"]]
      + result.seedMeans.map { row, statistics, mean in
        [row.model.symbol, row.model.loss.title, "\(row.seed)", statistics.rawValue]
          + TableMetric.allCases.map { $0.text($0.value(mean)) }
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

  /// The mean, and its interval with a digit less.
  private func columns(_ scores: ScoreSummary, _ metric: TableMetric) -> [String] {
    let (mean, interval) = scores.column(metric)
    let format = "%.\(metric.places - 1)f"
    return [metric.text(mean), interval.map { String(format: "\(format)-\(format)", $0.low, $0.high) } ?? "-"]
  }
}
