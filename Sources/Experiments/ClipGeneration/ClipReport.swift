import PerceptualCore

/// The page of experiment 004: sounds, pictures and measures of every checkpoint, and how the losses fell.
public struct ClipReport {
  private typealias Clip = (source: ClipSource, runs: [(fit: ClipFit, result: ClipFit.Result)])
  private var clips: [Clip] = []

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
    var page = HTMLReport(title: "One clip from one vector of noise")
    let first = clips.first?.runs.first?.fit
    page.paragraph(
      "A small network turns one fixed vector of noise into 0.743 s of sound at 11 025 Hz, trained for each clip and "
        + "each loss by itself (experiment 004).")
    page.heading("Verdict")
    page.paragraph(
      "Of the last checkpoints, one seed. Of two clips or more: shown in all, contradicted in none, else undecided.")
    page.verdicts(verdicts)
    page.heading("Sound")
    try addSound(to: &page)
    page.heading("Learning curves")
    page.charts(clips.flatMap(charts))
    page.heading("Details")
    page.folded("Measures of every checkpoint") { addMeasures(to: &$0) }
    page.folded("Settings") {
      $0.settings([
        ("iterations", "\(first?.iterations ?? 0)"), ("learning rate", "\(ClipGenerator.learningRate)"),
        ("seed", "\(first?.seed ?? 0)"),
      ])
    }
    let path = "\(directory)/report.html"
    try page.write(to: path)
    return path
  }

  private var verdicts: [ClaimVerdict] {
    func measures(_ clip: Clip, _ loss: ClipLoss) -> [String: Double]? {
      let last = clip.runs.first { $0.fit.loss == loss }?.result.checkpoints.last
      return last.map { Dictionary(uniqueKeysWithValues: $0.measures.named.map { ($0.name, $0.value) }) }
    }
    return ClipLoss.allCases.filter { $0 != .mse }.flatMap { loss in
      SoundPicture.verdicts(
        loss.rawValue, over: ClipLoss.mse.rawValue,
        pairs: clips.compactMap { clip in
          guard let better = measures(clip, loss), let worse = measures(clip, .mse) else { return nil }
          return (better, worse)
        }, clips.count == 1 ? "clip" : "clips")
    }
  }

  private func addSound(to page: inout HTMLReport) throws(PerceptualError) {
    let longest = clips.flatMap { $0.runs.map(\.result.checkpoints) }.max { $0.count < $1.count } ?? []
    let rows = clips.flatMap { source, runs in
      runs.enumerated().map { index, run -> (title: String, clip: String, sounds: [ReportSound?]) in
        let original = SoundPicture.sound(source.signal, reference: source.signal)
        return (
          "\(source.name), \(run.fit.loss.rawValue)", source.name,
          [index == 0 ? original : nil]
            + run.result.checkpoints.map { SoundPicture.sound($0.clip, reference: source.signal) }
        )
      }
    }
    try page.listening(
      columns: ["original"] + longest.map { "iteration \($0.iteration)" }, rows: rows, caption: SoundPicture.caption)
  }

  private func charts(_ clip: Clip) -> [(chart: LineChart, caption: String)] {
    let losses = LineChart(
      title: "\(clip.source.name), the loss trained on", xLabel: "iteration", yLabel: "share of its fall still to come",
      series: clip.runs.map { LineChart.Series(name: $0.fit.loss.rawValue, points: Self.fall($0.result.losses)) })
    let distances = LineChart(
      title: "\(clip.source.name), Bark distance", xLabel: "iteration", yLabel: "Bark distance",
      series: clip.runs.map { run in
        LineChart.Series(
          name: run.fit.loss.rawValue,
          points: run.result.barkDistances.enumerated().map { (Double($0.offset * ClipFit.barkEvery), $0.element) })
      })
    return [
      (losses, "Each loss less its least, over what it was at first less its least."),
      (distances, "Every tenth iteration; -1 is equal."),
    ]
  }

  private func addMeasures(to page: inout HTMLReport) {
    page.paragraph(
      "docs/experiments.md says what the measures are: a good clip has highs 1, log spectrum 0, onsets 1, STFT 0 and "
        + "Bark -1.")
    page.table(
      headers: [
        "clip", "loss", "iteration", "value", "highs", "log spectrum, dB", "flatness", "onsets", "STFT", "Bark",
      ],
      rows: rows)
  }

  /// For each checkpoint: clip, loss, iteration, value and measures but the mean squared error.
  public var rows: [[String]] {
    clips.flatMap { source, runs in
      runs.flatMap { run in
        run.result.checkpoints.map { checkpoint in
          [source.name, run.fit.loss.rawValue, "\(checkpoint.iteration)"]
            + ([checkpoint.loss] + checkpoint.measures.named.dropLast().map(\.value)).map(SoundPicture.text)
        }
      }
    }
  }

  /// A loss of any unit and sign, brought to 1 at first and 0 at its least, in at most some 200 means.
  static func fall(_ losses: [Double]) -> [(x: Double, y: Double)] {
    guard let first = losses.first, let least = losses.min(), first > least else { return [] }
    return SoundPicture.smoothed(losses.map { ($0 - least) / (first - least) })
  }
}
