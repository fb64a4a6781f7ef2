import ArgumentParser
import Fast
import PerceptualCore
import PerceptualExperiments
import PerceptualFiles

/// What a file is taken for, by its name; whatever is nothing else is audio, which libsndfile knows by its content.
enum FileKind {
  case array, picture, safetensors, audio

  init(_ path: String) {
    let suffix = path.split(separator: "/").last?.split(separator: ".").last?.lowercased()
    self =
      switch suffix {
      case "npy": .array
      case "png": .picture
      case "safetensors": .safetensors
      default: .audio
      }
  }
}

/// A recording through the paper's front end: mono, 16 kHz, log-scaled mel-spectrogram in [0, 1].
///
/// Throws `.malformed` where it is shorter than one frame.
func frontEndImage(
  ofAudio path: String, _ frontEnd: AudioFrontEnd = .init()
) throws(PerceptualError) -> LogScalingOutput<Float> {
  frontEnd.image(try frontEndSignal(ofAudio: path, frontEnd))
}

/// A recording as the front end wants it: one channel at its rate.
///
/// Throws `.malformed` where it is shorter than one frame.
func frontEndSignal(
  ofAudio path: String, _ frontEnd: AudioFrontEnd = .init()
) throws(PerceptualError) -> Tensor<Float> {
  let clip = try AudioFile.read(path)
  if let obstacle = frontEnd.obstacle(frames: clip.frames, rate: clip.sampleRate) {
    throw PerceptualError(
      .malformed, "\(path): a recording that can be resampled was expected, found \(obstacle); convert it to 48 kHz")
  }
  let signal = clip.frames == 0 ? Tensor([]) : frontEnd.mono(clip.samples, rate: clip.sampleRate)
  let needed = frontEnd.shortTime.windowLength
  if signal.count < needed {
    throw PerceptualError(
      .malformed,
      "\(path): \(signal.count) samples at \(frontEnd.sampleRate) Hz are less than one frame of \(needed); use a longer recording")
  }
  return signal
}

/// `--cache` of the commands that take clips from a directory of recordings.
struct CacheOptions: ParsableArguments {
  @Option(
    name: .customLong("cache"),
    help: ArgumentHelp(
      "A directory for the finished clips, half a megabyte each: made again only where a recording or a setting changed.",
      valueName: "dir"))
  var directory: String?

  var cache: ClipCache? { directory.map { ClipCache(directory: $0) } }
}

/// Clips of a directory of recordings, with a note for each file skipped.
func loadClips(
  _ directory: String, limit: Int, _ options: CacheOptions
) throws(PerceptualError) -> ClipSet {
  let files = try AudioFile.list(in: directory)
  var progress = Progress("reading \(directory)", total: limit, unit: "clips")
  let set = try ClipSet.load(files, limit: limit, cache: options.cache) { done, total in
    progress.update(done * limit / max(total, 1))
  }
  progress.finish()
  for sentence in set.skipped { printNote("skipped \(sentence)") }
  return set
}
