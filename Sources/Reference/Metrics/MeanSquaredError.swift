import PerceptualCore

/// Mean squared error of each sample: value[n] = (1 / M) sum_i (prediction[n, i] - target[n, i])^2.
///
/// Shapes: prediction and target [N, ...], the same, M elements a sample; value [N]. Units: the input's, squared.
/// NaN and infinities pass through. A shape that differs, or a sample of nothing, is a caller's bug.
@specialized(where Scalar == Double)
@specialized(where Scalar == Float)
public func meanSquaredError<Scalar: TensorElement>(
  _ prediction: Tensor<Scalar>, target: Tensor<Scalar>
) -> Tensor<Scalar> {
  let samples = checkedSamples(prediction, target)
  let size = prediction.count / samples
  var value = Tensor<Scalar>(shape: [samples])
  for n in 0..<samples {
    var sum: Scalar = 0
    for i in n * size..<(n + 1) * size {
      let difference = prediction[i] - target[i]
      sum += difference * difference
    }
    value[n] = sum / Scalar(size)
  }
  return value
}

/// The gradient of ``meanSquaredError(_:target:)``: 2 (prediction - target) upstream[n] / M, and its negative.
///
/// Shapes: upstream [N]; gradients as prediction and target. Equal elements have gradient 0.
@specialized(where Scalar == Double)
@specialized(where Scalar == Float)
public func meanSquaredErrorGradient<Scalar: TensorElement>(
  _ prediction: Tensor<Scalar>, target: Tensor<Scalar>, upstream: Tensor<Scalar>
) -> PairGradients<Scalar> {
  let samples = checkedSamples(prediction, target)
  require(upstream.shape == [samples], "upstream: shape \(upstream.shape), one number a sample is [\(samples)]")
  let size = prediction.count / samples
  var gradient = Tensor<Scalar>(shape: prediction.shape)
  for n in 0..<samples {
    for i in n * size..<(n + 1) * size {
      gradient[i] = 2 * (prediction[i] - target[i]) * upstream[n] / Scalar(size)
    }
  }
  return PairGradients(prediction: gradient, target: gradient.map { -$0 })
}

func checkedSamples<Scalar>(_ prediction: Tensor<Scalar>, _ target: Tensor<Scalar>) -> Int {
  require(
    prediction.rank > 0 && prediction.count > 0,
    "prediction: shape \(prediction.shape) given, a non-empty [N, ...] is needed")
  require(target.shape == prediction.shape, "target: shape \(target.shape), prediction has \(prediction.shape)")
  return prediction.shape[0]
}
