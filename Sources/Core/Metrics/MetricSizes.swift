// What the metrics ask of their settings and of an image's sides, once for both implementations and for fixtures.

extension StructuralSimilarityOptions {
  /// How far a window reaches from its centre.
  public var radius: Int { windowSize / 2 }

  /// The least height and width: one window, or, where images are reflected, one more than the window's reach.
  public var smallestSide: Int { padding == .reflect ? radius + 1 : windowSize }

  /// The positions of windows along a side: the size of the map.
  public func positions(ofSide side: Int) -> Int { padding == .reflect ? side : side - windowSize + 1 }

  /// The height and width after downsampling.
  public func reducedSides(height: Int, width: Int) -> (height: Int, width: Int) {
    let factor = downsampling.factor(height: height, width: width)
    return (downsampling.reduced(height, by: factor), downsampling.reduced(width, by: factor))
  }

  /// C1 = (k1 L)^2, which steadies the luminance term.
  public var luminanceConstant: Double { k1 * dataRange * (k1 * dataRange) }

  /// C2 = (k2 L)^2, which steadies the contrast-structure term; under sample covariance divided by n / (n - 1), n =
  /// windowSize^2, which is the same as multiplying variances and covariance by it.
  public var contrastConstant: Double {
    let plain = k2 * dataRange * (k2 * dataRange)
    let count = Double(windowSize * windowSize)
    return covariance == .sample ? plain * (count - 1) / count : plain
  }

  /// What is wrong with these settings, nil if nothing.
  public var obstacle: String? {
    if windowSize < 1 || windowSize % 2 == 0 { return "windowSize: \(windowSize) given, an odd size is needed" }
    if covariance == .sample && windowSize == 1 {
      return "windowSize: 1 given, sample covariance needs more than one pixel"
    }
    for (name, value) in [("sigma", sigma), ("k1", k1), ("k2", k2), ("dataRange", dataRange)]
    where !(value > 0 && value.isFinite) {
      return "\(name): \(value) given, a positive number is needed"
    }
    return nil
  }

  /// What is wrong with these settings for images of that shape, nil if nothing.
  public func obstacle(forImages shape: [Int]) -> String? {
    let needed =
      padding == .reflect
      ? "reflection by \(radius) needs \(smallestSide)" : "a window of \(windowSize) needs \(smallestSide)"
    if let obstacle = obstacle ?? obstacleOfImages(shape, smallestSide: smallestSide, needed: needed) {
      return obstacle
    }
    let reduced = reducedSides(height: shape[2], width: shape[3])
    return obstacleOfImages(
      [shape[0], shape[1], reduced.height, reduced.width], smallestSide: smallestSide,
      needed: "after downsampling \(needed)")
  }
}

extension MultiScaleStructuralSimilarityOptions {
  /// The least height and width for which every scale still holds a window.
  ///
  /// Halving rounds down under ``OddSizes/drop``, so window 2^(scales - 1), 176 as published; else it rounds up, so
  /// (window - 1) 2^(scales - 1) + 1, 161 as published. A last scale that is reflected needs only more than its
  /// window's reach: 96 as torchmetrics computes, which itself asks for 176.
  public var smallestSide: Int {
    var side = scale.smallestSide
    for _ in 1..<max(weights.count, 1) {
      side = max(oddSizes == .drop ? 2 * side : 2 * side - 1, scale.windowSize)
    }
    return side
  }

  /// A side after one 2x2 average pooling.
  public func pooledSide(_ side: Int) -> Int { oddSizes == .drop ? side / 2 : (side + 1) / 2 }

  /// Where a pooled element starts: it covers positions 2 i - firstOffset and the next, zeros outside the image. For
  /// ``OddSizes/pad`` and ``OddSizes/drop``.
  public func firstOffset(ofSide side: Int) -> Int { oddSizes == .pad ? side % 2 : 0 }

  /// Where a pooled element starts along a side of images whose other side is `other`: it covers positions 2 i -
  /// firstOffset and the next; ``pooledPosition(_:side:)`` says what stands there.
  public func firstOffset(ofSide side: Int, other: Int) -> Int {
    oddSizes == .replicateStart ? max(side % 2, other % 2) : firstOffset(ofSide: side)
  }

  /// The pixel that stands at a position on or beyond a side, nil for a zero.
  public func pooledPosition(_ position: Int, side: Int) -> Int? {
    switch oddSizes {
    case .pad, .drop: (0..<side).contains(position) ? position : nil
    case .symmetric, .replicateStart: min(max(position, 0), side - 1)
    }
  }

  /// The settings of one scale. Only a last one is reflected.
  public func scaleOptions(isLast: Bool) -> StructuralSimilarityOptions {
    var options = scale
    if !isLast { options.padding = .valid }
    if negativeContrast == .reluMap { options.rectifiedContrast = true }
    return options
  }

  /// What is wrong with these settings, nil if nothing.
  public var obstacle: String? {
    if let obstacle = scale.obstacle { return obstacle }
    if scale.downsampling != .none {
      return "downsampling: \"\(scale.downsampling.rawValue)\" given, scales have \"none\" alone"
    }
    if weights.isEmpty || weights.count > 32 {
      return "weights: \(weights.count) given, from 1 to 32 are needed, one a scale"
    }
    if let wrong = weights.first(where: { !($0 > 0 && $0.isFinite) }) {
      return "weights: \(wrong) given, positive numbers are needed"
    }
    if !(contrastFloor > 0 && contrastFloor < 1) {
      return "contrastFloor: \(contrastFloor) given, a number above 0 and under 1 is needed"
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

func obstacleOfImages(_ shape: [Int], smallestSide: Int, needed: String) -> String? {
  if shape.count != 4 || shape.contains(0) {
    return "prediction: shape \(shape) given, a non-empty [N, C, H, W] is needed"
  }
  if min(shape[2], shape[3]) < smallestSide {
    return "prediction: sides of \(shape[2])x\(shape[3]) given, \(needed) pixels a side"
  }
  return nil
}

/// Throws unless every element of a pair is a number that the metrics' sums of squares can hold, and says where the
/// first is that is not: finite, and of magnitude at most 2^48 in Float and 2^400 in Double.
///
/// The metrics themselves let NaN and infinities through. Of finite images that pass here they give finite values and
/// gradients.
@specialized(where Scalar == Float)
@specialized(where Scalar == Double)
public func checkMagnitudes<Scalar: TensorElement>(
  prediction: Tensor<Scalar>, target: Tensor<Scalar>
) throws(PerceptualError) {
  let greatest = Scalar(sign: .plus, exponent: Scalar.significandBitCount > 32 ? 400 : 48, significand: 1)
  for (name, image) in [("prediction", prediction), ("target", target)] {
    guard let index = image.elements.firstIndex(where: { !(abs($0) <= greatest) }) else { continue }
    throw .malformed(
      "\(name): \(image.elements[index]) stands at \(coordinates(of: index, in: image.shape)), a finite number of "
        + "magnitude at most \(greatest) is needed")
  }
}
