import PerceptualCore

/// A gated unit: y = activation(x) sigmoid(gate), activation tanh or the identity.
///
/// Shape: any, the same for both, kept. Accuracy: within 8 epsilons of y. NaN stays NaN. Source: van den Oord et al.
/// 2016, Conditional Image Generation with PixelCNN Decoders, eq. 2.
public func gatedUnit(_ x: Tensor<Float>, gate: Tensor<Float>, activation: GatedActivation = .tanh) -> Tensor<Float> {
  require(gate.shape == x.shape, "gate: shape \(gate.shape) given, x has \(x.shape)")
  return makeTensor(x.shape) {
    gatedUnit(x.elements, gate: gate.elements, activation: activation, $0, count: x.count)
  }
}

/// The gradients of ``gatedUnit(_:gate:activation:)``:
///
///     x:    upstream sigmoid(gate) activation'(x)
///     gate: upstream activation(x) sigmoid(gate) (1 - sigmoid(gate))
public func gatedUnitGradient(
  _ x: Tensor<Float>, gate: Tensor<Float>, upstream: Tensor<Float>, activation: GatedActivation = .tanh
) -> GatedUnitGradients<Float> {
  require(gate.shape == x.shape, "gate: shape \(gate.shape) given, x has \(x.shape)")
  requireUpstream(upstream, x.shape)
  let pair = makeTensorPair(x.shape) { xGradient, gateGradient in
    gatedUnitGradient(
      x.elements, gate: gate.elements, upstream: upstream.elements, activation: activation, xGradient: xGradient,
      gateGradient: gateGradient, count: x.count)
  }
  return GatedUnitGradients(x: pair.0, gate: pair.1)
}

/// ``gatedUnit(_:gate:activation:)`` on a caller's buffers; y may be x or the gate.
public func gatedUnit(
  _ x: UnsafePointer<Float>, gate: UnsafePointer<Float>, activation: GatedActivation, _ y: UnsafeMutablePointer<Float>,
  count: Int
) {
  Execution.current.forEachPiece(of: count, grain: 1 << 14) { kernels, offset, length in
    kernels.gatedUnit(x + offset, gate: gate + offset, isTanh: activation == .tanh, y + offset, count: length)
  }
}

/// The gradients on a caller's buffers, which may be those of the arguments.
public func gatedUnitGradient(
  _ x: UnsafePointer<Float>, gate: UnsafePointer<Float>, upstream: UnsafePointer<Float>, activation: GatedActivation,
  xGradient: UnsafeMutablePointer<Float>, gateGradient: UnsafeMutablePointer<Float>, count: Int
) {
  Execution.current.forEachPiece(of: count, grain: 1 << 14) { kernels, offset, length in
    kernels.gatedUnitGradient(
      x + offset, gate: gate + offset, upstream: upstream + offset, isTanh: activation == .tanh,
      xGradient: xGradient + offset, gateGradient: gateGradient + offset, count: length)
  }
}
