import Fast
import Foundation
import PerceptualCore
import PerceptualFiles

/// Recordings at 11 025 Hz, cut into windows of 2048 samples, a quarter of each held out.
///
/// Windows begin every 16 samples. The last quarter of every recording is held out, and no window reaches from one part
/// into the other: drawn at random, held-out windows would overlap those trained on. Windows without sound are left
/// out.
public struct RawAudioData: Sendable {
  public static let hop = 16
  public static let heldOut = 0.25

  /// Mono.
  private let recordings: [[Float]]
  /// (recording, first sample) of every window.
  private let training: [(recording: Int32, first: Int32)]
  private let validation: [(recording: Int32, first: Int32)]
  /// A sentence for each file that gave no window.
  public let skipped: [String]

  public var trainingCount: Int { training.count }
  public var validationCount: Int { validation.count }

  /// What identifies the windows in a checkpoint.
  public var title: String { "\(recordings.count) recordings, \(training.count) and \(validation.count) windows" }

  /// What tells one collection of sounds from another: the mean square of all samples to four digits, which rounding on
  /// another instruction set leaves alone.
  var fingerprint: String {
    var (squares, count) = (0.0, 0)
    for samples in recordings {
      for value in samples { squares += Double(value) * Double(value) }
      count += samples.count
    }
    return String(format: "mean square %.4g", squares / Double(max(count, 1)))
  }

  /// Reads recordings, averages their channels and resamples them. Up to `limit` windows are trained on, spread evenly.
  ///
  /// A file that cannot be read, holds NaN, is silent or too short is skipped, with a sentence. Throws `.missing` where
  /// no window is left to train on or to hold out.
  public init(files: [String], limit: Int = 100_000) throws(PerceptualError) {
    var recordings: [[Float]] = []
    var skipped: [String] = []
    for file in files {
      do throws(PerceptualError) {
        recordings.append(try Self.read(file))
      } catch  where error.kind != .inputOutput {
        skipped.append(error.description)
      }
    }
    try self.init(recordings: recordings, skipped: skipped, limit: limit)
  }

  init(recordings: [[Float]], skipped: [String] = [], limit: Int = 100_000) throws(PerceptualError) {
    var (training, validation): ([(Int32, Int32)], [(Int32, Int32)]) = ([], [])
    let window = RawAutoencoderOptions.window
    for (index, samples) in recordings.enumerated() {
      let border = Int(Double(samples.count) * (1 - Self.heldOut))
      // How many samples of sound precede each.
      var sounding = [Int32](repeating: 0, count: samples.count + 1)
      for i in 0..<samples.count { sounding[i + 1] = sounding[i] + (abs(samples[i]) > 1e-6 ? 1 : 0) }
      func places(from: Int, to: Int) -> [(Int32, Int32)] {
        let all = stride(from: from, through: to - window, by: Self.hop)
        return all.filter { sounding[$0 + window] > sounding[$0] }.map { (Int32(index), Int32($0)) }
      }
      training += places(from: 0, to: border)
      validation += places(from: border, to: samples.count)
    }
    guard !training.isEmpty, !validation.isEmpty else {
      let reason = skipped.first.map { " (\($0))" } ?? ""
      throw .missing(
        "no usable audio: windows of 0.186 s to train on and to hold out were expected, found \(training.count) and "
          + "\(validation.count)\(reason): give recordings with sound, of at least 0.75 s")
    }
    self.recordings = recordings
    self.skipped = skipped
    self.validation = validation
    self.training =
      training.count <= limit ? training : (0..<limit).map { training[$0 * training.count / limit] }
  }

  /// A recording, mono at 11 025 Hz. Throws `.malformed` where it is silent or shorter than four windows, so that a
  /// quarter is one.
  static func read(_ file: String) throws(PerceptualError) -> [Float] {
    let information = try AudioFile.information(file)
    let needed = 4 * Double(RawAutoencoderOptions.window) / Double(RawAutoencoderOptions.sampleRate)
    guard information.seconds >= needed else {
      throw .malformed(
        String(
          format: "%@: a recording of at least %.2f s was expected, found %.2f s: choose a longer one", file, needed,
          information.seconds))
    }
    let samples = try rawAudioSignal(try AudioFile.read(file), file: file).elements
    guard samples.contains(where: { abs($0) > 1e-6 }) else {
      throw .malformed("\(file): sound was expected, found silence: choose another recording")
    }
    return samples
  }

  /// Windows drawn at random, [count, 2048], each scaled by its largest magnitude: draw `index` of stream 3 of `seed`.
  func batch(_ index: Int, count: Int, seed: UInt64) -> Tensor<Float> {
    let draws = uniformNoise(seed: seed, stream: .other, index: UInt64(index), count: count)
    return windows(draws.map { training[min(training.count - 1, Int(Double($0) * Double(training.count)))] })
  }

  /// Windows held out, spread evenly over all of them, [at most `count`, 2048].
  public func heldOutWindows(_ count: Int) -> Tensor<Float> {
    let taken = min(count, validation.count)
    return windows((0..<taken).map { validation[$0 * validation.count / taken] })
  }

  private func windows(_ places: [(recording: Int32, first: Int32)]) -> Tensor<Float> {
    let window = RawAutoencoderOptions.window
    var result = Tensor<Float>(shape: [places.count, window])
    for (row, place) in places.enumerated() {
      let samples = recordings[Int(place.recording)]
      let first = Int(place.first)
      let largest = samples[first..<first + window].reduce(0) { max($0, abs($1)) }
      for i in 0..<window { result[row, i] = samples[first + i] / largest }
    }
    return result
  }
}

/// A recording as the perceptual-audio-loss experiments hear it: its channels' mean at 11 025 Hz, [samples].
///
/// Throws `.malformed` where its rate cannot be resampled.
public func rawAudioSignal(_ audio: AudioClip, file: String) throws(PerceptualError) -> Tensor<Float> {
  if let obstacle = resamplingObstacle(from: audio.sampleRate, to: RawAutoencoderOptions.sampleRate) {
    throw .malformed("\(file): a common rate such as 48 kHz was expected, found \(obstacle): convert it to 48 kHz")
  }
  let resampled = resample(
    audio.mono.reshaped([1, audio.frames]), from: audio.sampleRate, to: RawAutoencoderOptions.sampleRate)
  return Tensor(resampled.elements)
}
