/// What stands between the Fourier transforms of the auditory filter bank, one filter in each lane.
///
/// A row is one vector: the same element of as many filters as a vector has lanes. A complex number takes two rows, the
/// real part first. Two real signals go through one complex transform: what comes back has the first signal's responses
/// as its real parts, the second's, their signs turned, as its imaginary ones.
///
/// A row times `scales[0]`, if it is a real part, or `scales[1]` gives responses.
public protocol BarkKernels: Sendable {
  /// Filters times the conjugate of a pair's spectrum, and what the first pass of `fourierPasses`, of radix 8, makes of
  /// it. `pair` holds that conjugate, `length` complex numbers; `filters` complex rows 0 ... length / 2, those beyond
  /// are their conjugates.
  static func filterPair(
    _ pair: UnsafePointer<Float>, _ filters: UnsafePointer<Float>, twiddles: UnsafePointer<Float>,
    _ z: UnsafeMutablePointer<Float>, length: Int)
  /// The last of the transposed passes, of radix 8, times the filters, summed over the lanes: complex number j + r
  /// length / 8 to place 8 j + r of `sums`. `products` is room for sixteen rows.
  static func gatherPair(
    _ z: UnsafePointer<Float>, _ filters: UnsafePointer<Float>, twiddles: UnsafePointer<Float>,
    _ sums: UnsafeMutablePointer<Float>, products: UnsafeMutablePointer<Float>, length: Int)
  /// The first row from `start` on with a lane whose magnitude is under its tolerance; `count` if there is none. The
  /// first row of `tolerances` is for real parts, the second for imaginary ones.
  static func doubtfulRow(
    _ z: UnsafePointer<Float>, tolerances: UnsafePointer<Float>, from start: Int, count: Int
  ) -> Int
  /// sums[factorOffsets[i]] += the squares of the responses at position i.
  static func addSquares(
    _ z: UnsafePointer<Float>, scales: UnsafePointer<Float>, _ positions: BarkPositions,
    _ sums: UnsafeMutablePointer<Float>)
  /// y = log(1 + factor max(0, x)) of the responses x, one position after the other. What is not finite becomes NaN.
  static func rectifiedLogarithms(
    _ z: UnsafePointer<Float>, scales: UnsafePointer<Float>, _ positions: BarkPositions, factors: UnsafePointer<Float>,
    _ y: UnsafeMutablePointer<Float>)
  /// The sums over positions and lanes of a a, a b, b b and (a - b)^2, each times weight^2, where a is the rectified
  /// logarithm and b holds what `rectifiedLogarithms` writes. `weights` is one row.
  static func featureSums(
    _ z: UnsafePointer<Float>, scales: UnsafePointer<Float>, _ positions: BarkPositions, _ b: UnsafePointer<Float>,
    weights: UnsafePointer<Float>, factors: UnsafePointer<Float>
  ) -> (aa: Double, ab: Double, bb: Double, squared: Double)
  /// The same sums, and the derivatives of weight a in two parts, where x > 0, else 0: with slope = weight^2 factor /
  /// (1 + factor x), z = (a - b) slope and, where wanted, shares = a slope, signs not turned; 0 in rows without a
  /// position.
  static func featureDerivatives(
    _ z: UnsafeMutablePointer<Float>, scales: UnsafePointer<Float>, _ positions: BarkPositions,
    _ b: UnsafePointer<Float>,
    weights: UnsafePointer<Float>, factors: UnsafePointer<Float>, shares: UnsafeMutablePointer<Float>?
  ) -> (aa: Double, ab: Double, bb: Double, squared: Double)
}

/// The positions among the rows of a short transform.
public struct BarkPositions {
  /// The rows of the positions, then those without one.
  public let rows: UnsafePointer<Int32>
  /// Where the factors of each position are, in floats.
  public let factorOffsets: UnsafePointer<Int32>
  public let count: Int
  public let rowCount: Int

  public init(rows: UnsafePointer<Int32>, factorOffsets: UnsafePointer<Int32>, count: Int, rowCount: Int) {
    self.rows = rows
    self.factorOffsets = factorOffsets
    self.count = count
    self.rowCount = rowCount
  }
}
