import Fast
import Foundation
import PerceptualCore
import PerceptualFiles

/// report.html of a table.
struct Table1Report {
  let table: Table1
  let rows: [Table1Row]
  let others: [Table1Row]
  let measures: [ModelMeasures]
  let command: String

  /// Clips whose audio the report plays; the files hold all of them.
  private static let clipsPlayed = 2

  func page(figure: Picture, curves: Picture?, audio: [Table1.AudioEntry]) throws(PerceptualError) -> HTMLReport {
    let scale = table.scale
    var report = HTMLReport(title: "Table 1 at scale \(scale.rawValue)")
    report.paragraph(
      "Compressive autoencoders, trained on music P(x) or on uniform noise U(x) with three losses, reconstruct "
        + "\(table.test.clips.count) clips of music that none of them has seen. Lower MSE and NLPD are better, higher "
        + "MS-SSIM and SSIM. The paper's values (arXiv 2312.03455, Table 1) stand beside ours; they come from another "
        + "data set and, unless the scale is paper, from far longer training.")
    let groups = Autoencoder.groups(of: table.test.clips.count, largest: table.largestGroup).map { "\($0.count)" }
    let bootstrap = table.bootstrap
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
        (
          "intervals",
          "95 %, percentile bootstrap, \(bootstrap.resamples) draws of \(bootstrap.units) "
            + (bootstrap.drawsRecordings ? "recordings" : "clips")
        ),
        ("command", command),
      ])
    for statistics in BatchStatistics.allCases {
      for quantisation in Quantisation.allCases { addTable(statistics, quantisation, to: &report) }
    }
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

  private func addTable(
    _ statistics: BatchStatistics, _ quantisation: Quantisation, to report: inout HTMLReport
  ) {
    var cells: [[String]] = []
    for row in rows {
      guard let result = row.result(statistics, quantisation),
        let paper = PaperTable.row(row.model)
      else { continue }
      let (mean, level) = (result.mean, Scores(meanOf: result.withoutMeanError))
      let offCentre = result.offCentre.reduce(0, +) / Double(max(1, result.offCentre.count))
      cells.append([
        row.model.symbol, row.model.loss.title, number(mean.mse, 5), interval(result.clips, .mse, 5),
        number(paper.mse, 5), number(mean.nlpd, 3), interval(result.clips, .nlpd, 3), number(paper.nlpd, 3),
        number(mean.msSSIM, 4), interval(result.clips, .msSSIM, 4), number(paper.msSSIM, 4), number(mean.ssim, 4),
        number(level.mse, 5), number(level.msSSIM, 4), number(100 * offCentre, 1) + " %",
      ])
    }
    report.table(
      headers: [
        "Training data", "Loss", "MSE", "95 %", "paper", "NLPD", "95 %", "paper", "MS-SSIM", "95 %", "paper", "SSIM",
        "MSE less mean error", "MS-SSIM less mean error", "latents off centres",
      ], rows: cells, caption: "\(statistics.rawValue) statistics, \(quantisation.rawValue) quantisation")
  }

  private func addBaselines(to report: inout HTMLReport) {
    let pictures = table.test.batch
    let cells = Baseline.allCases.map { baseline -> [String] in
      let scores = Scores.of(baseline.answer(pictures), target: pictures)
      let mean = Scores(meanOf: scores)
      return [
        baseline.title, number(mean.mse, 5), interval(scores, .mse, 5), number(mean.nlpd, 3),
        interval(scores, .nlpd, 3), number(mean.msSSIM, 4), interval(scores, .msSSIM, 4), number(mean.ssim, 4),
      ]
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
    let ways = BatchStatistics.allCases.flatMap { statistics in Quantisation.allCases.map { (statistics, $0) } }
    let results = ways.map { rows.orderings($0.0, $0.1, table.bootstrap) }
    let claims = results.first?.map(\.claim) ?? []
    let cells = claims.indices.map { index in
      [claims[index].title]
        + results.map { way -> String in
          let result = way[index]
          return "\(result.verdict.rawValue) \(String(format: "%+.3g", result.advantage))"
        }
    }
    let headers = ["Claim"] + ways.map { "\($0.0.rawValue), \($0.1.rawValue)" }
    let counts =
      ["shown of \(claims.count)"] + results.map { way in "\(way.count { $0.verdict == .shown })" }
    report.table(headers: headers, rows: cells + [counts])
  }

  private func addSeeds(to report: inout HTMLReport) {
    if others.isEmpty { return }
    report.heading("Further seeds")
    let cells = (rows.filter { row in others.contains { $0.model == row.model } } + others).flatMap { row in
      BatchStatistics.allCases.compactMap { statistics -> [String]? in
        guard let mean = row.result(statistics, .soft)?.mean else { return nil }
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
        guard let exact = row.result(.running, half.quantisation) else { return nil }
        return [row.model.title, half.quantisation.rawValue]
          + TableMetric.allCases.flatMap { metric in
            let changes = zip(exact.clips, half.clips).map { abs(metric.value($0) - metric.value($1)) }
            return [
              String(format: "%+.1e", metric.value(half.mean) - metric.value(exact.mean)),
              String(format: "%.1e", changes.max() ?? 0),
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
    let cells = measures.map { measure -> [String] in
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

  private func interval(_ scores: [Scores], _ metric: TableMetric, _ places: Int) -> String {
    guard let interval = table.bootstrap.interval(scores.map(metric.value)) else { return "" }
    return "\(number(interval.low, places)) to \(number(interval.high, places))"
  }
}
