import PerceptualCore
import PerceptualKernels

/// The filters of a 4x4 convolution of stride 2, transformed for minimal filtering F(2x2, 2x2).
///
/// Such a convolution is four 2x2 convolutions of stride 1, one for each parity of the rows and columns of its input, and
/// its transpose four 2x2 convolutions, one for each parity of its output. Both stand between a coarse image and a fine
/// one of twice its size, related by fine row = 2 coarse row - padding + kernel row; weight is [coarse][fine][4][4]:
///
/// - analysis, fine to coarse: convolution2D, and the input gradient of transposedConvolution2D;
/// - synthesis, coarse to fine: transposedConvolution2D, and the input gradient of convolution2D.
///
/// Each 2x2 filter g becomes the nine numbers G g G^T. They are packed as the products read them: panels of as many
/// output channels as two vectors hold, of each panel the inputs in their order.
struct MinimalFilter {
  static let points = 9
  static let parities = 4
  /// Output channels that are computed side by side: the least common multiple of all sets' panels.
  static let group = 32

  let coarse: Int
  let fine: Int
  /// Output channels of a panel.
  let panel: Int

  init(coarse: Int, fine: Int, kernels: any KernelSet.Type) {
    self.coarse = coarse
    self.fine = fine
    panel = kernels.panelChannels
  }

  /// Inputs of the analysis: every fine channel in four parities, [block][parity][16].
  var depth: Int { fine * Self.parities }
  /// Floats of the packed filters, of either kind.
  var count: Int { Self.points * coarse * depth }

  /// Analysis: [point][panel of coarse channels][depth][panel]. The gradient has the same layout.
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

  func packAnalysis(_ weight: UnsafePointer<Float>, _ packed: UnsafeMutablePointer<Float>, _ execution: Execution) {
    let pitch = analysisIndex(point: 1, coarse: 0, depth: 0)
    execution.forEach(fine) { c in
      for o in 0..<coarse {
        let w = weight + (o * fine + c) * 16
        for parity in 0..<Self.parities {
          let g = w + parity / 2 * 4 + parity % 2
          let to = packed + analysisIndex(point: 0, coarse: o, depth: depthIndex(fine: c, parity: parity))
          transform(g[0], g[2], g[8], g[10], to, pitch: pitch)
        }
      }
    }
  }

  func packSynthesis(_ weight: UnsafePointer<Float>, _ packed: UnsafeMutablePointer<Float>, _ execution: Execution) {
    let pitch = synthesisIndex(point: 1, parity: 0, fine: 0, coarse: 0)
    execution.forEach(coarse) { o in
      for c in 0..<fine {
        let w = weight + (o * fine + c) * 16
        for parity in 0..<Self.parities {
          let g = w + parity / 2 * 4 + parity % 2
          let to = packed + synthesisIndex(point: 0, parity: parity, fine: c, coarse: o)
          // The later output meets the earlier kernel element.
          transform(g[10], g[8], g[2], g[0], to, pitch: pitch)
        }
      }
    }
  }

  /// G g G^T.
  @inline(__always)
  private func transform(
    _ g00: Float, _ g01: Float, _ g10: Float, _ g11: Float, _ to: UnsafeMutablePointer<Float>, pitch: Int
  ) {
    to[0] = g00
    to[pitch] = g00 + g01
    to[2 &* pitch] = g01
    to[3 &* pitch] = g00 + g10
    to[4 &* pitch] = (g00 + g01) + (g10 + g11)
    to[5 &* pitch] = g01 + g11
    to[6 &* pitch] = g10
    to[7 &* pitch] = g10 + g11
    to[8 &* pitch] = g11
  }

  /// The gradient with respect to weight from that of the packed analysis filters, which `parts` hold one after the other:
  /// G^T (sum of the parts, in their order) G.
  func unpackGradient(
    _ parts: UnsafePointer<Float>, count parts_: Int, _ weight: UnsafeMutablePointer<Float>, _ execution: Execution
  ) {
    let pitch = analysisIndex(point: 1, coarse: 0, depth: 0)
    execution.forEach(fine) { c in
      for o in 0..<coarse {
        let w = weight + (o * fine + c) * 16
        for parity in 0..<Self.parities {
          let g = w + parity / 2 * 4 + parity % 2
          let from = parts + analysisIndex(point: 0, coarse: o, depth: depthIndex(fine: c, parity: parity))
          @inline(__always)
          func point(_ p: Int) -> Float {
            var sum: Float = 0
            for part in 0..<parts_ { sum += from[part &* count &+ p &* pitch] }
            return sum
          }
          let u10 = point(3), u11 = point(4), u12 = point(5)
          let a0 = point(0) + u10
          let a1 = point(1) + u11
          let a2 = point(2) + u12
          let b0 = u10 + point(6)
          let b1 = u11 + point(7)
          let b2 = u12 + point(8)
          g[0] = a0 + a1
          g[2] = a1 + a2
          g[8] = b0 + b1
          g[10] = b1 + b2
        }
      }
    }
  }
}
