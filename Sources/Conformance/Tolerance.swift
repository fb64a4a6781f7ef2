import PerceptualCore

/// How far a result may lie from the expected one, and why. Everything is in units of the side's epsilon.
public enum Tolerance: Sendable {
  /// Equal bit for bit (signed zeros count as equal).
  case exact(reason: String)
  /// `epsilons` x epsilon x |expected|, element by element.
  case relative(epsilons: Double, reason: String)
  /// `epsilons` x epsilon x the largest |expected| of the tensor: for results whose error comes from larger
  /// neighbours or intermediates.
  case ofLargest(epsilons: Double, reason: String)
  /// `epsilons` x epsilon x a bound computed for each element from the case, such as gamma_n sum |x||w|.
  case bound(
    epsilons: Double, reason: String,
    scale: @Sendable (OperationCase<Double>) throws(PerceptualError) -> Tensor<Double>)
  /// Not compared by value: `residual` gives the quantity that must be at most `epsilons` x epsilon.
  case judged(
    epsilons: Double, reason: String,
    residual: @Sendable (OperationCase<Double>, Tensor<Double>, Tensor<Double>) throws(PerceptualError) -> Double)

  public var reason: String {
    switch self {
    case .exact(let reason), .relative(_, let reason), .ofLargest(_, let reason), .bound(_, let reason, _),
      .judged(_, let reason, _):
      reason
    }
  }
  public var epsilons: Double {
    switch self {
    case .exact: 0
    case .relative(let epsilons, _), .ofLargest(let epsilons, _), .bound(let epsilons, _, _),
      .judged(let epsilons, _, _):
      epsilons
    }
  }

  /// The allowed difference of every element.
  func allowed(
    for operationCase: OperationCase<Double>, expected: Tensor<Double>, side: Side
  ) throws(PerceptualError) -> [Double] {
    switch self {
    case .exact, .judged: return [Double](repeating: 0, count: expected.count)
    case .relative(let epsilons, _):
      // Below the normal range the spacing no longer shrinks with the value.
      return expected.elements.map { epsilons * max(side.epsilon * abs($0), side.least) }
    case .ofLargest(let epsilons, _):
      let largest = expected.elements.reduce(0) { $1.isFinite ? max($0, abs($1)) : $0 }
      return [Double](repeating: epsilons * side.epsilon * largest, count: expected.count)
    case .bound(let epsilons, _, let scale):
      let bounds = try scale(operationCase)
      require(bounds.shape == expected.shape, "bound: shape \(bounds.shape) for a result of \(expected.shape)")
      return bounds.elements.map { epsilons * side.epsilon * $0 }
    }
  }
}
