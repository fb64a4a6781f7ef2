import ArgumentParser
import Fast
import Foundation
import PerceptualCore
import PerceptualExperiments
import PerceptualFiles

/// What a file is taken for; whatever is nothing else is audio, which libsndfile knows by its content.
enum FileKind {
  case array, picture, safetensors, audio

  /// By its first bytes; where they say nothing or cannot be read, by its name.
  init(contentsOf path: String) {
    switch try? ContentKind(of: path) {
    case .array: self = .array
    case .picture: self = .picture
    case .safetensors: self = .safetensors
    case .audio: self = .audio
    case .empty, .foreign, .unknown, nil: self.init(nameOf: path)
    }
  }

  /// Throws `.malformed`, naming what was expected, for a kind that nothing here reads.
  init(contentsOf path: String, expected: String) throws(PerceptualError) {
    if case .foreign(let name, let remedy)? = try? ContentKind(of: path) {
      throw .malformed("\(path): \(expected) was expected, found \(name): \(remedy)")
    }
    self.init(contentsOf: path)
  }

  init(nameOf path: String) {
    self =
      switch FilePath.suffix(of: path) {
      case "npy": .array
      case "png": .picture
      case "safetensors": .safetensors
      default: .audio
      }
  }
}

/// `--from` and `--seconds` of the commands that take a recording.
struct WindowOptions: ParsableArguments {
  @Option(
    help: ArgumentHelp(
      "Where in a recording to begin, in seconds; what stands before is not decoded.", valueName: "seconds"))
  var from: Double?
  @Option(help: ArgumentHelp("How much of a recording to take, in seconds.", valueName: "seconds"))
  var seconds: Double?

  var isGiven: Bool { from != nil || seconds != nil }

  func validate() throws {
    if let from, !(from >= 0 && from <= 1e9) { throw ValidationError("--from \(from): 0 to 1e9 seconds is needed.") }
    if let seconds, !(seconds > 0 && seconds <= 1e9) {
      throw ValidationError("--seconds \(seconds): more than 0, and at most 1e9, is needed.")
    }
  }

  /// That part alone is decoded. Throws `.malformed` where the recording ends before it, naming its length.
  func read(_ path: String) throws(PerceptualError) -> AudioClip {
    let from = from ?? 0
    if from == 0 && seconds == nil { return try AudioFile.read(path) }
    let information = try AudioFile.information(path)
    func frames(_ seconds: Double) -> Int { Int((seconds * Double(information.sampleRate)).rounded()) }
    let first = frames(from)
    let count = seconds.map { max(1, frames($0)) }
    guard first < information.frames, count ?? 1 <= information.frames - first else {
      func text(_ seconds: Double) -> String { String(format: "%.7g s", seconds) }
      let wanted = seconds.map { "\(text($0)) from \(text(from)) on" } ?? "a start at \(text(from))"
      throw .malformed(
        "\(path): a recording that has \(wanted) was expected, found one of \(text(information.seconds)): choose an "
          + "earlier part")
    }
    return try AudioFile.read(path, from: first, frames: count)
  }
}

/// `--grey` of the commands that take pictures in colour for grey ones.
extension GreyFormula: ExpressibleByArgument {}

/// A picture's samples, with a note where some of it is transparent.
func readPicture(_ path: String) throws(PerceptualError) -> StoredPicture {
  let picture = try PNG.read(path)
  if picture.isTransparent { printNote("\(path): has transparent pixels, laid on white") }
  return picture
}

/// A recording through the paper's front end: mono, 16 kHz, log-scaled mel-spectrogram in [0, 1].
///
/// Throws `.malformed` where it is shorter than one frame.
func frontEndImage(
  ofAudio path: String, _ frontEnd: AudioFrontEnd = .init(), window: WindowOptions? = nil
) throws(PerceptualError) -> LogScalingOutput<Float> {
  let audio = if let window { try window.read(path) } else { try AudioFile.read(path) }
  let signal = try frontEnd.signal(audio, source: path)
  let needed = frontEnd.shortTime.windowLength
  if signal.count < needed {
    throw .malformed(
      "\(path): \(signal.count) samples at \(frontEnd.sampleRate) Hz are less than one frame of \(needed); use a "
        + "longer recording")
  }
  return frontEnd.image(signal)
}

/// `--cache` of the commands that take clips from a directory of recordings.
struct CacheOptions: ParsableArguments {
  @Option(
    name: .customLong("cache"),
    help: ArgumentHelp(
      "A directory for the finished clips, half a megabyte each: made again only where a recording or a setting "
        + "changed.",
      valueName: "dir"))
  var directory: String?

  var cache: ClipCache? { directory.map { ClipCache(directory: $0) } }
}

/// Clips of a directory of recordings, with a note for each file skipped.
func loadClips(
  _ directory: String, limit: Int, _ options: CacheOptions
) throws(PerceptualError) -> ClipSet {
  let listing = try AudioFile.listing(of: directory)
  var progress = Progress("reading \(directory)", total: limit, unit: "clips")
  var set = try ClipSet.load(listing.files, limit: limit, cache: options.cache) { done, total in
    progress.update(done * limit / max(total, 1))
  }
  progress.finish()
  set.skipped = listing.skipped + set.skipped
  for sentence in set.skipped { printNote("skipped \(sentence)") }
  return set
}
