/// The weights of SSIM's window.
public enum SimilarityWindow: String, Sendable, CaseIterable {
  /// exp(-d^2 / (2 sigma^2)), of sum 1.
  case gaussian
  /// All alike; sigma has no effect.
  case uniform
}

/// How variances and the covariance are normalised.
public enum SimilarityCovariance: String, Sendable, CaseIterable {
  /// sum w (x - mean)^2.
  case population
  /// The same times n / (n - 1), n = windowSize^2 (scikit-image): all that this does is to divide C2 by that factor.
  case sample
}

/// Where windows may lie.
public enum SimilarityPadding: String, Sendable, CaseIterable {
  /// Wholly inside the image.
  case valid
  /// Centred on every pixel of the image, which is reflected at its borders, the edge not repeated (torchmetrics).
  case reflect
}

/// What becomes of large images before SSIM is taken.
public enum SimilarityDownsampling: String, Sendable, CaseIterable {
  /// They stay as they are.
  case none
  /// Means over f x f blocks, f = the smaller side over 256, rounded, halves to the even number; what does not fill a
  /// block is dropped (piq).
  case piq
  /// Means over f x f windows around every f-th pixel, images mirrored with the edge repeated, f = the smaller side
  /// over 256, rounded, halves up (the authors' ssim.m).
  case matlab

  /// The factor f for images of that size, at least 1.
  public func factor(height: Int, width: Int) -> Int {
    let ratio = Double(min(height, width)) / 256
    return switch self {
    case .none: 1
    case .piq: max(1, Int(ratio.rounded(.toNearestOrEven)))
    case .matlab: max(1, Int(ratio.rounded(.toNearestOrAwayFromZero)))
    }
  }

  /// A side after reduction by `factor`.
  public func reduced(_ side: Int, by factor: Int) -> Int {
    self == .matlab ? (side + factor - 1) / factor : side / factor
  }

  /// How far before position `factor` x i the mean of reduced element i begins.
  public func reach(of factor: Int) -> Int { self == .matlab ? (factor - 1) / 2 : 0 }
}

/// Settings of SSIM (Wang et al. 2004). The default is that of pytorch-msssim with a data range of 1: Gaussian window,
/// valid positions, population covariance. ``StructuralSimilarityPreset`` names those of other implementations.
public struct StructuralSimilarityOptions: Equatable, Sendable {
  /// Side of the square window, odd.
  public var windowSize: Int
  /// Standard deviation of the Gaussian window in pixels.
  public var sigma: Double
  public var k1: Double
  public var k2: Double
  /// Difference between the largest and smallest possible value.
  public var dataRange: Double
  public var window: SimilarityWindow
  public var covariance: SimilarityCovariance
  public var padding: SimilarityPadding
  public var downsampling: SimilarityDownsampling
  /// Whether a position's negative contrast counts as 0, with gradient 0 (pyiqa).
  public var rectifiedContrast: Bool

  public init(
    windowSize: Int = 11, sigma: Double = 1.5, k1: Double = 0.01, k2: Double = 0.03, dataRange: Double = 1,
    window: SimilarityWindow = .gaussian, covariance: SimilarityCovariance = .population,
    padding: SimilarityPadding = .valid, downsampling: SimilarityDownsampling = .none, rectifiedContrast: Bool = false
  ) {
    self.windowSize = windowSize
    self.sigma = sigma
    self.k1 = k1
    self.k2 = k2
    self.dataRange = dataRange
    self.window = window
    self.covariance = covariance
    self.padding = padding
    self.downsampling = downsampling
    self.rectifiedContrast = rectifiedContrast
  }
}

/// What 2x2 average pooling does with an odd size.
public enum OddSizes: String, Sendable, CaseIterable {
  /// A row or column of zeros on both sides, counted in the mean (pytorch-msssim, pyiqa).
  case pad
  /// The last row or column is dropped (torchmetrics).
  case drop
  /// The last row or column is repeated (TensorFlow, the authors' msssim.m).
  case symmetric
  /// If either size is odd, the first row and the first column are both repeated; what then makes no pair is dropped
  /// (piq).
  case replicateStart
}

/// What becomes of a negative mean term before its power.
public enum NegativeContrast: String, Sendable, CaseIterable {
  /// 0, with gradient 0.
  case relu
  /// The contrast floor, with gradient 0.
  case floor
  /// Every term becomes (1 + term) / 2, negative or not (torchmetrics' "simple").
  case shift
  /// Each position's contrast is made 0 where it is negative, with gradient 0; a mean still negative as by `relu`
  /// (pyiqa).
  case reluMap
}

/// When channels are averaged.
public enum SimilarityChannels: String, Sendable, CaseIterable {
  /// Each has its product over scales; the products are averaged.
  case separate
  /// Each scale's terms are averaged before the power (torchmetrics, pyiqa).
  case joint
}

/// Settings of MS-SSIM (Wang et al. 2003). The default is that of pytorch-msssim with a data range of 1;
/// ``MultiScaleStructuralSimilarityPreset`` names those of other implementations.
public struct MultiScaleStructuralSimilarityOptions: Equatable, Sendable {
  /// Settings of each scale. Padding by reflection concerns the last scale, which alone has a luminance term, as in
  /// torchmetrics; downsampling is none.
  public var scale: StructuralSimilarityOptions
  /// One exponent a scale, finest first.
  public var weights: [Double]
  public var oddSizes: OddSizes
  public var negativeContrast: NegativeContrast
  /// The least value of a term under ``NegativeContrast/floor``, above 0 and under 1.
  public var contrastFloor: Double
  public var channels: SimilarityChannels

  public static let publishedWeights = [0.0448, 0.2856, 0.3001, 0.2363, 0.1333]
  public static let defaultContrastFloor = 1e-4

  public init(
    scale: StructuralSimilarityOptions = .init(), weights: [Double] = publishedWeights, oddSizes: OddSizes = .pad,
    negativeContrast: NegativeContrast = .relu, contrastFloor: Double = defaultContrastFloor,
    channels: SimilarityChannels = .separate
  ) {
    self.scale = scale
    self.weights = weights
    self.oddSizes = oddSizes
    self.negativeContrast = negativeContrast
    self.contrastFloor = contrastFloor
    self.channels = channels
  }
}
