import PerceptualCore

/// A gated unit: y = activation(x) sigmoid(gate), activation tanh or the identity.
///
/// Shape: any, the same for both, kept. NaN stays NaN. Source: van den Oord et al. 2016, Conditional Image Generation
/// with PixelCNN Decoders, eq. 2.
@specialized(where Scalar == Double)
@specialized(where Scalar == Float)
public func gatedUnit<Scalar: TensorElement>(
  _ x: Tensor<Scalar>, gate: Tensor<Scalar>, activation: GatedActivation = .tanh
) -> Tensor<Scalar> {
  require(gate.shape == x.shape, "gate: shape \(gate.shape), x has \(x.shape)")
  let signal = activation == .tanh ? tanh(x) : x
  let opening = sigmoid(gate)
  var y = Tensor<Scalar>(shape: x.shape)
  for i in 0..<x.count { y[i] = signal[i] * opening[i] }
  return y
}

/// The gradients of ``gatedUnit(_:gate:activation:)``:
///
///     x:    upstream sigmoid(gate) activation'(x), tanh'(x) = 1 / cosh(x)^2
///     gate: upstream activation(x) sigmoid(gate) (1 - sigmoid(gate))
@specialized(where Scalar == Double)
@specialized(where Scalar == Float)
public func gatedUnitGradient<Scalar: TensorElement>(
  _ x: Tensor<Scalar>, gate: Tensor<Scalar>, upstream: Tensor<Scalar>, activation: GatedActivation = .tanh
) -> GatedUnitGradients<Scalar> {
  require(gate.shape == x.shape, "gate: shape \(gate.shape), x has \(x.shape)")
  require(upstream.shape == x.shape, "upstream: shape \(upstream.shape), x has \(x.shape)")
  let signal = activation == .tanh ? tanh(x) : x
  let opening = sigmoid(gate)
  var (toSignal, toGate) = (upstream, upstream)
  for i in 0..<x.count {
    toSignal[i] = upstream[i] * opening[i]
    toGate[i] = upstream[i] * signal[i]
  }
  return GatedUnitGradients(
    x: activation == .tanh ? tanhGradient(x, upstream: toSignal) : toSignal,
    gate: sigmoidGradient(gate, upstream: toGate))
}
