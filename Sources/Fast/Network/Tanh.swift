import PerceptualCore

/// Hyperbolic tangent.
///
/// Shape: any, kept. Accuracy: within 3 epsilons of y (2.1 seen over all binades); exactly +-1 far out. NaN stays NaN.
public func tanh(_ x: Tensor<Float>) -> Tensor<Float> { makeTensor(x.shape) { tanh(x.elements, $0, count: x.count) } }

/// The gradient of ``tanh(_:)``: upstream (1 - y^2), y = tanh(x).
public func tanhGradient(_ x: Tensor<Float>, upstream: Tensor<Float>) -> Tensor<Float> {
  requireUpstream(upstream, x.shape)
  let y = tanh(x)
  return makeTensor(x.shape) { tanhGradient(y.elements, upstream: upstream.elements, $0, count: x.count) }
}

/// ``tanh(_:)`` on a caller's buffers; y may be x.
public func tanh(_ x: UnsafePointer<Float>, _ y: UnsafeMutablePointer<Float>, count: Int) {
  Execution.current.forEachPiece(of: count) { kernels, offset, length in
    kernels.tanh(x + offset, y + offset, count: length)
  }
}

/// upstream (1 - y^2) on a caller's buffers, from y, the output; `gradient` may be `upstream`.
public func tanhGradient(
  _ y: UnsafePointer<Float>, upstream: UnsafePointer<Float>, _ gradient: UnsafeMutablePointer<Float>, count: Int
) {
  Execution.current.forEachPiece(of: count) { kernels, offset, length in
    kernels.tanhGradient(y + offset, upstream: upstream + offset, gradient + offset, count: length)
  }
}
