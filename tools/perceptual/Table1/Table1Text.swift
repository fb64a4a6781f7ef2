import Fast
import Foundation
import PerceptualCore
import PerceptualExperiments

/// A table as `table1` prints it.
struct Table1Text {
  private let table: Table1
  private let rows: [Table1Row]
  private let others: [Table1Row]

  init(_ table: Table1, rows: [Table1Row], others: [Table1Row]) {
    self.table = table
    self.rows = rows
    self.others = others
  }

  var lines: [String] {
    let groups = Set(Autoencoder.groups(of: table.test.clips.count, largest: table.largestGroup).map(\.count)).sorted()
    let sizes = groups.map { "\($0)" }.joined(separator: " or ")
    let units = "\(table.bootstrap.units) \(table.bootstrap.drawsRecordings ? "recordings" : "clips")"
    var lines = [
      "Table 1 at scale \(table.scale.rawValue): mean over \(table.test.clips.count) held-out clips, beside the "
        + "paper's values; batch statistics of \(sizes) clips together; 95 % by bootstrap over \(units)"
    ]
    lines += aligned(means())
    lines += [""] + aligned(baselines())
    if !others.isEmpty { lines += ["", "Further seeds, soft quantisation"] + aligned(seeds()) }
    return lines + [""] + orderings()
  }

  private func means() -> [[String]] {
    var cells = [
      [
        "data", "loss", "statistics", "quantiser", "MSE", "95 %", "paper", "NLPD", "95 %", "paper", "MS-SSIM", "95 %",
        "paper", "MSE, level right", "off centres",
      ]
    ]
    for row in rows {
      guard let paper = PaperTable.row(row.model) else { continue }
      for result in row.results {
        let offCentre = result.offCentre.reduce(0, +) / Double(max(1, result.offCentre.count))
        cells.append([
          row.model.symbol, row.model.loss.title, result.statistics.rawValue, result.quantisation.rawValue,
          number(result.mean.mse, 5), interval(result.clips, .mse, 4), number(paper.mse, 5),
          number(result.mean.nlpd, 3), interval(result.clips, .nlpd, 2), number(paper.nlpd, 3),
          number(result.mean.msSSIM, 4), interval(result.clips, .msSSIM, 3), number(paper.msSSIM, 4),
          number(Scores(meanOf: result.withoutMeanError).mse, 5), number(100 * offCentre, 1) + " %",
        ])
      }
    }
    return cells
  }

  private func baselines() -> [[String]] {
    let pictures = table.test.batch
    return [["answer without learning", "MSE", "95 %", "NLPD", "95 %", "MS-SSIM", "95 %"]]
      + Baseline.allCases.map { baseline in
        let scores = Scores.of(baseline.answer(pictures), target: pictures)
        let mean = Scores(meanOf: scores)
        return [
          baseline.title, number(mean.mse, 5), interval(scores, .mse, 4), number(mean.nlpd, 3),
          interval(scores, .nlpd, 2), number(mean.msSSIM, 4), interval(scores, .msSSIM, 3),
        ]
      }
  }

  private func seeds() -> [[String]] {
    let first = rows.filter { row in others.contains { $0.model == row.model } }
    return [["data", "loss", "seed", "statistics", "MSE", "NLPD", "MS-SSIM"]]
      + (first + others).flatMap { row in
        BatchStatistics.allCases.compactMap { statistics -> [String]? in
          guard let mean = row.result(statistics, .soft)?.mean else { return nil }
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
    for statistics in BatchStatistics.allCases {
      for quantisation in Quantisation.allCases {
        let results = rows.orderings(statistics, quantisation, table.bootstrap)
        if results.isEmpty { continue }
        func count(_ verdict: OrderingResult.Verdict) -> Int { results.count { $0.verdict == verdict } }
        lines.append(
          "orderings of the paper, \(statistics.rawValue) statistics, \(quantisation.rawValue) quantisation: "
            + "\(count(.shown)) of \(results.count) shown, \(count(.contradicted)) contradicted, "
            + "\(count(.undecided)) undecided")
        guard statistics == .running, quantisation == .soft else { continue }
        for result in results where result.verdict != .shown {
          let bounds = result.interval.map { " [\(short($0.low)), \(short($0.high))]" } ?? ""
          lines.append("  \(result.verdict.rawValue): \(result.claim.title), by \(short(result.advantage))\(bounds)")
        }
      }
    }
    return lines
  }

  private func number(_ value: Double, _ places: Int) -> String { String(format: "%.\(places)f", value) }

  private func interval(_ scores: [Scores], _ metric: TableMetric, _ places: Int) -> String {
    guard let interval = table.bootstrap.interval(scores.map(metric.value)) else { return "-" }
    return "\(number(interval.low, places))-\(number(interval.high, places))"
  }
}
