import PerceptualCore

extension Tolerance {
  /// The a-priori bound of a sum of n products in any order, for each element: gamma_n sum |a||b|, gamma_n = n u / (1 -
  /// n u), u half an epsilon (Higham, Accuracy and Stability of Numerical Algorithms, section 3.1).
  ///
  /// `magnitudes` gives sum |a||b| and n. Three more roundings are allowed for the arguments and the result, which may
  /// come from a wider format, and half the least subnormal for each product that underflows.
  static func ofSum(
    _ side: Side, _ what: String,
    magnitudes: @escaping @Sendable (OperationCase<Double>) throws(PerceptualError) -> (Tensor<Double>, Int)
  ) -> Tolerance {
    .bound(epsilons: 0.5, reason: "gamma_n sum |a||b|: \(what)") { operationCase throws(PerceptualError) in
      let (sum, terms) = try magnitudes(operationCase)
      let roundings = Double(terms + 3)
      let growth = roundings / (1 - roundings * side.epsilon / 2)
      return sum.map { growth * $0 + roundings * (side.least / side.epsilon) }
    }
  }
}

extension Tensor {
  /// |x| of every element.
  var magnitude: Tensor { map { abs($0) } }
}
