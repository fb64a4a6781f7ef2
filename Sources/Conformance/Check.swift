import PerceptualCore

/// One tensor of one side judged.
public struct CheckedTensor: Sendable {
  public let operation: String
  public let side: Side
  public let tensor: ResultName
  public let comparison: Comparison

  public init(operation: String, side: Side, tensor: ResultName, comparison: Comparison) {
    self.operation = operation
    self.side = side
    self.tensor = tensor
    self.comparison = comparison
  }

  public var passed: Bool { comparison.passed }
}

/// An extra allowance that a fixture states for an oracle that is itself single precision.
public struct StatedTolerance: Equatable, Sendable {
  public var relative: Double
  public var absolute: Double
  public init(relative: Double = 0, absolute: Double = 0) {
    self.relative = relative
    self.absolute = absolute
  }
}

extension Operation {
  /// Runs one side; Float sides round the case first and widen the results.
  public static func run(
    _ side: Side, _ operationCase: OperationCase<Double>
  ) throws(PerceptualError) -> OperationResults<Double> {
    switch side {
    case .reference: try reference(operationCase)
    case .referenceFloat: try reference(operationCase.converted(to: Float.self)).converted()
    case .fast: try fast(operationCase.converted(to: Float.self)).converted()
    }
  }

  /// Compares the results of a side with those expected, under the operation's own tolerance.
  public static func judge(
    _ actual: OperationResults<Double>, against expected: OperationResults<Double>,
    of operationCase: OperationCase<Double>, side: Side, stated: StatedTolerance = .init(),
    matchingNonFinite: Bool = false
  ) throws(PerceptualError) -> [CheckedTensor] {
    var checked: [CheckedTensor] = []
    for (name, wanted) in named(expected) {
      let comparison: Comparison
      if let found = named(actual).first(where: { $0.0 == name })?.1 {
        let tolerance = tolerance(name, side)
        if case .judged(let epsilons, _, let residual) = tolerance, found.shape == wanted.shape {
          comparison = Comparison(
            actual: Tensor([try residual(operationCase, found, wanted)]), expected: Tensor([0]),
            allowed: [epsilons * side.epsilon + stated.relative])
        } else {
          // In a test of special values a result beyond the scalar's range is rightly infinite.
          let wanted = matchingNonFinite && side != .reference ? wanted.map { Double(Float($0)) } : wanted
          var allowed = try tolerance.allowed(for: operationCase, expected: wanted, side: side)
          for index in allowed.indices {
            allowed[index] += stated.absolute + stated.relative * abs(wanted[index])
          }
          comparison = Comparison(
            actual: found, expected: wanted, allowed: allowed, matchingNonFinite: matchingNonFinite)
        }
      } else {
        comparison = Comparison(obstacle: "\(name) was not computed")
      }
      checked.append(CheckedTensor(operation: Self.name, side: side, tensor: name, comparison: comparison))
    }
    return checked
  }

  private static func named(_ results: OperationResults<Double>) -> [(ResultName, Tensor<Double>)] {
    results.outputs.sorted { $0.key < $1.key }.map { (.output($0.key), $0.value) }
      + results.gradients.sorted { $0.key < $1.key }.map { (.gradient($0.key), $0.value) }
  }
}
