/// When the sign of a residual is in doubt.
public enum LaplacianPyramidDoubt {
  /// Residuals in single precision are off by at most about as much, measured in the magnitudes they are made of.
  @inlinable public static var bound: Float { 0x1p-21 }
  /// The share of an element of the gradient that a sign left out may cost.
  @inlinable public static var share: Float { 0x1p-16 }
  /// As `bound` in double precision.
  @inlinable public static var exact: Double { 0x1p-48 }
}

/// The normalised Laplacian pyramid distance of the family "hepburn" and its gradient, row by row.
///
/// A split row holds its even columns at the pointer and its odd ones `segment` floats further, so that halving,
/// enlarging and filtering along a row are accesses of stride 1; `width` counts both. A record is several split rows of
/// one row of the image, its parts, 2 `segment` floats apart:
///
/// | record | parts |
/// |---|---|
/// | pair | target, prediction minus target |
/// | residuals | of the target, |prediction's|, |prediction's| - |target's|, of prediction minus target, told |
/// | slopes | u, p, told; ``slopeRecord`` says what u and p are |
///
/// Told is the prediction's residual where its sign is known, and else 0.
///
/// Rows lie in padded scratch memory: a kernel may read and write whole vectors past the width, save in memory that its
/// comment calls any memory.
public protocol LaplacianPyramidKernels: Sendable {
  /// The pair (target - mean, prediction - target). `prediction` and `target` are any memory.
  static func splitPairRow(
    _ prediction: UnsafePointer<Float>, _ target: UnsafePointer<Float>, minus mean: Float,
    _ pair: UnsafeMutablePointer<Float>, segment: Int, width: Int)
  /// The low-pass filter of both images at every second column: `rows` are the five pairs under the taps. `columns` is
  /// a record's room. Both outputs are followed and preceded by two zeros.
  static func halvedPairRow(
    _ rows: UnsafePointer<UnsafePointer<Float>>, taps: UnsafePointer<Float>, columns: UnsafeMutablePointer<Float>,
    target: UnsafeMutablePointer<Float>, difference: UnsafeMutablePointer<Float>, segment: Int, width: Int)
  /// The pair of rows of twice the width, enlarged and low-pass filtered along the row:
  ///
  ///     even[j] = sum over a = 0 ... 3 of weights[a][j] x[j - 2 + a]
  ///     odd[j] = sum over a = 0 ... 3 of weights[4 + a][j] x[j - 1 + a]
  ///
  /// Each row of weights has `segment` floats. `target` and `difference` are whole rows, two zeros on both sides.
  static func enlargedPairRow(
    target: UnsafePointer<Float>, difference: UnsafePointer<Float>, weights: UnsafePointer<Float>,
    _ pair: UnsafeMutablePointer<Float>, segment: Int, width: Int)
  /// The residuals of a row: its pair minus the weighted sum of four enlarged pairs. One column is reflected on both
  /// sides of the first three parts. Told is 0 where rounding may have turned the sign: where the prediction's residual
  /// is within `LaplacianPyramidDoubt.bound` of 0, times the magnitudes at hand and `doubt`, a magnitude of the whole
  /// image.
  static func residualRecord(
    _ pair: UnsafePointer<Float>, enlarged rows: UnsafePointer<UnsafePointer<Float>>, weights: UnsafePointer<Float>,
    doubt: Float, _ residuals: UnsafeMutablePointer<Float>, segment: Int, width: Int)
  /// The sum (masked) of the squared differences e of the normalised levels of a row, from its residuals and those of
  /// the rows above and below. Where `slopes` is given it receives, D being the prediction's denominator,
  ///
  ///     u = e / D,  p = u told / D
  ///
  /// and told; p has a zero on both sides.
  static func slopeRecord(
    above: UnsafePointer<Float>, here: UnsafePointer<Float>, below: UnsafePointer<Float>, sigma: Float,
    neighbours: UnsafePointer<Float>, _ slopes: UnsafeMutablePointer<Float>?, segment: Int, width: Int
  ) -> Double
  /// Half the gradient of those squares by the prediction's residual, a split row: u - sign(told) x (weights over
  /// the neighbours of p). `weights` are those of the row above, of the columns before and after and of the row below,
  /// each seen from the neighbour. The sign of 0 is 0; returns whether that left out more than
  /// `LaplacianPyramidDoubt.share` of |u| anywhere.
  static func residualGradientRow(
    above: UnsafePointer<Float>, here: UnsafePointer<Float>, below: UnsafePointer<Float>,
    weights: UnsafePointer<Float>, _ gradient: UnsafeMutablePointer<Float>, segment: Int, width: Int
  ) -> Bool
  /// y = coarser - factor x the transposed enlargement of `count` split rows, weighted by `rowWeights`, then along the
  /// row by `columnWeights`, a table as in `enlargedPairRow` of the transpose:
  ///
  ///     y[j] = sum over a of weights[a][j] even[j + 2 - a] + weights[4 + a][j] odd[j + 1 - a]
  ///
  /// `columns` is a split row's room. Without `coarser` it is 0.
  static func shrunkGradientRow(
    _ rows: UnsafePointer<UnsafePointer<Float>>, rowWeights: UnsafePointer<Float>, count: Int,
    columnWeights: UnsafePointer<Float>, factor: Float, coarser: UnsafePointer<Float>?,
    columns: UnsafeMutablePointer<Float>, _ y: UnsafeMutablePointer<Float>, segment: Int, width: Int)
  /// A whole row of y = factor x the split row `residual` + the transpose of halving: of the weighted sum of three
  /// `rows`, then along the row. `columns` is a row's room; y is any memory.
  static func imageGradientRow(
    _ rows: UnsafePointer<UnsafePointer<Float>>, rowWeights: UnsafePointer<Float>, residual: UnsafePointer<Float>,
    factor: Float, taps: UnsafePointer<Float>, columns: UnsafeMutablePointer<Float>, _ y: UnsafeMutablePointer<Float>,
    segment: Int, width: Int)

  // The other families, in whole rows of planes.

  /// From the residuals of the target and of the difference: that of the prediction, the magnitudes of both images' and
  /// what the difference adds to the magnitude, exact where the images are nearly alike.
  static func joinedResidualRow(
    target: UnsafePointer<Float>, difference: UnsafePointer<Float>, prediction: UnsafeMutablePointer<Float>,
    targetMagnitude: UnsafeMutablePointer<Float>, predictionMagnitude: UnsafeMutablePointer<Float>,
    change: UnsafeMutablePointer<Float>, width: Int)
  /// The sum (masked) of the squared differences of the normalised levels of a row, and u and p as in `slopeRecord`,
  /// from the residuals and the weighted sums of their neighbours' magnitudes.
  static func slopeRow(
    target: UnsafePointer<Float>, prediction: UnsafePointer<Float>, difference: UnsafePointer<Float>,
    targetSum: UnsafePointer<Float>, predictionSum: UnsafePointer<Float>, changeSum: UnsafePointer<Float>, sigma: Float,
    _ slope: UnsafeMutablePointer<Float>, product: UnsafeMutablePointer<Float>, width: Int
  ) -> Double
  /// y = slope - sign(residual) x sum.
  static func slopeGradientRow(
    _ slope: UnsafePointer<Float>, sum: UnsafePointer<Float>, residual: UnsafePointer<Float>,
    _ y: UnsafeMutablePointer<Float>, width: Int)
  /// y[column, row] = x[row, column]. Reads each row of x to the end of its last vector.
  static func transposePlane(
    _ x: UnsafePointer<Float>, rows: Int, columns: Int, stride: Int, _ y: UnsafeMutablePointer<Float>, newStride: Int)
}
