/// Settings of SSIM (Wang et al. 2004): Gaussian window, valid positions, biased covariance.
public struct StructuralSimilarityOptions: Equatable, Sendable {
  /// Side of the square Gaussian window, odd.
  public var windowSize: Int
  /// Standard deviation of the window in pixels.
  public var sigma: Double
  public var k1: Double
  public var k2: Double
  /// Difference between the largest and smallest possible value.
  public var dataRange: Double

  public init(
    windowSize: Int = 11, sigma: Double = 1.5, k1: Double = 0.01, k2: Double = 0.03, dataRange: Double = 1
  ) {
    self.windowSize = windowSize
    self.sigma = sigma
    self.k1 = k1
    self.k2 = k2
    self.dataRange = dataRange
  }
}

/// What 2x2 average pooling does with an odd size.
public enum OddSizes: String, Sendable, CaseIterable {
  /// A row or column of zeros on both sides, counted in the mean (pytorch-msssim).
  case pad
  /// The last row or column is dropped.
  case drop
}

/// What becomes of a negative mean contrast term before its power.
public enum NegativeContrast: String, Sendable, CaseIterable {
  /// 0, with gradient 0.
  case relu
}

/// Settings of MS-SSIM (Wang et al. 2003).
public struct MultiScaleStructuralSimilarityOptions: Equatable, Sendable {
  public var scale: StructuralSimilarityOptions
  /// One exponent a scale, finest first.
  public var weights: [Double]
  public var oddSizes: OddSizes
  public var negativeContrast: NegativeContrast

  public static let publishedWeights = [0.0448, 0.2856, 0.3001, 0.2363, 0.1333]

  public init(
    scale: StructuralSimilarityOptions = .init(), weights: [Double] = publishedWeights, oddSizes: OddSizes = .pad,
    negativeContrast: NegativeContrast = .relu
  ) {
    self.scale = scale
    self.weights = weights
    self.oddSizes = oddSizes
    self.negativeContrast = negativeContrast
  }
}

/// Which published form of NLPD.
public enum LaplacianPyramidFamily: String, Sendable, CaseIterable {
  /// A. Hepburn's PyTorch code: six band-pass levels, RMS a level, norm of order 0.6 over levels.
  case hepburn
}

/// Constants of NLPD (Laparra et al. 2016) as in A. Hepburn's PyTorch code.
public enum LaplacianPyramid {
  /// The separable low-pass filter: its outer product with itself is the 5x5 filter.
  public static let lowPass = [0.05, 0.25, 0.4, 0.25, 0.05]
  public static let sigmas = [0.0248, 0.0185, 0.0179, 0.0191, 0.0220, 0.2782]
  /// Weights of the neighbours in the divisive normalisation: top, left, right, bottom; centre and corners are 0.
  public static let neighbours: [(top: Double, left: Double, right: Double, bottom: Double)] = [
    (0.1011, 0.1493, 0.1460, 0.1015), (0.0757, 0.1986, 0.1846, 0.0837), (0.0477, 0.2138, 0.2243, 0.0467),
    (0, 0.2503, 0.2616, 0), (0, 0.2598, 0.2552, 0), (0, 0.2215, 0.0717, 0),
  ]
  /// The order of the norm over levels: (sum r^0.6)^(1 / 0.6).
  public static let levelExponent = 0.6
}
