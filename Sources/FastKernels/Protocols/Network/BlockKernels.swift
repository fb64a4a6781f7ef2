/// Batch normalisation and LeakyReLU of one block of sixteen channels:
///
///     z = (x - mean) factor + offset, y = z > 0 ? z : slope z
///
/// and the gradient with respect to x of upstream, the gradient of z:
///
///     factor (upstream - meanGradient + minusGradientSlope (x - mean))
///
/// Every pointer is to [16].
public struct BlockNormalization {
  /// The mean in single precision; what its rounding leaves over is in `offset` and `meanGradient`.
  public let mean: UnsafePointer<Float>
  /// gamma / sqrt(variance + epsilon).
  public let factor: UnsafePointer<Float>
  public let offset: UnsafePointer<Float>
  /// The mean of upstream.
  public let meanGradient: UnsafePointer<Float>
  /// Minus the mean of upstream (x - mean), over variance + epsilon.
  public let minusGradientSlope: UnsafePointer<Float>
  public let slope: Float

  public init(
    mean: UnsafePointer<Float>, factor: UnsafePointer<Float>, offset: UnsafePointer<Float>,
    meanGradient: UnsafePointer<Float>, minusGradientSlope: UnsafePointer<Float>, slope: Float
  ) {
    self.mean = mean
    self.factor = factor
    self.offset = offset
    self.meanGradient = meanGradient
    self.minusGradientSlope = minusGradientSlope
    self.slope = slope
  }
}

/// Convolutions on blocks of sixteen channels, [block][row][column][16] (see Fast/MinimalFiltering.swift). Pitches are
/// in floats; a pixel's or a tile's sixteen channels are one row of sixteen floats, a cache line.
public protocol BlockKernels: Sendable {
  /// Output channels of one panel of weights: two vectors.
  static var panelChannels: Int { get }

  /// The largest magnitude of a row, 0 of an empty one; not a number where an element is infinite or not a number.
  static func largestMagnitude(_ x: UnsafePointer<Float>, count: Int) -> Float

  /// sums[r][o] = (accumulates: +=) sum over blocks b and k < depth of x[b blockPitch + 16 r + k] weights[b depth +
  /// k][o], for the two vectors o of a panel, the second of which lies `second` floats behind the first. `rows` is a
  /// multiple of 4; a row's sums lie 16 floats behind the row's before. `next` is where the next call's weights begin.
  static func multiplyBlocks(
    _ x: UnsafePointer<Float>, blockPitch: Int, blocks: Int, depth: Int, rows: Int, weights: UnsafePointer<Float>,
    _ sums: UnsafeMutablePointer<Float>, second: Int, accumulates: Bool, next: UnsafePointer<Float>)

  /// gradient[k][o] = (accumulates: +=) sum over rows r of x[16 r + k] upstream[16 r + o], for k < depth, a multiple of
  /// 4, and the two vectors o of a panel, the second of which lies `second` floats behind the first.
  static func multiplyBlocksGradient(
    _ x: UnsafePointer<Float>, _ upstream: UnsafePointer<Float>, second: Int, rows: Int, depth: Int,
    _ gradient: UnsafeMutablePointer<Float>, accumulates: Bool)

  /// Whether this processor multiplies pairs of bf16 numbers in one instruction, and the module was compiled for it.
  /// Where not, `isNative` must be false below: the same bits, but for subnormal sums and products, in more
  /// instructions.
  static var hasNativePairs: Bool { get }

  /// output[i] = the pair of x[2 i] and x[2 i + 1], rounded to bf16, in the lower and the upper half of 32 bits, for
  /// `count`, a multiple of 64, elements of x.
  static func pairNeighbours(
    _ x: UnsafePointer<Float>, count: Int, _ output: UnsafeMutablePointer<Float>, isNative: Bool)

  /// output[r][i] = the pair of x[2 r][i] and x[2 r + 1][i], 0 beyond the last row, for rows of `width`, a multiple of
  /// the vectors'.
  static func pairRows(
    _ x: UnsafePointer<Float>, rows: Int, width: Int, _ output: UnsafeMutablePointer<Float>, isNative: Bool)

  /// ``multiplyBlocks(_:blockPitch:blocks:depth:rows:weights:_:second:accumulates:next:)`` of pairs of depths, rows of
  /// x 8 pairs apart: each product adds those of the pairs' two halves, the upper one first, in single precision.
  static func multiplyBlockPairs(
    _ x: UnsafePointer<Float>, blockPitch: Int, blocks: Int, depth: Int, rows: Int, weights: UnsafePointer<Float>,
    _ sums: UnsafeMutablePointer<Float>, second: Int, accumulates: Bool, next: UnsafePointer<Float>, isNative: Bool)

  /// ``multiplyBlocksGradient(_:_:second:rows:depth:_:accumulates:)`` of pairs of rows.
  static func multiplyBlockPairsGradient(
    _ x: UnsafePointer<Float>, _ upstream: UnsafePointer<Float>, second: Int, rows: Int, depth: Int,
    _ gradient: UnsafeMutablePointer<Float>, accumulates: Bool, isNative: Bool)

  /// G g G^T of the four 2x2 filters g, one for each parity of rows and columns, of a panel of 4x4 kernels,
  /// [16][panel]: sixteen points each, `pointPitch` apart, the parities `parityPitch`. `isFlipped` turns each g by half
  /// a turn.
  static func transformFilters(
    _ x: UnsafePointer<Float>, isFlipped: Bool, _ output: UnsafeMutablePointer<Float>, pointPitch: Int, parityPitch: Int
  )

  /// The other way for gradients: G^T u G of each parity's sixteen points, into the elements of 4x4 kernels.
  static func foldFilters(
    _ x: UnsafePointer<Float>, pointPitch: Int, parityPitch: Int, _ output: UnsafeMutablePointer<Float>)

  /// Copies rows of sixteen floats that lie `pitch` apart to where they lie `outputPitch` apart.
  static func copyPixels(
    _ x: UnsafePointer<Float>, pitch: Int, count: Int, _ output: UnsafeMutablePointer<Float>, outputPitch: Int)

  /// B^T d B of a row of tiles of 4x4: sixteen points, `pointPitch` apart, each of one row of sixteen floats a tile.
  /// d's elements lie `rowPitch` and `columnPitch` apart, tiles `tilePitch`.
  static func transformPatches(
    _ x: UnsafePointer<Float>, rowPitch: Int, columnPitch: Int, tilePitch: Int, tiles: Int,
    _ output: UnsafeMutablePointer<Float>, pointPitch: Int)

  /// A d A^T of a row of tiles of 3x3, side by side in three rows.
  static func expandTiles(
    _ x: UnsafePointer<Float>, rowPitch: Int, tiles: Int, _ output: UnsafeMutablePointer<Float>, pointPitch: Int)

  /// One of the three rows of A^T m A, m the sixteen points: three outputs a tile, `columnPitch` apart.
  static func reconstructRow(
    _ x: UnsafePointer<Float>, row: Int, pointPitch: Int, tiles: Int, _ output: UnsafeMutablePointer<Float>,
    columnPitch: Int)

  /// output = y of `normalization`.
  static func activateBlockRow(
    _ x: UnsafePointer<Float>, count: Int, normalization: BlockNormalization, _ output: UnsafeMutablePointer<Float>)

  /// output = the gradient with respect to x of `normalization`.
  static func normalizationGradientBlockRow(
    _ x: UnsafePointer<Float>, upstream: UnsafePointer<Float>, count: Int, normalization: BlockNormalization,
    _ output: UnsafeMutablePointer<Float>)

  /// output = x + bias, if there is one. `streams` writes past the caches, to an output aligned to 64 bytes.
  static func addBlockBias(
    _ x: UnsafePointer<Float>, count: Int, bias: UnsafePointer<Float>?, _ output: UnsafeMutablePointer<Float>,
    streams: Bool)

  /// output = x + bias; adds to sums[0..<16] the sum of d = output - pivot and to sums[16..<32] that of d^2. `streams`
  /// writes past the caches, to an output aligned to 64 bytes.
  static func finishBlockRow(
    _ x: UnsafePointer<Float>, count: Int, bias: UnsafePointer<Float>, pivot: UnsafePointer<Float>,
    sums: UnsafeMutablePointer<Float>, _ output: UnsafeMutablePointer<Float>, streams: Bool)

  /// The same sums for an output that is not written.
  static func momentsBlockRow(
    _ x: UnsafePointer<Float>, count: Int, bias: UnsafePointer<Float>, pivot: UnsafePointer<Float>,
    sums: UnsafeMutablePointer<Float>)

  /// output = upstream, the gradient of y, taken through LeakyReLU to that of z; adds to sums[0..<16] its sum and to
  /// sums[16..<32] the sum of output (x - mean).
  static func finishGradientBlockRow(
    _ upstream: UnsafePointer<Float>, x: UnsafePointer<Float>, count: Int, normalization: BlockNormalization,
    sums: UnsafeMutablePointer<Float>, _ output: UnsafeMutablePointer<Float>)

  /// sums[p][lane] += sum over the 3x3 taps k of weights[k][lane] x[p + k][lane], x's rows `rowPitch` apart.
  static func collectBlockRow(
    _ x: UnsafePointer<Float>, rowPitch: Int, weights: UnsafePointer<Float>, count: Int,
    sums: UnsafeMutablePointer<Float>)

  /// The same 3x3 convolution from one row x + bias of `count` pixels, normalised and activated, beyond whose ends are
  /// zeros: adds to three rows of count + 2 sums each, from the pixel before the row's first on; the first of them is
  /// that of the row above x.
  static func scatterBlockRow(
    _ x: UnsafePointer<Float>, count: Int, bias: UnsafePointer<Float>, normalization: BlockNormalization,
    weights: UnsafePointer<Float>, sums: UnsafeMutablePointer<Float>, rowPitch: Int)

  /// output[p] = bias + the sum over the lanes of x[p].
  static func foldBlockRow(
    _ x: UnsafePointer<Float>, count: Int, bias: Float, _ output: UnsafeMutablePointer<Float>)

  /// For upstream u, a single channel whose rows lie `rowPitch` apart, and the gradient of y
  ///
  ///     g[p] = sum over the 3x3 taps k of weights[k] u[p + k],
  ///
  /// taken through LeakyReLU to h, that of z: adds to sums[0..<16] the sum of h, to sums[16..<32] that of h (x - mean)
  /// and to weightGradient[k], [9][16], that of u[p + k] y[p].
  static func spreadBlockRow(
    _ upstream: UnsafePointer<Float>, rowPitch: Int, weights: UnsafePointer<Float>, x: UnsafePointer<Float>, count: Int,
    normalization: BlockNormalization, sums: UnsafeMutablePointer<Float>,
    weightGradient: UnsafeMutablePointer<Float>)

  /// output = the gradient with respect to x for the same h.
  static func spreadGradientBlockRow(
    _ upstream: UnsafePointer<Float>, rowPitch: Int, weights: UnsafePointer<Float>, x: UnsafePointer<Float>, count: Int,
    normalization: BlockNormalization, _ output: UnsafeMutablePointer<Float>)
}
