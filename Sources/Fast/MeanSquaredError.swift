import PerceptualCore

/// Mean squared error of each sample: value[n] = (1 / M) sum_i (prediction[n, i] - target[n, i])^2.
///
/// Shapes: prediction and target [N, ...], the same, M elements a sample; value [N]. Units: the input's, squared.
/// NaN and infinities pass through. Accuracy: terms have one sign; runs of 64 a lane are summed in single precision and
/// the runs in double, so the relative error stays under 16 epsilons for any M. A shape that differs, or a sample of
/// nothing, is a caller's bug.
public func meanSquaredError(_ prediction: Tensor<Float>, target: Tensor<Float>) -> Tensor<Float> {
  let samples = checkedSamples(prediction, target)
  let execution = Execution.current
  let size = prediction.count / samples
  let grain = 1 << 16
  let pieces = (size + grain - 1) / grain
  var sums = [Double](repeating: 0, count: samples * pieces)
  sums.withUnsafeMutableBufferPointer { sums in
    prediction.withPointer { prediction in
      target.withPointer { target in
        execution.forEach(samples * pieces) { index in
          let (n, piece) = index.quotientAndRemainder(dividingBy: pieces)
          let start = n * size + piece * grain
          sums[index] = execution.kernels.squaredDistance(
            prediction + start, target + start, count: min(grain, size - piece * grain))
        }
      }
    }
  }
  return Tensor((0..<samples).map { n in Float(sums[n * pieces..<(n + 1) * pieces].reduce(0, +) / Double(size)) })
}

/// The gradient of ``meanSquaredError(_:target:)``: 2 (prediction - target) upstream[n] / M, and its negative.
///
/// Shapes: upstream [N]; gradients as prediction and target. Accuracy: 4 epsilons, relative. Equal elements have
/// gradient 0.
public func meanSquaredErrorGradient(
  _ prediction: Tensor<Float>, target: Tensor<Float>, upstream: Tensor<Float>
) -> PairGradients<Float> {
  PairGradients(
    prediction: gradientOfPrediction(prediction, target, upstream, sign: 1),
    target: gradientOfPrediction(prediction, target, upstream, sign: -1))
}

/// ``meanSquaredError(_:target:)`` and its gradient with respect to the prediction.
public func meanSquaredErrorAndGradient(
  _ prediction: Tensor<Float>, target: Tensor<Float>, upstream: Tensor<Float>
) -> (value: Tensor<Float>, gradient: Tensor<Float>) {
  (meanSquaredError(prediction, target: target), gradientOfPrediction(prediction, target, upstream, sign: 1))
}

/// ``meanSquaredErrorAndGradient(_:target:upstream:)`` on a caller's buffers: `samples` samples of `size` elements,
/// `upstream` and `values` of one number a sample. Nothing is allocated once a call of the same size has been.
public func meanSquaredErrorAndGradient(
  _ prediction: UnsafePointer<Float>, target: UnsafePointer<Float>, samples: Int, size: Int,
  upstream: UnsafePointer<Float>, values: UnsafeMutablePointer<Float>, gradient: UnsafeMutablePointer<Float>
) {
  require(samples > 0 && size > 0, "prediction: \(samples) samples of \(size) given, a non-empty [N, ...] is needed")
  let execution = Execution.current
  let grain = 1 << 16
  let pieces = (size + grain - 1) / grain
  ScratchPool.shared.withFloats(2 * samples * pieces) { memory in
    let sums = UnsafeMutableRawPointer(memory).bindMemory(to: Double.self, capacity: samples * pieces)
    execution.forEach(samples * pieces) { index in
      let (n, piece) = index.quotientAndRemainder(dividingBy: pieces)
      let start = n * size + piece * grain
      let count = min(grain, size - piece * grain)
      sums[index] = execution.kernels.squaredDistance(prediction + start, target + start, count: count)
      execution.kernels.scaledDifference(
        prediction + start, target + start, scale: 2 * upstream[n] / Float(size), gradient + start, count: count)
    }
    for n in 0..<samples {
      var sum = 0.0
      for piece in 0..<pieces { sum += sums[n * pieces + piece] }
      values[n] = Float(sum / Double(size))
    }
  }
}

private func gradientOfPrediction(
  _ prediction: Tensor<Float>, _ target: Tensor<Float>, _ upstream: Tensor<Float>, sign: Float
) -> Tensor<Float> {
  let samples = checkedSamples(prediction, target)
  require(upstream.shape == [samples], "upstream: shape \(upstream.shape), one number a sample is [\(samples)]")
  let execution = Execution.current
  let size = prediction.count / samples
  let grain = 1 << 16
  let pieces = (size + grain - 1) / grain
  return makeTensor(prediction.shape) { gradient in
    prediction.withPointer { prediction in
      target.withPointer { target in
        execution.forEach(samples * pieces) { index in
          let (n, piece) = index.quotientAndRemainder(dividingBy: pieces)
          let start = n * size + piece * grain
          execution.kernels.scaledDifference(
            prediction + start, target + start, scale: sign * 2 * upstream[n] / Float(size), gradient + start,
            count: min(grain, size - piece * grain))
        }
      }
    }
  }
}

private func checkedSamples(_ prediction: Tensor<Float>, _ target: Tensor<Float>) -> Int {
  require(
    prediction.rank > 0 && prediction.count > 0,
    "prediction: shape \(prediction.shape) given, a non-empty [N, ...] is needed")
  require(target.shape == prediction.shape, "target: shape \(target.shape), prediction has \(prediction.shape)")
  return prediction.shape[0]
}
