import PerceptualCore

/// Bilinear enlargement by whole factors. Along each side, output i lies at
///
///     p(i) = (i + 1/2) / f - 1/2 kept within 0 ... size - 1      (pixels are areas)
///     p(i) = i (size - 1) / (f size - 1)                         (alignCorners: the corners' centres coincide)
///
/// and between its neighbours k = floor(p) and k + 1 the values are linear:
///
///     y[n, c, i, j] = sum over rows k, k + 1 and columns l, l + 1 of (1 - |p(i) - k|) (1 - |p(j) - l|) x[n, c, k, l]
///
/// Shapes: x [N, C, H, W]; y [N, C, fH H, fW W]. Edge cases: elements of weight 0 take no part, so that factor 1 copies
/// any value; PyTorch multiplies by that 0 and has NaN beside an infinity. A side of 1 is copied with and without
/// alignCorners, also where the output's side is 1 and p would be 0/0: as PyTorch does. Accuracy: 7 roundings of the
/// sum of |weight x|. Stops if x has another rank or a factor is under 1. Source:
/// `torch.nn.functional.interpolate(mode="bilinear", scale_factor=, align_corners=)` with whole factors.
@specialized(where Scalar == Double)
@specialized(where Scalar == Float)
public func bilinearUpsampling<Scalar: TensorElement>(
  _ x: Tensor<Scalar>, factor: Extent, alignCorners: Bool = false
) -> Tensor<Scalar> {
  mapped(x, axes(x.shape, factor, alignCorners))
}

/// The gradient of ``bilinearUpsampling(_:factor:alignCorners:)``, its transpose: the sum over the outputs of an
/// element's weight times upstream.
///
/// `shape` is x's.
@specialized(where Scalar == Double)
@specialized(where Scalar == Float)
public func bilinearUpsamplingGradient<Scalar: TensorElement>(
  shape: [Int], upstream: Tensor<Scalar>, factor: Extent, alignCorners: Bool = false
) -> Tensor<Scalar> {
  let axes = axes(shape, factor, alignCorners)
  let expected = [shape[0], shape[1], axes.rows.outputSize, axes.columns.outputSize]
  require(upstream.shape == expected, "upstream: shape \(upstream.shape), the output has \(expected)")
  return mappedTransposed(upstream, axes)
}

private func axes(_ shape: [Int], _ factor: Extent, _ alignCorners: Bool) -> PlaneMap {
  require(shape.count == 4, "x: shape \(shape) given, [N, C, H, W] is needed")
  require(factor.height >= 1 && factor.width >= 1, "factor: \(factor) given, at least 1 is needed")
  return (
    .enlargement(shape[2], factor: factor.height, alignCorners: alignCorners),
    .enlargement(shape[3], factor: factor.width, alignCorners: alignCorners)
  )
}

extension AxisMap {
  /// The positions p(i) as quotients of integers, (2 i + 1 - f) / (2 f) or i (size - 1) / (f size - 1).
  fileprivate static func enlargement(_ size: Int, factor: Int, alignCorners: Bool) -> AxisMap {
    let outputs = 0..<factor * size
    return alignCorners
      ? .interpolation(size, at: outputs.map { $0 * (size - 1) }, over: max(1, factor * size - 1))
      : .interpolation(size, at: outputs.map { 2 * $0 + 1 - factor }, over: 2 * factor)
  }
}
