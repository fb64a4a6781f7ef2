import Foundation
import PerceptualCore
import PerceptualKernels

/// A block of a convolutional network that halves or doubles its pictures (``Stage``), fused: a convolution of stride
/// 2, its transpose, or nearest upsampling and a convolution; batch normalisation and LeakyReLU; forward and backward,
/// in channel blocks.
///
/// Memory decides the speed of such a network as much as arithmetic does, so a block writes its convolution's output
/// once, summing the batch's moments as it goes, and keeps nothing else: whoever reads it next normalises and activates
/// what it reads. Backward, the gradient of the normalised values is stored with the sums that batch normalisation's
/// gradient needs, and completed while the next convolution reads it.
///
/// The convolutions are products on channel blocks (``MinimalFiltering``) with kernels of even side
/// (``KernelEmbedding``), 2x2 ones directly, 4x4 ones by minimal filtering; the first one, from a single channel,
/// directly. The gradient of the convolution's bias is 0, which batch normalisation makes it but for rounding.
///
/// Threads and instruction set are those of ``Execution/current`` where the block is made; a network's blocks, their
/// workspace and its ``OutputBlock`` are made under the same.
package final class ConvolutionBlock {
  /// What a block convolves.
  package enum Input {
    /// [images][height][width], a single channel.
    case picture(Floats)
    /// Channel blocks as they are stored.
    case stored(Floats)
    /// The activation of another block.
    case block(ConvolutionBlock)
  }

  package enum Statistics: Sendable {
    /// The batch's; the running ones move towards them by `momentum` unless that is nil.
    case batch(momentum: Double?)
    case running
  }

  /// Trained numbers and running statistics of a block, or the gradients of the former.
  package struct Parameters {
    package let weight: MutableFloats
    package let bias: MutableFloats
    package let gamma: MutableFloats
    package let beta: MutableFloats

    package init(weight: MutableFloats, bias: MutableFloats, gamma: MutableFloats, beta: MutableFloats) {
      self.weight = weight
      self.bias = bias
      self.gamma = gamma
      self.beta = beta
    }
  }

  package let shape: ConvolutionShape
  package let kind: Stage.Kind
  /// The convolution's output, in channel blocks; nothing in a block that `recomputesOutput`.
  package let convolved: MutableFloats
  /// Whether the output is not stored and computed again, image by image, for whoever asks for it.
  package let recomputesOutput: Bool
  /// What the output was last computed from.
  private var lastInput: (input: Input, bias: Floats)?
  let input: ChannelBlocks
  let output: ChannelBlocks
  let statistics: BlockStatistics
  /// The gradient with respect to the normalised values, written by the block behind this one; nil in a pass that keeps
  /// nothing for the gradient, and for a block whose gradient is never stored.
  package var gradient: MutableFloats?
  /// In how many pieces of work an image's sums of that gradient are.
  var gradientPieces = 0
  let filtering: MinimalFiltering?
  private let picture: PictureConvolution
  private let embedding: KernelEmbedding
  let filters: MutableFloats
  /// The weights that `filters` were made of, in a pass that keeps nothing for the gradient.
  private let packedWeight: MutableFloats?
  private var isPacked = false
  private let gradientFilters: MutableFloats?
  let workspace: BlockWorkspace
  private let execution: Execution

  /// Channels of every input but a picture, and of every output, are a multiple of this.
  package static var channelMultiple: Int { MinimalFilter.group }

  /// Why a block of this shape cannot be computed here; nil if it can. `shape` is that of the convolution, or of its
  /// transpose; of an upsampling kind it is what follows the upsampling.
  package static func obstacle(_ shape: ConvolutionShape, _ kind: Stage.Kind) -> String? {
    let kernel = Extent(height: shape.kernelHeight, width: shape.kernelWidth)
    let largest = MinimalFilter.sides[MinimalFilter.sides.count - 1]
    if kind == .bilinear { return "bilinear upsampling, nearest or none is needed" }
    if kernel.height != kernel.width || kernel.height > largest {
      return "the kernel is \(kernel), at most \(Extent(largest)) is needed"
    }
    var geometry = shape.geometry
    if kind == .nearest {
      let stage = Stage(kind, kernel: kernel.height)
      if stage.obstacle != nil || geometry != stage.geometry || shape.height % 2 != 0 || shape.width % 2 != 0 {
        return "a kernel of \(kernel) with \(geometry.padding) of padding after upsampling to "
          + "\(shape.height)x\(shape.width): an odd kernel that keeps an even size is needed"
      }
      geometry.stride = 2
    }
    let isPicture = kind == .convolution && shape.inputChannels == 1
    if isPicture && shape.outputChannels % MinimalFilter.group != 0 {
      return "\(shape.outputChannels) channels, a multiple of \(MinimalFilter.group) is needed"
    }
    let inputs = isPicture ? MinimalFilter.group : shape.inputChannels
    return MinimalFiltering.obstacle(
      kernel: Extent((kernel.height + 1) / 2 * 2), geometry: geometry,
      coarse: kind == .convolution ? shape.outputChannels : inputs,
      fine: kind == .convolution ? inputs : shape.outputChannels)
  }

  /// How a stage without an obstacle is computed, from a block's channels: "as 4x4, minimal filtering F(3x3, 2x2)".
  package static func method(_ stage: Stage) -> String {
    let even = KernelEmbedding(stage.kind, side: stage.kernel, coarse: 1, fine: 1).evenSide
    let isOther = even != stage.kernel
    let other = isOther ? "as \(stage.kind == .nearest ? "transposed " : "")\(Extent(even)), " : ""
    return other + (even == 2 ? "products of channel blocks" : "minimal filtering F(3x3, 2x2)")
  }

  /// Takes its memory from `arena`; `workspace` is shared by all blocks of a network, `convolved` the output's memory
  /// if that is shared too. Only a block that an ``OutputBlock`` ends may have `recomputesOutput`. `precision` is that
  /// of the products of minimal filtering, forward and backward.
  package init(
    _ shape: ConvolutionShape, _ kind: Stage.Kind, slope: Double, epsilon: Double, arena: Arena,
    workspace: BlockWorkspace, convolved: MutableFloats? = nil, recomputesOutput: Bool = false,
    precision: ProductPrecision = .fp32
  ) {
    require(
      shape.images == workspace.share.images.count,
      "shape: \(shape.images) images, the workspace's share has \(workspace.share.images.count)")
    let problem = Self.obstacle(shape, kind)
    require(problem == nil, "shape: \(problem ?? "")")
    let doubles = kind != .convolution
    require(doubles || !recomputesOutput, "recomputesOutput: a block that doubles is needed")
    let execution = Execution.current
    self.shape = shape
    self.kind = kind
    self.workspace = workspace
    self.execution = execution
    let factor = kind.isUpsampling ? 2 : 1
    input = ChannelBlocks(
      images: shape.images, channels: shape.inputChannels, height: shape.height / factor, width: shape.width / factor)
    output = ChannelBlocks(
      images: shape.images, channels: shape.outputChannels, height: shape.outputHeight, width: shape.outputWidth)
    let (coarse, fine) = doubles ? (input, output) : (output, input)
    let embedding = KernelEmbedding(kind, side: shape.kernelHeight, coarse: coarse.channels, fine: fine.channels)
    self.embedding = embedding
    picture = PictureConvolution(
      side: embedding.evenSide, height: shape.height, width: shape.width, padding: shape.geometry.padding,
      output: output, kernels: execution.kernels)
    let filtering =
      shape.inputChannels == 1
      ? nil
      : MinimalFiltering(
        side: embedding.evenSide, coarse: coarse, fine: fine, padding: shape.geometry.padding, precision: precision,
        execution)
    self.filtering = filtering
    self.recomputesOutput = recomputesOutput
    self.convolved = convolved ?? arena.floats(recomputesOutput ? 0 : output.count)
    // Its own pieces give the moments, those of whatever reads its output the gradient's sums.
    let capacity = max(
      filtering.map { doubles ? $0.synthesisGrid.pieces : $0.analysisGrid.pieces } ?? picture.pieces,
      MinimalFiltering.mostPieces(reading: output, BlockProducts(precision, execution)),
      OutputBlock.pieces(reading: output))
    statistics = BlockStatistics(
      workspace.share, channels: shape.outputChannels, capacity: capacity, epsilon: epsilon, slope: slope, arena: arena)
    filters = arena.floats(filtering?.filter.packedCount ?? picture.filterCount)
    packedWeight = workspace.keepsForGradient ? nil : arena.floats(shape.weightCount)
    gradientFilters = workspace.keepsForGradient ? filtering.map { arena.floats($0.filter.packedCount) } : nil
    if let filtering {
      workspace.reserve(
        scratch: max(filtering.analysisScratch + filtering.expandedCount, filtering.synthesisScratch),
        part: filtering.filter.count, pieces: filtering.analysisGrid.pieces)
    } else {
      workspace.reserve(scratch: picture.scratch, part: picture.filterCount, pieces: picture.pieces)
    }
  }

  private var kernels: any KernelSet.Type { execution.kernels }
  /// Whether the output is larger than the input.
  var doubles: Bool { kind != .convolution }
  private var piecesForward: Int {
    filtering.map { doubles ? $0.synthesisGrid.pieces : $0.analysisGrid.pieces } ?? picture.pieces
  }
  /// The activation as the next operation reads it.
  var activated: ActivatedRows {
    require(!recomputesOutput, "recomputesOutput: only an output block reads an output that is not stored")
    return ActivatedRows(shape: output, x: convolved, normalization: statistics.normalization, kernels: kernels)
  }

  // MARK: Forward

  /// Convolves `input` and takes the statistics that normalise the output.
  package func forward(
    _ input: Input, _ parameters: Parameters, statistics kind: Statistics, runningMean: MutableFloats,
    runningVariance: MutableFloats
  ) {
    let streams = output.isLarge
    switch kind {
    case .batch(let momentum):
      pack(parameters.weight)
      let pieces = piecesForward
      statistics.admit(pieces: pieces)
      convolve(
        input,
        MomentSink(
          shape: output, output: recomputesOutput ? nil : convolved, bias: parameters.bias, statistics: statistics,
          pieces: pieces, streams: streams, kernels: kernels))
      if recomputesOutput { lastInput = (input, UnsafePointer(parameters.bias)) }
      statistics.joinMoments(pieces: pieces, gamma: parameters.gamma, beta: parameters.beta, execution)
      require(statistics.values > 1, "x: one value a channel given, training needs at least two")
      if let momentum { statistics.moveRunning(mean: runningMean, variance: runningVariance, momentum: momentum) }
    case .running:
      prepare(parameters, mean: runningMean, variance: runningVariance)
      if recomputesOutput {
        lastInput = (input, UnsafePointer(parameters.bias))
        return
      }
      convolve(
        input,
        StoringSink(shape: output, output: convolved, bias: parameters.bias, streams: streams, kernels: kernels))
    }
  }

  /// Computes one image of the output of the last forward pass again, bit for bit, [blocks][row][column][16].
  func recompute(image: Int, _ x: MutableFloats) {
    guard let lastInput else {
      require(false, "forward: it was not called before the output is asked for")
      return
    }
    let sink = StoringSink(
      shape: output, firstImage: image, output: x, bias: lastInput.bias, streams: false, kernels: kernels)
    workspace.withScratch { scratch in
      for piece in 0..<piecesForward {
        convolve(lastInput.input, image: image, piece: piece, sink, scratch)
      }
    }
  }

  /// Makes ready to convolve with running statistics, which are known before.
  func prepare(_ parameters: Parameters, mean: Floats, variance: Floats) {
    pack(parameters.weight)
    statistics.take(mean: mean, variance: variance, gamma: parameters.gamma, beta: parameters.beta)
  }

  /// Transforms the filters. A pass without gradients is often called again with the same weights, so it keeps a copy
  /// of them to compare with.
  private func pack(_ weight: Floats) {
    if let packedWeight {
      let count = shape.weightCount
      if isPacked && memcmp(packedWeight, weight, count * MemoryLayout<Float>.stride) == 0 { return }
      packedWeight.update(from: weight, count: count)
      isPacked = true
    }
    embedding.withEven(weight, execution) { weight in
      if let filtering {
        filtering.filter.pack(weight, isSynthesis: doubles, filters, execution)
      } else {
        picture.pack(weight, filters)
      }
    }
  }

  private func convolve(_ input: Input, _ sink: some BlockSink) {
    let pieces = piecesForward
    execution.forEach(shape.images * pieces) { index in
      workspace.withScratch { scratch in
        convolve(input, image: index / pieces, piece: index % pieces, sink, scratch)
      }
    }
  }

  private func convolve(_ input: Input, image: Int, piece: Int, _ sink: some BlockSink, _ scratch: MutableFloats) {
    switch (input, filtering) {
    case (.picture(let x), nil):
      picture.convolve(image: image, piece: piece, x, filters: filters, sink, scratch: scratch)
    case (.picture, _?): require(false, "input: a picture given, channel blocks are needed")
    case (_, nil): require(false, "input: channel blocks given, a picture is needed")
    case (.stored(let x), let filtering?):
      convolve(StoredRows(shape: self.input, x: x), filtering, image: image, piece: piece, sink, scratch)
    case (.block(let block), let filtering?):
      convolve(block.activated, filtering, image: image, piece: piece, sink, scratch)
    }
  }

  private func convolve(
    _ source: some BlockSource, _ filtering: MinimalFiltering, image: Int, piece: Int, _ sink: some BlockSink,
    _ scratch: MutableFloats
  ) {
    if doubles {
      filtering.synthesise(image: image, piece: piece, source, filters: filters, sink, scratch: scratch)
    } else {
      filtering.analyse(image: image, piece: piece, source, filters: filters, sink, gradient: nil, scratch: scratch)
    }
  }

  /// Writes the activation, in channel blocks.
  package func activate(_ y: MutableFloats) {
    let rows = activated
    execution.forEach(shape.images * output.blocks) { index in
      rows.fill(
        image: index / output.blocks, block: index % output.blocks, row: 0, column: 0,
        count: output.height * output.width, y + index * output.plane)
    }
  }

  /// An array of the output's shape from channel blocks to [images, channels, height, width].
  package func planar(_ x: Floats) -> Tensor<Float> {
    makeTensor([output.images, output.channels, output.height, output.width]) { output.unpack(x, $0, execution) }
  }

  /// And back.
  package func blocked(_ x: Floats, _ blocks: MutableFloats) { output.pack(x, blocks, execution) }

  // MARK: Backward

  /// Takes `upstream`, the gradient of the activation in channel blocks, through LeakyReLU into ``gradient``.
  package func receive(_ upstream: Floats) {
    guard let gradient, !recomputesOutput else {
      require(false, "gradient: none was given to this block, or its output is not stored")
      return
    }
    let sink = GradientSink(
      shape: output, x: convolved, output: gradient, statistics: statistics, pieces: 1, kernels: kernels)
    execution.forEach(shape.images * output.blocks) { index in
      sink.finish(
        upstream + index * output.plane, image: index / output.blocks, piece: 0, block: index % output.blocks, row: 0,
        column: 0, count: output.height * output.width, isFirst: true)
    }
    gradientPieces = 1
  }

  /// The gradients of the parameters, and that of the input, from ``gradient``: given to the input block, written to
  /// `inputGradient` for a stored input, left out for a picture.
  package func backward(
    _ input: Input, _ parameters: Parameters, gradients: Parameters, inputGradient: MutableFloats? = nil
  ) {
    guard let gradient else {
      require(false, "gradient: none was given to this block")
      return
    }
    joinGradients(gradients)
    let upstream = NormalizationGradientRows(
      shape: output, x: convolved, upstream: gradient, normalization: statistics.normalization, kernels: kernels)
    backward(input, parameters, gradients: gradients, upstream: upstream, inputGradient: inputGradient)
  }

  func joinGradients(_ gradients: Parameters) {
    statistics.joinGradients(
      pieces: gradientPieces, gammaGradient: gradients.gamma, betaGradient: gradients.beta, execution)
    gradients.bias.update(repeating: 0, count: shape.outputChannels)
  }

  func backward(
    _ input: Input, _ parameters: Parameters, gradients: Parameters, upstream: some BlockSource,
    inputGradient: MutableFloats?
  ) {
    require(workspace.keepsForGradient, "backward: this pass keeps nothing for the gradient")
    switch input {
    case .picture(let x): pictureGradient(x, gradients, upstream)
    case .stored(let x):
      let sink = inputGradient.map {
        StoringSink(shape: self.input, output: $0, bias: nil, streams: false, kernels: kernels)
      }
      backward(StoredRows(shape: self.input, x: x), parameters, gradients: gradients, upstream, sink)
    case .block(let block):
      block.statistics.admit(pieces: piecesBackward)
      let sink = block.gradient.map {
        GradientSink(
          shape: self.input, x: block.convolved, output: $0, statistics: block.statistics,
          pieces: piecesBackward, kernels: kernels)
      }
      backward(block.activated, parameters, gradients: gradients, upstream, sink)
      block.gradientPieces = piecesBackward
    }
  }

  private var piecesBackward: Int {
    filtering.map { doubles ? $0.analysisGrid.pieces : $0.synthesisGrid.pieces } ?? 0
  }

  private func pictureGradient(_ x: Floats, _ gradients: Parameters, _ upstream: some BlockSource) {
    let count = picture.filterCount
    workspace.sumParts(pieces: picture.pieces, count: count, execution) { image, range, part in
      part.update(repeating: 0, count: count)
      workspace.withScratch { scratch in
        for piece in range {
          picture.addGradient(image: image, piece: piece, x, upstream: upstream, part, scratch: scratch)
        }
      }
    }
    embedding.withEvenGradient(gradients.weight, execution) { picture.unpackGradient(workspace.parts, $0) }
  }

  /// Lends memory, if any is needed.
  private func withMemory(_ count: Int, _ body: (MutableFloats) -> Void) {
    // Sources that need none skip the lookup.
    if count == 0 { body(filters) } else { ScratchPool.shared.withFloats(count, body) }
  }

  private func backward(
    _ source: some BlockSource, _ parameters: Parameters, gradients: Parameters, _ upstream: some BlockSource,
    _ sink: (some BlockSink)?
  ) {
    guard let filtering, let gradientFilters else { return }
    let filter = filtering.filter
    embedding.withEven(parameters.weight, execution) { weight in
      filter.pack(weight, isSynthesis: !doubles, gradientFilters, execution)
    }
    let pieces = filtering.analysisGrid.pieces
    workspace.sumParts(pieces: pieces, count: filter.count, execution) { image, range, part in
      workspace.withScratch { scratch in
        withMemory(upstream.imageFloats) { memory in
          let expanded = scratch + filtering.analysisScratch
          let upstream = upstream.loaded(image: image, memory)
          for piece in range {
            let gradient = FilterGradient(expanded: expanded, filters: part, accumulates: piece > range.lowerBound)
            if doubles {
              // The fine image is the upstream gradient: its transform serves the input's gradient and the weight's.
              filtering.expand(image: image, piece: piece, source, expanded, patch: scratch)
              filtering.analyse(
                image: image, piece: piece, upstream, filters: sink == nil ? nil : gradientFilters, sink,
                gradient: gradient, scratch: scratch)
            } else {
              filtering.expand(image: image, piece: piece, upstream, expanded, patch: scratch)
              filtering.analyse(
                image: image, piece: piece, source, filters: nil, sink, gradient: gradient, scratch: scratch)
            }
          }
        }
      }
    }
    embedding.withEvenGradient(gradients.weight, execution) { filter.unpackGradient(workspace.parts, $0, execution) }
    guard !doubles, let sink else { return }
    let piecesOfSynthesis = filtering.synthesisGrid.pieces
    execution.forEach(shape.images * piecesOfSynthesis) { index in
      workspace.withScratch { scratch in
        filtering.synthesise(
          image: index / piecesOfSynthesis, piece: index % piecesOfSynthesis, upstream, filters: gradientFilters,
          sink, scratch: scratch)
      }
    }
  }
}
