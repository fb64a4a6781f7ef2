import Fast
import Foundation
import PerceptualCore
import PerceptualFiles

/// A window of a recording as experiment 004 takes it.
public struct ClipSource: Sendable {
  /// For file names.
  public let name: String
  public let file: String
  /// Seconds.
  public let start: Double
  /// [1, 8192] at 11 025 Hz, scaled by its absolute maximum.
  public let signal: Tensor<Float>

  /// Seconds of the window.
  public static let seconds = Double(ClipGenerator.samples) / Double(ClipGenerator.sampleRate)

  /// Reads a window of a recording: from `start` on, or the middle of the file. Channels are averaged and resampled.
  ///
  /// Throws `.malformed` where the recording is shorter than the window, ends before it, is silent there, holds a
  /// number that is not finite or has a rate that cannot be resampled; and what ``AudioFile`` throws.
  public init(file: String, start: Double? = nil) throws(PerceptualError) {
    let information = try AudioFile.information(file)
    guard information.seconds >= Self.seconds else {
      throw .malformed(
        String(
          format: "%@: a recording of at least %.4f s was expected, found %.4f s: choose a longer one", file,
          Self.seconds, information.seconds))
    }
    let latest = information.seconds - Self.seconds
    let begin = start ?? latest / 2
    guard begin >= 0 && begin <= latest else {
      throw .malformed(
        String(
          format: "%@: a start of 0 to %.4f s was expected, so that %.4f s follow, found %.4f s: choose an earlier one",
          file, latest, Self.seconds, begin))
    }
    // A little more on each side, so that the resampling filter sees what is there.
    let rate = Double(information.sampleRate)
    let first = max(0, Int((begin - 0.05) * rate))
    let last = min(information.frames, Int(((begin + Self.seconds + 0.05) * rate).rounded(.up)))
    let resampled = try rawAudioSignal(try AudioFile.read(file, from: first, frames: last - first), file: file)
    let offset = min(
      max(0, Int(((begin - Double(first) / rate) * Double(ClipGenerator.sampleRate)).rounded())),
      max(0, resampled.count - ClipGenerator.samples))
    guard resampled.count >= ClipGenerator.samples else {
      throw .malformed(
        "\(file): \(ClipGenerator.samples) samples were expected after resampling, found \(resampled.count): choose a "
          + "longer recording")
    }
    let window = Array(resampled.elements[offset..<offset + ClipGenerator.samples])
    try self.init(name: FilePath.stem(of: file), file: file, start: begin, window: window)
  }

  /// Scales a window; throws `.malformed` where it is silent or not finite.
  init(name: String, file: String, start: Double, window: [Float]) throws(PerceptualError) {
    if let place = window.firstIndex(where: { !$0.isFinite }) {
      throw .malformed("\(file): finite samples were expected, found \(window[place]) at sample \(place) of the window")
    }
    let largest = window.reduce(0) { max($0, abs($1)) }
    guard largest > 1e-6 else {
      throw .malformed(
        String(
          format: "%@: sound was expected from %.4f s on, found silence: choose another --start", file, start))
    }
    self.name = name
    self.file = file
    self.start = start
    signal = Tensor(window.map { $0 / largest }, shape: [1, window.count])
  }
}

/// Fits a generator to one clip under one loss, with checkpoints.
public struct ClipFit {
  public let source: ClipSource
  public let loss: ClipLoss
  public let seed: UInt64
  public var iterations = 1000
  /// Iterations, counted from 0, between clips that are kept; the last is always kept.
  public var checkpointEvery = 250
  /// The Bark distance under which a clip counts as close, of ``iterationsToBark``.
  public static let barkThresholds = [-0.8, -0.9, -0.95]
  /// How often the Bark distance is taken on the way there.
  static let barkEvery = 10

  public init(_ source: ClipSource, loss: ClipLoss, seed: UInt64 = 0) {
    self.source = source
    self.loss = loss
    self.seed = seed
  }

  /// What a checkpoint found.
  public struct Checkpoint: Sendable {
    /// Steps taken before the clip was made.
    public let iteration: Int
    public let loss: Double
    public let measures: ClipMeasures
    /// [1, 8192].
    public let clip: Tensor<Float>
  }

  /// What a run found.
  public struct Result: Sendable {
    public var checkpoints: [Checkpoint] = []
    /// Every iteration's loss, before its step.
    public var losses: [Double] = []
    /// The Bark distance after every tenth iteration.
    public var barkDistances: [Double] = []
    /// For each threshold the first multiple of ten iterations whose clip was as near; nil where none was.
    public var iterationsToBark: [Int?] {
      ClipFit.barkThresholds.map { threshold in
        barkDistances.firstIndex { $0 <= threshold }.map { $0 * ClipFit.barkEvery }
      }
    }
    public var wasStopped = false
  }

  /// Trains. Throws `.nonFinite` where a loss is no number.
  public func run(
    shouldStop: () -> Bool = { false }, report: (Int, Double) -> Void = { _, _ in }
  ) throws(PerceptualError) -> Result {
    let generator = ClipGenerator(seed: seed, draw: ClipLoss.allCases.firstIndex(of: loss) ?? 0)
    let objective = ClipObjective(loss, target: source.signal)
    let judge = loss == .bark ? objective : ClipObjective(.bark, target: source.signal)
    var result = Result()
    for iteration in 0..<iterations {
      if shouldStop() {
        result.wasStopped = true
        return result
      }
      let clip = generator.output()
      let (value, gradient) = objective.valueAndGradient(clip)
      guard value.isFinite, clip.elements.allSatisfy(\.isFinite) else {
        throw .nonFinite(
          "\(source.file): iteration \(iteration), the \(loss.rawValue) loss is \(value): try another --seed")
      }
      result.losses.append(Double(value))
      if iteration % Self.barkEvery == 0 {
        result.barkDistances.append(Double(loss == .bark ? value : judge.value(clip)))
      }
      if iteration == iterations - 1 || iteration > 0 && iteration % checkpointEvery == 0 {
        let bark = loss == .bark ? value : judge.value(clip)
        let measures = ClipMeasures(
          audible: Tensor(clip.elements), original: Tensor(source.signal.elements),
          rate: Double(ClipGenerator.sampleRate), barkDistance: Double(bark))
        result.checkpoints.append(
          Checkpoint(iteration: iteration, loss: Double(value), measures: measures, clip: clip))
      }
      try generator.step(loss: Double(value), upstream: gradient)
      report(iteration + 1, Double(value))
    }
    return result
  }
}

extension ClipFit {
  private var prefix: String { "\(source.name)-\(loss.rawValue)" }

  /// Writes the original, the clip of every checkpoint (WAV, 11 025 Hz) and a line of JSON for each into a directory.
  public func write(_ result: Result, to directory: String) throws(PerceptualError) {
    try FilePath.createDirectory(directory)
    try AudioFile.write(Self.audio(source.signal), to: "\(directory)/\(source.name)-original.wav")
    for checkpoint in result.checkpoints {
      let name = "\(prefix)-\(String(format: "%06d", checkpoint.iteration)).wav"
      try AudioFile.write(Self.audio(checkpoint.clip), to: "\(directory)/\(name)")
    }
    let lines = logLines(result).map { $0.text + "\n" }
    try FileBytes.write(Array(lines.joined().utf8), to: "\(directory)/\(prefix).jsonl")
  }

  private static func audio(_ clip: Tensor<Float>) -> AudioClip {
    AudioClip(samples: clip.map { min(max($0, -1), 1) }, sampleRate: ClipGenerator.sampleRate)
  }

  /// Every iteration's line of the log.
  private func logLines(_ result: Result) -> [JSONValue] {
    result.losses.enumerated().map { iteration, value in
      var line: JSONValue = ["iteration": .integer(iteration), "loss": .number(value)]
      if iteration % Self.barkEvery == 0 {
        line["barkDistance"] = .number(result.barkDistances[iteration / Self.barkEvery])
      }
      if let checkpoint = result.checkpoints.first(where: { $0.iteration == iteration }) {
        line = line.adding(JSONValue(checkpoint.measures.named.filter { $0.name != "barkDistance" }))
      }
      return line
    }
  }

  /// Writes the log and the checkpoints' clips as TensorBoard's events into `tensorboard/NAME-LOSS` of a directory, in
  /// place of those of an earlier run. Throws what ``EventLog`` throws.
  public func writeEvents(_ result: Result, to directory: String) throws(PerceptualError) {
    let events = try EventLog(directory: "\(directory)/tensorboard/\(prefix)", keeping: -1)
    for (iteration, line) in logLines(result).enumerated() {
      let clip = result.checkpoints.first { $0.iteration == iteration }?.clip
      try events.append(
        step: iteration, EventValue.scalars(of: line) + (clip.map { [.audio("sound", Self.audio($0))] } ?? []))
    }
  }

  /// The run as JSON.
  public func json(_ result: Result) -> JSONValue {
    let checkpoints = result.checkpoints.map { checkpoint -> JSONValue in
      let head: JSONValue = ["iteration": .integer(checkpoint.iteration), "loss": .number(checkpoint.loss)]
      return head.adding(JSONValue(checkpoint.measures.named))
    }
    let reached = zip(Self.barkThresholds, result.iterationsToBark).map { threshold, iteration -> JSONValue in
      ["barkDistance": .number(threshold), "iteration": iteration.map { .integer($0) } ?? .null]
    }
    return [
      "clip": .string(source.name), "file": .string(source.file), "start": .number(source.start),
      "loss": .string(loss.rawValue), "seed": .string("\(seed)"), "checkpoints": .array(checkpoints),
      "iterationsToBark": .array(reached),
    ]
  }
}
