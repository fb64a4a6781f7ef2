/// What stands between the Fourier transforms of the auditory filter bank, one filter in each lane.
///
/// A row is one vector: the same element of as many filters as a vector has lanes. A complex number takes two rows, the real
/// part first.
public protocol BarkKernels: Sendable {
  /// `packSpectrum` of filters times signal: `signal` holds the complex numbers of one spectrum, `filters` complex rows.
  static func packProducts(
    _ signal: UnsafePointer<Float>, _ filters: UnsafePointer<Float>, twiddles: UnsafePointer<Float>,
    _ z: UnsafeMutablePointer<Float>, length: Int)
  /// Rows 0, stride, 2 stride ... of what the passes left in z, in order. Samples 2 c and 2 c + 1 are the second and the
  /// first row of complex number rows[c].
  static func collectRows(
    _ z: UnsafePointer<Float>, rows: UnsafePointer<Int>, stride: Int, _ y: UnsafeMutablePointer<Float>, count: Int)
  /// The conjugate of `filters` times what `unpackSpectrum` makes of z.
  static func unpackProducts(
    _ z: UnsafePointer<Float>, _ filters: UnsafePointer<Float>, rows: UnsafePointer<Int>, twiddles: UnsafePointer<Float>,
    _ products: UnsafeMutablePointer<Float>, length: Int)
  /// sums[i] = the sum over the lanes of row i.
  static func sumRows(_ x: UnsafePointer<Float>, _ sums: UnsafeMutablePointer<Float>, count: Int)
  /// The first row from `start` on with a lane whose magnitude is under its tolerance; `count` if there is none.
  static func doubtfulRow(
    _ x: UnsafePointer<Float>, tolerances: UnsafePointer<Float>, from start: Int, count: Int) -> Int
  /// sums += the squares of each lane's rows.
  static func addSquares(_ x: UnsafePointer<Float>, _ sums: UnsafeMutablePointer<Float>, count: Int)
  /// y = weight log(1 + factor max(0, x)) of each row; `weights` and `factors` are one row each. What is not finite becomes NaN.
  static func rectifiedLogarithms(
    _ x: UnsafePointer<Float>, weights: UnsafePointer<Float>, factors: UnsafePointer<Float>, _ y: UnsafeMutablePointer<Float>,
    count: Int)
  /// The sums over rows and lanes of a a, a b, b b and (a - b)^2, where a is the rectified logarithm of x.
  static func featureSums(
    _ x: UnsafePointer<Float>, _ b: UnsafePointer<Float>, weights: UnsafePointer<Float>, factors: UnsafePointer<Float>, count: Int
  ) -> (aa: Double, ab: Double, bb: Double, squared: Double)
  /// The same sums, and the derivatives of a in two parts, where x > 0, else 0: with slope = weight factor / (1 + factor x),
  /// differences[i stride] = (a - b) slope and shares[i stride] = a slope.
  static func featureDerivatives(
    _ x: UnsafePointer<Float>, _ b: UnsafePointer<Float>, weights: UnsafePointer<Float>, factors: UnsafePointer<Float>,
    _ differences: UnsafeMutablePointer<Float>, _ shares: UnsafeMutablePointer<Float>, stride: Int, count: Int
  ) -> (aa: Double, ab: Double, bb: Double, squared: Double)
}
