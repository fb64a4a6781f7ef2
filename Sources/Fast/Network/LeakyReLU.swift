import PerceptualCore

/// LeakyReLU: y = x where x > 0, else slope x.
///
/// Shape: any, kept. Accuracy: equal to the rounded formula. NaN stays NaN. Source: Maas et al. 2013.
public func leakyReLU(_ x: Tensor<Float>, slope: Double = 0.01) -> Tensor<Float> {
  makeTensor(x.shape) { leakyReLU(x.elements, $0, count: x.count, slope: slope) }
}

/// The gradient of ``leakyReLU(_:slope:)``: upstream where x > 0, else slope upstream; at 0 the slope.
public func leakyReLUGradient(_ x: Tensor<Float>, upstream: Tensor<Float>, slope: Double = 0.01) -> Tensor<Float> {
  requireUpstream(upstream, x.shape)
  return makeTensor(x.shape) {
    leakyReLUGradient(x.elements, upstream: upstream.elements, $0, count: x.count, slope: slope)
  }
}

/// ``leakyReLU(_:slope:)`` on a caller's buffers; y may be x.
public func leakyReLU(_ x: UnsafePointer<Float>, _ y: UnsafeMutablePointer<Float>, count: Int, slope: Double) {
  Execution.current.forEachPiece(of: count) { kernels, offset, length in
    kernels.leakyReLU(x + offset, slope: Float(slope), y + offset, count: length)
  }
}

/// The gradient of LeakyReLU on a caller's buffers; `gradient` may be `upstream`. With a slope of at least 0 the output
/// y may stand for x: it is positive where x is.
public func leakyReLUGradient(
  _ x: UnsafePointer<Float>, upstream: UnsafePointer<Float>, _ gradient: UnsafeMutablePointer<Float>, count: Int,
  slope: Double
) {
  Execution.current.forEachPiece(of: count) { kernels, offset, length in
    kernels.leakyReLUGradient(
      x + offset, upstream: upstream + offset, slope: Float(slope), gradient + offset, count: length)
  }
}
