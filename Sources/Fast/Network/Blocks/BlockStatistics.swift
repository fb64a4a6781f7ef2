import PerceptualCore
import PerceptualKernels

/// Batch normalisation's numbers of one block, for all channels, and the partial sums they are joined from.
///
/// Every piece of work sums its own pixels in Float, around a pivot of its own (its first pixel). The pieces of an
/// image are joined in Double in their order, and then the images of the batch in theirs, whichever rank has them
/// (``BatchShare``).
final class BlockStatistics {
  private static let lanes = ChannelBlocks.lanes
  private static let record = 3 * lanes

  private let share: BatchShare
  let channels: Int
  let epsilon: Double
  let slope: Float
  private let storage: MutableFloats
  private let partials: MutableFloats
  private let counts: Lines<Int>
  /// [batch][2][channels]: of each image mean and sum of squares about it, or the gradient's two sums.
  private let images: Lines<Double>
  private let capacity: Int
  /// 1 / sqrt(variance + epsilon), and the mean in full.
  private(set) var inverseDeviation: [Double]
  private(set) var mean: [Double]
  private(set) var variance: [Double]

  /// `capacity` is the largest number of pieces of an image that will be joined.
  init(_ share: BatchShare, channels: Int, capacity: Int, epsilon: Double, slope: Double, arena: Arena) {
    self.share = share
    self.channels = channels
    self.capacity = capacity
    self.epsilon = epsilon
    self.slope = Float(slope)
    storage = arena.floats(5 * channels)
    let pieces = share.images.count * capacity
    partials = arena.floats(pieces * channels / Self.lanes * Self.record)
    counts = Lines(pieces)
    images = Lines(share.batch * 2 * channels)
    inverseDeviation = Array(repeating: 1, count: channels)
    mean = Array(repeating: 0, count: channels)
    variance = mean
  }

  var normalization: BlockNormalization {
    BlockNormalization(
      mean: storage, factor: storage + channels, offset: storage + 2 * channels, meanGradient: storage + 3 * channels,
      minusGradientSlope: storage + 4 * channels, slope: slope)
  }

  /// The record of one piece and block of channels: [pivot][sum][sum of squares or products], sixteen floats each.
  func partial(piece: Int, block: Int) -> MutableFloats {
    partials + (piece * (channels / Self.lanes) + block) * Self.record
  }

  /// Stops where there is no room for the records of so many pieces an image.
  func admit(pieces: Int) { require(pieces <= capacity, "pieces: \(pieces) given, at most \(capacity) were planned") }

  func setCount(piece: Int, _ count: Int) { counts[piece] = count }
  func addCount(piece: Int, _ count: Int) { counts[piece] += count }

  /// Fills in what `body(image, channel)` finds of each image of the share, and then of the batch.
  private func gather(_ execution: Execution, _ body: (Int, Int) -> (Double, Double)) {
    let own = images.start + share.images.lowerBound * 2 * channels
    execution.forEach(share.images.count) { image in
      let to = own + image * 2 * channels
      for channel in 0..<channels { (to[channel], to[channels + channel]) = body(image, channel) }
    }
    share.gather(images.start, count: 2 * channels)
  }

  /// Mean and variance of the batch from the records of `pieces` pieces an image: Chan, Golub and LeVeque's rule, piece
  /// by piece and then image by image.
  func joinMoments(pieces: Int, gamma: Floats, beta: Floats, _ execution: Execution) {
    gather(execution) { image, channel in
      var moments = Moments()
      for piece in image * pieces..<(image + 1) * pieces {
        let record = partial(piece: piece, block: channel / Self.lanes) + channel % Self.lanes
        let count = Double(counts[piece])
        let sum = Double(record[Self.lanes])
        moments.add(
          Moments(
            count: count, mean: Double(record[0]) + sum / count,
            squares: Double(record[2 * Self.lanes]) - sum * sum / count))
      }
      return (moments.mean, moments.squares)
    }
    let pixels = (0..<pieces).reduce(0) { $0 + counts[$1] }
    values = share.batch * pixels
    for channel in 0..<channels {
      var moments = Moments()
      for image in 0..<share.batch {
        let own = images.start + image * 2 * channels + channel
        moments.add(Moments(count: Double(pixels), mean: own[0], squares: own[channels]))
      }
      let variance = max(0, moments.squares / Double(values))
      set(channel, mean: moments.mean, variance: variance, gamma: gamma, beta: beta)
      if !moments.squares.isFinite { self.variance[channel] = moments.squares }
    }
  }

  /// How many values there are, their mean and the sum of the squares of what they differ from it by.
  private struct Moments {
    var count = 0.0
    var mean = 0.0
    var squares = 0.0

    mutating func add(_ other: Moments) {
      let difference = other.mean - mean
      let joined = count + other.count
      mean += difference * other.count / joined
      squares += other.squares + difference * difference * count * other.count / joined
      count = joined
    }
  }

  /// Values a channel that the last join saw.
  private(set) var values = 0

  /// Takes the running statistics for the batch's.
  func take(mean: Floats, variance: Floats, gamma: Floats, beta: Floats) {
    for channel in 0..<channels {
      set(channel, mean: Double(mean[channel]), variance: Double(variance[channel]), gamma: gamma, beta: beta)
    }
  }

  private func set(_ channel: Int, mean: Double, variance: Double, gamma: Floats, beta: Floats) {
    let inverse = 1 / (variance + epsilon).squareRoot()
    let factor = Double(gamma[channel]) * inverse
    self.mean[channel] = mean
    self.variance[channel] = variance
    inverseDeviation[channel] = inverse
    let rounded = Float(mean)
    storage[channel] = rounded
    storage[channels + channel] = Float(factor)
    storage[2 * channels + channel] = Float(Double(beta[channel]) + (Double(rounded) - mean) * factor)
  }

  /// Moves the running statistics towards the batch's, the variance unbiased.
  func moveRunning(mean: MutableFloats, variance: MutableFloats, momentum: Double) {
    let unbiased = Double(values) / Double(values - 1)
    for channel in 0..<channels {
      mean[channel] = Float((1 - momentum) * Double(mean[channel]) + momentum * self.mean[channel])
      variance[channel] =
        Float((1 - momentum) * Double(variance[channel]) + momentum * self.variance[channel] * unbiased)
    }
  }

  /// gamma's and beta's gradients, and what the gradient with respect to the convolution's output needs, from the
  /// records of `pieces` pieces an image.
  func joinGradients(pieces: Int, gammaGradient: MutableFloats, betaGradient: MutableFloats, _ execution: Execution) {
    gather(execution) { image, channel in
      var sums = (0.0, 0.0)
      for piece in image * pieces..<(image + 1) * pieces {
        let record = partial(piece: piece, block: channel / Self.lanes) + channel % Self.lanes
        sums.0 += Double(record[Self.lanes])
        sums.1 += Double(record[2 * Self.lanes])
      }
      return sums
    }
    for channel in 0..<channels {
      var sum = 0.0
      var product = 0.0
      for image in 0..<share.batch {
        let own = images.start + image * 2 * channels + channel
        sum += own[0]
        product += own[channels]
      }
      // x - mean = (x - rounded mean) + residual, where only the first part is known to the kernels.
      let residual = Double(storage[channel]) - mean[channel]
      product += residual * sum
      let inverse = inverseDeviation[channel]
      let slope = product * inverse * inverse / Double(values)
      storage[3 * channels + channel] = Float(sum / Double(values) + residual * slope)
      storage[4 * channels + channel] = Float(-slope)
      gammaGradient[channel] = Float(product * inverse)
      betaGradient[channel] = Float(sum)
    }
  }
}

/// Receives a convolution's output: adds the bias, stores it, unless there is no `output`, and takes the batch's
/// moments.
struct MomentSink: BlockSink {
  let shape: ChannelBlocks
  let output: MutableFloats?
  let bias: Floats
  let statistics: BlockStatistics
  let pieces: Int
  let streams: Bool
  let kernels: any KernelSet.Type

  func finish(_ x: Floats, image: Int, piece: Int, block: Int, row: Int, column: Int, count: Int, isFirst: Bool) {
    let lanes = ChannelBlocks.lanes
    let number = image * pieces + piece
    let record = statistics.partial(piece: number, block: block)
    if isFirst {
      for lane in 0..<lanes { record[lane] = x[lane] + bias[block * lanes + lane] }
      (record + lanes).update(repeating: 0, count: 2 * lanes)
      if block == 0 { statistics.setCount(piece: number, 0) }
    }
    if block == 0 { statistics.addCount(piece: number, count) }
    guard let output else {
      kernels.momentsBlockRow(x, count: count, bias: bias + block * lanes, pivot: record, sums: record + lanes)
      return
    }
    kernels.finishBlockRow(
      x, count: count, bias: bias + block * lanes, pivot: record, sums: record + lanes,
      output + shape.offset(image: image, block: block, row: row, column: column), streams: streams)
  }
}

/// Receives the gradient of a block's activation: takes it through LeakyReLU, stores it and sums it for batch norm.
struct GradientSink: BlockSink {
  let shape: ChannelBlocks
  let x: Floats
  let output: MutableFloats
  let statistics: BlockStatistics
  let pieces: Int
  let kernels: any KernelSet.Type

  func finish(
    _ upstream: Floats, image: Int, piece: Int, block: Int, row: Int, column: Int, count: Int, isFirst: Bool
  ) {
    let lanes = ChannelBlocks.lanes
    let record = statistics.partial(piece: image * pieces + piece, block: block) + lanes
    if isFirst { record.update(repeating: 0, count: 2 * lanes) }
    let offset = shape.offset(image: image, block: block, row: row, column: column)
    kernels.finishGradientBlockRow(
      upstream, x: x + offset, count: count, normalization: statistics.normalization.of(block: block), sums: record,
      output + offset)
  }
}

/// Stores rows, with a bias if there is one.
struct StoringSink: BlockSink {
  let shape: ChannelBlocks
  /// From this image on.
  var firstImage = 0
  let output: MutableFloats
  let bias: Floats?
  /// Past the caches.
  let streams: Bool
  let kernels: any KernelSet.Type

  func finish(_ x: Floats, image: Int, piece: Int, block: Int, row: Int, column: Int, count: Int, isFirst: Bool) {
    kernels.addBlockBias(
      x, count: count, bias: bias.map { $0 + block * ChannelBlocks.lanes },
      output + shape.offset(image: image - firstImage, block: block, row: row, column: column), streams: streams)
  }
}
