import PerceptualCore

/// A fixed sequence of random bits, for the signs of changes.
struct SignSequence {
  private var state: UInt64 = 0x9e37_79b9_7f4a_7c15

  /// A word whose highest bits are signs.
  mutating func next() -> UInt64 {
    state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
    return state
  }
}

extension Operation {
  /// How much a result moves for small changes of the inputs, per unit: `share` of the largest of three that `move`
  /// makes, plus the largest element; one number for all elements.
  static func response(
    of tensor: ResultName, _ operationCase: OperationCase<Double>, share: Double = 1,
    move: (inout OperationCase<Double>, _ step: Double, inout SignSequence) -> Void
  ) throws(PerceptualError) -> Tensor<Double> {
    var given = operationCase
    if case .output = tensor { given.cotangents = [:] }
    let step = 1e-9
    let base = try reference(given)[tensor]
    var largest = 0.0
    var signs = SignSequence()
    for _ in 0..<3 {
      var moved = given
      move(&moved, step, &signs)
      let other = try reference(moved)[tensor]
      for i in 0..<base.count { largest = max(largest, abs(other[i] - base[i]) / step) }
    }
    let greatest = base.elements.reduce(0) { max($0, abs($1)) }
    return base.map { _ in share * largest + greatest }
  }
}
