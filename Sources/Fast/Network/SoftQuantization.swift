import PerceptualCore

/// Soft quantisation (Eq. 1 of arXiv 2312.03455):
///
///     y = sum_j w_j c_j / sum_j w_j,  w_j = exp(-s (x - c_j)^2)
///
/// For centres -1 and 1 it equals tanh(2 s x). Any number of centres; s > 0. Shape: any, kept. NaN and the infinities
/// give NaN. Accuracy: the weights are taken relative to the nearest centre's, by exponents that do not cancel, so
/// nothing overflows and y is within a few epsilons of the largest centre.
public func softQuantization(
  _ x: Tensor<Float>, centres: [Double] = [-1, 1], scale: Double = 10
) -> Tensor<Float> {
  makeTensor(x.shape) { y in
    x.withPointer { softQuantization($0, y, count: x.count, centres: centres, scale: scale) }
  }
}

/// The gradient of ``softQuantization(_:centres:scale:)``: upstream 2 s sum_j softmax_j (c_j - y)^2.
public func softQuantizationGradient(
  _ x: Tensor<Float>, upstream: Tensor<Float>, centres: [Double] = [-1, 1], scale: Double = 10
) -> Tensor<Float> {
  requireUpstream(upstream, x.shape)
  let count = x.count
  return makeTensor(x.shape) { gradient in
    withPointers(x, upstream, nil) { x, upstream, _ in
      softQuantizationGradient(
        x, upstream: upstream, gradient, count: count, centres: centres, scale: scale)
    }
  }
}

/// ``softQuantization(_:centres:scale:)`` on a caller's buffers; y may be x.
public func softQuantization(
  _ x: UnsafePointer<Float>, _ y: UnsafeMutablePointer<Float>, count: Int, centres: [Double], scale: Double
) {
  requireCentres(centres)
  require(scale > 0, "scale: \(scale) given, a positive number is needed")
  let execution = Execution.current
  let rounded = centres.map { Float($0) }
  rounded.withUnsafeBufferPointer { list in
    guard let list = list.baseAddress else { return }
    execution.forEachPiece(of: count) { offset, length in
      execution.kernels.softQuantization(
        x + offset, y + offset, count: length, centres: list, centreCount: centres.count, scale: Float(scale))
    }
  }
}

/// The gradient of soft quantisation on a caller's buffers; `gradient` may be `upstream`.
public func softQuantizationGradient(
  _ x: UnsafePointer<Float>, upstream: UnsafePointer<Float>, _ gradient: UnsafeMutablePointer<Float>, count: Int,
  centres: [Double], scale: Double
) {
  requireCentres(centres)
  require(scale > 0, "scale: \(scale) given, a positive number is needed")
  let execution = Execution.current
  let rounded = centres.map { Float($0) }
  rounded.withUnsafeBufferPointer { list in
    guard let list = list.baseAddress else { return }
    execution.forEachPiece(of: count) { offset, length in
      execution.kernels.softQuantizationGradient(
        x + offset, upstream: upstream + offset, gradient + offset, count: length, centres: list,
        centreCount: centres.count, scale: Float(scale))
    }
  }
}

func requireCentres(_ centres: [Double]) {
  require(!centres.isEmpty, "centres: none given, at least one is needed")
}
