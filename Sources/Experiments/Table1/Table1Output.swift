import Fast
import Foundation
import PerceptualCore
import PerceptualFiles

extension Table1Result {
  /// Writes table1.json, table1.csv, record.json, figure2.png, learning-curves.svg, audio/ and report.html into the
  /// table's directory; returns their names.
  public func write() throws(PerceptualError) -> [String] {
    try FilePath.createDirectory("\(directory)/audio")
    try writeText(json.text + "\n", to: "table1.json")
    try writeText(csv, to: "table1.csv")
    let record = try Table1Record(self)
    try writeText(record.document.text + "\n", to: "record.json")
    let figure = figure2(clip: figureClip)
    try PNG.write(figure, to: "\(directory)/figure2.png")
    let curves = try learningCurves()
    if let curves { try writeText(curves.svg(file: true) + "\n", to: "learning-curves.svg") }
    let audio = try writeAudio()
    let report = Table1Report(result: self)
    try report.page(figure: figure, curves: curves, audio: audio, record: record)
      .write(to: "\(directory)/report.html")
    return ["table1.json", "table1.csv", "record.json", "figure2.png"]
      + (curves == nil ? [] : ["learning-curves.svg"]) + ["audio/ (\(audio.count) files)", "report.html"]
  }

  private var directory: String { table.directory }
  private var test: ClipSet { table.test }

  private func writeText(_ text: String, to name: String) throws(PerceptualError) {
    try FileBytes.write(Array(text.utf8), to: "\(directory)/\(name)")
  }

  /// The clip shown: the one whose picture varies most, so that there is something to see.
  var figureClip: Int {
    let variances = test.clips.map { clip -> Double in
      let elements = clip.picture.image.elements
      let mean = elements.reduce(0) { $0 + Double($1) } / Double(elements.count)
      return elements.reduce(0) { $0 + (Double($1) - mean) * (Double($1) - mean) }
    }
    return variances.indices.max { variances[$0] < variances[$1] } ?? 0
  }

  /// Figure 2 of the paper: the input and its six reconstructions.
  private func figure2(clip: Int) -> Picture {
    let name = FilePath.shown(FilePath.name(of: test.clips[clip].file))
    var panels: [SpectrogramPanel?] = [
      SpectrogramPanel(title: "Input", note: name, image: test.clips[clip].picture.image)
    ]
    for (row, output) in zip(rows, reconstructions) {
      let scores = row.results.first?.scores.clips[clip]
      let note = scores.map {
        String(format: "MSE %.4f  NLPD %.2f  MS-SSIM %.3f", $0.mse, $0.nlpd, $0.msSSIM)
      }
      panels.append(SpectrogramPanel(title: row.model.title, note: note, image: output.picture(clip)))
      if panels.count == 4 { panels.append(nil) }
    }
    return SpectrogramFigure(
      title: "Music through autoencoders trained on music, P(x), and on uniform noise, U(x)", panels: panels,
      columns: 4
    ).render()
  }

  /// One file written: what it is, where beside the page, and which clip.
  struct AudioEntry {
    let label: String
    let file: String
    let sound: AudioClip
    /// The scaled log-mel picture that it sounds like, [256, 256].
    let image: Tensor<Float>
    let clip: Int
  }

  /// Every clip, its picture sounded again, and its six reconstructions, as 16-bit WAV.
  private func writeAudio() throws(PerceptualError) -> [AudioEntry] {
    let frontEnd = AudioFrontEnd()
    var entries: [AudioEntry] = []
    for (index, clip) in test.clips.enumerated() {
      let phases = initialPhases(
        bins: frontEnd.shortTime.bins, frames: clip.picture.image.shape[1], seed: table.seed, index: UInt64(index))
      var images = [("picture", "input, from its picture", clip.picture)]
      for (row, output) in zip(rows, reconstructions) {
        let scaled = LogScalingOutput(image: output.picture(index), low: clip.picture.low, high: clip.picture.high)
        images.append((row.model.name, row.model.title, scaled))
      }
      let waveforms = frontEnd.waveforms(
        images.map(\.2), initialPhases: [Tensor<Float>](repeating: phases, count: images.count))
      let sounds =
        [("input", "input", clip.signal, clip.picture.image)]
        + zip(images, waveforms).map { ($0.0, $0.1, $1, $0.2.image) }
      for (stem, label, sound, image) in sounds {
        let file = "audio/\(index < 10 ? "0" : "")\(index)-\(stem).wav"
        let audio = AudioClip(samples: sound, sampleRate: frontEnd.sampleRate)
        try AudioFile.write(audio, to: "\(directory)/\(file)")
        entries.append(AudioEntry(label: label, file: file, sound: audio, image: image, clip: index))
      }
    }
    return entries
  }

  /// nil where no training left a log. A loss has one colour; models of noise are dashed.
  private func learningCurves() throws(PerceptualError) -> LineChart? {
    let series = try Table1.models.map { model throws(PerceptualError) in
      let log = try LearningCurves(contentsOf: "\(table.modelDirectory(model, seed: table.seed))/log.jsonl")
      return LineChart.Series(
        name: model.title, points: LearningCurves.relative(log.loss),
        colour: TrainingLoss.allCases.firstIndex(of: model.loss), isDashed: model.data == "noise")
    }.filter { !$0.points.isEmpty }
    if series.isEmpty { return nil }
    return LineChart(
      title: "Training", xLabel: "iteration", yLabel: "loss / first loss", series: series, isLogarithmic: true)
  }
}

extension Table1Result {
  /// table1.json: for each model {"data", "loss"} with the keys of `evaluate`, for the first way of testing, and the
  /// other ways under "alternatives".
  public var json: JSONValue {
    let sources = table.test.clips.map { clip -> JSONValue in
      ["file": .string(clip.file), "start": .number(clip.start)]
    }
    return .array(
      rows.map { row in
        let ways = row.results.map { $0.json(of: sources) }
        return row.identity.adding(ways.first ?? [:]).adding(["alternatives": .array(Array(ways.dropFirst()))])
      })
  }

  /// table1.csv: one line a model, seed and way of testing, with the paper's values beside.
  public var csv: String {
    var lines = [
      "data,loss,statistics,quantisation,mse,nlpd,ms_ssim,ssim,paper_mse,paper_nlpd,paper_ms_ssim,"
        + "mse_low,mse_high,nlpd_low,nlpd_high,ms_ssim_low,ms_ssim_high,off_centre_latents,seed"
    ]
    for row in rows + others {
      guard let paper = PaperTable.row(row.model) else { continue }
      for result in row.results {
        let mean = result.scores.mean
        let cells =
          [row.model.data, row.model.loss.rawValue, result.way.statistics.rawValue, result.way.quantisation.rawValue]
          + [mean.mse, mean.nlpd, mean.msSSIM, mean.ssim, paper.mse, paper.nlpd, paper.msSSIM].map { "\($0)" }
        let bounds = TableMetric.allCases.flatMap { metric in
          result.scores.column(metric).interval.map { ["\($0.low)", "\($0.high)"] } ?? ["", ""]
        }
        lines.append((cells + bounds + ["\(result.meanOffCentre)", "\(row.seed)"]).joined(separator: ","))
      }
    }
    return lines.joined(separator: "\n") + "\n"
  }
}

extension Table1Row {
  /// {"data", "loss", "seed", "weights"}.
  var identity: JSONValue {
    [
      "data": .string(model.data), "loss": .string(model.loss.rawValue), "seed": .string("\(seed)"),
      "weights": .string(hexadecimal(weights, digits: 16)),
    ]
  }
}

/// Input and output of a reconstruction side by side, with their difference.
public func reconstructionFigure(_ reconstruction: Reconstruction, title: String) -> Picture {
  SpectrogramFigure(
    title: title,
    panels: [
      SpectrogramPanel(title: "Input", image: reconstruction.input.image),
      SpectrogramPanel(title: "Reconstruction", image: reconstruction.output.image),
      SpectrogramPanel.difference(
        title: "Difference", reconstruction.output.image, minus: reconstruction.input.image),
    ]
  ).render()
}
