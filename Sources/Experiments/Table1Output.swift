import Fast
import Foundation
import PerceptualCore
import PerceptualFiles

extension Table1 {
  /// Clips whose audio the report plays; the files hold all of them.
  private static let clipsPlayed = 2

  /// Writes table1.json, table1.csv, figure2.png, audio/ and report.html into the directory; returns their names.
  ///
  /// `reconstructions` are those of the rows, [N, 1, 256, 256] each.
  public func write(
    _ rows: [Table1Row], reconstructions: [Tensor<Float>]
  ) throws(PerceptualError) -> [String] {
    try createDirectory("\(directory)/audio")
    try writeText(JSONValue.array(rows.map { $0.json(clips: test.clips) }).text + "\n", to: "table1.json")
    try writeText(rows.csv, to: "table1.csv")
    let figure = figure2(rows, reconstructions: reconstructions, clip: figureClip)
    try PNG.write(figure, to: "\(directory)/figure2.png")
    let audio = try writeAudio(rows, reconstructions: reconstructions)
    try report(rows, figure: figure, audio: audio).write(to: "\(directory)/report.html")
    return ["table1.json", "table1.csv", "figure2.png", "report.html", "audio/ (\(audio.count) files)"]
  }

  private func writeText(_ text: String, to name: String) throws(PerceptualError) {
    let path = "\(directory)/\(name)"
    do {
      try Data(text.utf8).write(to: URL(fileURLWithPath: path), options: .atomic)
    } catch {
      throw PerceptualError(
        .inputOutput, "\(path): cannot be written (\(error.localizedDescription)); free space or choose another --out")
    }
  }

  /// The clip shown: the one whose picture varies most, so that there is something to see.
  private var figureClip: Int {
    let variances = test.clips.map { clip -> Double in
      let elements = clip.picture.image.elements
      let mean = elements.reduce(0) { $0 + Double($1) } / Double(elements.count)
      return elements.reduce(0) { $0 + (Double($1) - mean) * (Double($1) - mean) }
    }
    return variances.indices.max { variances[$0] < variances[$1] } ?? 0
  }

  private func title(_ row: Table1Row) -> String { "\(PaperTable.symbol(row.data)), \(row.loss.title)" }

  private func picture(_ batch: Tensor<Float>, _ index: Int) -> Tensor<Float> {
    let (rows, columns) = (batch.shape[2], batch.shape[3])
    return Tensor(Array(batch.elements[index * rows * columns..<(index + 1) * rows * columns]), shape: [rows, columns])
  }

  /// Figure 2 of the paper: the input and its six reconstructions.
  private func figure2(_ rows: [Table1Row], reconstructions: [Tensor<Float>], clip: Int) -> Picture {
    let name = (test.clips[clip].file as NSString).lastPathComponent
    var panels: [SpectrogramPanel?] = [
      SpectrogramPanel(title: "Input", note: name, image: test.clips[clip].picture.image)
    ]
    for (row, output) in zip(rows, reconstructions) {
      let scores = row.results.first?.clips[clip]
      let note = scores.map {
        String(format: "MSE %.4f  NLPD %.2f  MS-SSIM %.3f", $0.mse, $0.nlpd, $0.msSSIM)
      }
      panels.append(SpectrogramPanel(title: title(row), note: note, image: picture(output, clip)))
      if panels.count == 4 { panels.append(nil) }
    }
    return SpectrogramFigure(
      title: "Music through autoencoders trained on music, P(x), and on uniform noise, U(x)", panels: panels,
      columns: 4
    ).render()
  }

  /// One file written: what it is, where, and which clip.
  private struct AudioEntry {
    let label: String
    let sound: AudioClip
    let clip: Int
  }

  /// Every clip, its picture sounded again, and its six reconstructions, as 16-bit WAV.
  private func writeAudio(
    _ rows: [Table1Row], reconstructions: [Tensor<Float>]
  ) throws(PerceptualError) -> [AudioEntry] {
    let frontEnd = AudioFrontEnd()
    var entries: [AudioEntry] = []
    for (index, clip) in test.clips.enumerated() {
      let phases = initialPhases(
        bins: frontEnd.shortTime.bins, frames: clip.picture.image.shape[1], seed: seed, index: UInt64(index))
      var images = [("picture", "the input's own picture, sounded again", clip.picture)]
      for (row, output) in zip(rows, reconstructions) {
        let scaled = LogScalingOutput(
          image: picture(output, index), low: clip.picture.low, high: clip.picture.high)
        images.append(("\(row.data)-\(row.loss.rawValue)", title(row), scaled))
      }
      let waveforms = frontEnd.waveforms(
        images.map(\.2), initialPhases: [Tensor<Float>](repeating: phases, count: images.count))
      let sounds = [("input", "input", clip.signal)] + zip(images, waveforms).map { ($0.0, $0.1, $1) }
      for (stem, label, sound) in sounds {
        let path = "\(directory)/audio/\(index < 10 ? "0" : "")\(index)-\(stem).wav"
        let audio = AudioClip(samples: sound.reshaped([1, sound.count]), sampleRate: frontEnd.sampleRate)
        try AudioFile.write(audio, to: path)
        entries.append(AudioEntry(label: label, sound: audio, clip: index))
      }
    }
    return entries
  }

  private func report(
    _ rows: [Table1Row], figure: Picture, audio: [AudioEntry]
  ) throws(PerceptualError) -> HTMLReport {
    var report = HTMLReport(title: "Table 1 at scale \(scale.rawValue)")
    report.paragraph(
      "Six compressive autoencoders, trained on music P(x) or on uniform noise U(x) with three losses, reconstruct "
        + "\(test.clips.count) clips of music that none of them has seen. Lower MSE and NLPD are better, higher MS-SSIM "
        + "and SSIM. The paper's values (arXiv 2312.03455, Table 1) stand beside ours; they come from another data set "
        + "and, unless the scale is paper, from far longer training.")
    report.settings([
      ("scale", scale.rawValue), ("channels", "\(scale.channels)"),
      ("training", "\(scale.iterations) iterations of \(scale.batch) pictures of \(scale.size)x\(scale.size), AdamW 0.001"),
      ("training clips", "\(training.count)"), ("test clips", "\(test.clips.count), 256x256"), ("seed", "\(seed)"),
    ])
    for statistics in BatchStatistics.allCases {
      for quantisation in Quantisation.allCases {
        addTable(rows, statistics, quantisation, to: &report)
      }
    }
    report.heading("Figure 2")
    report.image(
      try PNG.bytes(figure),
      caption: "The input and its six reconstructions: scaled log-mel pictures, running statistics, soft quantisation.")
    report.heading("Learning curves")
    report.image(try PNG.bytes(learningCurves()), caption: "Each loss relative to its first value.")
    report.heading("Audio")
    report.paragraph(
      "Sound comes back from a picture by the inverse mel scale and Griffin-Lim, which alone costs quality: compare a "
        + "reconstruction with the input's own picture sounded again.")
    for clip in 0..<min(Self.clipsPlayed, test.clips.count) {
      report.paragraph((test.clips[clip].file as NSString).lastPathComponent)
      for entry in audio where entry.clip == clip {
        report.audio(try AudioFile.bytes(of: entry.sound).bytes, label: entry.label)
      }
    }
    return report
  }

  private func addTable(
    _ rows: [Table1Row], _ statistics: BatchStatistics, _ quantisation: Quantisation, to report: inout HTMLReport
  ) {
    var cells: [[String]] = []
    for row in rows {
      guard let mean = row.result(statistics, quantisation)?.mean,
        let paper = PaperTable.rows.first(where: { $0.data == row.data && $0.loss == row.loss })
      else { continue }
      cells.append([
        PaperTable.symbol(row.data), row.loss.title, String(format: "%.5f", mean.mse),
        String(format: "%.5f", paper.mse), String(format: "%.3f", mean.nlpd), String(format: "%.3f", paper.nlpd),
        String(format: "%.4f", mean.msSSIM), String(format: "%.4f", paper.msSSIM), String(format: "%.4f", mean.ssim),
      ])
    }
    report.table(
      headers: ["Training data", "Loss", "MSE", "paper", "NLPD", "paper", "MS-SSIM", "paper", "SSIM"], rows: cells,
      caption: "\(statistics.rawValue) statistics, \(quantisation.rawValue) quantisation")
  }

  private func learningCurves() -> Picture {
    var series: [LineChart.Series] = []
    for (data, loss) in Self.models {
      let path = "\(modelDirectory(data, loss))/log.jsonl"
      guard let text = try? String(contentsOfFile: path, encoding: .utf8) else { continue }
      let losses = text.split(separator: "\n").compactMap { try? JSONValue(parsing: $0.utf8)["loss"]?.double }
      guard let first = losses.first, first > 0 else { continue }
      series.append(
        LineChart.Series(name: "\(PaperTable.symbol(data)), \(loss.title)", values: losses.map { $0 / first }))
    }
    return LineChart(
      title: "Training", xLabel: "iteration", yLabel: "loss / first loss", series: series, isLogarithmic: true
    ).render()
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
