import PerceptualCore
import PerceptualKernels

/// The perceptual distance of signals, per sample: features of an auditory filter bank compared by mean squared error
/// or cosine (docs/fixtures.md).
///
///     f_b[p] = weight_b log(1 + factor max(0, x_b[p])),  x_b[p] = sum_k h_b[k] s[p lap - taps + k]
///
/// With masking (`BarkMasking`) the factor is 1 / sqrt(the target's masking threshold), band by band and frame by
/// frame.
///
/// Shapes: prediction and target [N, T]; value [N]. Accuracy: 2e-6 of the value; the filters are applied by Fourier
/// transforms, the signals' spectra made in double precision, all that follows in single. A signal that is not finite,
/// or with a response of 2^127 over the factor or more, has a value that is not finite. Stops with a sentence where
/// options or shapes do not fit.
public func barkDistance(
  _ prediction: Tensor<Float>, target: Tensor<Float>, options: BarkDistanceOptions
) -> Tensor<Float> {
  plan(prediction, target, options).evaluate(prediction, .signals(target), upstream: nil).value
}

/// The gradients of ``barkDistance(_:target:options:)``; 0 where a response is not positive.
///
/// Shapes: upstream [N]; gradients as prediction and target. Accuracy: 2e-6 in relative L2 norm for log factors up to
/// 100, 1e-5 at 10 000; 5e-6 with masking, where the thresholds, which follow from the target, are held fixed. What is
/// not finite in a signal may spread to the whole gradient of its sample.
public func barkDistanceGradient(
  _ prediction: Tensor<Float>, target: Tensor<Float>, upstream: Tensor<Float>, options: BarkDistanceOptions
) -> PairGradients<Float> {
  let plan = plan(prediction, target, options)
  return PairGradients(
    prediction: plan.evaluate(prediction, .signals(target), upstream: upstream).gradient,
    target: plan.evaluate(target, .signals(prediction), upstream: upstream, maskedByPrediction: true).gradient)
}

/// ``barkDistance(_:target:options:)`` and its gradient with respect to the prediction.
public func barkDistanceAndGradient(
  _ prediction: Tensor<Float>, target: Tensor<Float>, upstream: Tensor<Float>, options: BarkDistanceOptions
) -> (value: Tensor<Float>, gradient: Tensor<Float>) {
  plan(prediction, target, options).evaluate(prediction, .signals(target), upstream: upstream)
}

private func plan(_ prediction: Tensor<Float>, _ target: Tensor<Float>, _ options: BarkDistanceOptions) -> BarkPlan {
  require(noObstacle: options.obstacle(prediction: prediction.shape, target: target.shape))
  return BarkPlan.of(options, samples: prediction.shape[1])
}

/// The features of a target, but for their weights, that is compared with many predictions.
public final class BarkTarget: Sendable {
  let plan: BarkPlan
  let count: Int
  private let memory: Lines<Float>
  /// [count, groups, positions, lanes], positions in the order of ``BarkPlan/positions(pair:leaf:)``, never
  /// written again.
  var rows: MutableFloats { memory.start }
  /// [count, groups, factor rows, lanes], after the rows.
  var factors: MutableFloats { memory.start + count * plan.groups * plan.groupRows }

  /// `signals` [N, T], T that of the plan; another shape is a caller's bug. Works on the threads of
  /// ``Execution/current``, with the plan's instruction set.
  public init(_ plan: BarkPlan, _ signals: Tensor<Float>) {
    require(
      signals.rank == 2 && signals.shape[0] > 0 && signals.shape[1] == plan.samples,
      "signals: shape \(signals.shape), [N, \(plan.samples)] is needed")
    self.plan = plan
    count = signals.shape[0]
    let size = plan.groups * plan.groupRows
    memory = Lines<Float>(count * (size + plan.factorsCount))
    let execution = Execution.current
    for n in 0..<count {
      signals.withPointer {
        plan.features($0 + n * plan.samples, rows + n * size, factors: factors + n * plan.factorsCount, execution)
      }
    }
  }
}

/// What a prediction is compared with.
enum BarkComparand {
  case signals(Tensor<Float>)
  case features(BarkTarget)
}

extension BarkPlan {
  /// The distances of signals [N, T] from a target, and with an upstream gradient [N] the gradient with respect to them
  /// (else empty).
  public func distanceAndGradient(
    _ prediction: Tensor<Float>, target: BarkTarget, upstream: Tensor<Float>?
  ) -> (value: Tensor<Float>, gradient: Tensor<Float>) {
    require(target.plan === self, "target: it was made for another plan")
    require(
      prediction.shape == [target.count, samples],
      "prediction: shape \(prediction.shape), [\(target.count), \(samples)] is needed")
    return evaluate(prediction, .features(target), upstream: upstream)
  }

  /// log(1 + factor max(0, x)) of all groups of a target, [groups, positions, lanes] with the positions in the order of
  /// ``positions(pair:leaf:)``, and its factors, [groups, factor rows, lanes].
  func features(_ signal: Floats, _ rows: MutableFloats, factors: MutableFloats, _ execution: Execution) {
    ScratchPool.shared.withFloats(segmentsCount) { memory in
      let segments = transform(signal, in: memory, execution)
      fillFactors(segments, factors, execution)
      execution.forEach(groups) { group in
        ScratchPool.shared.withFloats(pairRows + 2 * lanes) { z in
          forEachLeaf(group: group, segments, z) { side, leaf, positions, before in
            rectify(side, leaf, positions, factors: factors, rows + group * groupRows + before * lanes)
          }
        }
      }
    }
  }

  /// The features of the responses in a leaf but for their weights, one position after the other. A weight is the same
  /// for both signals, so that it comes in after their difference, which it would round once more.
  func rectify(
    _ side: BarkSide, _ leaf: BarkLeaf, _ positions: BarkPositions, factors: Floats, _ features: MutableFloats
  ) {
    kernels.rectifiedLogarithms(
      side.z + leaf.rows, scales: side.scales, positions, factors: factors + side.group * factorRows * lanes, features)
  }

  /// `maskedByPrediction` where the two have changed places.
  func evaluate(
    _ prediction: Tensor<Float>, _ target: BarkComparand, upstream: Tensor<Float>?, maskedByPrediction: Bool = false
  ) -> (value: Tensor<Float>, gradient: Tensor<Float>) {
    let execution = Execution.current
    let count = prediction.shape[0]
    if let upstream {
      require(upstream.shape == [count], "upstream: shape \(upstream.shape), one number a sample is [\(count)]")
    }
    let evaluation = BarkEvaluation(plan: self, execution: execution, isMaskedByOwn: maskedByPrediction)
    var value = Tensor<Float>(shape: [count])
    func run(_ gradient: MutableFloats?) {
      prediction.withPointer { prediction in
        for n in 0..<count {
          func run(_ side: BarkEvaluation.Target) {
            value[n] = evaluation.run(
              prediction + n * samples, side, upstream: upstream?[n] ?? 0, gradient: gradient.map { $0 + n * samples })
          }
          switch target {
          case .signals(let tensor): tensor.withPointer { run(.signal($0 + n * samples)) }
          case .features(let target):
            run(
              .features(
                UnsafePointer(target.rows + n * groups * groupRows),
                factors: UnsafePointer(target.factors + n * factorsCount)))
          }
        }
      }
    }
    let gradient = upstream == nil ? Tensor<Float>([]) : makeTensor(prediction.shape) { run($0) }
    if upstream == nil { run(nil) }
    return (value, gradient)
  }
}
