/// The published audio front end (arXiv 2312.03455, section 2.3; facts of the numbers in docs/facts.md).
public enum PaperAudio {
  public static let sampleRate = 16_000
  public static let sourceSampleRate = 48_000
  public static let windowLength = 1024
  public static let hop = 260
  public static let mels = 256
  /// 4.208 s at 16 kHz: 1 + (67328 - 1024) / 260 = 256 frames.
  public static let clipSamples = 67_328
  public static let clipSeconds = 4.208
  public static let logEpsilon = 0.001
}

/// How frequency is warped to mel: HTK 2595 log10(1 + f / 700), or Slaney's linear-then-logarithmic scale.
public enum MelScale: String, Sendable, CaseIterable { case htk, slaney }

/// How a mel filter is scaled: not at all, or to unit area in hertz (Slaney).
public enum MelNorm: String, Sendable, CaseIterable { case none, slaney }

/// How a resampler's low-pass filter is designed.
public enum ResamplingDesign: String, Sendable, CaseIterable {
  /// TorchAudio's `sinc_interp_hann`: width 6, rolloff 0.99.
  case torchaudio
  /// A Kaiser-windowed sinc of high quality: up to 0.91 of the smaller Nyquist frequency within 0.0001 dB, from that
  /// frequency on at least 120 dB down. The default for new work; the paper's path keeps `torchaudio`.
  case kaiser
}

/// How magnitudes are found behind mel values.
public enum InverseMelMethod: String, Sendable, CaseIterable {
  /// The x >= 0 of least residual.
  case nonNegativeLeastSquares
  /// The x of least residual and least norm, negative elements then set to 0, as TorchAudio does.
  case minimumNorm
}

/// Where Griffin-Lim's random start lies in the complex plane.
public enum GriffinLimStart: String, Sendable, CaseIterable {
  /// Modulus 1, any phase: librosa's.
  case unitPhasors
  /// Real and imaginary part each in [0, 1): TorchAudio's.
  case firstQuadrant
}

/// log(x + epsilon) or log(max(x, epsilon)).
public enum LogForm: String, Sendable, CaseIterable { case add, clamp }

/// Which logarithms become 0 and 1: this clip's least and greatest, or fixed ones.
public enum LogRange: Equatable, Sendable {
  case clip
  case fixed(low: Double, high: Double)
}

/// A bank of triangular mel filters.
public struct MelFilterBankOptions: Hashable, Sendable {
  /// Hertz.
  public var sampleRate: Double
  /// Frequencies of the spectrum: windowLength / 2 + 1.
  public var bins: Int
  public var mels: Int
  /// Hertz.
  public var lowFrequency: Double
  /// Hertz.
  public var highFrequency: Double
  public var scale: MelScale
  public var norm: MelNorm

  public init(
    sampleRate: Double = Double(PaperAudio.sampleRate), bins: Int = PaperAudio.windowLength / 2 + 1,
    mels: Int = PaperAudio.mels, lowFrequency: Double = 0, highFrequency: Double? = nil, scale: MelScale = .htk,
    norm: MelNorm = .none
  ) {
    self.sampleRate = sampleRate
    self.bins = bins
    self.mels = mels
    self.lowFrequency = lowFrequency
    self.highFrequency = highFrequency ?? sampleRate / 2
    self.scale = scale
    self.norm = norm
  }
}

/// A short-time Fourier transform with a periodic Hann window.
public struct ShortTimeOptions: Hashable, Sendable {
  /// Samples, at least 2.
  public var windowLength: Int
  /// Samples between frames.
  public var hop: Int
  /// Whether the signal is extended by reflection, windowLength / 2 samples on each side.
  public var centred: Bool

  public init(windowLength: Int = PaperAudio.windowLength, hop: Int = PaperAudio.hop, centred: Bool = false) {
    self.windowLength = windowLength
    self.hop = hop
    self.centred = centred
  }

  public var bins: Int { windowLength / 2 + 1 }

  /// Samples of reflection on each side: floor(windowLength / 2) if centred.
  public var margin: Int { centred ? windowLength / 2 : 0 }

  /// Frames of a signal of `samples`: 1 + floor((T + 2 margin - windowLength) / hop), 0 if shorter. For an even window
  /// that is 1 + floor(T / hop) centred.
  public func frames(samples: Int) -> Int {
    let extended = samples + 2 * margin
    return extended < windowLength ? 0 : 1 + (extended - windowLength) / hop
  }

  /// Samples that `frames` frames span without the margins: (frames - 1) hop, plus windowLength if not centred.
  public func samples(frames: Int) -> Int { (frames - 1) * hop + (centred ? 0 : windowLength) }
}

/// The largest rate, after division by the common divisor, that a resampler takes: every one needs a filter of its own.
public let largestResamplingRate = 200_000

/// Samples after resampling: ceil(new samples / old).
public func resampledCount(_ samples: Int, from old: Int, to new: Int) -> Int { (samples * new + old - 1) / old }
