/// Where the bands of an auditory filter bank lie.
public enum AuditoryScale: String, Sendable, CaseIterable {
  /// Centres equally spaced in bark = 6 asinh(f / 600); widths are equivalent rectangular bandwidths, 0.108 f + 24.7.
  case bark
  /// Centres equally spaced in mel = 1127 ln(1 + f / 700); the same widths.
  case mel
  /// Centres in a geometric progression; a band's width is `bandwidthRatio` times its centre.
  case geometric
}

/// A bank of finite impulse responses over a band of frequencies.
public struct AuditoryFilterOptions: Hashable, Sendable {
  /// Hertz.
  public var sampleRate: Double
  /// The first band's centre, hertz.
  public var lowFrequency: Double
  /// The last band's centre, hertz.
  public var highFrequency: Double
  public var bands: Int
  /// Length of each impulse response.
  public var taps: Int
  public var scale: AuditoryScale
  /// Width over centre; for the geometric scale only.
  public var bandwidthRatio: Double

  public init(
    sampleRate: Double, lowFrequency: Double, highFrequency: Double, bands: Int = 512, taps: Int = 512,
    scale: AuditoryScale = .bark, bandwidthRatio: Double = 0.1
  ) {
    self.sampleRate = sampleRate
    self.lowFrequency = lowFrequency
    self.highFrequency = highFrequency
    self.bands = bands
    self.taps = taps
    self.scale = scale
    self.bandwidthRatio = bandwidthRatio
  }

  /// The least centre that A-weighting has a value at, hertz: below, roundings reach 0.
  public static let leastWeighted = 1e-6

  /// Why there is no such bank; nil if there is.
  public var obstacle: String? {
    let nyquist = sampleRate / 2
    if !(sampleRate > 0 && sampleRate.isFinite) { return "sampleRate: \(sampleRate), a positive number is needed" }
    if !(lowFrequency >= 0 && lowFrequency <= highFrequency && highFrequency <= nyquist) {
      return "band: \(lowFrequency) to \(highFrequency) Hz, 0 to \(nyquist) Hz is needed, and low not above high"
    }
    if bands < 1 || bands > 1 << 14 { return "bands: \(bands), 1 to 16384 are needed" }
    if taps < 2 || taps > 1 << 14 { return "taps: \(taps), 2 to 16384 are needed" }
    if scale == .geometric {
      if lowFrequency <= 0 { return "band: \(lowFrequency) Hz, a geometric scale starts above 0" }
      if !(bandwidthRatio > 0 && bandwidthRatio < 2) {
        return "bandwidthRatio: \(bandwidthRatio), more than 0 and less than 2 is needed"
      }
    }
    return nil
  }

  /// Frequencies at which a response is prescribed: 1 + 2^ceil(log2 taps), from 0 to Nyquist.
  public var gridSize: Int {
    var intervals = 1
    while intervals < taps { intervals *= 2 }
    return intervals + 1
  }
}

/// What the features of two signals are compared by.
public enum BarkDistanceKind: String, Sendable, CaseIterable {
  /// The mean of squared differences over bands and positions.
  case meanSquaredError
  /// Minus the cosine similarity over bands and positions.
  case cosine
}

/// Simultaneous masking as perceptual audio coders model it (docs/experiments.md): what the target hides is forgiven.
public struct BarkMasking: Hashable, Sendable {
  /// Samples over which a band's power is taken.
  public var frame: Int
  /// Decibels by which a masker's spread power lies above what it hides.
  public var offset: Double
  /// The level of a sine of amplitude 1, decibels of sound pressure.
  public var fullScaleLevel: Double

  public init(frame: Int = 128, offset: Double = 5.5, fullScaleLevel: Double = 96) {
    self.frame = frame
    self.offset = offset
    self.fullScaleLevel = fullScaleLevel
  }

  /// Why there is no such masking; nil if there is.
  public var obstacle: String? {
    if frame < 1 || frame > 1 << 20 { return "frame: \(frame), 1 to 2^20 samples are needed" }
    if !(abs(offset) <= 200) { return "offset: \(offset), -200 to 200 dB is needed" }
    if !(abs(fullScaleLevel) <= 200) { return "fullScaleLevel: \(fullScaleLevel), -200 to 200 dB is needed" }
    return nil
  }
}

/// The perceptual audio loss of the two experiments (facts: zounds' PerceptualLoss).
public struct BarkDistanceOptions: Hashable, Sendable {
  public var filters: AuditoryFilterOptions
  /// Samples from one position to the next ("lap").
  public var stride: Int
  /// In log(1 + logFactor x).
  public var logFactor: Double
  /// Whether features are weighted by 1 + dB(A) - the least dB(A) of the scale.
  public var aWeighting: Bool
  public var distance: BarkDistanceKind
  /// Where given, 1 / sqrt(the target's masking threshold) stands in logFactor's place.
  public var masking: BarkMasking?

  public init(
    filters: AuditoryFilterOptions, stride: Int, logFactor: Double, aWeighting: Bool,
    distance: BarkDistanceKind = .meanSquaredError, masking: BarkMasking? = nil
  ) {
    self.filters = filters
    self.stride = stride
    self.logFactor = logFactor
    self.aWeighting = aWeighting
    self.distance = distance
    self.masking = masking
  }

  /// Positions that share one masking threshold.
  public var framePositions: Int { max(1, (masking?.frame ?? 1) / stride) }

  /// One clip from one noise vector: 1 Hz to Nyquist at 11 025 Hz, lap 1, factor 10, A-weighting, cosine.
  public static let clipGenerator = BarkDistanceOptions(
    filters: AuditoryFilterOptions(sampleRate: 11_025, lowFrequency: 1, highFrequency: 5512.5), stride: 1,
    logFactor: 10, aWeighting: true, distance: .cosine)

  /// The autoencoder of raw samples: 50 Hz to 300 Hz below Nyquist, lap 2, factor 10 000, mean squared error.
  public static let rawAutoencoder = BarkDistanceOptions(
    filters: AuditoryFilterOptions(sampleRate: 11_025, lowFrequency: 50, highFrequency: 5212.5), stride: 2,
    logFactor: 10_000, aWeighting: false)

  /// ``clipGenerator`` under the target's masking thresholds.
  public static let maskedClipGenerator: BarkDistanceOptions = {
    var options = clipGenerator
    options.masking = BarkMasking()
    return options
  }()

  /// floor((samples + taps) / stride) + 1: a filter's places over a signal with as many zeros as taps on each side.
  public func positions(samples: Int) -> Int { (samples + filters.taps) / stride + 1 }

  /// Why there is no such loss; nil if there is.
  public var obstacle: String? {
    if let obstacle = filters.obstacle { return obstacle }
    if stride < 1 || stride > filters.taps { return "stride: \(stride), 1 to \(filters.taps) (the taps) is needed" }
    if aWeighting && filters.lowFrequency < AuditoryFilterOptions.leastWeighted {
      return "band: \(filters.lowFrequency) Hz, A-weighting needs \(AuditoryFilterOptions.leastWeighted) Hz and more"
    }
    if !(logFactor > 0 && logFactor.isFinite) { return "logFactor: \(logFactor), a positive number is needed" }
    return masking?.obstacle
  }

  /// Why it does not compare signals of these shapes; nil if it does.
  public func obstacle(prediction: [Int], target: [Int]) -> String? {
    if let obstacle { return obstacle }
    if prediction.count != 2 || prediction.contains(where: { $0 < 1 }) {
      return "prediction: shape \(prediction), a non-empty [N, T] is needed"
    }
    if target != prediction { return "target: shape \(target), prediction has \(prediction)" }
    return nil
  }
}
