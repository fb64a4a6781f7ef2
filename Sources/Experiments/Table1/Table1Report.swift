import Foundation
import PerceptualCore
import PerceptualFiles

/// report.html of a table.
struct Table1Report {
  let result: Table1Result
  private var table: Table1 { result.table }
  private var rows: [Table1Row] { result.rows }

  /// Clips whose audio the page plays; the others it links to.
  static let clipsPlayed = 4

  /// `record` names the recordings with their hashes.
  func page(
    figure: Picture, curves: LineChart?, audio: [Table1Result.AudioEntry], record: Table1Record
  ) throws(PerceptualError) -> HTMLReport {
    var report = HTMLReport(title: "Table 1 at scale \(table.scale.rawValue)")
    report.paragraph(
      "Compressive autoencoders, trained on music P(x) or on uniform noise U(x) with three losses, reconstruct "
        + "\(table.test.clips.count) clips of music that none of them has seen. The paper (arXiv 2312.03455) tests on "
        + "other music and trains at scale paper.")
    report.choice("Batch norm by", BatchStatistics.allCases.map { ($0.rawValue, "\($0.rawValue) statistics") })
    report.choice("Code", Quantisation.allCases.map { ($0.rawValue, $0.rawValue) })
    report.heading("Verdict")
    for way in TestWay.all { report.alternative(way.options) { $0.verdicts(result.verdicts(way)) } }
    report.verdicts(result.figureVerdicts)
    report.heading("Table")
    report.intervalKey()
    for way in TestWay.all { report.alternative(way.options) { $0.intervals(panels(way)) } }
    report.heading("Figure")
    report.image(
      try PNG.bytes(figure.withSixBits),
      caption: "The input and its reconstructions: scaled log-mel pictures, running statistics, soft code.",
      description: "Mel-spectrograms of one clip: the input, then its reconstruction by "
        + rows.map(\.model.title).joined(separator: "; "))
    try addSound(audio, to: &report)
    if let curves {
      report.heading("Learning curves")
      report.charts([(curves, "Each loss relative to its first value, seed \(table.seed).")])
    }
    report.heading("Details")
    report.folded("The paper's orderings, one by one") { addOrderings(to: &$0) }
    report.folded("More of the scores: SSIM, the level taken off, latents off the centres") { addScores(to: &$0) }
    report.folded("Baselines: answers that take no learning") { addBaselines(to: &$0) }
    report.folded("The figure by measures") { addMeasures(to: &$0) }
    if !result.others.isEmpty { report.folded("Further seeds") { addSeeds(to: &$0) } }
    if rows.contains(where: { !$0.halfPrecision.isEmpty }) {
      report.folded("Weights in half precision") { addHalfPrecision(to: &$0) }
    }
    report.folded("Settings, seeds, hashes and the command") { addSettings(record, to: &$0) }
    return report
  }

  private func addSettings(_ record: Table1Record, to report: inout HTMLReport) {
    let groups = result.groups.map { "\($0)" }
    let recordings = Set(table.test.clips.map(\.file)).count
    let keys = [
      "channels", "iteration", "batch", "size", "learningRate", "quantisation", "family", "added", "products", "seed",
      "precision",
    ]
    report.settings(
      [
        ("command", result.command), ("seeds", result.seeds.map { "\($0)" }.joined(separator: ", ")),
        ("test clips", "\(table.test.clips.count), 256x256, from \(recordings) recordings"),
        ("batch statistics", "of groups of \(groups.joined(separator: ", ")) clips in the order of their files"),
        ("intervals", "95 %, percentile bootstrap, \(table.bootstrap.resamples) draws of \(result.units)"),
      ]
        + (rows + result.others).map { row in
          let words = keys.compactMap { key in row.metadata[key].map { "\(key) \($0)" } }
          return (
            "\(row.model.title), seed \(row.seed)",
            (["weights \(hexadecimal(row.weights, digits: 16))"] + words).joined(separator: ", ")
          )
        }
        + (record.document["test"]?["recordings"]?.array ?? []).map { recording in
          (
            recording["file"]?.string ?? "",
            "\(recording["bytes"]?.integer ?? 0) bytes, FNV-1a \(recording["fnv1a"]?.string ?? "")"
          )
        })
  }

  /// MSE, NLPD and MS-SSIM, each on the same axis in every way of testing.
  private func panels(_ way: TestWay) -> [IntervalPanel] {
    TableMetric.allCases.map { metric in
      let shown = rows.flatMap { row in
        row.results.flatMap { result -> [Double] in
          let (mean, interval) = result.scores.column(metric)
          return [mean] + (interval.map { [$0.low, $0.high] } ?? [])
        } + (PaperTable.row(row.model).map { [metric.value($0.scores)] } ?? [])
      }.filter(\.isFinite)
      let means = rows.compactMap { row in row.result(way).map { (row.model, metric.value($0.scores.mean)) } }
      func isBest(_ model: TableModel, _ mean: Double) -> Bool {
        means.allSatisfy { $0.0.data != model.data || (metric == .msSSIM ? $0.1 <= mean : $0.1 >= mean) }
      }
      let panelRows = rows.enumerated().compactMap { index, row -> IntervalPanel.Row? in
        guard let result = row.result(way), let paper = PaperTable.row(row.model) else { return nil }
        let (mean, interval) = result.scores.column(metric)
        return IntervalPanel.Row(
          name: row.model.title, mean: mean, interval: interval, paper: metric.value(paper.scores),
          isBest: isBest(row.model, mean),
          beginsGroup: index > 0 && rows[index - 1].model.data != row.model.data)
      }
      return IntervalPanel(
        caption: "\(metric.title), \(metric == .msSSIM ? "higher" : "lower") is better", rows: panelRows,
        places: metric.places, range: (shown.min() ?? 0)...(shown.max() ?? 1), isLogarithmic: metric == .mse)
    }
  }

  private func addSound(_ audio: [Table1Result.AudioEntry], to report: inout HTMLReport) throws(PerceptualError) {
    report.heading("Sound")
    report.paragraph(
      "Running statistics, soft code. Sound comes back from a picture by the inverse mel scale and Griffin-Lim, which "
        + "alone costs quality: compare a reconstruction with the input's own picture sounded again.")
    let count = table.test.clips.count
    let first = result.figureClip
    let order = [first] + (0..<count).filter { $0 != first }
    func entries(_ clip: Int) -> [Table1Result.AudioEntry] { audio.filter { $0.clip == clip } }
    func title(_ clip: Int) -> String {
      let name = FilePath.shown(FilePath.name(of: table.test.clips[clip].file))
      let start = table.test.clips[clip].start
      return (start > 0 ? String(format: "%@ from %.1f s", name, start) : name)
        + (clip == first ? ", the clip of the figure" : "")
    }
    let columns = entries(first).map(\.label)
    try report.listening(
      columns: columns,
      rows: order.prefix(Self.clipsPlayed).map { clip in
        (title(clip), "\(clip)", entries(clip).map { ReportSound($0.sound, image: $0.image) })
      }, caption: "Press a picture to play its sound; arrow keys move within it.")
    let rest = order.dropFirst(Self.clipsPlayed)
    if rest.isEmpty { return }
    report.folded("The other \(rest.count) clips as files") {
      $0.links(
        columns: ["clip"] + columns,
        rows: rest.map { clip in (title(clip), entries(clip).map { (name: $0.label, path: $0.file) }) },
        caption: "Files beside this page")
    }
  }

  private func addScores(to report: inout HTMLReport) {
    let cells = TestWay.all.flatMap { way in
      rows.compactMap { row -> [String]? in
        guard let result = row.result(way) else { return nil }
        let level = result.levelRight
        return [
          row.model.title, way.statistics.rawValue, way.quantisation.rawValue, number(result.scores.mean.ssim, 4),
          TableMetric.mse.text(level.mse), TableMetric.msSSIM.text(level.msSSIM),
          number(100 * result.meanOffCentre, 1) + " %",
        ]
      }
    }
    report.table(
      headers: [
        "Model", "statistics", "code", "SSIM", "MSE less mean error", "MS-SSIM less mean error", "latents off centres",
      ], rows: cells)
  }

  private func addBaselines(to report: inout HTMLReport) {
    let cells = result.baselines.map { baseline, scores in
      [baseline.title] + TableMetric.allCases.flatMap { columns(scores, $0) } + [number(scores.mean.ssim, 4)]
    }
    report.table(
      headers: ["Answer", "MSE", "95 %", "NLPD", "95 %", "MS-SSIM", "95 %", "SSIM"], rows: cells,
      caption: "On the same clips")
  }

  private func addOrderings(to report: inout HTMLReport) {
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
    let cells = result.seedMeans.map { row, statistics, mean in
      [row.model.title, "\(row.seed)", statistics.rawValue] + TableMetric.allCases.map { $0.text($0.value(mean)) }
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
    report.table(
      headers: ["Model", "code", "MSE", "a clip", "NLPD", "a clip", "MS-SSIM", "a clip"], rows: cells,
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
        + PictureMeasures.keys.flatMap { _, value -> [String] in
          if measure.name == "input" { return [SoundPicture.text(measure.mean(value)), "absolute"] }
          let bounds = measure.interval(value, table.bootstrap)
          return [
            SoundPicture.text(measure.ratio(value)),
            bounds.map { String(format: "%.2g to %.2g", $0.low, $0.high) } ?? "",
          ]
        }
    }
    report.table(
      headers: ["Model"]
        + ["flatness", "0.5-4 Hz", "4-8 Hz", "over 8 Hz", "ripple", "onsets"].flatMap { [$0, "95 %"] }, rows: cells)
  }

  private func number(_ value: Double, _ places: Int) -> String { String(format: "%.\(places)f", value) }

  /// The mean and its interval.
  private func columns(_ scores: ScoreSummary, _ metric: TableMetric) -> [String] {
    let (mean, interval) = scores.column(metric)
    return [metric.text(mean), interval.map { "\(metric.text($0.low)) to \(metric.text($0.high))" } ?? ""]
  }
}

extension TestWay {
  /// The options of the page's choices that show it.
  fileprivate var options: [String] { [statistics.rawValue, quantisation.rawValue] }
}
