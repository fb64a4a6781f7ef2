/// The audio front end. Its Fourier transforms are in ``FourierKernels``.
public protocol AudioKernels: Sendable {
  /// y = a b, element by element.
  static func multiplyElements(
    _ a: UnsafePointer<Float>, _ b: UnsafePointer<Float>, _ y: UnsafeMutablePointer<Float>, count: Int)
  /// y += x.
  static func accumulate(_ x: UnsafePointer<Float>, _ y: UnsafeMutablePointer<Float>, count: Int)

  /// y[m] = sum_j taps[j] streams[offsets[j] + m].
  static func filterStreams(
    _ streams: UnsafePointer<Float>, offsets: UnsafePointer<Int>, taps: UnsafePointer<Float>, tapCount: Int,
    _ y: UnsafeMutablePointer<Float>, count: Int)

  /// Filter m of as many frames side by side as a vector has lanes: y[m, lane] = sum_j weights[j] x[first[m] + j, lane]
  /// over counts[m] bins, the weights of all filters one after the other.
  static func melFilters(
    _ x: UnsafePointer<Float>, first: UnsafePointer<Int>, counts: UnsafePointer<Int>, weights: UnsafePointer<Float>,
    _ y: UnsafeMutablePointer<Float>, filters: Int)

  /// Non-negative least squares for as many frames, side by side, as a vector has lanes.
  ///
  /// `mel` [filters + 1, lanes] holds the mel values and is overwritten; `magnitude` [bins, lanes] is written;
  /// `scratch` has room for [bins + 5 (filters + 1), lanes]. Bin k weighs filters first[k] and first[k] + 1 by the pair
  /// weights[2 k], weights[2 k + 1]. `regularisation` is where the proximal term starts.
  static func nonNegativeLeastSquares(
    mel: UnsafeMutablePointer<Float>, magnitude: UnsafeMutablePointer<Float>, scratch: UnsafeMutablePointer<Float>,
    first: UnsafePointer<Int>, weights: UnsafePointer<Float>, regularisation: Float, bins: Int, filters: Int)

  /// y = ln(x + epsilon), or ln(max(x, epsilon)) if `clamped`. Returns the least and greatest y.
  static func logarithms(
    _ x: UnsafePointer<Float>, epsilon: Float, clamped: Bool, _ y: UnsafeMutablePointer<Float>, count: Int
  ) -> (least: Float, greatest: Float)
  /// y = (x - low) / range.
  static func normalise(
    _ x: UnsafePointer<Float>, low: Float, range: Float, _ y: UnsafeMutablePointer<Float>, count: Int)
  /// y = max(0, exp(low + x range) - epsilon).
  static func exponentials(
    _ x: UnsafePointer<Float>, low: Float, range: Float, epsilon: Float, _ y: UnsafeMutablePointer<Float>, count: Int)
}
