import PerceptualCore

/// Mean squared error of each sample: value[n] = (1 / M) sum_i (prediction[n, i] - target[n, i])^2.
///
/// Shapes: prediction and target [N, ...], the same, M elements a sample; value [N]. Units: the input's, squared.
/// NaN and infinities pass through. Accuracy: terms have one sign; runs of 64 a lane are summed in single precision and
/// the runs in double, so the relative error stays under 16 epsilons for any M. A shape that differs, or a sample of
/// nothing, is a caller's bug.
public func meanSquaredError(_ prediction: Tensor<Float>, target: Tensor<Float>) -> Tensor<Float> {
  MeanSquaredErrorPlan(shape: prediction.shape).values(prediction, target)
}

/// The gradient of ``meanSquaredError(_:target:)``: 2 (prediction - target) upstream[n] / M, and its negative.
///
/// Shapes: upstream [N]; gradients as prediction and target. Accuracy: 4 epsilons, relative. Equal elements have
/// gradient 0.
public func meanSquaredErrorGradient(
  _ prediction: Tensor<Float>, target: Tensor<Float>, upstream: Tensor<Float>
) -> PairGradients<Float> {
  MeanSquaredErrorPlan(shape: prediction.shape).gradients(prediction, target, upstream)
}

/// ``meanSquaredError(_:target:)`` and its gradient with respect to the prediction.
public func meanSquaredErrorAndGradient(
  _ prediction: Tensor<Float>, target: Tensor<Float>, upstream: Tensor<Float>
) -> (value: Tensor<Float>, gradient: Tensor<Float>) {
  MeanSquaredErrorPlan(shape: prediction.shape).valuesAndGradient(prediction, target, upstream)
}

/// MSE of samples of one shape, [N, ...], a value a sample: ``meanSquaredError(_:target:)``.
public struct MeanSquaredErrorPlan: ImageLossPlan {
  public let shape: [Int]
  public var valueCount: Int { shape[0] }
  private let execution = Execution.current
  /// Elements of a sample.
  private let size: Int
  /// Samples are cut into pieces for the threads, the same ones however many threads there are.
  private static let grain = 1 << 16
  private var pieces: Int { (size + Self.grain - 1) / Self.grain }

  /// An empty shape is a caller's bug.
  public init(shape: [Int]) {
    require(
      !shape.isEmpty && shape.allSatisfy { $0 > 0 },
      "prediction: shape \(shape) given, a non-empty [N, ...] is needed")
    self.shape = shape
    size = shape.dropFirst().reduce(1, *)
  }

  public func run(
    _ prediction: UnsafePointer<Float>, _ target: UnsafePointer<Float>, upstream: UnsafePointer<Float>?,
    values: UnsafeMutablePointer<Float>, gradient: UnsafeMutablePointer<Float>?
  ) {
    let (samples, pieces, kernels) = (shape[0], pieces, execution.kernels)
    ScratchPool.shared.withDoubles(samples * pieces) { sums in
      execution.forEach(samples * pieces) { index in
        let (n, piece) = index.quotientAndRemainder(dividingBy: pieces)
        let start = n * size + piece * Self.grain
        let count = min(Self.grain, size - piece * Self.grain)
        sums[index] = kernels.squaredDistance(prediction + start, target + start, count: count)
        if let gradient, let upstream {
          kernels.scaledDifference(
            prediction + start, target + start, scale: 2 * upstream[n] / Float(size), gradient + start, count: count)
        }
      }
      for n in 0..<samples {
        var sum = 0.0
        for piece in n * pieces..<(n + 1) * pieces { sum += sums[piece] }
        values[n] = Float(sum / Double(size))
      }
    }
  }
}
