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
  /// Lays twice as many frames side by side as a vector has lanes: sample `streams` m + r of frames 2 l and 2 l + 1 is
  /// the real and the imaginary part of complex number r `length` + m of lane l (rows as in ``FourierKernels``).
  static func gatherStreams(
    _ frames: UnsafePointer<UnsafePointer<Float>>, streams: Int, _ z: UnsafeMutablePointer<Float>, length: Int)
  /// The reverse of the first `count` samples of a frame, a multiple of the vector's width, with real and imaginary
  /// parts exchanged.
  static func scatterStreams(
    _ z: UnsafePointer<Float>, streams: Int, _ frames: UnsafePointer<UnsafeMutablePointer<Float>>, length: Int,
    count: Int)
  /// y[k] = sum_r h[r `length` + k] x[r `length` + k], real and imaginary parts exchanged; h is the same in all lanes.
  static func filterSpectra(
    _ x: UnsafePointer<Float>, streams: Int, _ h: UnsafePointer<Float>, _ y: UnsafeMutablePointer<Float>, length: Int)

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
