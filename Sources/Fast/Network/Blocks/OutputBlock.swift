import PerceptualCore
import PerceptualKernels

/// The end of a convolutional network, fused: a 3x3 convolution of a block's activation to a single channel, or a 1x1
/// one as a 3x3 one with zeros around, and a sigmoid.
///
/// Backward, the gradient of the block's activation, the largest array of the network, is never stored: it is nine
/// products a pixel from the single channel's gradient, computed where it is needed. Threads and instruction set are
/// those of ``Execution/current`` where it is made.
package final class OutputBlock {
  private static let lanes = ChannelBlocks.lanes
  private static let rowsAtOnce = 8

  let block: ConvolutionBlock
  /// Side of the kernel as the network has it.
  private let kernel: Int
  /// The output after the sigmoid, [images][height][width].
  package let output: MutableFloats
  private let shape: ChannelBlocks
  /// The gradient before the sigmoid, in planes with a border of zeros.
  private let bordered: MutableFloats?
  /// [block][9][16]: of the convolution, and of its transpose.
  private let weights: MutableFloats
  private let turnedWeights: MutableFloats
  private let weightParts: MutableFloats?
  /// [batch][channels * taps + 1]: each image's gradients of weight and bias.
  private let imageSums: Lines<Double>?
  /// What each piece of the block's transposed convolution gives to the output, in a pass that keeps nothing.
  private let partialOutputs: MutableFloats?
  private let execution: Execution

  /// Why a kernel of that side cannot be computed here; nil if it can.
  package static func obstacle(kernel: Int) -> String? {
    kernel == 1 || kernel == 3 ? nil : "the kernel is \(Extent(kernel)), 1x1 or 3x3 is needed"
  }

  package init(_ block: ConvolutionBlock, kernel: Int = 3, arena: Arena, keepsForGradient: Bool) {
    let problem = Self.obstacle(kernel: kernel)
    require(problem == nil, "kernel: \(problem ?? "")")
    self.block = block
    self.kernel = kernel
    shape = block.output
    execution = Execution.current
    output = arena.floats(shape.images * shape.height * shape.width)
    weights = arena.floats(9 * shape.channels)
    turnedWeights = arena.floats(9 * shape.channels)
    let borderedCount = shape.images * (shape.height + 2) * (shape.width + 2)
    bordered = keepsForGradient ? arena.floats(borderedCount) : nil
    bordered?.update(repeating: 0, count: borderedCount)
    let rows = (shape.height + Self.rowsAtOnce - 1) / Self.rowsAtOnce
    let filtering = keepsForGradient || !block.doubles ? nil : block.filtering
    partialOutputs = filtering.map {
      arena.floats(block.output.images * $0.synthesisGrid.pieces * Self.partialCount($0))
    }
    weightParts = keepsForGradient ? arena.floats(shape.images * rows * 9 * shape.channels) : nil
    imageSums = keepsForGradient ? Lines(block.workspace.share.batch * (shape.channels * kernel * kernel + 1)) : nil
  }

  private var pieces: Int { Self.pieces(reading: shape) }
  /// In how many pieces an image's gradient is given.
  static func pieces(reading shape: ChannelBlocks) -> Int { (shape.height + rowsAtOnce - 1) / rowsAtOnce }
  private func rows(_ piece: Int) -> Range<Int> {
    piece * Self.rowsAtOnce..<min(shape.height, (piece + 1) * Self.rowsAtOnce)
  }

  private var oneImage: ChannelBlocks {
    ChannelBlocks(images: 1, channels: shape.channels, height: shape.height, width: shape.width)
  }

  /// Runs `body` for every piece, with where the convolution's output of its image lies: as it is stored, or computed
  /// again for one image after the other.
  private func forEachPiece(_ body: (_ image: Int, _ piece: Int, _ x: Floats) -> Void) {
    if block.recomputesOutput {
      execution.forEach(shape.images) { image in
        ScratchPool.shared.withFloats(oneImage.count) { x in
          block.recompute(image: image, x)
          for piece in 0..<pieces { body(image, piece, x) }
        }
      }
    } else {
      execution.forEach(shape.images * pieces) { index in
        let image = index / pieces
        body(image, index % pieces, block.convolved + shape.offset(image: image, block: 0))
      }
    }
  }

  private var taps: Int { kernel * kernel }
  private var sumCount: Int { shape.channels * taps + 1 }
  /// Where a tap of the network's kernel lies among those of a 3x3 one.
  private func place(_ tap: Int) -> Int { (tap / kernel + 1 - kernel / 2) * 3 + tap % kernel + 1 - kernel / 2 }

  private func pack(_ weight: Floats) {
    let count = 9 * shape.channels
    weights.update(repeating: 0, count: count)
    turnedWeights.update(repeating: 0, count: count)
    for channel in 0..<shape.channels {
      let to = channel / Self.lanes * 9 * Self.lanes + channel % Self.lanes
      for tap in 0..<taps {
        weights[to + place(tap) * Self.lanes] = weight[channel * taps + tap]
        turnedWeights[to + (8 - place(tap)) * Self.lanes] = weight[channel * taps + tap]
      }
    }
  }

  /// output = sigmoid(convolution of the block's activation with weight, [1, channels, kernel, kernel], plus bias,
  /// [1]).
  package func forward(weight: Floats, bias: Floats) {
    pack(weight)
    let kernels = execution.kernels
    let patchPitch = (shape.width + 2) * Self.lanes
    forEachPiece { image, piece, x in
      let source = ActivatedRows(shape: oneImage, x: x, normalization: block.statistics.normalization, kernels: kernels)
      let rows = rows(piece)
      let sumCount = rows.count * shape.width * Self.lanes
      ScratchPool.shared.withFloats((rows.count + 2) * patchPitch + sumCount) { patch in
        let sums = patch + (rows.count + 2) * patchPitch
        sums.update(repeating: 0, count: sumCount)
        for block in 0..<shape.blocks {
          source.fill(
            image: 0, block: block, rows: rows.lowerBound - 1..<rows.upperBound + 1, columns: -1..<shape.width + 1,
            patch)
          for row in 0..<rows.count {
            kernels.collectBlockRow(
              patch + row * patchPitch, rowPitch: patchPitch, weights: weights + block * 9 * Self.lanes,
              count: shape.width, sums: sums + row * shape.width * Self.lanes)
          }
        }
        let to = output + (image * shape.height + rows.lowerBound) * shape.width
        kernels.foldBlockRow(sums, count: rows.count * shape.width, bias: bias[0], to)
        kernels.sigmoid(to, to, count: rows.count * shape.width)
      }
    }
  }

  /// The block's forward pass with running statistics, then the output's, in one go: the block's activation, the
  /// largest array of the network, is never stored.
  package func forward(
    through input: ConvolutionBlock.Input, _ parameters: ConvolutionBlock.Parameters, runningMean: MutableFloats,
    runningVariance: MutableFloats, weight: Floats, bias: Floats
  ) {
    guard let partialOutputs, let filtering = block.filtering else {
      block.forward(input, parameters, statistics: .running, runningMean: runningMean, runningVariance: runningVariance)
      forward(weight: weight, bias: bias)
      return
    }
    pack(weight)
    block.prepare(parameters, mean: runningMean, variance: runningVariance)
    switch input {
    case .picture: require(false, "input: a picture given, channel blocks are needed")
    case .stored(let x):
      collect(StoredRows(shape: block.input, x: x), filtering, bias: parameters.bias, partialOutputs)
    case .block(let input): collect(input.activated, filtering, bias: parameters.bias, partialOutputs)
    }
    join(filtering, bias: bias[0], partialOutputs)
  }

  /// Each piece's sums for its own pixels and the border of one around them.
  private func collect(
    _ source: some BlockSource, _ filtering: MinimalFiltering, bias: Floats, _ partialOutputs: MutableFloats
  ) {
    let pieces = filtering.synthesisGrid.pieces
    let capacity = Self.partialCount(filtering)
    let kernels = execution.kernels
    execution.forEach(shape.images * pieces) { index in
      let piece = index % pieces
      let area = filtering.synthesisArea(piece)
      let count = (area.rows.count + 2) * (area.columns.count + 2)
      block.workspace.withScratch { scratch in
        ScratchPool.shared.withFloats(count * Self.lanes) { sums in
          sums.update(repeating: 0, count: count * Self.lanes)
          let sink = OutputSink(
            top: area.rows.lowerBound, rowPitch: (area.columns.count + 2) * Self.lanes, bias: bias, weights: weights,
            normalization: block.statistics.normalization, sums: sums, kernels: kernels)
          filtering.synthesise(
            image: index / pieces, piece: piece, source, filters: block.filters, sink, scratch: scratch)
          kernels.foldBlockRow(sums, count: count, bias: 0, partialOutputs + index * capacity)
        }
      }
    }
  }

  /// Adds the pieces of every image in their order.
  private func join(_ filtering: MinimalFiltering, bias: Float, _ partialOutputs: Floats) {
    let pieces = filtering.synthesisGrid.pieces
    let capacity = Self.partialCount(filtering)
    let plane = shape.height * shape.width
    let kernels = execution.kernels
    execution.forEach(shape.images) { image in
      let to = output + image * plane
      to.update(repeating: bias, count: plane)
      for piece in 0..<pieces {
        let area = filtering.synthesisArea(piece)
        let part = partialOutputs + (image * pieces + piece) * capacity
        let columns = max(0, area.columns.lowerBound - 1)..<min(shape.width, area.columns.upperBound + 1)
        for row in max(0, area.rows.lowerBound - 1)..<min(shape.height, area.rows.upperBound + 1) {
          let from = (row - area.rows.lowerBound + 1) * (area.columns.count + 2)
          kernels.accumulate(
            part + (from + columns.lowerBound - area.columns.lowerBound + 1),
            to + (row * shape.width + columns.lowerBound), count: columns.count)
        }
      }
      kernels.sigmoid(to, to, count: plane)
    }
  }

  /// Sums of the largest piece and its border.
  private static func partialCount(_ filtering: MinimalFiltering) -> Int {
    let grid = filtering.synthesisGrid
    let span = 2 * filtering.filter.tile
    return (span * grid.rowsAtOnce + 2) * (span * grid.columnsAtOnce + 2)
  }

  /// The gradients of this convolution's and the block's parameters, and that of the block's input, for the upstream
  /// gradient of ``output``: given to the input block, written to `inputGradient` for a stored input, left out for a
  /// picture.
  package func backward(
    upstream: Floats, weightGradient: MutableFloats, biasGradient: MutableFloats, input: ConvolutionBlock.Input,
    _ parameters: ConvolutionBlock.Parameters, gradients: ConvolutionBlock.Parameters,
    inputGradient: MutableFloats? = nil
  ) {
    guard let bordered, let weightParts, let imageSums else {
      require(false, "backward: this pass keeps nothing for the gradient")
      return
    }
    let kernels = execution.kernels
    let borderedPitch = shape.width + 2
    let borderedPlane = (shape.height + 2) * borderedPitch
    // Rows of a border's plane are as long as a row of pixels and two zeros, which no one overwrites.
    execution.forEach(shape.images) { image in
      for row in 0..<shape.height {
        let from = (image * shape.height + row) * shape.width
        kernels.sigmoidGradient(
          output + from, upstream: upstream + from, bordered + image * borderedPlane + (row + 1) * borderedPitch + 1,
          count: shape.width)
      }
    }
    let statistics = block.statistics
    let partCount = 9 * shape.channels
    statistics.admit(pieces: pieces)
    forEachPiece { image, piece, x in
      let index = image * pieces + piece
      for number in 0..<shape.blocks {
        let record = statistics.partial(piece: index, block: number) + Self.lanes
        record.update(repeating: 0, count: 2 * Self.lanes)
        let part = weightParts + index * partCount + number * 9 * Self.lanes
        part.update(repeating: 0, count: 9 * Self.lanes)
        for row in rows(piece) {
          kernels.spreadBlockRow(
            bordered + image * borderedPlane + row * borderedPitch, rowPitch: borderedPitch,
            weights: turnedWeights + number * 9 * Self.lanes,
            x: x + oneImage.offset(image: 0, block: number, row: row), count: shape.width,
            normalization: statistics.normalization.of(block: number), sums: record, weightGradient: part)
        }
      }
    }
    let share = block.workspace.share
    execution.forEach(shape.images) { image in
      let sums = imageSums.start + (share.images.lowerBound + image) * sumCount
      for channel in 0..<shape.channels {
        for tap in 0..<taps {
          var sum = 0.0
          let place = channel / Self.lanes * 9 * Self.lanes + (8 - place(tap)) * Self.lanes + channel % Self.lanes
          for part in image * pieces..<(image + 1) * pieces { sum += Double(weightParts[part * partCount + place]) }
          sums[channel * taps + tap] = sum
        }
      }
      sums[sumCount - 1] = Double(kernels.sum(bordered + image * borderedPlane, count: borderedPlane))
    }
    share.gather(imageSums.start, count: sumCount)
    func sum(_ place: Int) -> Float {
      Float((0..<share.batch).reduce(0.0) { $0 + imageSums[$1 * sumCount + place] })
    }
    for place in 0..<sumCount - 1 { weightGradient[place] = sum(place) }
    biasGradient[0] = sum(sumCount - 1)
    block.gradientPieces = pieces
    block.joinGradients(gradients)
    let gradient = SpreadRows(
      block: block, x: block.convolved, firstImage: 0, upstream: bordered, weights: turnedWeights,
      normalization: statistics.normalization, kernels: kernels)
    block.backward(input, parameters, gradients: gradients, upstream: gradient, inputGradient: inputGradient)
  }
}

/// Receives a convolution's output row by row, normalises and activates it, and adds its part of the 3x3 convolution to
/// one channel to the sums of one piece.
private struct OutputSink: BlockSink {
  /// The piece's first row.
  let top: Int
  let rowPitch: Int
  let bias: Floats
  let weights: Floats
  let normalization: BlockNormalization
  let sums: MutableFloats
  let kernels: any KernelSet.Type

  func finish(_ x: Floats, image: Int, piece: Int, block: Int, row: Int, column: Int, count: Int, isFirst: Bool) {
    kernels.scatterBlockRow(
      x, count: count, bias: bias + block * ChannelBlocks.lanes, normalization: normalization.of(block: block),
      weights: weights + block * 9 * ChannelBlocks.lanes, sums: sums + (row - top) * rowPitch, rowPitch: rowPitch)
  }
}

/// The gradient with respect to the convolution's output of a block that a 3x3 convolution to one channel follows.
private struct SpreadRows: BlockSource {
  let block: ConvolutionBlock
  /// The convolution's output, from `firstImage` on.
  var x: Floats
  var firstImage: Int
  /// Planes with a border of zeros.
  let upstream: Floats
  let weights: Floats
  let normalization: BlockNormalization
  let kernels: any KernelSet.Type

  var shape: ChannelBlocks { block.output }
  var imageFloats: Int { block.recomputesOutput ? shape.blocks * shape.plane : 0 }

  func loaded(image: Int, _ memory: MutableFloats) -> SpreadRows {
    if !block.recomputesOutput { return self }
    block.recompute(image: image, memory)
    var rows = self
    rows.x = UnsafePointer(memory)
    rows.firstImage = image
    return rows
  }

  func fill(image: Int, block: Int, row: Int, column: Int, count: Int, _ output: MutableFloats) {
    let pitch = shape.width + 2
    kernels.spreadGradientBlockRow(
      upstream + (image * (shape.height + 2) + row) * pitch + column, rowPitch: pitch,
      weights: weights + block * 9 * ChannelBlocks.lanes,
      x: x + shape.offset(image: image - firstImage, block: block, row: row, column: column), count: count,
      normalization: normalization.of(block: block), output)
  }
}
