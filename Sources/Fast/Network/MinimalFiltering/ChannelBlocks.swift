import PerceptualCore
import PerceptualKernels

/// Images in blocks of sixteen channels: [image][block][row][column][16].
///
/// A pixel's sixteen channels are one cache line and one vector of AVX-512, so that what is done for each channel
/// (batch statistics, the transforms of minimal filtering) needs no shuffles, and a row of pixels is one stretch of
/// memory.
struct ChannelBlocks {
  static let lanes = 16

  let images: Int
  let channels: Int
  let height: Int
  let width: Int

  var blocks: Int { channels / Self.lanes }
  /// Floats of one block's plane.
  var plane: Int { height * width * Self.lanes }
  var count: Int { images * blocks * plane }

  /// Whether the images are too large to be found in a cache by whoever reads them next.
  var isLarge: Bool { count * MemoryLayout<Float>.stride > 1 << 24 }

  func offset(image: Int, block: Int, row: Int = 0, column: Int = 0) -> Int {
    ((image * blocks + block) * height + row) * width * Self.lanes + column * Self.lanes
  }

  /// Copies [image][channel][row][column] into blocks.
  func pack(_ x: Floats, _ output: MutableFloats, _ execution: Execution) {
    let pixels = height * width
    execution.forEach(images * blocks) { index in
      let from = x + index * Self.lanes * pixels
      let to = output + index * plane
      forEachStrip(pixels) { first, count in
        for lane in 0..<Self.lanes {
          let source = from + lane * pixels + first
          let target = to + first * Self.lanes + lane
          for pixel in 0..<count { target[pixel &* 16] = source[pixel] }
        }
      }
    }
  }

  /// Copies blocks into [image][channel][row][column].
  func unpack(_ x: Floats, _ output: MutableFloats, _ execution: Execution) {
    let pixels = height * width
    execution.forEach(images * blocks) { index in
      let from = x + index * plane
      let to = output + index * Self.lanes * pixels
      forEachStrip(pixels) { first, count in
        for lane in 0..<Self.lanes {
          let source = from + first * Self.lanes + lane
          let target = to + lane * pixels + first
          for pixel in 0..<count { target[pixel] = source[pixel &* 16] }
        }
      }
    }
  }

  /// Strips short enough that their lines stay in the first-level cache while all lanes pass over them.
  private func forEachStrip(_ pixels: Int, _ body: (Int, Int) -> Void) {
    var first = 0
    while first < pixels {
      body(first, min(128, pixels - first))
      first += 128
    }
  }
}

/// Where the rows of one block of channels come from: stored, or computed from what is stored.
protocol BlockSource {
  var shape: ChannelBlocks { get }
  /// Floats of memory that ``loaded(image:_:)`` needs.
  var imageFloats: Int { get }
  /// What gives the rows of one image faster than this does, from what it computes into `memory`.
  func loaded(image: Int, _ memory: MutableFloats) -> Self
  /// Writes `count` pixels of a row, from `column` on, of one block of channels.
  func fill(image: Int, block: Int, row: Int, column: Int, count: Int, _ output: MutableFloats)
}

extension BlockSource {
  var imageFloats: Int { 0 }
  func loaded(image: Int, _ memory: MutableFloats) -> Self { self }

  /// Writes a rectangle that may reach beyond the image, zeros there.
  func fill(image: Int, block: Int, rows: Range<Int>, columns: Range<Int>, _ output: MutableFloats) {
    let lanes = ChannelBlocks.lanes
    let inside = columns.clamped(to: 0..<shape.width)
    var to = output
    for row in rows {
      if row < 0 || row >= shape.height || inside.isEmpty {
        to.update(repeating: 0, count: columns.count * lanes)
      } else {
        let before = (inside.lowerBound - columns.lowerBound) * lanes
        let after = (columns.upperBound - inside.upperBound) * lanes
        to.update(repeating: 0, count: before)
        fill(image: image, block: block, row: row, column: inside.lowerBound, count: inside.count, to + before)
        (to + (before + inside.count * lanes)).update(repeating: 0, count: after)
      }
      to += columns.count * lanes
    }
  }
}

/// Rows as they are stored.
struct StoredRows: BlockSource {
  let shape: ChannelBlocks
  let x: Floats

  func fill(image: Int, block: Int, row: Int, column: Int, count: Int, _ output: MutableFloats) {
    output.update(
      from: x + shape.offset(image: image, block: block, row: row, column: column), count: count * ChannelBlocks.lanes)
  }
}

/// A convolution's output, normalised and activated while it is read.
struct ActivatedRows: BlockSource {
  let shape: ChannelBlocks
  let x: Floats
  let normalization: BlockNormalization
  let kernels: any KernelSet.Type

  func fill(image: Int, block: Int, row: Int, column: Int, count: Int, _ output: MutableFloats) {
    kernels.activateBlockRow(
      x + shape.offset(image: image, block: block, row: row, column: column), count: count,
      normalization: normalization.of(block: block), output)
  }
}

/// The gradient with respect to a convolution's output x, from that of its normalised values.
struct NormalizationGradientRows: BlockSource {
  let shape: ChannelBlocks
  let x: Floats
  let upstream: Floats
  let normalization: BlockNormalization
  let kernels: any KernelSet.Type

  func fill(image: Int, block: Int, row: Int, column: Int, count: Int, _ output: MutableFloats) {
    let offset = shape.offset(image: image, block: block, row: row, column: column)
    kernels.normalizationGradientBlockRow(
      x + offset, upstream: upstream + offset, count: count, normalization: normalization.of(block: block), output)
  }
}

extension BlockNormalization {
  /// That of one block, where the pointers are to [channels].
  func of(block: Int) -> BlockNormalization {
    let first = block * ChannelBlocks.lanes
    return BlockNormalization(
      mean: mean + first, factor: factor + first, offset: offset + first, meanGradient: meanGradient + first,
      minusGradientSlope: minusGradientSlope + first, slope: slope)
  }
}
