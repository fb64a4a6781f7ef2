import Fast
import PerceptualCore

/// A loss over batches of one shape and its gradient with respect to the prediction. Nothing is allocated after the first.
final class TrainingObjective {
  private enum Plan {
    case meanSquaredError
    case similarity(SimilarityPlan)
    case pyramid(LaplacianPyramidPlan)
  }

  private let images: Int
  private let pixels: Int
  private let plan: Plan
  private let values: UnsafeMutableBufferPointer<Float>
  private let upstream: UnsafeMutableBufferPointer<Float>

  /// `images` pictures of height times width.
  init(loss: TrainingLoss, pooling: BatchPooling, images: Int, height: Int, width: Int) {
    self.images = images
    pixels = height * width
    let shape = [images, 1, height, width]
    var count = images
    var share = 1 / Float(images)
    switch loss {
    case .mse: plan = .meanSquaredError
    case .msSSIM:
      plan = .similarity(SimilarityPlan(MultiScaleStructuralSimilarityOptions(), shape: shape))
      share = -share
    case .nlpd:
      let pyramid = LaplacianPyramidPlan(pooling: pooling == .image ? .image : .batch, shape: shape)
      plan = .pyramid(pyramid)
      count = pyramid.valueCount
      if pooling == .batch { share = 1 }
    }
    values = UnsafeMutableBufferPointer(start: FloatBuffer.allocate(count), count: count)
    upstream = UnsafeMutableBufferPointer(start: FloatBuffer.allocate(count), count: count)
    upstream.update(repeating: share)
  }

  deinit {
    values.deallocate()
    upstream.deallocate()
  }

  /// The loss of a batch, whose gradient with respect to the prediction is written to `gradient`; [N, 1, H, W] each.
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
          prediction, target: target, samples: images, size: pixels, upstream: share, values: values, gradient: gradient)
      }
      return mean
    case .similarity(let plan):
      plan.evaluate(prediction: x, target: y, upstream: share, values: values, gradient: output)
      return 1 - mean
    case .pyramid(let plan):
      plan.evaluate(prediction: x, target: y, upstream: share, values: values, gradient: output)
      return mean
    }
  }

  private var mean: Double { values.reduce(0) { $0 + Double($1) } / Double(values.count) }
}
