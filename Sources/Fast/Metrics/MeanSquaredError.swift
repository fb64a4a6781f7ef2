import PerceptualCore

/// Mean squared error of each sample: value[n] = (1 / M) sum_i (prediction[n, i] - target[n, i])^2.
///
/// Shapes: prediction and target [N, ...], the same, M elements a sample; value [N]. Units: the input's, squared.
/// NaN and infinities pass through. Accuracy: terms have one sign; runs of 64 a lane are summed in single precision and
/// the runs in double, so the relative error stays under 16 epsilons for any M. A shape that differs, or a sample of
/// nothing, is a caller's bug.
public func meanSquaredError(_ prediction: Tensor<Float>, target: Tensor<Float>) -> Tensor<Float> {
  let pieces = SamplePieces(prediction, target)
  return makeTensor([pieces.samples]) { values in
    prediction.withPointer { prediction in
      target.withPointer { target in pieces.means(prediction, target, values) { _, _, _ in } }
    }
  }
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
  let pieces = SamplePieces(prediction, target, upstream: upstream)
  var gradient = Tensor<Float>(shape: [0])
  let value = makeTensor([pieces.samples]) { values in
    gradient = makeTensor(prediction.shape) { gradient in
      prediction.withPointer { prediction in
        target.withPointer { target in
          upstream.withPointer { upstream in
            meanSquaredErrorAndGradient(
              prediction, target: target, samples: pieces.samples, size: pieces.size, upstream: upstream,
              values: values,
              gradient: gradient)
          }
        }
      }
    }
  }
  return (value, gradient)
}

/// ``meanSquaredErrorAndGradient(_:target:upstream:)`` on a caller's buffers: `samples` samples of `size` elements,
/// `upstream` and `values` of one number a sample. Nothing is allocated once a call of the same size has been.
public func meanSquaredErrorAndGradient(
  _ prediction: UnsafePointer<Float>, target: UnsafePointer<Float>, samples: Int, size: Int,
  upstream: UnsafePointer<Float>, values: UnsafeMutablePointer<Float>, gradient: UnsafeMutablePointer<Float>
) {
  let pieces = SamplePieces(samples: samples, size: size)
  pieces.means(prediction, target, values) { n, start, count in
    pieces.execution.kernels.scaledDifference(
      prediction + start, target + start, scale: 2 * upstream[n] / Float(size), gradient + start, count: count)
  }
}

private func gradientOfPrediction(
  _ prediction: Tensor<Float>, _ target: Tensor<Float>, _ upstream: Tensor<Float>, sign: Float
) -> Tensor<Float> {
  let pieces = SamplePieces(prediction, target, upstream: upstream)
  return makeTensor(prediction.shape) { gradient in
    prediction.withPointer { prediction in
      target.withPointer { target in
        pieces.run { _, n, start, count in
          pieces.execution.kernels.scaledDifference(
            prediction + start, target + start, scale: sign * 2 * upstream[n] / Float(pieces.size), gradient + start,
            count: count)
        }
      }
    }
  }
}

/// Samples cut into pieces for the threads, the same ones however many threads there are.
private struct SamplePieces {
  let samples: Int
  let size: Int
  let execution = Execution.current
  private let grain = 1 << 16
  private var each: Int { (size + grain - 1) / grain }

  init(samples: Int, size: Int) {
    require(samples > 0 && size > 0, "prediction: \(samples) samples of \(size) given, a non-empty [N, ...] is needed")
    self.samples = samples
    self.size = size
  }

  init(_ prediction: Tensor<Float>, _ target: Tensor<Float>, upstream: Tensor<Float>? = nil) {
    require(
      prediction.rank > 0 && prediction.count > 0,
      "prediction: shape \(prediction.shape) given, a non-empty [N, ...] is needed")
    require(target.shape == prediction.shape, "target: shape \(target.shape), prediction has \(prediction.shape)")
    let samples = prediction.shape[0]
    if let upstream {
      require(upstream.shape == [samples], "upstream: shape \(upstream.shape), one number a sample is [\(samples)]")
    }
    self.init(samples: samples, size: prediction.count / samples)
  }

  /// `body(piece, sample, first element, elements)`.
  func run(_ body: (Int, Int, Int, Int) -> Void) {
    execution.forEach(samples * each) { index in
      let (n, piece) = index.quotientAndRemainder(dividingBy: each)
      body(index, n, n * size + piece * grain, min(grain, size - piece * grain))
    }
  }

  /// The mean of squared differences of each sample, and `also(sample, first element, elements)` of each piece.
  func means(
    _ a: UnsafePointer<Float>, _ b: UnsafePointer<Float>, _ values: UnsafeMutablePointer<Float>,
    also: (Int, Int, Int) -> Void
  ) {
    ScratchPool.shared.withFloats(2 * samples * each) { memory in
      let sums = UnsafeMutableRawPointer(memory).bindMemory(to: Double.self, capacity: samples * each)
      run { piece, n, start, count in
        sums[piece] = execution.kernels.squaredDistance(a + start, b + start, count: count)
        also(n, start, count)
      }
      for n in 0..<samples {
        var sum = 0.0
        for piece in n * each..<(n + 1) * each { sum += sums[piece] }
        values[n] = Float(sum / Double(size))
      }
    }
  }
}
