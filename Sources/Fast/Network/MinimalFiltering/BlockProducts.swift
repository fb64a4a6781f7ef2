import PerceptualCTiles
import PerceptualCore
import PerceptualKernels

/// The products of minimal filtering on channel blocks in one precision: how their factors are held, and who
/// multiplies.
///
/// In bf16 two factors that meet in one sum lie side by side in 32 bits: two depths of a convolution, two tiles of a
/// weight's gradient. What follows counts such words as floats. Where the instruction set is AMX its tiles of sixteen
/// rows of thirty-two depths (Sources/CTiles) multiply them, else vectors.
struct BlockProducts {
  let precision: ProductPrecision
  let kernels: any KernelSet.Type
  let usesTiles: Bool
  private let isNative: Bool

  private static let lanes = ChannelBlocks.lanes
  /// Words of a tile of AMX.
  private static let tileWords = 256
  private static let wordBytes = MemoryLayout<Float>.stride

  init(_ precision: ProductPrecision, _ execution: Execution) {
    self.precision = precision
    kernels = execution.kernels
    usesTiles = execution.instructionSet == .amx && precision == .bf16
    isNative = kernels.hasNativePairs
  }

  /// Whether transformed arrays are rounded to factors before they are multiplied.
  var isRounded: Bool { precision != .fp32 }
  /// Words that hold `count` factors.
  func words(_ count: Int) -> Int { precision == .bf16 ? count / 2 : count }

  /// About as many tiles of an image at once keep the operands within the second-level cache. AMX is done with them so
  /// soon that the filters, and the sums of their gradient, must not be fetched as often.
  func tilesAtOnce(side: Int) -> Int { side == 2 ? (usesTiles ? 256 : 132) : (usesTiles ? 172 : 44) }
  /// What the number of tiles is filled up to.
  var tilesMultiple: Int { usesTiles ? 32 : 4 }
  /// Fine blocks of channels whose transforms are alive at once: 128 of the products' depths, or 256.
  var blocksAtOnce: Int { usesTiles ? 4 : 2 }

  // MARK: Factors

  /// The filters of sixteen inputs, [16][width], as they are read: their place among those of all `depth` inputs is
  /// `index`, the sixteenth of the first one's, counted from `output` on.
  func pack(_ x: Floats, width: Int, index: Int, depth: Int, _ output: MutableFloats) {
    if usesTiles {
      perceptual_tiles_right_half(x, width, output + index / 2 * Self.tileWords, index % 2, columnPitch(depth))
      return
    }
    let output = output + words(index * Self.lanes * width)
    switch precision {
    case .fp32: output.update(from: x, count: Self.lanes * width)
    case .bf16: kernels.pairRows(x, rows: Self.lanes, width: width, output, isNative: isNative)
    }
  }

  /// Bytes from sixteen outputs' filters of `depth` inputs to the next sixteen's.
  private func columnPitch(_ depth: Int) -> Int { words(depth * Self.lanes) * Self.wordBytes }

  /// Rounds `rows` tiles of one block, [rows][16], to factors for ``multiply``: the block is number `index` of
  /// `blocks`, all of which are of one point, `pitch` floats each before they are rounded, from `output` on.
  func roundDepths(_ x: Floats, rows: Int, index: Int, blocks: Int, pitch: Int, _ output: MutableFloats) {
    if usesTiles {
      perceptual_tiles_left(x, rows, output + index / 2 * Self.tileWords, index % 2, rowPitch(blocks))
    } else {
      kernels.pairNeighbours(
        x, count: (rows + 3) / 4 * 4 * Self.lanes, output + index * words(pitch), isNative: isNative)
    }
  }

  /// Bytes from sixteen tiles' factors of that many blocks of depths to the next sixteen's.
  private func rowPitch(_ blocks: Int) -> Int { words(blocks * Self.lanes * Self.lanes) * Self.wordBytes }

  /// The same for ``multiplyGradient``.
  func roundTiles(_ x: Floats, rows: Int, _ output: MutableFloats) {
    if usesTiles {
      perceptual_tiles_right(x, rows, output)
    } else {
      kernels.pairRows(x, rows: rows, width: Self.lanes, output, isNative: isNative)
    }
  }

  /// The same of the upstream gradient.
  func roundUpstream(_ x: Floats, rows: Int, _ output: MutableFloats) {
    if usesTiles {
      perceptual_tiles_left_columns(x, rows, output)
    } else {
      kernels.pairRows(x, rows: rows, width: Self.lanes, output, isNative: isNative)
    }
  }

  // MARK: Products of vectors

  /// sums (accumulates: +=) the products of `rows` tiles and the filters of one panel, over all depths of `blocks`
  /// blocks.
  func multiply(
    _ x: Floats, blockPitch: Int, blocks: Int, rows: Int, weights: Floats, _ sums: MutableFloats, second: Int,
    accumulates: Bool, next: Floats
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
    _ x: Floats, _ upstream: Floats, second: Int, rows: Int, _ gradient: MutableFloats, accumulates: Bool
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

  // MARK: Products of tiles

  /// sums[output block][row][16] (accumulates: +=) the products of `rows` tiles and the filters of `outputs` blocks,
  /// over `blocks` blocks of depths; `weights` begin with the first of these, all are `depth` inputs. Output blocks are
  /// `pitch` floats apart.
  func multiplyTiles(
    _ x: Floats, blocks: Int, rows: Int, weights: Floats, depth: Int, outputs: Int, _ sums: MutableFloats, pitch: Int,
    accumulates: Bool
  ) {
    let lineBytes = Self.lanes * Self.wordBytes
    perceptual_tiles_multiply(
      x, rowPitch(blocks), weights, columnPitch(depth), sums, Self.lanes * lineBytes, pitch * Self.wordBytes,
      (rows + Self.lanes - 1) / Self.lanes, outputs, blocks / 2, accumulates ? 1 : 0)
  }

  /// gradient[upstream block][block of depths][16][16] (accumulates: +=) the products of `upstreamBlocks` blocks of
  /// upstream gradients and `blocks` blocks of depths over `rows` tiles; blocks of factors take `pitch` floats before
  /// they are rounded, and the gradient has `depthBlocks` blocks of depths in all.
  func multiplyTilesGradient(
    _ x: Floats, blocks: Int, _ upstream: Floats, upstreamBlocks: Int, rows: Int, pitch: Int, _ gradient: MutableFloats,
    depthBlocks: Int, accumulates: Bool
  ) {
    let blockBytes = words(pitch) * Self.wordBytes
    let tileBytes = Self.tileWords * Self.wordBytes
    perceptual_tiles_multiply(
      upstream, blockBytes, x, blockBytes, gradient, depthBlocks * tileBytes, tileBytes, upstreamBlocks, blocks,
      (rows + tilesMultiple - 1) / tilesMultiple, accumulates ? 1 : 0)
  }
}
