import PerceptualCore
import PerceptualKernels

/// The filters of a 4x4 convolution of stride 2, transformed for minimal filtering F(3x3, 2x2).
///
/// Such a convolution is four 2x2 convolutions of stride 1, one for each parity of the rows and columns of its input, and
/// its transpose four 2x2 convolutions, one for each parity of its output. Both stand between a coarse image and a fine
/// one of twice its size, related by fine row = 2 coarse row - padding + kernel row; weight is [coarse][fine][4][4]:
///
/// - analysis, fine to coarse: convolution2D, and the input gradient of transposedConvolution2D;
/// - synthesis, coarse to fine: transposedConvolution2D, and the input gradient of convolution2D.
///
/// Each 2x2 filter g becomes the sixteen numbers G g G^T. They are packed as the products read them: panels of as many
/// output channels as two vectors hold, of each panel the inputs in their order.
struct MinimalFilter {
  /// Outputs of a tile along each axis, and points: (tile + 1)^2 products take the place of (2 tile)^2.
  static let tile = 3
  static let points = (tile + 1) * (tile + 1)
  static let parities = 4
  /// Output channels that are computed side by side: the least common multiple of all sets' panels.
  static let group = 32

  let coarse: Int
  let fine: Int
  /// Output channels of a panel.
  let panel: Int
  let products: BlockProducts

  init(coarse: Int, fine: Int, products: BlockProducts) {
    self.coarse = coarse
    self.fine = fine
    self.products = products
    panel = products.kernels.panelChannels
  }

  /// Inputs of the analysis: every fine channel in four parities, [block][parity][16].
  var depth: Int { fine * Self.parities }
  /// Floats of the filters' gradient.
  var count: Int { Self.points * coarse * depth }
  /// Floats of the packed filters, of either kind.
  var packedCount: Int { count / products.factorsPerWord }

  /// Analysis: [point][panel of coarse channels][depth][panel]. The gradient has the same layout. (Where the factors are
  /// pairs, two depths are one.)
  private func analysisIndex(point: Int, coarse o: Int, depth k: Int) -> Int {
    ((point * (coarse / panel) + o / panel) * depth + k) * panel + o % panel
  }
  private func depthIndex(fine c: Int, parity: Int) -> Int {
    (c / ChannelBlocks.lanes * Self.parities + parity) * ChannelBlocks.lanes + c % ChannelBlocks.lanes
  }
  /// Synthesis: [panel of fine channels][parity][point][coarse channel][panel].
  private func synthesisIndex(point: Int, parity: Int, fine c: Int, coarse o: Int) -> Int {
    (((c / panel * Self.parities + parity) * Self.points + point) * coarse + o) * panel + c % panel
  }

  /// Floats between two points of the filters that are gathered for sixteen inputs and one panel,
  /// [parity][point][input][panel]: a line more than they take, for a cache has few lines for addresses a power of two
  /// apart.
  private var gatheredPitch: Int { ChannelBlocks.lanes * panel + ChannelBlocks.lanes }
  private var gatheredCount: Int { Self.parities * Self.points * gatheredPitch }
  /// Elements of the 4x4 kernels of a panel, [16][panel].
  private var elementCount: Int { 16 * panel }

  func packAnalysis(_ weight: UnsafePointer<Float>, _ packed: UnsafeMutablePointer<Float>, _ execution: Execution) {
    let panels = coarse / panel
    execution.forEach(fine / ChannelBlocks.lanes * panels) { index in
      let first = index % panels * panel
      let c = index / panels * ChannelBlocks.lanes
      gather(isFlipped: false) { input, output in
        weight + ((first + output) * fine + c + input) * 16
      } place: { parity, point in
        packed + analysisIndex(point: point, coarse: first, depth: depthIndex(fine: c, parity: parity)) / products.factorsPerWord
      }
    }
  }

  func packSynthesis(_ weight: UnsafePointer<Float>, _ packed: UnsafeMutablePointer<Float>, _ execution: Execution) {
    let panels = fine / panel
    execution.forEach(coarse / ChannelBlocks.lanes * panels) { index in
      let first = index % panels * panel
      let o = index / panels * ChannelBlocks.lanes
      // The later output meets the earlier kernel element.
      gather(isFlipped: true) { input, output in
        weight + ((o + input) * fine + first + output) * 16
      } place: { parity, point in
        packed + synthesisIndex(point: point, parity: parity, fine: first, coarse: o) / products.factorsPerWord
      }
    }
  }

  /// Transforms the filters of sixteen inputs and one panel of outputs and writes them, point by point, in long stretches.
  private func gather(
    isFlipped: Bool, filter: (_ input: Int, _ output: Int) -> UnsafePointer<Float>,
    place: (_ parity: Int, _ point: Int) -> UnsafeMutablePointer<Float>
  ) {
    let pitch = gatheredPitch
    ScratchPool.shared.withFloats(gatheredCount + elementCount) { gathered in
      let elements = gathered + gatheredCount
      for input in 0..<ChannelBlocks.lanes {
        for output in 0..<panel {
          let w = filter(input, output)
          for element in 0..<16 { elements[element &* panel &+ output] = w[element] }
        }
        products.kernels.transformFilters(
          elements, isFlipped: isFlipped, gathered + input * panel, pointPitch: pitch, parityPitch: Self.points * pitch)
      }
      for parity in 0..<Self.parities {
        for point in 0..<Self.points {
          products.pack(
            gathered + (parity * Self.points + point) * pitch, rows: ChannelBlocks.lanes, width: panel,
            place(parity, point))
        }
      }
    }
  }

  /// The gradient with respect to weight from that of the packed analysis filters, which `parts` hold one after the other:
  /// G^T (sum of the parts, in their order) G.
  func unpackGradient(
    _ parts: UnsafePointer<Float>, count partCount: Int, _ weight: UnsafeMutablePointer<Float>, _ execution: Execution
  ) {
    let panels = coarse / panel
    let pitch = gatheredPitch
    let stretch = ChannelBlocks.lanes * panel
    let kernels = execution.kernels
    execution.forEach(fine / ChannelBlocks.lanes * panels) { index in
      let first = index % panels * panel
      let c = index / panels * ChannelBlocks.lanes
      ScratchPool.shared.withFloats(gatheredCount + elementCount) { gathered in
        let elements = gathered + gatheredCount
        for parity in 0..<Self.parities {
          for point in 0..<Self.points {
            let from = parts + analysisIndex(point: point, coarse: first, depth: depthIndex(fine: c, parity: parity))
            let sum = gathered + (parity * Self.points + point) * pitch
            sum.update(from: from, count: stretch)
            for part in 1..<max(1, partCount) { kernels.accumulate(from + part * count, sum, count: stretch) }
          }
        }
        for input in 0..<ChannelBlocks.lanes {
          kernels.foldFilters(
            gathered + input * panel, pointPitch: pitch, parityPitch: Self.points * pitch, elements)
          for output in 0..<panel {
            let w = weight + ((first + output) * fine + c + input) * 16
            for element in 0..<16 { w[element] = elements[element &* panel &+ output] }
          }
        }
      }
    }
  }
}
