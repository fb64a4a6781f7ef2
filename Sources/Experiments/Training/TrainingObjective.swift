import Fast
import PerceptualCore

/// What a training reduces, over batches of one shape, and its gradient with respect to the prediction: the loss, and
/// those added to it times their weights. Of a batch that ranks share each gives its images and has the whole batch's
/// loss. Nothing is allocated after the first batch.
final class TrainingObjective {
  private let terms: [WeightedLoss]
  private let count: Int
  /// The gradient of a loss that is added; none where there is one loss.
  private let partial: UnsafeMutablePointer<Float>?
  private let arena = Arena()

  init(_ options: TrainingOptions, _ share: BatchShare? = nil) {
    let share = share ?? BatchShare(batch: options.batch)
    terms = ([LossTerm(options.loss, weight: 1)] + options.added).map { WeightedLoss($0, options, share) }
    count = share.images.count * options.size * options.size
    partial = terms.count > 1 ? arena.zeros(count) : nil
  }

  /// The loss of a batch, whose gradient with respect to the prediction is written to `gradient`; [N, 1, H, W] each.
  func callAsFunction(
    _ prediction: UnsafePointer<Float>, target: UnsafePointer<Float>, gradient: UnsafeMutablePointer<Float>
  ) -> Double {
    var value = terms[0](prediction, target: target, gradient: gradient)
    guard let partial else { return value }
    for term in terms.dropFirst() {
      value += term(prediction, target: target, gradient: partial)
      for index in 0..<count { gradient[index] += partial[index] }
    }
    return value
  }
}

/// One loss over batches of one shape, times its weight.
private final class WeightedLoss {
  private let weight: Double
  /// Whether the values are similarities, from which the loss is taken as 1 less their mean.
  private let isSimilarity: Bool
  private let plan: any ImageLossPlan
  private let share: BatchShare
  private let arena = Arena()
  /// One value an image of the batch, or one of the whole.
  private let count: Int
  private let isPooled: Bool
  private let values: UnsafeMutablePointer<Float>
  private let upstream: UnsafeMutablePointer<Float>

  init(_ term: LossTerm, _ options: TrainingOptions, _ share: BatchShare) {
    self.share = share
    weight = term.weight
    let shape = [share.images.count, 1, options.size, options.size]
    plan =
      switch term.loss {
      case .mse: MeanSquaredErrorPlan(shape: shape)
      case .msSSIM: SimilarityPlan(MultiScaleStructuralSimilarityOptions(), shape: shape)
      case .nlpd:
        LaplacianPyramidPlan(family: options.family, pooling: options.pooling, shape: shape, share)
      }
    isSimilarity = term.loss == .msSSIM
    isPooled = term.loss == .nlpd && options.pooling == .batch
    count = isPooled ? 1 : share.batch
    values = arena.zeros(count)
    upstream = arena.zeros(count)
    // The mean over images, or the batch's one value.
    upstream.update(repeating: Float((isSimilarity ? -weight : weight) / Double(count)), count: count)
  }

  func callAsFunction(
    _ prediction: UnsafePointer<Float>, target: UnsafePointer<Float>, gradient: UnsafeMutablePointer<Float>
  ) -> Double {
    let own = values + (isPooled ? 0 : share.images.lowerBound)
    plan.run(prediction, target, upstream: upstream, values: own, gradient: gradient)
    if !isPooled { share.gather(values, count: 1) }
    let mean = (0..<count).reduce(0) { $0 + Double(values[$1]) } / Double(count)
    return weight * (isSimilarity ? 1 - mean : mean)
  }
}
