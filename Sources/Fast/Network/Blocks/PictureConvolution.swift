import PerceptualCore
import PerceptualKernels

/// The first convolution, from a single channel, of stride 2: products of side x side taps, at most 16, gathered for
/// every pixel, in channel blocks.
struct PictureConvolution {
  private static let lanes = ChannelBlocks.lanes
  /// Output rows of one piece of work.
  private static let rowsAtOnce = 8

  /// Of the kernel: 2 or 4.
  let side: Int
  let height: Int
  let width: Int
  let padding: Extent
  let output: ChannelBlocks
  let kernels: any KernelSet.Type

  var pieces: Int { (output.height + Self.rowsAtOnce - 1) / Self.rowsAtOnce }
  private var taps: Int { side * side }
  /// Floats of the packed weights, and of their gradient: [panel][taps][panel].
  var filterCount: Int { taps * output.channels }
  private var pitch: Int { (output.width + 3) / 4 * 4 }
  var scratch: Int { pitch * Self.lanes * (1 + output.blocks) }

  private func index(channel: Int, tap: Int) -> Int {
    (channel / kernels.panelChannels * taps + tap) * kernels.panelChannels + channel % kernels.panelChannels
  }

  func pack(_ weight: Floats, _ packed: MutableFloats) {
    for channel in 0..<output.channels {
      for tap in 0..<taps { packed[index(channel: channel, tap: tap)] = weight[channel * taps + tap] }
    }
  }

  func unpackGradient(_ packed: Floats, _ weight: MutableFloats) {
    for channel in 0..<output.channels {
      for tap in 0..<taps { weight[channel * taps + tap] = packed[index(channel: channel, tap: tap)] }
    }
  }

  /// The inputs of every pixel of an output row, sixteen floats apart.
  private func gather(_ x: Floats, row: Int, _ gathered: MutableFloats) {
    for kernelRow in 0..<side {
      let source = 2 * row - padding.height + kernelRow
      let isInside = source >= 0 && source < height
      for kernelColumn in 0..<side {
        let to = gathered + kernelRow * side + kernelColumn
        for column in 0..<output.width {
          let at = 2 &* column &- padding.width &+ kernelColumn
          to[column &* 16] = isInside && at >= 0 && at < width ? x[source &* width &+ at] : 0
        }
      }
    }
  }

  private func rows(_ piece: Int) -> Range<Int> {
    piece * Self.rowsAtOnce..<min(output.height, (piece + 1) * Self.rowsAtOnce)
  }

  func convolve(image: Int, piece: Int, _ x: Floats, filters: Floats, _ sink: some BlockSink, scratch: MutableFloats) {
    let sums = scratch + pitch * Self.lanes
    let panel = kernels.panelChannels
    for row in rows(piece) {
      gather(x + image * height * width, row: row, scratch)
      for number in 0..<output.channels / panel {
        let channel = number * panel
        kernels.multiplyBlocks(
          scratch, blockPitch: 0, blocks: 1, depth: taps, rows: pitch, weights: filters + number * taps * panel,
          sums + channel / Self.lanes * pitch * Self.lanes + channel % Self.lanes,
          second: panel / 2 == Self.lanes ? pitch * Self.lanes : panel / 2, accumulates: false, next: filters)
      }
      for block in 0..<output.blocks {
        sink.finish(
          sums + block * pitch * Self.lanes, image: image, piece: piece, block: block, row: row, column: 0,
          count: output.width, isFirst: row == rows(piece).lowerBound)
      }
    }
  }

  /// Adds one piece's part of the filters' gradient.
  func addGradient(
    image: Int, piece: Int, _ x: Floats, upstream: some BlockSource, _ gradient: MutableFloats, scratch: MutableFloats
  ) {
    let rowsOfUpstream = scratch + pitch * Self.lanes
    let panel = kernels.panelChannels
    for row in rows(piece) {
      gather(x + image * height * width, row: row, scratch)
      for block in 0..<output.blocks {
        upstream.fill(
          image: image, block: block, row: row, column: 0, count: output.width,
          rowsOfUpstream + block * pitch * Self.lanes)
      }
      for number in 0..<output.channels / panel {
        let channel = number * panel
        kernels.multiplyBlocksGradient(
          scratch, rowsOfUpstream + channel / Self.lanes * pitch * Self.lanes + channel % Self.lanes,
          second: panel / 2 == Self.lanes ? pitch * Self.lanes : panel / 2, rows: output.width, depth: taps,
          gradient + number * taps * panel, accumulates: true)
      }
    }
  }
}
