import Foundation
import PerceptualCore
import PerceptualFiles

/// The page of experiment 004: sounds, pictures and measures of every checkpoint, and how the losses fell.
public struct ClipReport {
  private var page = HTMLReport(title: "One clip from one vector of noise")
  private var clips: [(source: ClipSource, runs: [(fit: ClipFit, result: ClipFit.Result)])] = []

  public init() {}

  /// Adds a finished run; those of one clip one after the other.
  public mutating func add(_ fit: ClipFit, _ result: ClipFit.Result) {
    if clips.last?.source.name == fit.source.name {
      clips[clips.count - 1].runs.append((fit, result))
    } else {
      clips.append((fit.source, [(fit, result)]))
    }
  }

  /// Writes `report.html` into a directory and returns its path. Throws what writing throws.
  public func write(to directory: String) throws(PerceptualError) -> String {
    var page = page
    let first = clips.first?.runs.first?.fit
    page.paragraph(
      "A small network turns one fixed vector of noise into 0.743 s of sound at 11 025 Hz, trained for each clip and "
        + "each loss by itself (experiment 004). docs/experiments.md says what the measures are: a good clip has highs "
        + "1, log spectrum 0, onsets 1, STFT 0 and Bark -1.")
    page.settings([
      ("iterations", "\(first?.iterations ?? 0)"), ("learning rate", "\(ClipGenerator.learningRate)"),
      ("seed", "\(first?.seed ?? 0)"),
    ])
    for clip in clips { try add(clip.source, clip.runs, to: &page) }
    let path = "\(directory)/report.html"
    try page.write(to: path)
    return path
  }

  private func add(
    _ source: ClipSource, _ runs: [(fit: ClipFit, result: ClipFit.Result)], to page: inout HTMLReport
  ) throws(PerceptualError) {
    page.heading(source.name)
    page.audio(try SoundPicture.wave(source.signal), label: "original")
    let columns = 1 + (runs.map(\.result.checkpoints.count).max() ?? 0)
    var panels: [SpectrogramPanel?] = []
    for (index, run) in runs.enumerated() {
      let original = SoundPicture.image(source.signal, reference: source.signal)
      var row: [SpectrogramPanel?] = [index == 0 ? SpectrogramPanel(title: "original", image: original) : nil]
      for checkpoint in run.result.checkpoints {
        row.append(
          SpectrogramPanel(
            title: "\(run.fit.loss.rawValue), \(checkpoint.iteration)",
            note: "Bark \(SoundPicture.text(checkpoint.measures.barkDistance))",
            image: SoundPicture.image(checkpoint.clip, reference: source.signal)))
        page.audio(
          try SoundPicture.wave(checkpoint.clip), label: "\(run.fit.loss.rawValue), iteration \(checkpoint.iteration)")
      }
      panels += row + [SpectrogramPanel?](repeating: nil, count: columns - row.count)
    }
    let figure = SoundPicture.figure(
      source.name, panels, columns: columns, samples: source.signal.count)
    page.image(
      try PNG.bytes(figure), caption: "Mel-spectrograms, 80 dB under the original's loudest value to that value.")
    let losses = LineChart(
      title: "The loss trained on", xLabel: "iteration", yLabel: "share of its fall still to come",
      series: runs.map { LineChart.Series(name: $0.fit.loss.rawValue, points: Self.fall($0.result.losses)) })
    page.image(
      try PNG.bytes(losses.render()), caption: "Each loss less its least, over what it was at first less its least.")
    let curves = LineChart(
      title: "Bark distance of the generated clip", xLabel: "iteration", yLabel: "Bark distance",
      series: runs.map { run in
        LineChart.Series(
          name: run.fit.loss.rawValue,
          points: run.result.barkDistances.enumerated().map { (Double($0.offset * ClipFit.barkEvery), $0.element) })
      })
    page.image(try PNG.bytes(curves.render()), caption: "Every tenth iteration; -1 is equal.")
    page.table(
      headers: ["loss", "iteration", "value", "highs", "log spectrum, dB", "flatness", "onsets", "STFT", "Bark"],
      rows: runs.flatMap { run in
        run.result.checkpoints.map { checkpoint in
          let m = checkpoint.measures
          return [run.fit.loss.rawValue, "\(checkpoint.iteration)"]
            + [
              checkpoint.loss, m.highFrequencyEnergyRatio, m.logSpectralDistance, m.residualFlatness, m.onsetSharpness,
              m.multiResolutionDistance, m.barkDistance,
            ].map(SoundPicture.text)
        }
      })
  }

  /// A loss of any unit and sign, brought to 1 at first and 0 at its least, in at most some 200 means.
  static func fall(_ losses: [Double]) -> [(x: Double, y: Double)] {
    guard let first = losses.first, let least = losses.min(), first > least else { return [] }
    return SoundPicture.smoothed(losses.map { ($0 - least) / (first - least) })
  }
}
