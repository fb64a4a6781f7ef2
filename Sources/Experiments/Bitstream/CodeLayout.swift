import PerceptualCore

/// How a recording becomes clips of code: pictures of up to 256 frames that follow each other without overlap.
///
/// A recording of T samples at 16 kHz has F = 1 + floor((T - 1024) / 260) frames; a shorter one is filled with silence
/// to one. Up to 259 samples at the end, 16 ms, lie in no frame and come back as silence. Clip k holds frames 256 k ...
/// 256 k + 255; the last one what is left, its last frame repeated up to a multiple of 16, since the network halves
/// four times. So the paper's clip of 67 328 samples is one clip of 256 frames: m 16 16 latents.
struct CodeLayout: Equatable, Sendable {
  static let framesPerClip = 256
  /// As long as the front end can hold: 4.6 hours.
  static let mostSamples = 1 << 28

  let samples: Int
  let channels: Int
  /// Centres of the quantiser.
  let centres: Int

  static func frames(samples: Int) -> Int {
    max(0, samples - PaperAudio.windowLength) / PaperAudio.hop + 1
  }

  var frames: Int { Self.frames(samples: samples) }
  var clips: Int { (frames + Self.framesPerClip - 1) / Self.framesPerClip }

  /// Frames of a clip before its end is filled up.
  func frames(clip: Int) -> Int { min(Self.framesPerClip, frames - clip * Self.framesPerClip) }

  /// Frames that are coded.
  func width(clip: Int) -> Int {
    let multiple = AutoencoderOptions.sizeMultiple
    return (frames(clip: clip) + multiple - 1) / multiple * multiple
  }

  /// Samples of the recording that a clip's frames see: where they begin, and how many.
  func window(clip: Int) -> (first: Int, count: Int) {
    (clip * Self.framesPerClip * PaperAudio.hop, (frames(clip: clip) - 1) * PaperAudio.hop + PaperAudio.windowLength)
  }

  /// Rows and columns of a clip's latent.
  func latentSize(clip: Int) -> (rows: Int, columns: Int) {
    (PaperAudio.mels / AutoencoderOptions.sizeMultiple, width(clip: clip) / AutoencoderOptions.sizeMultiple)
  }

  func latents(clip: Int) -> Int {
    let size = latentSize(clip: clip)
    return channels * size.rows * size.columns
  }

  /// Bits of one latent: log2 L, rounded up.
  var bits: Int {
    var bits = 0
    while 1 << bits < centres { bits += 1 }
    return bits
  }

  /// Bytes of a clip's code: 4096 for 256 frames, 128 channels and two centres.
  func bytes(clip: Int) -> Int { (latents(clip: clip) * bits + 7) / 8 }

  var bytes: Int { (0..<clips).reduce(0) { $0 + bytes(clip: $1) } }
}
