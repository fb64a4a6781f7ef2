/// What all windows of a structural similarity share.
public struct SimilarityConstants: Sendable {
  public let luminance: Float
  public let contrast: Float
  public let withLuminance: Bool
  /// Whether a negative contrast counts as 0.
  public let isRectified: Bool
  public let offset: Float
  public let differenceOffset: Float

  public init(
    luminance: Float, contrast: Float, withLuminance: Bool, isRectified: Bool, offset: Float, differenceOffset: Float
  ) {
    self.luminance = luminance
    self.contrast = contrast
    self.withLuminance = withLuminance
    self.isRectified = isRectified
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
  /// y = scale x. Any memory; y may be x.
  static func scaledRow(
    _ x: UnsafePointer<Float>, by scale: Float, _ y: UnsafeMutablePointer<Float>, count: Int)
  /// y = sum over k of weights[k] rows[k].
  static func weightedRows(
    _ rows: UnsafePointer<UnsafePointer<Float>>, weights: UnsafePointer<Float>, count: Int,
    _ y: UnsafeMutablePointer<Float>, width: Int)
  /// y[j] = (upper[2j] + upper[2j + 1] + lower[2j] + lower[2j + 1]) / 4 for `width` outputs.
  static func pooledRow(
    _ upper: UnsafePointer<Float>, _ lower: UnsafePointer<Float>, _ y: UnsafeMutablePointer<Float>, width: Int)
  /// Adds coarse[j] / 4 to y[2j] and y[2j + 1] for `width` coarse elements.
  static func addPooledGradientRow(_ coarse: UnsafePointer<Float>, _ y: UnsafeMutablePointer<Float>, width: Int)
  /// even[j] = x[2j], odd[j] = x[2j + 1]. Any memory: exactly `count` elements are read and written.
  static func splitRow(
    _ x: UnsafePointer<Float>, even: UnsafeMutablePointer<Float>, odd: UnsafeMutablePointer<Float>, count: Int)

  // Structural similarity, from the mid image (x + y) / 2 and the difference x - y of the prediction x and the target
  // y, each minus a constant, its offset.

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
  /// the term is the contrast, or luminance x contrast. Where given, `deficits` receives each 1 - term, and `maps`,
  /// `mapSegment` floats apart and zero past the width, the maps whose transposed filters make up the gradient.
  static func windowRow(
    _ columns: UnsafePointer<Float>, segment: Int, taps: UnsafePointer<Float>, window: Int,
    _ constants: SimilarityConstants, deficits: UnsafeMutablePointer<Float>?, maps: UnsafeMutablePointer<Float>?,
    mapSegment: Int, width: Int
  ) -> Double
  /// y = filter of the first map - difference x filter of the second + mid x filter of the third, from maps that are
  /// already filtered along columns and hold window - 1 zeros on both sides.
  static func windowGradientRow(
    _ maps: UnsafePointer<Float>, segment: Int, taps: UnsafePointer<Float>, window: Int, mid: UnsafePointer<Float>,
    difference: UnsafePointer<Float>, _ y: UnsafeMutablePointer<Float>, width: Int)

  // The same for the published window, symmetric and of 11 taps, over a group of as many rows as a vector has lanes.
  // Turned round, a row is a lane: of each column there is a vector of every quantity. `room` is four squares of
  // vectors.

  /// The moments of columns `first` ..< `end` (and the rest of a vector) over the windows of `rows` rows. Each column
  /// has four vectors: mean and variance of mid, mean and variance of difference.
  static func similarityColumns(
    mid: UnsafePointer<Float>, difference: UnsafePointer<Float>, stride: Int, taps: UnsafePointer<Float>, rows: Int,
    _ columns: UnsafeMutablePointer<Float>, room: UnsafeMutablePointer<Float>, from first: Int, to end: Int)
  /// Joins the columns' moments to those of windows `first` ..< `end`, `first` a multiple of four, and adds to each
  /// row's sum its 1 - term. Where given, `deficits` receives each 1 - term, and `maps` three vectors a window, the
  /// maps whose transposed filters make up the gradient. Up to three windows past the end are written too.
  static func similarityWindows(
    _ columns: UnsafePointer<Float>, taps: UnsafePointer<Float>, _ constants: SimilarityConstants,
    deficits: UnsafeMutablePointer<Float>?, maps: UnsafeMutablePointer<Float>?, _ sums: UnsafeMutablePointer<Double>,
    from first: Int, to end: Int)
  /// Columns `first` ..< `end` (and the rest of a vector) of `rows` rows of gradient, from maps with ten columns of
  /// zeros before and after, of which `windows` rows count. `kept` has, in blocks of as many columns as a vector has
  /// lanes, the maps filtered along rows: those of ten rows above this group, which become those above the next, and
  /// room for its own.
  static func similarityGradient(
    _ maps: UnsafePointer<Float>, windows: Int, taps: UnsafePointer<Float>, _ kept: UnsafeMutablePointer<Float>,
    room: UnsafeMutablePointer<Float>, mid: UnsafePointer<Float>, difference: UnsafePointer<Float>, stride: Int,
    _ y: UnsafeMutablePointer<Float>, rows: Int, from first: Int, to end: Int)
}
