import Fast
import Foundation
import PerceptualCore
import PerceptualFiles

/// report.html of a table.
struct Table1Report {
  let result: Table1Result
  private var table: Table1 { result.table }
  private var rows: [Table1Row] { result.rows }

  /// Clips whose audio the report plays; the files hold all of them.
  private static let clipsPlayed = 2

  func page(figure: Picture, curves: Picture?, audio: [Table1Result.AudioEntry]) throws(PerceptualError) -> HTMLReport {
    let scale = table.scale
    var report = HTMLReport(title: "Table 1 at scale \(scale.rawValue)")
    report.paragraph(
      "Compressive autoencoders, trained on music P(x) or on uniform noise U(x) with three losses, reconstruct "
        + "\(table.test.clips.count) clips of music that none of them has seen. Lower MSE and NLPD are better, higher "
        + "MS-SSIM and SSIM. The paper's values (arXiv 2312.03455, Table 1) stand beside ours; they come from another "
        + "data set and, unless the scale is paper, from far longer training.")
    let groups = result.groups.map { "\($0)" }
    report.settings(
      rows.map { row in
        let keys = [
          "channels", "iteration", "batch", "size", "learningRate", "quantisation", "family", "added", "products",
          "seed", "precision",
        ]
        let words = keys.compactMap { key in row.metadata[key].map { "\(key) \($0)" } }
        return (row.model.title, words.joined(separator: ", ") + ", weights \(hexadecimal(row.weights, digits: 16))")
      } + [
        (
          "test clips",
          "\(table.test.clips.count), 256x256, from \(Set(table.test.clips.map(\.file)).count) recordings"
        ),
        ("batch statistics", "of groups of \(groups.joined(separator: ", ")) clips in the order of their files"),
        ("intervals", "95 %, percentile bootstrap, \(table.bootstrap.resamples) draws of \(result.units)"),
        ("command", result.command),
      ])
    for way in TestWay.all { addTable(way, to: &report) }
    addBaselines(to: &report)
    addOrderings(to: &report)
    addSeeds(to: &report)
    addHalfPrecision(to: &report)
    report.heading("Figure 2")
    report.image(
      try PNG.bytes(figure),
      caption: "The input and its reconstructions: scaled log-mel pictures, running statistics, soft quantisation.")
    addMeasures(to: &report)
    if let curves {
      report.heading("Learning curves")
      report.image(try PNG.bytes(curves), caption: "Each loss relative to its first value.")
    }
    report.heading("Audio")
    report.paragraph(
      "Sound comes back from a picture by the inverse mel scale and Griffin-Lim, which alone costs quality: compare a "
        + "reconstruction with the input's own picture sounded again.")
    for clip in 0..<min(Self.clipsPlayed, table.test.clips.count) {
      report.paragraph(FilePath.shown(FilePath.name(of: table.test.clips[clip].file)))
      for entry in audio where entry.clip == clip {
        report.audio(try AudioFile.bytes(of: entry.sound).bytes, label: entry.label)
      }
    }
    return report
  }

  private func addTable(_ way: TestWay, to report: inout HTMLReport) {
    var cells: [[String]] = []
    for row in rows {
      guard let result = row.result(way), let paper = PaperTable.row(row.model) else { continue }
      let level = result.levelRight
      cells.append(
        [row.model.symbol, row.model.loss.title] + columns(result.scores, .mse, 5) + [number(paper.mse, 5)]
          + columns(result.scores, .nlpd, 3) + [number(paper.nlpd, 3)] + columns(result.scores, .msSSIM, 4)
          + [
            number(paper.msSSIM, 4), number(result.scores.mean.ssim, 4), number(level.mse, 5),
            number(level.msSSIM, 4), number(100 * result.meanOffCentre, 1) + " %",
          ])
    }
    report.table(
      headers: [
        "Training data", "Loss", "MSE", "95 %", "paper", "NLPD", "95 %", "paper", "MS-SSIM", "95 %", "paper", "SSIM",
        "MSE less mean error", "MS-SSIM less mean error", "latents off centres",
      ], rows: cells, caption: way.title)
  }

  private func addBaselines(to report: inout HTMLReport) {
    let cells = result.baselines.map { baseline, scores in
      [baseline.title] + columns(scores, .mse, 5) + columns(scores, .nlpd, 3) + columns(scores, .msSSIM, 4)
        + [number(scores.mean.ssim, 4)]
    }
    report.table(
      headers: ["Answer", "MSE", "95 %", "NLPD", "95 %", "MS-SSIM", "95 %", "SSIM"], rows: cells,
      caption: "Answers that take no learning, on the same clips")
  }

  private func addOrderings(to report: inout HTMLReport) {
    report.heading("The paper's orderings")
    report.paragraph(
      "Each ordering that the paper's table claims, by the mean over the clips of the paired difference. Shown: its 95 "
        + "% interval lies on the claim's side of 0; contradicted: on the other; undecided: it holds 0. The interval "
        + "speaks of the choice of clips, not of the choice of the seed.")
    let orderings = result.firstOrderings
    let claims = orderings.first?.results.map(\.claim) ?? []
    let cells = claims.indices.map { index in
      [claims[index].title]
        + orderings.map { way -> String in
          let result = way.results[index]
          return "\(result.verdict.rawValue) \(String(format: "%+.3g", result.advantage))"
        }
    }
    let headers = ["Claim"] + orderings.map { "\($0.way.statistics.rawValue), \($0.way.quantisation.rawValue)" }
    let counts = ["shown of \(claims.count)"] + orderings.map { "\($0.count(.shown))" }
    report.table(headers: headers, rows: cells + [counts])
  }

  private func addSeeds(to report: inout HTMLReport) {
    if result.others.isEmpty { return }
    report.heading("Further seeds")
    let cells = result.seedRows.flatMap { row in
      BatchStatistics.allCases.compactMap { statistics -> [String]? in
        guard let mean = row.result(TestWay(statistics, .soft))?.scores.mean else { return nil }
        return [
          row.model.title, "\(row.seed)", statistics.rawValue, number(mean.mse, 5), number(mean.nlpd, 3),
          number(mean.msSSIM, 4),
        ]
      }
    }
    report.table(
      headers: ["Model", "seed", "statistics", "MSE", "NLPD", "MS-SSIM"], rows: cells, caption: "Soft quantisation")
  }

  private func addHalfPrecision(to report: inout HTMLReport) {
    let cells = rows.flatMap { row in
      row.halfPrecision.compactMap { half -> [String]? in
        guard let exact = row.result(TestWay(.running, half.quantisation))?.scores.mean else { return nil }
        return [row.model.title, half.quantisation.rawValue]
          + TableMetric.allCases.flatMap { metric in
            [
              String(format: "%+.1e", metric.value(half.mean) - metric.value(exact)),
              String(format: "%.1e", half.largestChange[metric] ?? 0),
            ]
          }
      }
    }
    if cells.isEmpty { return }
    report.table(
      headers: ["Model", "quantisation", "MSE", "a clip", "NLPD", "a clip", "MS-SSIM", "a clip"], rows: cells,
      caption: "What rounding the weights to half precision changes: the means, and the clip most; running statistics")
  }

  private func addMeasures(to report: inout HTMLReport) {
    report.paragraph(
      "What the paper sees in this figure, measured over all clips as ratios to the input's own (geometric means; 1 is "
        + "faithful): spectral flatness (above 1: flattened); power of the bands' fluctuation in time at 0.5 to 4 Hz "
        + "(notes), 4 to 8 Hz (vibrato) and above 8 Hz (strokes, roughness); ripple along frequency from one cycle in "
        + "8 bands on (harmonics, ringing); sharpness of onsets (below 1: smeared).")
    let cells = result.measures.map { measure -> [String] in
      [measure.title]
        + PictureMeasures.names.indices.flatMap { index -> [String] in
          if measure.name == "input" { return [String(format: "%.3g", measure.mean(index)), "absolute"] }
          let bounds = measure.interval(index, table.bootstrap).map {
            "\(String(format: "%.2g", $0.low)) to \(String(format: "%.2g", $0.high))"
          }
          return [String(format: "%.3g", measure.ratio(index)), bounds ?? ""]
        }
    }
    report.table(
      headers: ["Model"]
        + ["flatness", "0.5-4 Hz", "4-8 Hz", "over 8 Hz", "ripple", "onsets"].flatMap { [$0, "95 %"] }, rows: cells)
  }

  private func number(_ value: Double, _ places: Int) -> String { String(format: "%.\(places)f", value) }

  /// The mean and its interval.
  private func columns(_ scores: ScoreSummary, _ metric: TableMetric, _ places: Int) -> [String] {
    let (mean, interval) = scores.column(metric)
    return [
      number(mean, places), interval.map { "\(number($0.low, places)) to \(number($0.high, places))" } ?? "",
    ]
  }
}
