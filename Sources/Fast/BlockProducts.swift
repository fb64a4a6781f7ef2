import PerceptualCore
import PerceptualKernels

/// The products of minimal filtering on channel blocks in one precision: how their factors are held, and who multiplies.
///
/// In bf16 two factors that meet in one sum lie side by side in 32 bits: two depths of a convolution, two tiles of a
/// weight's gradient. What follows counts such words as floats.
struct BlockProducts {
  let precision: ProductPrecision
  let kernels: any KernelSet.Type
  private let isNative: Bool

  private static let lanes = ChannelBlocks.lanes

  init(_ precision: ProductPrecision, kernels: any KernelSet.Type) {
    self.precision = precision
    self.kernels = kernels
    isNative = kernels.hasNativePairs
  }

  /// Whether transformed arrays are rounded before they are multiplied.
  var isRounded: Bool { precision != .fp32 }
  /// Factors in 32 bits.
  var factorsPerWord: Int { precision == .bf16 ? 2 : 1 }

  /// Rows of depths, [rows][width], as the filters are read.
  func pack(_ x: UnsafePointer<Float>, rows: Int, width: Int, _ output: UnsafeMutablePointer<Float>) {
    switch precision {
    case .fp32: output.update(from: x, count: rows * width)
    case .bf16: kernels.pairRows(x, rows: rows, width: width, output, isNative: isNative)
    }
  }

  /// Rounds tiles of one block, [rows][16], to factors in pairs of depths, for ``multiply``, whose rows are a multiple of 4.
  func pairDepths(_ x: UnsafePointer<Float>, rows: Int, _ output: UnsafeMutablePointer<Float>) {
    kernels.pairNeighbours(x, count: (rows + 3) / 4 * 4 * Self.lanes, output, isNative: isNative)
  }

  /// The same in pairs of tiles, for ``multiplyGradient``.
  func pairTiles(_ x: UnsafePointer<Float>, rows: Int, _ output: UnsafeMutablePointer<Float>) {
    kernels.pairRows(x, rows: rows, width: Self.lanes, output, isNative: isNative)
  }

  /// sums (accumulates: +=) the products of `rows` tiles and the filters of one panel, over all depths of `blocks` blocks.
  func multiply(
    _ x: UnsafePointer<Float>, blockPitch: Int, blocks: Int, rows: Int, weights: UnsafePointer<Float>,
    _ sums: UnsafeMutablePointer<Float>, second: Int, accumulates: Bool, next: UnsafePointer<Float>
  ) {
    let rows = (rows + 3) / 4 * 4
    switch precision {
    case .fp32:
      kernels.multiplyBlocks(
        x, blockPitch: blockPitch, blocks: blocks, depth: Self.lanes, rows: rows, weights: weights, sums,
        second: second, accumulates: accumulates, next: next)
    case .bf16:
      kernels.multiplyBlockPairs(
        x, blockPitch: blockPitch, blocks: blocks, depth: Self.lanes / 2, rows: rows, weights: weights, sums,
        second: second, accumulates: accumulates, next: next, isNative: isNative)
    }
  }

  /// gradient (accumulates: +=) the products of one block's tiles and one panel's upstream gradient, over `rows` tiles.
  func multiplyGradient(
    _ x: UnsafePointer<Float>, _ upstream: UnsafePointer<Float>, second: Int, rows: Int,
    _ gradient: UnsafeMutablePointer<Float>, accumulates: Bool
  ) {
    switch precision {
    case .fp32:
      kernels.multiplyBlocksGradient(
        x, upstream, second: second, rows: rows, depth: Self.lanes, gradient, accumulates: accumulates)
    case .bf16:
      kernels.multiplyBlockPairsGradient(
        x, upstream, second: second, rows: (rows + 1) / 2, depth: Self.lanes, gradient, accumulates: accumulates,
        isNative: isNative)
    }
  }
}
