// What the metrics ask of their settings and of an image's sides, once for both implementations and for fixtures.

extension StructuralSimilarityOptions {
  /// The least height and width: one window.
  public var smallestSide: Int { windowSize }

  /// C1 = (k1 L)^2, which steadies the luminance term.
  public var luminanceConstant: Double { k1 * dataRange * (k1 * dataRange) }
  /// C2 = (k2 L)^2, which steadies the contrast-structure term.
  public var contrastConstant: Double { k2 * dataRange * (k2 * dataRange) }

  /// What is wrong with these settings, nil if nothing.
  public var obstacle: String? {
    if windowSize < 1 || windowSize % 2 == 0 { return "windowSize: \(windowSize) given, an odd size is needed" }
    for (name, value) in [("sigma", sigma), ("k1", k1), ("k2", k2), ("dataRange", dataRange)]
    where !(value > 0 && value.isFinite) {
      return "\(name): \(value) given, a positive number is needed"
    }
    return nil
  }

  /// What is wrong with these settings for images of that shape, nil if nothing.
  public func obstacle(forImages shape: [Int]) -> String? {
    obstacle
      ?? obstacleOfImages(
        shape, smallestSide: smallestSide, needed: "a window of \(windowSize) needs \(smallestSide)")
  }
}

extension MultiScaleStructuralSimilarityOptions {
  /// The least height and width for which the coarsest scale still holds one window.
  ///
  /// Halving rounds up under ``OddSizes/pad``, so (window - 1) 2^(scales - 1) + 1, 161 as published; it rounds down
  /// under ``OddSizes/drop``, so window 2^(scales - 1), 176 as published.
  public var smallestSide: Int {
    let halvings = 1 << max(weights.count - 1, 0)
    return switch oddSizes {
    case .pad: (scale.windowSize - 1) * halvings + 1
    case .drop: scale.windowSize * halvings
    }
  }

  /// A side after one 2x2 average pooling.
  public func pooledSide(_ side: Int) -> Int {
    switch oddSizes {
    case .pad: (side + 1) / 2
    case .drop: side / 2
    }
  }

  /// Where a pooled element starts: it covers positions 2 i - firstOffset and the next, zeros outside the image.
  public func firstOffset(ofSide side: Int) -> Int { oddSizes == .pad ? side % 2 : 0 }

  /// What is wrong with these settings, nil if nothing.
  public var obstacle: String? {
    if let obstacle = scale.obstacle { return obstacle }
    if weights.isEmpty || weights.count > 32 {
      return "weights: \(weights.count) given, from 1 to 32 are needed, one a scale"
    }
    if let wrong = weights.first(where: { !($0 > 0 && $0.isFinite) }) {
      return "weights: \(wrong) given, positive numbers are needed"
    }
    return nil
  }

  /// What is wrong with these settings for images of that shape, nil if nothing.
  public func obstacle(forImages shape: [Int]) -> String? {
    obstacle
      ?? obstacleOfImages(
        shape, smallestSide: smallestSide,
        needed:
          "\(weights.count) scales with a window of \(scale.windowSize) and oddSizes \"\(oddSizes.rawValue)\" "
          + "need \(smallestSide)")
  }
}

extension LaplacianPyramid {
  /// The least height and width for `levels` levels: 2^levels + 1, 65 for six.
  ///
  /// The last level needs a side of 3, since reflection by 2 must be shorter than the side, and each halving rounds up.
  public static func smallestSide(levels: Int) -> Int { (1 << levels) + 1 }

  /// What is wrong with that many levels, nil if nothing.
  public static func obstacle(levels: Int) -> String? {
    (1...sigmas.count).contains(levels)
      ? nil : "levels: \(levels) given, from 1 to \(sigmas.count) have published constants"
  }

  /// What is wrong with that many levels for images of that shape, nil if nothing.
  public static func obstacle(levels: Int, forImages shape: [Int]) -> String? {
    obstacle(levels: levels)
      ?? obstacleOfImages(
        shape, smallestSide: smallestSide(levels: levels),
        needed: "\(levels) levels need \(smallestSide(levels: levels))")
  }
}

private func obstacleOfImages(_ shape: [Int], smallestSide: Int, needed: String) -> String? {
  if shape.count != 4 || shape.contains(0) {
    return "prediction: shape \(shape) given, a non-empty [N, C, H, W] is needed"
  }
  if min(shape[2], shape[3]) < smallestSide {
    return "prediction: sides of \(shape[2])x\(shape[3]) given, \(needed) pixels a side"
  }
  return nil
}
