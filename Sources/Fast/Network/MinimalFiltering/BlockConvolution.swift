import PerceptualCore
import PerceptualKernels

/// A 4x4 convolution of stride 2, or its transpose, by minimal filtering F(3x3, 2x2) on arrays in channel blocks,
/// [image][channel / 16][row][column][16], and its gradients.
///
/// For those who keep their data in channel blocks; ``convolution2D(_:weight:bias:geometry:)`` packs and unpacks.
/// Weights are [O, C, 4, 4] for a convolution and [C, O, 4, 4] for a transposed one. The buffers are on 64 bytes,
/// finite and below 2^30, or outputs near an exception carry it too. Accuracy: the error of the direct sum. The same
/// bits for any number of threads, not for every instruction set.
///
/// With products in bf16 the transformed arrays are rounded to it, which makes an error of 0.3 % of the outputs, root
/// mean square (docs/performance.md). Faster with AMX and, on AMD's processors, with AVX512_BF16; slower than single
/// precision elsewhere. Every instruction set but AMX, whose sums have another order, gives the same bits but for
/// subnormal sums and products.
///
/// Threads and instruction set are those of ``Execution/current`` where it is made. It holds no memory: filters and
/// scratch are lent by a pool that outlives it.
public final class BlockConvolution {
  public let shape: ConvolutionShape
  public let isTransposed: Bool
  let filtering: MinimalFiltering
  private let execution: Execution

  /// Stops where ``ConvolutionPath/obstacle(_:isTransposed:)`` names one.
  public init(_ shape: ConvolutionShape, isTransposed: Bool, precision: ProductPrecision = .fp32) {
    let problem = ConvolutionPath.minimalFiltering.obstacle(shape, isTransposed: isTransposed)
    require(problem == nil, "shape: \(problem ?? "")")
    self.shape = shape
    self.isTransposed = isTransposed
    execution = Execution.current
    let input = ChannelBlocks(
      images: shape.images, channels: shape.inputChannels, height: shape.height, width: shape.width)
    let output = ChannelBlocks(
      images: shape.images, channels: shape.outputChannels, height: shape.outputHeight, width: shape.outputWidth)
    filtering = MinimalFiltering(
      side: shape.kernelHeight, coarse: isTransposed ? input : output, fine: isTransposed ? output : input,
      padding: shape.geometry.padding, precision: precision, execution)
  }

  private var input: ChannelBlocks { isTransposed ? filtering.coarse : filtering.fine }
  private var output: ChannelBlocks { isTransposed ? filtering.fine : filtering.coarse }

  /// [image][channel][row][column] to channel blocks, of the input's shape and of the output's.
  public func packInput(_ x: UnsafePointer<Float>, _ blocks: UnsafeMutablePointer<Float>) {
    input.pack(x, blocks, execution)
  }
  public func packOutput(_ y: UnsafePointer<Float>, _ blocks: UnsafeMutablePointer<Float>) {
    output.pack(y, blocks, execution)
  }
  /// And back.
  public func unpackInput(_ blocks: UnsafePointer<Float>, _ x: UnsafeMutablePointer<Float>) {
    input.unpack(blocks, x, execution)
  }
  public func unpackOutput(_ blocks: UnsafePointer<Float>, _ y: UnsafeMutablePointer<Float>) {
    output.unpack(blocks, y, execution)
  }

  /// y = the convolution of x, plus bias.
  public func forward(
    _ x: UnsafePointer<Float>, weight: UnsafePointer<Float>, bias: UnsafePointer<Float>?,
    _ y: UnsafeMutablePointer<Float>
  ) {
    convolve(x, isSynthesis: isTransposed, weight: weight, bias: bias, y)
  }

  /// gradient = that of x for the upstream gradient of y.
  public func inputGradient(
    upstream: UnsafePointer<Float>, weight: UnsafePointer<Float>, _ gradient: UnsafeMutablePointer<Float>
  ) {
    convolve(upstream, isSynthesis: !isTransposed, weight: weight, bias: nil, gradient)
  }

  /// gradient = that of weight for the upstream gradient of y.
  public func weightGradient(
    _ x: UnsafePointer<Float>, upstream: UnsafePointer<Float>, _ gradient: UnsafeMutablePointer<Float>
  ) {
    let source = StoredRows(shape: filtering.fine, x: isTransposed ? upstream : x)
    let coarse = StoredRows(shape: filtering.coarse, x: isTransposed ? x : upstream)
    let pieces = filtering.analysisGrid.pieces
    let none: StoringSink? = nil
    let filter = filtering.filter
    let share = BatchShare(batch: filtering.fine.images)
    let partCount = share.batch * BlockWorkspace.partsOfImage(share, pieces: pieces)
    ScratchPool.shared.withFloats(partCount * filter.count) { parts in
      BlockWorkspace.sumParts(share, pieces: pieces, count: filter.count, parts, execution) { image, range, part in
        ScratchPool.shared.withFloats(filtering.analysisScratch + filtering.expandedCount) { scratch in
          let expanded = scratch + filtering.analysisScratch
          for piece in range {
            filtering.expand(image: image, piece: piece, coarse, expanded, patch: scratch)
            filtering.analyse(
              image: image, piece: piece, source, filters: nil, none,
              gradient: FilterGradient(expanded: expanded, filters: part, accumulates: piece > range.lowerBound),
              scratch: scratch)
          }
        }
      }
      filter.unpackGradient(parts, gradient, execution)
    }
  }

  /// Fine to coarse, or in the synthesis coarse to fine.
  private func convolve(_ x: Floats, isSynthesis: Bool, weight: Floats, bias: Floats?, _ y: MutableFloats) {
    let (from, to) = isSynthesis ? (filtering.coarse, filtering.fine) : (filtering.fine, filtering.coarse)
    let source = StoredRows(shape: from, x: x)
    let sink = StoringSink(shape: to, output: y, bias: bias, streams: to.isLarge, kernels: execution.kernels)
    let pieces = (isSynthesis ? filtering.synthesisGrid : filtering.analysisGrid).pieces
    let scratchCount = isSynthesis ? filtering.synthesisScratch : filtering.analysisScratch
    ScratchPool.shared.withFloats(filtering.filter.packedCount) { filters in
      filtering.filter.pack(weight, isSynthesis: isSynthesis, filters, execution)
      execution.forEach(from.images * pieces) { index in
        let (image, piece) = index.quotientAndRemainder(dividingBy: pieces)
        ScratchPool.shared.withFloats(scratchCount) { scratch in
          if isSynthesis {
            filtering.synthesise(image: image, piece: piece, source, filters: filters, sink, scratch: scratch)
          } else {
            filtering.analyse(
              image: image, piece: piece, source, filters: filters, sink, gradient: nil, scratch: scratch)
          }
        }
      }
    }
  }

  /// Products and sums of the direct sum, padding not counted twice: 2 for each of the 16 elements of the kernel.
  public var directOperations: Double {
    2 * 16 * Double(filtering.coarse.images * filtering.coarse.height * filtering.coarse.width)
      * Double(filtering.coarse.channels) * Double(filtering.fine.channels)
  }
  /// Products and sums that minimal filtering makes of it, tiles at the border whole: of the analysis or the weight's
  /// gradient, and of the synthesis.
  public var executedOperations: (analysis: Double, synthesis: Double) {
    let pairs = Double(filtering.coarse.images * filtering.coarse.channels) * Double(filtering.fine.channels)
    func operations(_ grid: TileGrid) -> Double {
      2 * Double(filtering.filter.points * MinimalFilter.parities * grid.rows * grid.columns) * pairs
    }
    return (operations(filtering.analysisGrid), operations(filtering.synthesisGrid))
  }
}

/// The same between arrays in the usual order, [image][channel][row][column].
///
/// The transforms add and subtract neighbours before they are multiplied: what is not finite would spread to outputs
/// that it has no part in, and so would the rounding of very large values. Where one is not below 2^30, every function
/// here returns false, having written nothing, and the direct path must be taken.
struct PlanarMinimalFiltering {
  private let convolution: BlockConvolution
  private let execution: Execution

  /// Nil where the shape has an obstacle.
  init?(_ shape: ConvolutionShape, isTransposed: Bool, _ execution: Execution) {
    if ConvolutionPath.minimalFiltering.obstacle(shape, isTransposed: isTransposed) != nil { return nil }
    convolution = BlockConvolution(shape, isTransposed: isTransposed)
    self.execution = execution
  }

  /// Whether all values are below 2^30.
  private func areModerate(_ x: Floats, count: Int) -> Bool {
    let grain = 1 << 16
    let pieces = (count + grain - 1) / grain
    return ScratchPool.shared.withFloats(pieces) { largest in
      execution.forEachPiece(of: count, grain: grain) { offset, length in
        largest[offset / grain] = execution.kernels.largestMagnitude(x + offset, count: length)
      }
      // NaN fails the comparison.
      return (0..<pieces).allSatisfy { largest[$0] < 0x1p30 }
    }
  }

  private var shape: ConvolutionShape { convolution.shape }

  /// y = the convolution of x with weight, plus bias.
  func forward(_ x: Floats, weight: Floats, bias: Floats?, _ y: MutableFloats) -> Bool {
    guard areModerate(x, count: shape.inputCount), areModerate(weight, count: shape.weightCount) else { return false }
    ScratchPool.shared.withFloats(shape.inputCount + shape.outputCount) { blocks in
      convolution.packInput(x, blocks)
      convolution.forward(blocks, weight: weight, bias: bias, blocks + shape.inputCount)
      convolution.unpackOutput(blocks + shape.inputCount, y)
    }
    return true
  }

  /// The weight's gradient.
  func weightGradient(_ x: Floats, upstream: Floats, _ weight: MutableFloats) -> Bool {
    guard areModerate(x, count: shape.inputCount), areModerate(upstream, count: shape.outputCount) else { return false }
    ScratchPool.shared.withFloats(shape.inputCount + shape.outputCount) { blocks in
      convolution.packInput(x, blocks)
      convolution.packOutput(upstream, blocks + shape.inputCount)
      convolution.weightGradient(blocks, upstream: blocks + shape.inputCount, weight)
    }
    return true
  }
}
