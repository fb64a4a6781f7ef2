import PerceptualCore
import PerceptualKernels

/// The filters of a convolution of stride 2 as the products on channel blocks take them: those of a 4x4 one transformed
/// for minimal filtering F(3x3, 2x2), those of a 2x2 one as they are.
///
/// A 4x4 convolution is four 2x2 convolutions of stride 1, one for each parity of the rows and columns of its input,
/// and its transpose four 2x2 convolutions, one for each parity of its output; a 2x2 one is four of 1x1. Both stand
/// between a coarse image and a fine one of twice its size, related by fine row = 2 coarse row - padding + kernel row;
/// weight is [coarse][fine][side][side]:
///
/// - analysis, fine to coarse: convolution2D, and the input gradient of transposedConvolution2D;
/// - synthesis, coarse to fine: transposedConvolution2D, and the input gradient of convolution2D.
///
/// Each 2x2 filter g becomes the sixteen numbers G g G^T, each 1x1 filter stays one. They are packed as the products
/// read them: panels of as many output channels as two vectors hold, of each panel the inputs in their order.
struct MinimalFilter {
  /// Sides of the kernels that there are filters for.
  static let sides = [2, 4]
  static let parities = 4
  /// Output channels that are computed side by side: the least common multiple of all sets' panels.
  static let group = 32

  /// Side of the kernel.
  let side: Int
  /// Outputs of a tile along each axis, and points: (tile + taps - 1)^2 products take the place of (taps tile)^2.
  let tile: Int
  let points: Int
  let coarse: Int
  let fine: Int
  /// Output channels of a panel.
  let panel: Int
  let products: BlockProducts

  init(side: Int, coarse: Int, fine: Int, products: BlockProducts) {
    self.side = side
    tile = Self.tile(side: side)
    points = (tile + side / 2 - 1) * (tile + side / 2 - 1)
    self.coarse = coarse
    self.fine = fine
    self.products = products
    panel = products.kernels.panelChannels
  }

  static func tile(side: Int) -> Int { side == 2 ? 1 : 3 }
  /// Rows of a filter of one parity.
  var taps: Int { side / 2 }
  /// Whether the filters are multiplied as they are.
  var isPlain: Bool { side == 2 }

  /// Inputs of the analysis: every fine channel in four parities, [block][parity][16].
  var depth: Int { fine * Self.parities }
  /// Floats of the filters' gradient.
  var count: Int { points * coarse * depth }
  /// Floats of the packed filters, of either kind.
  var packedCount: Int { products.words(count) }

  /// Where a panel's filters begin. Analysis: [point][panel of coarse channels][depth][panel]; the gradient of vectors'
  /// products has the same layout. (Where the factors are pairs, two depths are one.)
  func analysisIndex(point: Int, panel number: Int) -> Int { (point * (coarse / panel) + number) * depth * panel }
  /// Which sixteen of the depths they are.
  private func depthBlock(fine c: Int, parity: Int) -> Int { c / ChannelBlocks.lanes * Self.parities + parity }
  /// Synthesis: [panel of fine channels][parity][point][coarse channel][panel].
  private func synthesisIndex(point: Int, parity: Int, panel number: Int) -> Int {
    ((number * Self.parities + parity) * points + point) * coarse * panel
  }

  /// Floats between two points of the filters that are gathered for sixteen inputs and one panel,
  /// [parity][point][input][panel]: a line more than they take, for a cache has few lines for addresses a power of two
  /// apart.
  private var gatheredPitch: Int { ChannelBlocks.lanes * panel + ChannelBlocks.lanes }
  private var gatheredCount: Int { Self.parities * points * gatheredPitch }
  /// Elements of a kernel, and of those of a panel, [elements][panel].
  private var elements: Int { side * side }
  private var elementCount: Int { elements * panel }

  /// Packs the filters of the analysis, or of the synthesis.
  func pack(_ weight: Floats, isSynthesis: Bool, _ packed: MutableFloats, _ execution: Execution) {
    let (inputs, outputs) = isSynthesis ? (coarse, fine) : (fine, coarse)
    let panels = outputs / panel
    execution.forEach(inputs / ChannelBlocks.lanes * panels) { index in
      let (block, number) = index.quotientAndRemainder(dividingBy: panels)
      let (firstInput, firstOutput) = (block * ChannelBlocks.lanes, number * panel)
      // In the synthesis the later output meets the earlier kernel element.
      gather(isFlipped: isSynthesis) { input, output in
        let (i, j) = (firstInput + input, firstOutput + output)
        return weight + (isSynthesis ? i * fine + j : j * fine + i) * elements
      } pack: { parity, point, filters in
        let place =
          isSynthesis
          ? synthesisIndex(point: point, parity: parity, panel: number) : analysisIndex(point: point, panel: number)
        products.pack(
          filters, width: panel, index: isSynthesis ? block : depthBlock(fine: firstInput, parity: parity),
          depth: isSynthesis ? coarse : depth, packed + products.words(place))
      }
    }
  }

  /// Transforms the filters of sixteen inputs and one panel of outputs and gives them away, point by point, in long
  /// stretches.
  private func gather(
    isFlipped: Bool, filter: (_ input: Int, _ output: Int) -> Floats,
    pack: (_ parity: Int, _ point: Int, _ filters: Floats) -> Void
  ) {
    let pitch = gatheredPitch
    ScratchPool.shared.withFloats(gatheredCount + elementCount) { gathered in
      let kernel = gathered + gatheredCount
      for input in 0..<ChannelBlocks.lanes {
        for output in 0..<panel {
          let w = filter(input, output)
          for element in 0..<elements { kernel[element &* panel &+ output] = w[element] }
        }
        let to = gathered + input * panel
        if isPlain {
          for parity in 0..<Self.parities { (to + parity * pitch).update(from: kernel + parity * panel, count: panel) }
        } else {
          products.kernels.transformFilters(
            kernel, isFlipped: isFlipped, to, pointPitch: pitch, parityPitch: points * pitch)
        }
      }
      for parity in 0..<Self.parities {
        for point in 0..<points {
          pack(parity, point, gathered + (parity * points + point) * pitch)
        }
      }
    }
  }

  /// Floats of a tile's sums.
  private static let tileCount = ChannelBlocks.lanes * ChannelBlocks.lanes
  /// The gradient of tiles' products: [point][block of coarse channels][block of depths][16][16].
  func tileIndex(point: Int, coarse block: Int, depth depthBlock: Int) -> Int {
    ((point * (coarse / ChannelBlocks.lanes) + block) * (depth / ChannelBlocks.lanes) + depthBlock) * Self.tileCount
  }

  /// The gradient with respect to weight from that of the packed analysis filters: G^T packed G, or the same itself.
  func unpackGradient(_ packed: Floats, _ weight: MutableFloats, _ execution: Execution) {
    let panels = coarse / panel
    let pitch = gatheredPitch
    let stretch = ChannelBlocks.lanes * panel
    let kernels = execution.kernels
    execution.forEach(fine / ChannelBlocks.lanes * panels) { index in
      let first = index % panels * panel
      let c = index / panels * ChannelBlocks.lanes
      ScratchPool.shared.withFloats(gatheredCount + elementCount) { gathered in
        let kernel = gathered + gatheredCount
        for parity in 0..<Self.parities {
          for point in 0..<points {
            let sum = gathered + (parity * points + point) * pitch
            let block = depthBlock(fine: c, parity: parity)
            if products.usesTiles {
              for half in 0..<panel / ChannelBlocks.lanes {
                let tile = packed + tileIndex(point: point, coarse: first / ChannelBlocks.lanes + half, depth: block)
                for place in 0..<Self.tileCount {
                  let (output, input) = (place / ChannelBlocks.lanes, place % ChannelBlocks.lanes)
                  sum[input &* panel &+ half &* ChannelBlocks.lanes &+ output] = tile[place]
                }
              }
            } else {
              sum.update(
                from: packed + analysisIndex(point: point, panel: index % panels) + block * stretch, count: stretch)
            }
          }
        }
        for input in 0..<ChannelBlocks.lanes {
          let from = gathered + input * panel
          if isPlain {
            for parity in 0..<Self.parities {
              (kernel + parity * panel).update(from: from + parity * pitch, count: panel)
            }
          } else {
            kernels.foldFilters(from, pointPitch: pitch, parityPitch: points * pitch, kernel)
          }
          for output in 0..<panel {
            let w = weight + ((first + output) * fine + c + input) * elements
            for element in 0..<elements { w[element] = kernel[element &* panel &+ output] }
          }
        }
      }
    }
  }
}
