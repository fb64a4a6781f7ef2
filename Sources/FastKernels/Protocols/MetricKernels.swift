/// What all windows of a structural similarity share.
public struct SimilarityConstants: Sendable {
  public let luminance: Float
  public let contrast: Float
  public let withLuminance: Bool
  public let offset: Float
  public let differenceOffset: Float

  public init(luminance: Float, contrast: Float, withLuminance: Bool, offset: Float, differenceOffset: Float) {
    self.luminance = luminance
    self.contrast = contrast
    self.withLuminance = withLuminance
    self.offset = offset
    self.differenceOffset = differenceOffset
  }
}

/// Perceptual metrics and their gradients.
///
/// Rows lie in padded scratch memory: where a width is given, a kernel may read and write whole vectors past it. Only
/// what its comment names as masked keeps to the width.
public protocol MetricKernels: Sendable {
  // Rows of any kind.

  /// Sum of (a - b)^2. Any memory.
  static func squaredDistance(_ a: UnsafePointer<Float>, _ b: UnsafePointer<Float>, count: Int) -> Double
  /// y = scale (a - b). Any memory.
  static func scaledDifference(
    _ a: UnsafePointer<Float>, _ b: UnsafePointer<Float>, scale: Float, _ y: UnsafeMutablePointer<Float>, count: Int)
  /// y = scale y.
  static func scaleRow(_ y: UnsafeMutablePointer<Float>, by scale: Float, width: Int)
  /// y = sum over k of weights[k] rows[k].
  static func weightedRows(
    _ rows: UnsafePointer<UnsafePointer<Float>>, weights: UnsafePointer<Float>, count: Int,
    _ y: UnsafeMutablePointer<Float>, width: Int)
  /// y[j] = (upper[2j] + upper[2j + 1] + lower[2j] + lower[2j + 1]) / 4 for `width` outputs.
  static func pooledRow(
    _ upper: UnsafePointer<Float>, _ lower: UnsafePointer<Float>, _ y: UnsafeMutablePointer<Float>, width: Int)
  /// Adds coarse[j] / 4 to y[2j] and y[2j + 1] for `width` coarse elements.
  static func addPooledGradientRow(_ coarse: UnsafePointer<Float>, _ y: UnsafeMutablePointer<Float>, width: Int)
  /// even[j] = x[2j], odd[j] = x[2j + 1]. `x` may be any memory: exactly `count` elements are read.
  static func splitRow(
    _ x: UnsafePointer<Float>, minus offset: Float, even: UnsafeMutablePointer<Float>,
    odd: UnsafeMutablePointer<Float>, count: Int)
  /// x[2j] = even[j], x[2j + 1] = odd[j]. `x` may be any memory: exactly `count` elements are written.
  static func mergeRow(
    even: UnsafePointer<Float>, odd: UnsafePointer<Float>, _ x: UnsafeMutablePointer<Float>, count: Int)

  // Structural similarity, from the mid image (x + y) / 2 and the difference x - y of the prediction x and the target y,
  // each minus a constant, its offset.

  /// mid = (x + y) / 2 - offset, difference = x - y - differenceOffset. `x` and `y` may be any memory: exactly `count`
  /// elements are read.
  static func midAndDifferenceRow(
    _ x: UnsafePointer<Float>, _ y: UnsafePointer<Float>, offset: Float, differenceOffset: Float,
    mid: UnsafeMutablePointer<Float>, difference: UnsafeMutablePointer<Float>, count: Int)
  /// The moments of each column over a window's rows: means of mid and difference, then their variances, `segment`
  /// floats apart in `columns`.
  static func windowColumns(
    mid: UnsafePointer<Float>, difference: UnsafePointer<Float>, stride: Int, taps: UnsafePointer<Float>, window: Int,
    _ columns: UnsafeMutablePointer<Float>, segment: Int, width: Int)
  /// Joins the columns' moments to those of each window and returns the sum over `width` windows (masked) of 1 - term;
  /// the term is the contrast, or luminance x contrast. Where `maps` is given it receives, `mapSegment` floats apart
  /// and zero past the width, the maps whose transposed filters make up the gradient.
  static func windowRow(
    _ columns: UnsafePointer<Float>, segment: Int, taps: UnsafePointer<Float>, window: Int,
    _ constants: SimilarityConstants, maps: UnsafeMutablePointer<Float>?, mapSegment: Int, width: Int
  ) -> Double
  /// y = filter of the first map - difference x filter of the second + mid x filter of the third, from maps that are
  /// already filtered along columns and hold window - 1 zeros on both sides.
  static func windowGradientRow(
    _ maps: UnsafePointer<Float>, segment: Int, taps: UnsafePointer<Float>, window: Int, mid: UnsafePointer<Float>,
    difference: UnsafePointer<Float>, _ y: UnsafeMutablePointer<Float>, width: Int)

  // The same for the published window, symmetric and of 11 taps, over groups of four rows.

  /// ``windowColumns(mid:difference:stride:taps:window:_:segment:width:)`` of four rows of windows, each row's four
  /// segments after those of the one before.
  static func similarityColumns(
    mid: UnsafePointer<Float>, difference: UnsafePointer<Float>, stride: Int, taps: UnsafePointer<Float>,
    _ columns: UnsafeMutablePointer<Float>, segment: Int, width: Int)
  /// ``windowRow(_:segment:taps:window:_:maps:mapSegment:width:)``.
  static func similarityRow(
    _ columns: UnsafePointer<Float>, segment: Int, taps: UnsafePointer<Float>, _ constants: SimilarityConstants,
    maps: UnsafeMutablePointer<Float>?, mapSegment: Int, width: Int
  ) -> Double
  /// The transposed filter along a row of the three maps, which hold 10 zeros on both sides.
  static func similarityMapRow(
    _ maps: UnsafePointer<Float>, segment: Int, taps: UnsafePointer<Float>, _ y: UnsafeMutablePointer<Float>, width: Int)
  /// Four rows of gradient from 14 rows of maps already filtered along rows: `ring` holds 16 rows and the first of the
  /// 14 is number `first`; after the last of the 16 follows the first.
  static func similarityGradientRows(
    _ ring: UnsafePointer<Float>, first: Int, stride ringStride: Int, segment: Int, taps: UnsafePointer<Float>,
    mid: UnsafePointer<Float>, difference: UnsafePointer<Float>, stride: Int, _ y: UnsafeMutablePointer<Float>,
    width: Int)

  // The normalised Laplacian pyramid. A split row holds its even columns at the pointer and its odd ones `segment`
  // floats further; `width` counts both.

  /// Every second output of the 5-tap filter: y[j] = sum over t of taps[t] x[2j - before + t], before = 1 where width
  /// is even, else 2; x holds two reflected columns on both sides.
  static func halvedRow(
    _ x: UnsafePointer<Float>, segment: Int, taps: UnsafePointer<Float>, _ y: UnsafeMutablePointer<Float>, width: Int)
  /// Bilinear enlargement to a split row: even[j] = w0[j] x[j - 1] + w1[j] x[j], odd[j] = w2[j] x[j] + w3[j] x[j + 1];
  /// the four weight rows lie `weightSegment` floats apart.
  static func enlargedRow(
    _ x: UnsafePointer<Float>, weights: UnsafePointer<Float>, weightSegment: Int, _ y: UnsafeMutablePointer<Float>,
    segment: Int, width: Int)
  /// residual = j - 5-tap filter of x; x holds two reflected columns on both sides.
  static func residualRow(
    _ x: UnsafePointer<Float>, j: UnsafePointer<Float>, taps: UnsafePointer<Float>,
    residual: UnsafeMutablePointer<Float>, segment: Int, width: Int)
  /// normalised = here / (sigma + top |above| + left |before| + right |after| + bottom |below|); `here` holds one
  /// reflected column on both sides.
  static func normalizedRow(
    above: UnsafePointer<Float>, here: UnsafePointer<Float>, below: UnsafePointer<Float>, sigma: Float,
    neighbours: UnsafePointer<Float>, normalised: UnsafeMutablePointer<Float>, segment: Int, width: Int)
  /// From the residuals of the target and of the difference: residual += difference, and what that changes in its
  /// magnitude, change = |residual + difference| - |residual|, exact where the images are nearly alike.
  static func joinedResidualRow(
    _ difference: UnsafePointer<Float>, residual: UnsafeMutablePointer<Float>, change: UnsafeMutablePointer<Float>,
    segment: Int, width: Int)
  /// The level of the prediction and how it differs from the target's; returns the sum (masked) of the squared
  /// differences. With D the prediction's denominator and D - D' its change against the target's:
  ///
  ///     normalised = residual / D,  level = (difference - level (D - D')) / D,  difference = 1 / D
  ///
  /// `level` holds the target's level and then the levels' difference, `difference` the residual of the images'
  /// difference and then the reciprocal. `residual` and `change` point at the row above; the row here and the one below
  /// are `toHere` and `toBelow` floats further and hold one reflected column on both sides.
  static func normalizedDifferenceRow(
    residual: UnsafePointer<Float>, change: UnsafePointer<Float>, toHere: Int, toBelow: Int, sigma: Float,
    neighbours: UnsafePointer<Float>, level: UnsafeMutablePointer<Float>, difference: UnsafeMutablePointer<Float>,
    normalised: UnsafeMutablePointer<Float>, segment: Int, width: Int) -> Double
  /// product = factor difference normalised reciprocal: minus the gradient of the denominator.
  static func denominatorGradientRow(
    difference: UnsafePointer<Float>, factor: Float, normalised: UnsafePointer<Float>,
    reciprocal: UnsafePointer<Float>, _ product: UnsafeMutablePointer<Float>, segment: Int, width: Int)
  /// y = factor difference reciprocal - sign(normalised) x (weights over the neighbours of `here`); weights are those
  /// of the row above, of the column before, of the column after and of the row below. `here` holds one zero on both
  /// sides.
  static func residualGradientRow(
    above: UnsafePointer<Float>, here: UnsafePointer<Float>, below: UnsafePointer<Float>,
    weights: UnsafePointer<Float>, difference: UnsafePointer<Float>, factor: Float,
    normalised: UnsafePointer<Float>, reciprocal: UnsafePointer<Float>, _ y: UnsafeMutablePointer<Float>,
    segment: Int, width: Int)
  /// y = 5-tap filter of x.
  static func filteredRow(
    _ x: UnsafePointer<Float>, taps: UnsafePointer<Float>, _ y: UnsafeMutablePointer<Float>, segment: Int, width: Int)
  /// The transpose of `enlargedRow`, to `width` outputs; x holds zeros on both sides.
  static func enlargedGradientRow(
    _ x: UnsafePointer<Float>, segment: Int, weights: UnsafePointer<Float>, weightSegment: Int,
    _ y: UnsafeMutablePointer<Float>, width: Int)
  /// Adds the transpose of `halvedRow` to a split row; x holds a zero on both sides.
  static func addHalvedGradientRow(
    _ x: UnsafePointer<Float>, taps: UnsafePointer<Float>, _ y: UnsafeMutablePointer<Float>, segment: Int, width: Int)
}
