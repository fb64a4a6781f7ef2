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

/// Reference in Double on the inputs as given and on the same inputs rounded to Float.
public struct InputRounding: Sendable {
  public var given: OperationResults<Double>
  public var rounded: OperationResults<Double>
  public init(given: OperationResults<Double>, rounded: OperationResults<Double>) {
    self.given = given
    self.rounded = rounded
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
  ///
  /// `operationCase` is as given, not rounded; `rounding`, where its inputs are not exact in Float, says what rounding
  /// them alone does to the results.
  public static func judge(
    _ actual: OperationResults<Double>, against expected: OperationResults<Double>,
    of operationCase: OperationCase<Double>, side: Side, stated: StatedTolerance = .init(),
    rounding: InputRounding? = nil, matchingNonFinite: Bool = false
  ) throws(PerceptualError) -> [CheckedTensor] {
    let found = Dictionary(uniqueKeysWithValues: named(actual))
    let given = rounding.map { Dictionary(uniqueKeysWithValues: named($0.given)) } ?? [:]
    let rounded = rounding.map { Dictionary(uniqueKeysWithValues: named($0.rounded)) } ?? [:]
    var checked: [CheckedTensor] = []
    for (name, wanted) in named(expected) {
      let comparison: Comparison
      if let found = found[name] {
        let effect: (Tensor<Double>, Tensor<Double>)? =
          if let given = given[name], let rounded = rounded[name] { (given, rounded) } else { nil }
        comparison = try compare(
          name, found, wanted, operationCase, side, stated, effect, matchingNonFinite: matchingNonFinite)
      } else {
        comparison = Comparison(obstacle: "\(name) was not computed")
      }
      checked.append(CheckedTensor(operation: Self.name, side: side, tensor: name, comparison: comparison))
    }
    return checked
  }

  private static func compare(
    _ name: ResultName, _ found: Tensor<Double>, _ wanted: Tensor<Double>, _ operationCase: OperationCase<Double>,
    _ side: Side, _ stated: StatedTolerance, _ rounding: (given: Tensor<Double>, rounded: Tensor<Double>)?,
    matchingNonFinite: Bool
  ) throws(PerceptualError) -> Comparison {
    let tolerance = tolerance(name, side)
    if found.shape != wanted.shape { return Comparison(obstacle: "shape \(found.shape), expected \(wanted.shape)") }
    if case .judged(let epsilons, _, let residual) = tolerance {
      var allowed = epsilons * side.epsilon + stated.absolute + stated.relative
      if let rounding {
        let moved = try residual(operationCase, rounding.rounded, wanted)
        let still = try residual(operationCase, rounding.given, wanted)
        allowed += max(moved - still, 0)
      }
      return Comparison(
        actual: Tensor([try residual(operationCase, found, wanted)]), expected: Tensor([0]), allowed: [allowed])
    }
    // In a test of special values a result beyond the scalar's range is rightly infinite.
    let wanted = matchingNonFinite && side != .reference ? wanted.map { Double(Float($0)) } : wanted
    var allowed = try tolerance.allowed(for: operationCase, expected: rounding?.rounded ?? wanted, side: side)
    for index in allowed.indices {
      allowed[index] += stated.absolute + stated.relative * abs(wanted[index])
      if let rounding {
        let effect = abs(rounding.rounded[index] - rounding.given[index])
        // An input beyond Float's range excuses nothing.
        if effect.isFinite { allowed[index] += effect }
      }
    }
    return Comparison(actual: found, expected: wanted, allowed: allowed, matchingNonFinite: matchingNonFinite)
  }

  private static func named(_ results: OperationResults<Double>) -> [(ResultName, Tensor<Double>)] {
    results.outputs.sorted { $0.key < $1.key }.map { (.output($0.key), $0.value) }
      + results.gradients.sorted { $0.key < $1.key }.map { (.gradient($0.key), $0.value) }
  }
}
