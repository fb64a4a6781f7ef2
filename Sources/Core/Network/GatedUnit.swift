/// What a gated unit does to its signal before the gate.
public enum GatedActivation: String, Sendable, CaseIterable {
  case tanh
  case identity
}

/// Gradients of a gated unit.
public struct GatedUnitGradients<Scalar: TensorElement>: Sendable {
  public var x: Tensor<Scalar>
  public var gate: Tensor<Scalar>
  public init(x: Tensor<Scalar>, gate: Tensor<Scalar>) {
    self.x = x
    self.gate = gate
  }
}
