import Fast
import PerceptualCore

/// What a training reduces, over batches of one shape, and its gradient with respect to the prediction: the loss, and
/// those added to it times their weights. Nothing is allocated after the first batch.
final class TrainingObjective {
  private let terms: [WeightedLoss]
  private let count: Int
  /// The gradient of a loss that is added; none where there is one loss.
  private let partial: UnsafeMutablePointer<Float>?
  private let arena = Arena()

  init(_ options: TrainingOptions) {
    terms = ([LossTerm(options.loss, weight: 1)] + options.added).map { WeightedLoss($0, options) }
    count = options.batch * options.size * options.size
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
  private enum Plan {
    case meanSquaredError
    case similarity(SimilarityPlan)
    case pyramid(LaplacianPyramidPlan)
  }

  private let images: Int
  private let pixels: Int
  private let weight: Double
  private let plan: Plan
  private let arena = Arena()
  private let values: UnsafeMutableBufferPointer<Float>
  private let upstream: UnsafeMutableBufferPointer<Float>

  init(_ term: LossTerm, _ options: TrainingOptions) {
    images = options.batch
    pixels = options.size * options.size
    weight = term.weight
    let shape = [images, 1, options.size, options.size]
    var count = images
    switch term.loss {
    case .mse: plan = .meanSquaredError
    case .msSSIM: plan = .similarity(SimilarityPlan(MultiScaleStructuralSimilarityOptions(), shape: shape))
    case .nlpd:
      let pyramid = LaplacianPyramidPlan(family: options.family, pooling: options.pooling.ofPyramids, shape: shape)
      plan = .pyramid(pyramid)
      count = pyramid.valueCount
    }
    values = UnsafeMutableBufferPointer(start: arena.zeros(count), count: count)
    upstream = UnsafeMutableBufferPointer(start: arena.zeros(count), count: count)
    // The mean over images, or the batch's one value. Of MS-SSIM it is 1 less the mean.
    upstream.update(repeating: Float((term.loss == .msSSIM ? -weight : weight) / Double(count)))
  }

  func callAsFunction(
    _ prediction: UnsafePointer<Float>, target: UnsafePointer<Float>, gradient: UnsafeMutablePointer<Float>
  ) -> Double {
    let count = images * pixels
    let x = UnsafeBufferPointer(start: prediction, count: count)
    let y = UnsafeBufferPointer(start: target, count: count)
    let output = UnsafeMutableBufferPointer(start: gradient, count: count)
    let share = UnsafeBufferPointer(upstream)
    switch plan {
    case .meanSquaredError:
      if let share = share.baseAddress, let values = values.baseAddress {
        meanSquaredErrorAndGradient(
          prediction, target: target, samples: images, size: pixels, upstream: share, values: values, gradient: gradient
        )
      }
      return weight * mean
    case .similarity(let plan):
      plan.evaluate(prediction: x, target: y, upstream: share, values: values, gradient: output)
      return weight * (1 - mean)
    case .pyramid(let plan):
      plan.evaluate(prediction: x, target: y, upstream: share, values: values, gradient: output)
      return weight * mean
    }
  }

  private var mean: Double { values.reduce(0) { $0 + Double($1) } / Double(values.count) }
}
