import PerceptualCore

/// Soft quantisation (Eq. 1 of arXiv 2312.03455):
///
///     y = sum_j w_j c_j / sum_j w_j,  w_j = exp(-s (x - c_j)^2)
///
/// For centres -1 and 1 it equals tanh(2 s x). Any number of centres; s > 0. Shape: any, kept. NaN and the infinities
/// give NaN. Accuracy: the weights are taken relative to the nearest centre's, by exponents that do not cancel, so
/// nothing overflows and y is within a few epsilons of the largest centre.
public func softQuantization(_ x: Tensor<Float>, centres: [Double] = [-1, 1], scale: Double = 10) -> Tensor<Float> {
  makeTensor(x.shape) { softQuantization(x.elements, $0, count: x.count, centres: centres, scale: scale) }
}

/// The gradient of ``softQuantization(_:centres:scale:)``: upstream 2 s sum_j softmax_j (c_j - y)^2.
public func softQuantizationGradient(
  _ x: Tensor<Float>, upstream: Tensor<Float>, centres: [Double] = [-1, 1], scale: Double = 10
) -> Tensor<Float> {
  requireUpstream(upstream, x.shape)
  return makeTensor(x.shape) {
    softQuantizationGradient(
      x.elements, upstream: upstream.elements, $0, count: x.count, centres: centres, scale: scale)
  }
}

/// ``softQuantization(_:centres:scale:)`` on a caller's buffers; y may be x.
public func softQuantization(
  _ x: UnsafePointer<Float>, _ y: UnsafeMutablePointer<Float>, count: Int, centres: [Double], scale: Double
) {
  let rounded = roundedCentres(centres, scale: scale)
  Execution.current.forEachPiece(of: count) { kernels, offset, length in
    kernels.softQuantization(
      x + offset, y + offset, count: length, centres: rounded, centreCount: rounded.count, scale: Float(scale))
  }
}

/// The gradient of soft quantisation on a caller's buffers; `gradient` may be `upstream`.
public func softQuantizationGradient(
  _ x: UnsafePointer<Float>, upstream: UnsafePointer<Float>, _ gradient: UnsafeMutablePointer<Float>, count: Int,
  centres: [Double], scale: Double
) {
  let rounded = roundedCentres(centres, scale: scale)
  Execution.current.forEachPiece(of: count) { kernels, offset, length in
    kernels.softQuantizationGradient(
      x + offset, upstream: upstream + offset, gradient + offset, count: length, centres: rounded,
      centreCount: rounded.count, scale: Float(scale))
  }
}

private func roundedCentres(_ centres: [Double], scale: Double) -> [Float] {
  requireCentres(centres)
  require(scale > 0, "scale: \(scale) given, a positive number is needed")
  return centres.map { Float($0) }
}

func requireCentres(_ centres: [Double]) { require(!centres.isEmpty, "centres: none given, at least one is needed") }
