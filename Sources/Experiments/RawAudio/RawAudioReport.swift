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
    var page = HTMLReport(title: "An autoencoder of raw samples")
    page.paragraph(
      "Windows of 2048 samples at 11 025 Hz through 128 numbers and back, under several losses (experiment 003). "
        + "docs/experiments.md says what the measures are: a good reconstruction has highs 1, log spectrum 0, onsets "
        + "1, STFT 0 and Bark 0. They are means over windows held out; pictures and sounds are of \(recording).")
    let audio = try excerpt(try AudioFile.read(recording))
    var input: Tensor<Float>?
    var panels: [SpectrogramPanel?] = []
    var sounds: [(label: String, signal: Tensor<Float>)] = []
    var logs: [(name: String, lines: [JSONValue])] = []
    for run in runs {
      let iterations = try checkpoints(in: run)
      var row: [SpectrogramPanel?] = []
      var name = FilePath.shown(FilePath.name(of: run))
      for iteration in iterations {
        let (network, loss) = try RawAudioCheckpoint.read(Checkpoint.path(iteration: iteration, in: run))
        name = loss.rawValue
        let result = try network.reconstruct(audio, file: recording)
        let original = Tensor(result.input.samples.elements)
        if input == nil { sounds.append(("original", original)) }
        if row.isEmpty {
          row.append(
            input == nil
              ? SpectrogramPanel(title: "original", image: SoundPicture.image(original, reference: original)) : nil)
        }
        input = original
        let output = Tensor(result.output.samples.elements)
        row.append(
          SpectrogramPanel(
            title: "\(name), \(iteration)", image: SoundPicture.image(output, reference: original)))
        sounds.append(("\(name), iteration \(iteration)", output))
      }
      panels += row + [SpectrogramPanel?](repeating: nil, count: 1 + shown - row.count)
      let text = (try? String(contentsOfFile: "\(run)/log.jsonl", encoding: .utf8)) ?? ""
      logs.append((name, text.split(separator: "\n").compactMap { try? JSONValue(parsing: $0.utf8) }))
    }
    page.heading("A recording")
    for sound in sounds { page.audio(try SoundPicture.wave(sound.signal), label: sound.label) }
    let figure = SoundPicture.figure(
      FilePath.shown(FilePath.name(of: recording)), panels, columns: 1 + shown, samples: input?.count ?? 0)
    page.image(
      try PNG.bytes(figure), caption: "Mel-spectrograms, 80 dB under the original's loudest value to that value.")
    page.heading("Windows held out")
    addTables(logs, to: &page)
    page.heading("Learning curves")
    let curves = LineChart(
      title: "Training and windows held out", xLabel: "iteration", yLabel: "loss / first loss of training",
      series: logs.flatMap { Self.curves($0.name, $0.lines) }, isLogarithmic: true)
    page.image(
      try PNG.bytes(curves.render()),
      caption:
        "Each loss relative to its first value: of training in at most some 200 means, of windows held out at the "
        + "checkpoints."
    )
    try FilePath.createDirectory(directory)
    let path = "\(directory)/report.html"
    try page.write(to: path)
    return path
  }

  /// The losses of a log relative to its first: of training, and of the windows held out.
  static func curves(_ name: String, _ lines: [JSONValue]) -> [LineChart.Series] {
    let losses = lines.compactMap { $0["loss"]?.double }
    let first = max(losses.first ?? 1, 1e-30)
    let heldOut = lines.compactMap { line -> (x: Double, y: Double)? in
      guard let iteration = line["iteration"]?.integer, let loss = line["validationLoss"]?.double else { return nil }
      return (Double(iteration), loss / first)
    }
    return [
      LineChart.Series(name: name, points: SoundPicture.smoothed(losses.map { $0 / first })),
      LineChart.Series(name: "\(name), held out", points: heldOut),
    ]
  }

  private static func addTables(_ logs: [(name: String, lines: [JSONValue])], to page: inout HTMLReport) {
    let names = [
      "highFrequencyEnergyRatio", "logSpectralDistance", "residualFlatness", "onsetSharpness",
      "multiResolutionDistance",
      "barkDistance", "meanSquaredError",
    ]
    page.table(
      headers: [
        "loss", "iteration", "epoch", "validation", "highs", "log spectrum, dB", "flatness", "onsets", "STFT", "Bark",
        "MSE",
      ],
      rows: logs.flatMap { log in
        log.lines.filter { $0["validationLoss"] != nil }.map { line in
          [log.name, "\(line["iteration"]?.integer ?? 0)"]
            + (["epoch", "validationLoss"] + names).map { SoundPicture.text(line[$0]?.double ?? .nan) }
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
    let all = try FilePath.names(in: directory).compactMap { name -> Int? in
      guard name.hasPrefix("checkpoint-"), name.hasSuffix(".safetensors") else { return nil }
      return Int(name.dropFirst("checkpoint-".count).dropLast(".safetensors".count))
    }.sorted()
    if all.isEmpty {
      throw PerceptualError(
        .missing, "\(directory): checkpoints of `raw-autoencoder train` were expected, found none: check the path")
    }
    let count = min(shown, all.count)
    return (1...count).map { all[$0 * all.count / count - 1] }
  }
}
