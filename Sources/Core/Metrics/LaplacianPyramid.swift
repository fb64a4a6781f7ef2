/// Which published form of NLPD.
public enum LaplacianPyramidFamily: String, Sendable, CaseIterable {
  /// A. Hepburn's PyTorch code: six band-pass levels, RMS a level, norm of order 0.6 over levels.
  case hepburn
  /// The MATLAB code of 2016 as pyiqa carries it over: five band-pass levels and the low-pass residual, zeros inserted
  /// to enlarge, mean of the RMS values.
  case matlab
  /// The MATLAB code of 2016 itself, whose finest level has a fifth neighbour, two to the left, of weight 0.0072.
  case laparra
  /// A. Hepburn's first TensorFlow code: five band-pass levels and the low-pass residual, zeros around the image, mean
  /// of the RMS values.
  case tensorflow

  /// Whether the last level is the low-pass residual.
  public var endsInLowPass: Bool { self != .hepburn }
}

/// What a distance is given for.
public enum LaplacianPyramidPooling: String, Sendable, CaseIterable {
  /// One number an image.
  case image
  /// One number a batch, as the training codes of the families "hepburn" and "tensorflow" take it.
  case batch
}

/// Constants of NLPD (Laparra et al. 2016).
public enum LaplacianPyramid {
  /// The separable low-pass filter: its outer product with itself is the 5x5 filter.
  public static let lowPass = [0.05, 0.25, 0.4, 0.25, 0.05]
  public static let sigmas = [0.0248, 0.0185, 0.0179, 0.0191, 0.0220, 0.2782]
  /// Weights of the neighbours in the divisive normalisation: top, left, right, bottom; centre and corners are 0.
  public static let neighbours: [(top: Double, left: Double, right: Double, bottom: Double)] = [
    (0.1011, 0.1493, 0.1460, 0.1015), (0.0757, 0.1986, 0.1846, 0.0837), (0.0477, 0.2138, 0.2243, 0.0467),
    (0, 0.2503, 0.2616, 0), (0, 0.2598, 0.2552, 0), (0, 0.2215, 0.0717, 0),
  ]
  /// The order of the norm over levels of the family "hepburn": (sum r^0.6)^(1 / 0.6).
  public static let levelExponent = 0.6

  /// Which of the constants level `level` of `levels` has: a low-pass residual always has the last.
  public static func constants(ofLevel level: Int, of levels: Int, family: LaplacianPyramidFamily) -> Int {
    family.endsInLowPass && level == levels - 1 ? sigmas.count - 1 : level
  }

  /// The weighted neighbours of a position, as (rows down, columns right, weight), for constants `index`.
  ///
  /// MATLAB convolves, which turns the filter round; the others correlate.
  public static func neighbourhood(
    _ index: Int, family: LaplacianPyramidFamily
  ) -> [(down: Int, right: Int, weight: Double)] {
    let w = neighbours[index]
    switch family {
    case .hepburn, .tensorflow:
      return [(-1, 0, w.top), (0, -1, w.left), (0, 1, w.right), (1, 0, w.bottom)]
    case .matlab, .laparra:
      let turned = [(-1, 0, w.bottom), (0, -1, w.right), (0, 1, w.left), (1, 0, w.top)]
      return family == .laparra && index == 0 ? turned + [(0, -2, fifthNeighbour)] : turned
    }
  }

  /// The weight that only the MATLAB code has.
  public static let fifthNeighbour = 0.0072

  /// The least height and width for `levels` levels: 2^levels + 1, 65 for six, in the family "hepburn", whose last
  /// level needs a side of 3, since reflection by 2 must be shorter than the side, and each halving rounds up. The
  /// borders of the others need nothing.
  public static func smallestSide(levels: Int, family: LaplacianPyramidFamily = .hepburn) -> Int {
    family == .hepburn ? (1 << levels) + 1 : 1
  }

  /// What is wrong with these settings, nil if nothing.
  public static func obstacle(
    levels: Int, family: LaplacianPyramidFamily = .hepburn, pooling: LaplacianPyramidPooling = .image
  ) -> String? {
    if !(1...sigmas.count).contains(levels) {
      return "levels: \(levels) given, from 1 to \(sigmas.count) have published constants"
    }
    if pooling == .batch && family != .hepburn && family != .tensorflow {
      return "pooling: \"batch\" given, family \"\(family.rawValue)\" has \"image\" alone"
    }
    return nil
  }

  /// What is wrong with these settings for images of that shape, nil if nothing.
  public static func obstacle(
    levels: Int, forImages shape: [Int], family: LaplacianPyramidFamily = .hepburn,
    pooling: LaplacianPyramidPooling = .image
  ) -> String? {
    if let obstacle = obstacle(levels: levels, family: family, pooling: pooling) { return obstacle }
    let side = smallestSide(levels: levels, family: family)
    return obstacleOfImages(shape, smallestSide: side, needed: "\(levels) levels need \(side)")
  }
}
