import PerceptualCore

/// A loss or similarity of pairs of images of one shape, again and again: what follows from shape and settings is
/// worked out once, and values and gradients go to the caller's memory. On one thread an evaluation allocates nothing.
///
///     let plan = SimilarityPlan(MultiScaleStructuralSimilarityOptions(), shape: [16, 1, 256, 256])
///     plan.evaluate(prediction: x, target: y, values: values)
///     plan.evaluate(prediction: x, target: y, upstream: upstream, values: values, gradient: gradient)
///
/// A plan keeps the threads and the instruction set of ``Execution/current`` where it is made. The bits are the same
/// for any number of threads. It may be used by several threads at once, which then allocate what they need at the same
/// time. Buffers hold images [N, C, H, W] row by row and ``valueCount`` values; a buffer of another size is a caller's
/// bug.
public protocol ImageLossPlan: Sendable {
  /// [N, C, H, W]; of MSE any [N, ...].
  var shape: [Int] { get }
  /// How many values there are: one an image, or one.
  var valueCount: Int { get }
  /// Evaluates buffers of the right sizes; `upstream` and `gradient` are there together or not at all.
  func run(
    _ prediction: UnsafePointer<Float>, _ target: UnsafePointer<Float>, upstream: UnsafePointer<Float>?,
    values: UnsafeMutablePointer<Float>, gradient: UnsafeMutablePointer<Float>?)
}

extension ImageLossPlan {
  /// The values.
  public func evaluate(
    prediction: UnsafeBufferPointer<Float>, target: UnsafeBufferPointer<Float>,
    values: UnsafeMutableBufferPointer<Float>
  ) {
    evaluate(prediction, target, upstream: nil, values: values, gradient: nil)
  }

  /// The values and the gradient with respect to the prediction of the sum of upstream times value. `gradient` may not
  /// overlap the images.
  public func evaluate(
    prediction: UnsafeBufferPointer<Float>, target: UnsafeBufferPointer<Float>,
    upstream: UnsafeBufferPointer<Float>, values: UnsafeMutableBufferPointer<Float>,
    gradient: UnsafeMutableBufferPointer<Float>
  ) {
    evaluate(prediction, target, upstream: upstream, values: values, gradient: gradient)
  }

  private func evaluate(
    _ prediction: UnsafeBufferPointer<Float>, _ target: UnsafeBufferPointer<Float>,
    upstream: UnsafeBufferPointer<Float>?, values: UnsafeMutableBufferPointer<Float>,
    gradient: UnsafeMutableBufferPointer<Float>?
  ) {
    let pixels = shape.reduce(1, *)
    func check(_ name: String, _ count: Int, _ needed: Int) {
      require(count == needed, "\(name): \(count) elements given, shape \(shape) needs \(needed)")
    }
    check("prediction", prediction.count, pixels)
    check("target", target.count, pixels)
    check("values", values.count, valueCount)
    if let upstream { check("upstream", upstream.count, valueCount) }
    if let gradient { check("gradient", gradient.count, pixels) }
    guard let x = prediction.baseAddress, let y = target.baseAddress, let values = values.baseAddress else { return }
    run(x, y, upstream: upstream?.baseAddress, values: values, gradient: gradient?.baseAddress)
  }

  func values(_ prediction: Tensor<Float>, _ target: Tensor<Float>) -> Tensor<Float> {
    requireTarget(target)
    return makeTensor([valueCount]) {
      run(prediction.elements, target.elements, upstream: nil, values: $0, gradient: nil)
    }
  }

  func valuesAndGradient(
    _ prediction: Tensor<Float>, _ target: Tensor<Float>, _ upstream: Tensor<Float>
  ) -> (value: Tensor<Float>, gradient: Tensor<Float>) {
    requireTarget(target)
    let unit = valueCount == shape[0] ? "a sample" : "a batch"
    require(upstream.shape == [valueCount], "upstream: shape \(upstream.shape), one number \(unit) is [\(valueCount)]")
    var value = Tensor<Float>(shape: [valueCount])
    let gradient = makeTensor(shape) {
      run(prediction.elements, target.elements, upstream: upstream.elements, values: &value.elements, gradient: $0)
    }
    return (value, gradient)
  }

  /// With respect to both images, in which the loss is symmetric.
  func gradients(
    _ prediction: Tensor<Float>, _ target: Tensor<Float>, _ upstream: Tensor<Float>
  ) -> PairGradients<Float> {
    PairGradients(
      prediction: valuesAndGradient(prediction, target, upstream).gradient,
      target: valuesAndGradient(target, prediction, upstream).gradient)
  }

  private func requireTarget(_ target: Tensor<Float>) {
    require(target.shape == shape, "target: shape \(target.shape), prediction has \(shape)")
  }
}
