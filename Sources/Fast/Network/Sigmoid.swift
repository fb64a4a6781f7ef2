import PerceptualCore

/// Logistic sigmoid, y = 1 / (1 + exp(-x)).
///
/// Shape: any, kept. Accuracy: within 3 epsilons of y (2.3 seen over all binades), also where y is tiny. NaN stays NaN.
public func sigmoid(_ x: Tensor<Float>) -> Tensor<Float> {
  makeTensor(x.shape) { sigmoid(x.elements, $0, count: x.count) }
}

/// The gradient of ``sigmoid(_:)``: upstream y (1 - y), y = sigmoid(x).
public func sigmoidGradient(_ x: Tensor<Float>, upstream: Tensor<Float>) -> Tensor<Float> {
  requireUpstream(upstream, x.shape)
  let y = sigmoid(x)
  return makeTensor(x.shape) { sigmoidGradient(y.elements, upstream: upstream.elements, $0, count: x.count) }
}

/// ``sigmoid(_:)`` on a caller's buffers; y may be x.
public func sigmoid(_ x: UnsafePointer<Float>, _ y: UnsafeMutablePointer<Float>, count: Int) {
  Execution.current.forEachPiece(of: count) { kernels, offset, length in
    kernels.sigmoid(x + offset, y + offset, count: length)
  }
}

/// upstream y (1 - y) on a caller's buffers, from y, the output; `gradient` may be `upstream`.
public func sigmoidGradient(
  _ y: UnsafePointer<Float>, upstream: UnsafePointer<Float>, _ gradient: UnsafeMutablePointer<Float>, count: Int
) {
  Execution.current.forEachPiece(of: count) { kernels, offset, length in
    kernels.sigmoidGradient(y + offset, upstream: upstream + offset, gradient + offset, count: length)
  }
}
