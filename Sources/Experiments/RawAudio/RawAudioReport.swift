import Foundation
import PerceptualCore
import PerceptualFiles

/// The page of experiment 003: trainings side by side, what each makes of a recording at its checkpoints, and the
/// measures on windows held out.
public enum RawAudioReport {
  /// Checkpoints of a run that are shown, at most: spread evenly, the last among them.
  static let shown = 4
  /// Samples of the recording that are shown, at most.
  static let seconds = 4.0

  /// Writes `report.html` into a directory and returns its path.
  ///
  /// `runs` are directories of `raw-autoencoder train`; the recording goes through the networks of their checkpoints.
  /// Throws `.missing` where a directory holds no checkpoint, and what reading and writing throw.
  public static func write(runs: [String], recording: String, to directory: String) throws(PerceptualError) -> String {
    let audio = try excerpt(try AudioFile.read(recording))
    var sounds: [(title: String, clip: String, sounds: [ReportSound?])] = []
    var logs: [(name: String, lines: [JSONValue])] = []
    for run in runs {
      var row: [ReportSound?] = []
      var name = FilePath.shown(FilePath.name(of: run))
      var iterations: [String] = []
      for iteration in try checkpoints(in: run) {
        let (network, loss) = try RawAudioCheckpoint.read(Checkpoint.path(iteration: iteration, in: run))
        name = loss.rawValue
        let result = try network.reconstruct(audio, file: recording)
        let original = Tensor(result.input.samples.elements)
        if row.isEmpty {
          row.append(sounds.isEmpty ? SoundPicture.sound(original, reference: original) : nil)
        }
        row.append(SoundPicture.sound(Tensor(result.output.samples.elements), reference: original))
        iterations.append("\(iteration)")
      }
      sounds.append(("\(name), iterations \(iterations.joined(separator: ", "))", "recording", row))
      let text = (try? String(contentsOfFile: "\(run)/log.jsonl", encoding: .utf8)) ?? ""
      logs.append((name, text.split(separator: "\n").compactMap { try? JSONValue(parsing: $0.utf8) }))
    }
    var page = HTMLReport(title: "An autoencoder of raw samples")
    page.paragraph(
      "Windows of 2048 samples at 11 025 Hz through 128 numbers and back, under several losses (experiment 003).")
    page.heading("Verdict")
    page.paragraph(
      "Of windows held out, at the last checkpoints. Of two pairs of runs or more: shown in all, contradicted in none, "
        + "else undecided.")
    page.verdicts(verdicts(logs))
    page.heading("Sound")
    page.paragraph("The middle of \(FilePath.shown(FilePath.name(of: recording))), through the networks.")
    let columns = (sounds.map(\.sounds.count).max() ?? 1) - 1
    try page.listening(
      columns: ["original"] + (0..<columns).map { "checkpoint \($0 + 1)" }, rows: sounds,
      caption: SoundPicture.caption)
    page.heading("Learning curves")
    let curves = LineChart(
      title: "Training and windows held out", xLabel: "iteration", yLabel: "loss / first loss of training",
      series: logs.enumerated().flatMap { Self.curves($1.name, $1.lines, colour: $0) }, isLogarithmic: true)
    page.charts([
      (
        curves,
        "Each loss relative to its first value: of training in at most some 200 means, of windows held out at the "
          + "checkpoints."
      )
    ])
    page.heading("Details")
    page.folded("Measures on windows held out") { addTables(logs, to: &$0) }
    page.folded("Settings") { page in
      page.settings([("recording", recording)] + zip(logs, runs).map { ($0.name, $1) })
    }
    try FilePath.createDirectory(directory)
    let path = "\(directory)/report.html"
    try page.write(to: path)
    return path
  }

  /// Every run of another loss against every run of mean squared error.
  static func verdicts(_ logs: [(name: String, lines: [JSONValue])]) -> [ClaimVerdict] {
    func last(_ log: (name: String, lines: [JSONValue])) -> [String: Double]? {
      guard case .object(let members) = log.lines.last(where: { $0["validationLoss"] != nil }) else { return nil }
      return Dictionary(members.compactMap { member in member.value.double.map { (member.key, $0) } }) { $1 }
    }
    let plain = logs.filter { $0.name == RawAudioLoss.mse.rawValue }.compactMap(last)
    return RawAudioLoss.allCases.filter { $0 != .mse }.flatMap { loss in
      let pairs = logs.filter { $0.name == loss.rawValue }.compactMap(last).flatMap { better in
        plain.map { (better: better, worse: $0) }
      }
      return SoundPicture.verdicts(
        loss.rawValue, over: RawAudioLoss.mse.rawValue, pairs: pairs, pairs.count == 1 ? "pair" : "pairs")
    }
  }

  /// The losses of a log relative to its first: of training, and of the windows held out.
  static func curves(_ name: String, _ lines: [JSONValue], colour: Int = 0) -> [LineChart.Series] {
    let losses = lines.compactMap { $0["loss"]?.double }
    let first = max(losses.first ?? 1, 1e-30)
    let heldOut = lines.compactMap { line -> (x: Double, y: Double)? in
      guard let iteration = line["iteration"]?.integer, let loss = line["validationLoss"]?.double else { return nil }
      return (Double(iteration), loss / first)
    }
    return [
      LineChart.Series(name: name, points: SoundPicture.smoothed(losses.map { $0 / first }), colour: colour),
      LineChart.Series(name: "\(name), held out", points: heldOut, colour: colour, isDashed: true),
    ]
  }

  private static func addTables(_ logs: [(name: String, lines: [JSONValue])], to page: inout HTMLReport) {
    page.paragraph(
      "docs/experiments.md says what the measures are: a good reconstruction has highs 1, log spectrum 0, onsets 1, "
        + "STFT 0 and Bark 0.")
    page.table(
      headers: [
        "loss", "iteration", "epoch", "validation", "highs", "log spectrum, dB", "flatness", "onsets", "STFT", "Bark",
        "MSE",
      ],
      rows: logs.flatMap { log in
        log.lines.filter { $0["validationLoss"] != nil }.map { line in
          [log.name, "\(line["iteration"]?.integer ?? 0)"]
            + (["epoch", "validationLoss"] + ClipMeasures.keys.map(\.name)).map {
              SoundPicture.text(line[$0]?.double ?? .nan)
            }
        }
      })
  }

  /// The middle of a recording.
  private static func excerpt(_ audio: AudioClip) throws(PerceptualError) -> AudioClip {
    let frames = min(audio.frames, Int(seconds * Double(audio.sampleRate)))
    let first = (audio.frames - frames) / 2
    let mono = audio.mono.elements
    return AudioClip(
      samples: Tensor(Array(mono[first..<first + frames]), shape: [1, frames]), sampleRate: audio.sampleRate)
  }

  private static func checkpoints(in directory: String) throws(PerceptualError) -> [Int] {
    let all = Array(try Checkpoint.iterations(in: directory, needsOptimizer: false).reversed())
    if all.isEmpty {
      throw .missing("\(directory): checkpoints of `raw-autoencoder train` were expected, found none: check the path")
    }
    let count = min(shown, all.count)
    return (1...count).map { all[$0 * all.count / count - 1] }
  }
}
