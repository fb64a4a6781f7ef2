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

  /// The sixteen points of each parity's filter for the outputs of a panel, [parity][point][panel], gathered in one place
  /// before they are spread: the points' places lie a power of two apart, where a cache has few lines for them.
  private func withPanel(_ body: (UnsafeMutablePointer<Float>) -> Void) {
    ScratchPool.shared.withFloats(Self.parities * Self.points * panel, body)
  }

  func packAnalysis(_ weight: UnsafePointer<Float>, _ packed: UnsafeMutablePointer<Float>, _ execution: Execution) {
    execution.forEach(fine) { c in
      withPanel { panels in
        for first in stride(from: 0, to: coarse, by: panel) {
          for o in 0..<panel {
            let w = weight + ((first + o) * fine + c) * 16
            for parity in 0..<Self.parities {
              let g = w + parity / 2 * 4 + parity % 2
              transform(g[0], g[2], g[8], g[10], panels + parity * Self.points * panel + o, pitch: panel)
            }
          }
          for parity in 0..<Self.parities {
            for point in 0..<Self.points {
              let to = analysisIndex(point: point, coarse: first, depth: depthIndex(fine: c, parity: parity))
              (packed + to).update(from: panels + (parity * Self.points + point) * panel, count: panel)
            }
          }
        }
      }
    }
  }

  func packSynthesis(_ weight: UnsafePointer<Float>, _ packed: UnsafeMutablePointer<Float>, _ execution: Execution) {
    execution.forEach(coarse) { o in
      withPanel { panels in
        for first in stride(from: 0, to: fine, by: panel) {
          for c in 0..<panel {
            let w = weight + (o * fine + first + c) * 16
            for parity in 0..<Self.parities {
              let g = w + parity / 2 * 4 + parity % 2
              // The later output meets the earlier kernel element.
              transform(g[10], g[8], g[2], g[0], panels + parity * Self.points * panel + c, pitch: panel)
            }
          }
          for parity in 0..<Self.parities {
            for point in 0..<Self.points {
              let to = synthesisIndex(point: point, parity: parity, fine: first, coarse: o)
              (packed + to).update(from: panels + (parity * Self.points + point) * panel, count: panel)
            }
          }
        }
      }
    }
  }

  /// G g G^T.
  @inline(__always)
  private func transform(
    _ g00: Float, _ g01: Float, _ g10: Float, _ g11: Float, _ to: UnsafeMutablePointer<Float>, pitch: Int
  ) {
    column(g00, g01, to, pitch)
    column(0.5 * (g00 + g10), 0.5 * (g01 + g11), to + 4 &* pitch, pitch)
    column(0.5 * (g00 - g10), 0.5 * (g01 - g11), to + 8 &* pitch, pitch)
    column(g10, g11, to + 12 &* pitch, pitch)
  }

  @inline(__always)
  private func column(_ g0: Float, _ g1: Float, _ to: UnsafeMutablePointer<Float>, _ pitch: Int) {
    to[0] = g0
    to[pitch] = 0.5 * (g0 + g1)
    to[2 &* pitch] = 0.5 * (g0 - g1)
    to[3 &* pitch] = g1
  }

  /// The gradient with respect to weight from that of the packed analysis filters, which `parts` hold one after the other:
  /// G^T (sum of the parts, in their order) G.
  func unpackGradient(
    _ parts: UnsafePointer<Float>, count partCount: Int, _ weight: UnsafeMutablePointer<Float>, _ execution: Execution
  ) {
    let pitch = analysisIndex(point: 1, coarse: 0, depth: 0)
    execution.forEach(fine) { c in
      withPanel { panels in
        for first in stride(from: 0, to: coarse, by: panel) {
          for parity in 0..<Self.parities {
            let from = parts + analysisIndex(point: 0, coarse: first, depth: depthIndex(fine: c, parity: parity))
            for point in 0..<Self.points {
              let sum = panels + (parity * Self.points + point) * panel
              sum.update(from: from + point * pitch, count: panel)
              for part in 1..<max(1, partCount) {
                let more = from + (part * count + point * pitch)
                for o in 0..<panel { sum[o] += more[o] }
              }
            }
          }
          for o in 0..<panel {
            for parity in 0..<Self.parities {
              let g = weight + ((first + o) * fine + c) * 16 + parity / 2 * 4 + parity % 2
              let sum = panels + parity * Self.points * panel + o
              let rows = (row(sum), row(sum + 4 * panel), row(sum + 8 * panel), row(sum + 12 * panel))
              g[0] = rows.0.0 + 0.5 * (rows.1.0 + rows.2.0)
              g[2] = rows.0.1 + 0.5 * (rows.1.1 + rows.2.1)
              g[8] = 0.5 * (rows.1.0 - rows.2.0) + rows.3.0
              g[10] = 0.5 * (rows.1.1 - rows.2.1) + rows.3.1
            }
          }
        }
      }
    }
  }

  /// G^T of one row of four points.
  @inline(__always)
  private func row(_ u: UnsafePointer<Float>) -> (Float, Float) {
    let half = (u[panel], u[2 &* panel])
    return (u[0] + 0.5 * (half.0 + half.1), 0.5 * (half.0 - half.1) + u[3 &* panel])
  }
}
