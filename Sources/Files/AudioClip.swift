import PerceptualCore

/// Sampled sound.
public struct AudioClip: Equatable, Sendable {
  /// [channels, frames]; full scale is -1 ... 1.
  public var samples: Tensor<Float>
  /// Frames a second.
  public var sampleRate: Int

  /// `samples` is [channels, frames], or [frames] for one channel.
  public init(samples: Tensor<Float>, sampleRate: Int) {
    require(samples.rank == 1 || samples.rank == 2, "samples: shape \(samples.shape), [channels, frames] is needed")
    require(sampleRate > 0, "sampleRate: \(sampleRate), at least 1 is needed")
    self.samples = samples.rank == 1 ? samples.reshaped([1, samples.count]) : samples
    self.sampleRate = sampleRate
  }

  public var channels: Int { samples.shape[0] }
  public var frames: Int { samples.shape[1] }
  public var seconds: Double { Double(frames) / Double(sampleRate) }

  /// The mean of the channels, [frames].
  public var mono: Tensor<Float> {
    if channels == 1 { return samples.reshaped([frames]) }
    var result = Tensor<Float>(shape: [frames])
    for channel in 0..<channels {
      for frame in 0..<frames { result[frame] += samples[channel, frame] }
    }
    return result.map { $0 / Float(channels) }
  }
}

/// What the header of a sound file says.
public struct AudioInformation: Equatable, Sendable {
  public var sampleRate: Int
  public var channels: Int
  /// As promised by the header; a file that was cut short holds fewer.
  public var frames: Int
  /// For people: "FLAC (Free Lossless Audio Codec), Signed 16 bit PCM".
  public var formatName: String

  public var seconds: Double { Double(frames) / Double(sampleRate) }
}

/// How samples are stored.
public enum AudioEncoding: String, Sendable, CaseIterable {
  /// Signed integers of 16 bits.
  case pcm16
  /// Signed integers of 24 bits.
  case pcm24
  /// Single precision; WAV only.
  case float32
}

/// The kinds of sound file that are written.
public enum AudioContainer: String, Sendable, CaseIterable {
  case wav, flac

  /// By the ending of a file's name; nil for any other.
  public init?(nameOf path: String) { self.init(rawValue: FilePath.suffix(of: path)) }
}
