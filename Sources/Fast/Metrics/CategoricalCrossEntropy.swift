import PerceptualCore

/// Cross-entropy of classes under the softmax of logits, in nats, averaged over a sample's positions:
///
///     value[n] = (1 / P) sum over p of (ln sum over k of exp(z[n, k, p]) - z[n, class[n, p], p])
///
/// Shapes: logits z [N, K, ...], classes [N, ...], whole numbers of 0 ..< K; value [N]. Accuracy: each position's term
/// within a few epsilons of 1 plus the greatest |z|; terms are summed in Double. NaN stays NaN. Stops if a shape or a
/// class does not fit.
public func categoricalCrossEntropy(_ logits: Tensor<Float>, classes: Tensor<Float>) -> Tensor<Float> {
  evaluated(logits, classes, upstream: nil).value
}

/// The gradient of ``categoricalCrossEntropy(_:classes:)`` with respect to the logits:
///
///     upstream[n] / P (softmax over k of z[n, k, p] - [k is the class])
///
/// Shapes: upstream [N]; the gradient as logits.
public func categoricalCrossEntropyGradient(
  _ logits: Tensor<Float>, classes: Tensor<Float>, upstream: Tensor<Float>
) -> Tensor<Float> {
  evaluated(logits, classes, upstream: upstream).gradient
}

/// ``categoricalCrossEntropy(_:classes:)`` and its gradient with respect to the logits.
public func categoricalCrossEntropyAndGradient(
  _ logits: Tensor<Float>, classes: Tensor<Float>, upstream: Tensor<Float>
) -> (value: Tensor<Float>, gradient: Tensor<Float>) {
  evaluated(logits, classes, upstream: upstream)
}

private func evaluated(
  _ logits: Tensor<Float>, _ classes: Tensor<Float>, upstream: Tensor<Float>?
) -> (value: Tensor<Float>, gradient: Tensor<Float>) {
  require(noObstacle: categoricalObstacle(logits: logits.shape, classes: classes))
  let (samples, levels) = (logits.shape[0], logits.shape[1])
  if let upstream {
    require(upstream.shape == [samples], "upstream: shape \(upstream.shape), one number a sample is [\(samples)]")
  }
  let positions = classes.count / samples
  let grain = 256
  let slices = (positions + grain - 1) / grain
  let execution = Execution.current
  let sums = Lines<Double>(samples * slices)
  func run(_ gradient: MutableFloats?) {
    withPointers(logits, classes, nil) { logits, classes, _ in
      execution.forEach(samples * slices) { index in
        let (n, slice) = index.quotientAndRemainder(dividingBy: slices)
        let first = slice * grain
        let count = min(grain, positions - first)
        let z = logits + n * levels * positions + first
        let own = classes + n * positions + first
        ScratchPool.shared.withFloats(2 * grain) { scratch in
          let (greatest, logarithms) = (scratch, scratch + grain)
          execution.kernels.logSums(z, levels: levels, stride: positions, greatest: greatest, logarithms, count: count)
          var sum = 0.0
          for p in 0..<count {
            sum += Double(greatest[p] - z[Int(own[p]) * positions + p]) + Double(logarithms[p])
          }
          sums[index] = sum
          if let gradient, let upstream {
            let scale = upstream[n] / Float(positions)
            let to = gradient + n * levels * positions + first
            execution.kernels.scaledSoftmax(
              z, levels: levels, stride: positions, greatest: greatest, logarithms: logarithms, scale: scale, to,
              count: count)
            for p in 0..<count { to[Int(own[p]) * positions + p] -= scale }
          }
        }
      }
    }
  }
  let gradient = upstream == nil ? Tensor<Float>([]) : makeTensor(logits.shape) { run($0) }
  if upstream == nil { run(nil) }
  let value = (0..<samples).map { n in
    Float((n * slices..<(n + 1) * slices).reduce(0) { $0 + sums[$1] } / Double(positions))
  }
  return (Tensor(value), gradient)
}
