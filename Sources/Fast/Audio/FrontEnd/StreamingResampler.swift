import PerceptualCore

/// Resamples a signal that comes piece by piece, such as a long file: the pieces of what it gives are, bit for bit,
/// those of ``resample(_:from:to:design:)`` of the whole.
///
///     var resampler = StreamingResampler(from: 48_000, to: 16_000, channels: 2)
///     while let piece = next() { use(resampler.push(piece)) }
///     use(resampler.finish())
///
/// It keeps only the samples that the filter can still reach, and so runs behind by half the filter's length, and by up
/// to 2048 groups of outputs where the filter is applied in frames.
public struct StreamingResampler: Sendable {
  private let old: Int
  private let new: Int
  private let channels: Int
  /// Nil for equal rates.
  private let filter: ResamplingFilter?
  /// What may still be read, for each channel; it begins with input sample `old` x `firstElement`.
  private var history: [[Float]]
  private var firstElement = 0
  private var received = 0
  /// Output elements (groups of `new` samples) given away.
  private var given = 0

  public init(from oldRate: Int, to newRate: Int, channels: Int = 1, design: ResamplingDesign = .kaiser) {
    require(channels >= 1, "channels: \(channels), at least 1 is needed")
    (old, new) = reducedRates(oldRate, newRate)
    self.channels = channels
    filter = old == new ? nil : ResamplingFilter.of(old: old, new: new, design: design)
    history = [[Float]](repeating: [], count: channels)
  }

  /// Takes samples [channels, any number] and gives the outputs [channels, any number] that no later one can change.
  public mutating func push(_ piece: Tensor<Float>) -> Tensor<Float> {
    require(
      piece.rank == 2 && piece.shape[0] == channels, "piece: shape \(piece.shape), expected [\(channels), samples]")
    guard let filter else { return piece }
    let samples = piece.shape[1]
    for c in 0..<channels { history[c] += piece.elements[c * samples..<(c + 1) * samples] }
    received += samples
    // Element m reads inputs before `old` x (m + the look-ahead + 1).
    let final = (received / old - filter.lookAhead) / filter.partElements * filter.partElements
    let end = max(given, final)
    return give(filter, count: (end - given) * new, until: end)
  }

  /// Gives the rest; after the last sample comes silence. Then the resampler is as new.
  public mutating func finish() -> Tensor<Float> {
    guard let filter else { return Tensor(shape: [channels, 0]) }
    let count = resampledCount(received, from: old, to: new) - given * new
    let rest = give(filter, count: max(0, count), until: given)
    history = [[Float]](repeating: [], count: channels)
    (firstElement, received, given) = (0, 0, 0)
    return rest
  }

  private mutating func give(_ filter: ResamplingFilter, count: Int, until end: Int) -> Tensor<Float> {
    if count == 0 { return Tensor(shape: [channels, 0]) }
    let kept = Tensor(history.flatMap { $0 }, shape: [channels, history[0].count])
    let outputs = filter.apply(kept, firstElement: given - firstElement, count: count, execution: Execution.current)
    given = end
    let needed = max(0, given + filter.leastShift)
    if needed > firstElement {
      for c in 0..<channels { history[c].removeFirst(min(history[c].count, (needed - firstElement) * old)) }
      firstElement = needed
    }
    return outputs
  }
}
