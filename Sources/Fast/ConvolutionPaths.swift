import PerceptualCore
import PerceptualKernels

/// A way to compute a convolution or a transposed one, and its gradients.
public enum ConvolutionPath: String, Sendable, CaseIterable {
  /// F(3x3, 2x2) on channel blocks: 4 products where the direct sum has 9.
  case minimalFiltering = "minimal filtering F(3x3, 2x2)"
  /// Every output the direct sum of its products, in the order of its taps.
  case correlation = "direct correlation"

  /// Why the path cannot compute a convolution of this shape; nil if it can.
  public func obstacle(_ shape: ConvolutionShape, isTransposed: Bool) -> String? {
    switch self {
    case .minimalFiltering:
      MinimalFiltering.obstacle(
        kernel: Extent(height: shape.kernelHeight, width: shape.kernelWidth), geometry: shape.geometry,
        coarse: isTransposed ? shape.inputChannels : shape.outputChannels,
        fine: isTransposed ? shape.outputChannels : shape.inputChannels)
    case .correlation: nil
    }
  }

  /// The paths in the order in which they are tried; the first without an obstacle is taken.
  public static func choices(
    _ shape: ConvolutionShape, isTransposed: Bool
  ) -> [(path: ConvolutionPath, obstacle: String?)] {
    allCases.map { ($0, $0.obstacle(shape, isTransposed: isTransposed)) }
  }
}

/// Minimal filtering between arrays in the usual order, [image][channel][row][column]: packs them into channel blocks and
/// back.
///
/// The transforms add and subtract neighbours before they are multiplied: what is not finite would spread to outputs that it
/// has no part in, and so would the rounding of very large values. Where one is not below 2^30, every function here
/// returns false, having written nothing, and the direct path must be taken.
struct PlanarMinimalFiltering {
  private let filtering: MinimalFiltering
  private let execution: Execution

  /// Nil where the shape has an obstacle.
  init?(_ shape: ConvolutionShape, isTransposed: Bool, _ execution: Execution) {
    if ConvolutionPath.minimalFiltering.obstacle(shape, isTransposed: isTransposed) != nil { return nil }
    let input = ChannelBlocks(
      images: shape.images, channels: shape.inputChannels, height: shape.height, width: shape.width)
    let output = ChannelBlocks(
      images: shape.images, channels: shape.outputChannels, height: shape.outputHeight, width: shape.outputWidth)
    filtering = MinimalFiltering(
      coarse: isTransposed ? input : output, fine: isTransposed ? output : input, padding: shape.geometry.padding,
      kernels: execution.kernels)
    self.execution = execution
  }

  /// Whether all values are below 2^30.
  private func areModerate(_ x: UnsafePointer<Float>, count: Int) -> Bool {
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

  /// coarse = convolution of fine with weight ([coarse][fine][4][4]), plus bias.
  func analyse(
    _ fine: UnsafePointer<Float>, weight: UnsafePointer<Float>, bias: UnsafePointer<Float>?,
    _ coarse: UnsafeMutablePointer<Float>
  ) -> Bool {
    transform(fine, filtering.fine, weight: weight, coarse, filtering.coarse) { x, filters, y in
      filtering.filter.packAnalysis(weight, filters, execution)
      let source = StoredRows(shape: filtering.fine, x: x)
      let sink = StoringSink(shape: filtering.coarse, output: y, bias: bias, kernels: execution.kernels)
      let pieces = filtering.analysisGrid.pieces
      execution.forEach(filtering.fine.images * pieces) { index in
        ScratchPool.shared.withFloats(filtering.analysisScratch) { scratch in
          filtering.analyse(
            image: index / pieces, piece: index % pieces, source, filters: filters, sink, expanded: nil, gradient: nil,
            scratch: scratch)
        }
      }
    }
  }

  /// fine = transposed convolution of coarse with weight ([coarse][fine][4][4]), plus bias.
  func synthesise(
    _ coarse: UnsafePointer<Float>, weight: UnsafePointer<Float>, bias: UnsafePointer<Float>?,
    _ fine: UnsafeMutablePointer<Float>
  ) -> Bool {
    transform(coarse, filtering.coarse, weight: weight, fine, filtering.fine) { x, filters, y in
      filtering.filter.packSynthesis(weight, filters, execution)
      let source = StoredRows(shape: filtering.coarse, x: x)
      let sink = StoringSink(shape: filtering.fine, output: y, bias: bias, kernels: execution.kernels)
      let pieces = filtering.synthesisGrid.pieces
      execution.forEach(filtering.coarse.images * pieces) { index in
        ScratchPool.shared.withFloats(filtering.synthesisScratch) { scratch in
          filtering.synthesise(
            image: index / pieces, piece: index % pieces, source, filters: filters, sink, scratch: scratch)
        }
      }
    }
  }

  private func transform(
    _ x: UnsafePointer<Float>, _ input: ChannelBlocks, weight: UnsafePointer<Float>,
    _ y: UnsafeMutablePointer<Float>, _ output: ChannelBlocks,
    _ body: (UnsafePointer<Float>, UnsafeMutablePointer<Float>, UnsafeMutablePointer<Float>) -> Void
  ) -> Bool {
    guard areModerate(x, count: input.count), areModerate(weight, count: filtering.filter.count / 4) else {
      return false
    }
    ScratchPool.shared.withFloats(input.count + output.count + filtering.filter.count) { blocks in
      let outputBlocks = blocks + input.count
      input.pack(x, blocks, execution)
      body(blocks, outputBlocks + output.count, outputBlocks)
      output.unpack(outputBlocks, y, execution)
    }
    return true
  }

  /// weight[coarse][fine][4][4] = the gradient for the two images that the convolution relates.
  func weightGradient(
    fine: UnsafePointer<Float>, coarse: UnsafePointer<Float>, _ weight: UnsafeMutablePointer<Float>
  ) -> Bool {
    guard areModerate(fine, count: filtering.fine.count), areModerate(coarse, count: filtering.coarse.count) else {
      return false
    }
    let arena = Arena()
    let workspace = BlockWorkspace(keepsForGradient: true, arena: arena)
    workspace.reserve(
      scratch: filtering.analysisScratch + filtering.expandedCount, part: filtering.filter.count)
    ScratchPool.shared.withFloats(filtering.fine.count + filtering.coarse.count) { blocks in
      let coarseBlocks = blocks + filtering.fine.count
      filtering.fine.pack(fine, blocks, execution)
      filtering.coarse.pack(coarse, coarseBlocks, execution)
      let source = StoredRows(shape: filtering.fine, x: blocks)
      let upstream = StoredRows(shape: filtering.coarse, x: coarseBlocks)
      let pieces = filtering.analysisGrid.pieces
      let none: StoringSink? = nil
      let parts = workspace.forEachPart(
        of: filtering.fine.images * pieces, count: filtering.filter.count, execution
      ) { range, part in
        workspace.withScratch { scratch in
          let expanded = scratch + filtering.analysisScratch
          for index in range {
            filtering.expand(
              image: index / pieces, piece: index % pieces, upstream, expanded, patch: scratch)
            filtering.analyse(
              image: index / pieces, piece: index % pieces, source, filters: nil, none, expanded: expanded,
              gradient: part, scratch: scratch)
          }
        }
      }
      filtering.filter.unpackGradient(workspace.parts, count: parts, weight, execution)
    }
    return true
  }
}
