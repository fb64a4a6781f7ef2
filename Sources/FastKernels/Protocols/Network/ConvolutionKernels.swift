/// Convolutions and their gradients, as correlations over padded planes (see Fast/Correlation.swift).
public protocol ConvolutionKernels: Sendable {
  /// Output channels that ``correlate`` computes at once.
  static var correlationChannels: Int { get }
  /// Vectors of positions that ``correlate`` computes at once.
  static var correlationVectors: Int { get }
  /// Vectors of positions that ``correlateOneChannel`` computes at once.
  static var oneChannelVectors: Int { get }
  /// Rows of the smaller operand that ``correlateGradient`` takes at once.
  static var gradientChannels: Int { get }
  /// Taps that ``correlateGradient`` takes at once.
  static var gradientTaps: Int { get }

  /// tile[r][p] = sum over taps t of weights[t][r] input[offsets[t] + p], for `correlationChannels` rows r and
  /// `correlationVectors` vectors of positions p; the sum runs in the order of the taps.
  static func correlate(
    _ input: UnsafePointer<Float>, offsets: UnsafePointer<Int32>, taps: Int, weights: UnsafePointer<Float>,
    _ tile: UnsafeMutablePointer<Float>)

  /// The same for a single output channel and `oneChannelVectors` vectors.
  static func correlateOneChannel(
    _ input: UnsafePointer<Float>, offsets: UnsafePointer<Int32>, taps: Int, weights: UnsafePointer<Float>,
    _ tile: UnsafeMutablePointer<Float>)

  /// Adds to accumulators[r][t], one vector each, the lane-wise sums over `vectors` vectors of positions p of
  /// rows[r rowPitch + p] input[offsets[t] + p], for `gradientChannels` rows and `gradientTaps` taps.
  static func correlateGradient(
    _ input: UnsafePointer<Float>, offsets: UnsafePointer<Int32>, rows: UnsafePointer<Float>, rowPitch: Int,
    vectors: Int, accumulators: UnsafeMutablePointer<Float>)

  /// output[i] = x[i] + bias.
  static func addBias(_ x: UnsafePointer<Float>, bias: Float, _ output: UnsafeMutablePointer<Float>, count: Int)

  /// output[2 i] = even[i] + bias, output[2 i + 1] = odd[i] + bias, for `pairs` pairs.
  static func interleave(
    _ even: UnsafePointer<Float>, _ odd: UnsafePointer<Float>, bias: Float, _ output: UnsafeMutablePointer<Float>,
    pairs: Int)

  /// The sum of a row, lane by lane and then over the lanes.
  static func sum(_ x: UnsafePointer<Float>, count: Int) -> Float
}
