import Fast
import PerceptualConformance
import PerceptualCore
import Testing

/// The numbers of threads that must give the same bits.
public let threadCounts = [1, 2, 3, 7]

/// Judges Reference in Float and Fast (every instruction set of this machine) by Reference in Double, and demands the
/// same bits from Fast for every number of threads. Returns a sentence for each failure.
///
/// `exact` demands equality: for small integers whose sums fit the mantissa.
public func crossCheck(
  _ operation: any Operation.Type, _ operationCase: OperationCase<Double>, exact: Bool = false,
  matchingNonFinite: Bool = false
) throws -> [String] {
  var failures: [String] = []
  let expected = try operation.run(.reference, operationCase)

  func judge(_ actual: OperationResults<Double>, _ side: Side, _ label: String) throws {
    var checked = try operation.judge(
      actual, against: expected, of: operationCase, side: side, matchingNonFinite: matchingNonFinite)
    if exact {
      checked = equality(actual, expected, operation: operation.name, side: side)
    }
    if checked.isEmpty { failures.append("\(label): nothing was compared") }
    if !exact && !matchingNonFinite { try LargestShares.shared?.add(checked) }
    for tensor in checked where !tensor.passed {
      failures.append("\(operation.name) \(label) \(tensor.tensor): \(tensor.comparison)")
    }
  }

  try judge(try operation.run(.referenceFloat, operationCase), .referenceFloat, "Reference in Float")
  for instructionSet in InstructionSet.available {
    var first: OperationResults<Double>?
    for threads in threadCounts {
      let execution = Execution(threads: threads, instructionSet: instructionSet)
      let actual = try Execution.$current.withValue(execution) { try operation.run(.fast, operationCase) }
      if let first {
        if !bitEqual(first, actual) {
          failures.append(
            "\(operation.name) \(instructionSet.rawValue): \(threads) threads give other bits than \(threadCounts[0])")
        }
      } else {
        first = actual
        try judge(actual, .fast, "Fast \(instructionSet.rawValue)")
      }
    }
  }
  return failures
}

/// Holds Reference in Float and Fast against Reference in Double, and says what differs.
public func expectAgreement(
  _ tested: any Operation.Type, _ operationCase: OperationCase<Double>, exact: Bool = false,
  matchingNonFinite: Bool = false, _ comment: Comment? = nil, sourceLocation: SourceLocation = #_sourceLocation
) throws {
  let failures = try crossCheck(tested, operationCase, exact: exact, matchingNonFinite: matchingNonFinite)
  #expect(failures == [], comment, sourceLocation: sourceLocation)
}

/// The same of a sample so filled; where special values go in, they may come out.
public func expectAgreement(
  _ tested: any Operation.Type, _ sample: Sample, fill: Fill, exact: Bool = false,
  sourceLocation: SourceLocation = #_sourceLocation, adjust: (inout OperationCase<Double>) -> Void = { _ in }
) throws {
  try expectAgreement(
    tested, try sample.operationCase(of: tested, fill: fill, adjust: adjust), exact: exact,
    matchingNonFinite: fill == .specials, "\(sample)", sourceLocation: sourceLocation)
}

/// Demands the expected results of a side, under the operation's tolerances: of what was `found`, or of what the side
/// makes of the case.
public func expectResults(
  _ expected: OperationResults<Double>, of tested: any Operation.Type, _ side: Side,
  _ operationCase: OperationCase<Double>, found: OperationResults<Double>? = nil,
  _ comment: Comment? = nil, sourceLocation: SourceLocation = #_sourceLocation
) throws {
  let actual = try found ?? tested.run(side, operationCase)
  let checked = try tested.judge(actual, against: expected, of: operationCase, side: side)
  let failures = checked.filter { !$0.passed }.map { "\($0.operation) \($0.side) \($0.tensor): \($0.comparison)" }
  #expect(failures == [], comment, sourceLocation: sourceLocation)
  #expect(checked.count == expected.outputs.count + expected.gradients.count, sourceLocation: sourceLocation)
}

/// Whether all tensors hold the same bits (a NaN equals itself).
public func bitEqual(_ a: OperationResults<Double>, _ b: OperationResults<Double>) -> Bool {
  func bits(_ tensors: [String: Tensor<Double>]) -> [String: [UInt64]] {
    tensors.mapValues { $0.elements.map(\.bitPattern) }
  }
  return bits(a.outputs) == bits(b.outputs) && bits(a.gradients) == bits(b.gradients)
}

private func equality(
  _ actual: OperationResults<Double>, _ expected: OperationResults<Double>, operation: String, side: Side
) -> [CheckedTensor] {
  let outputs = expected.outputs.map { (ResultName.output($0.key), $0.value, actual.outputs[$0.key]) }
  let gradients = expected.gradients.map { (ResultName.gradient($0.key), $0.value, actual.gradients[$0.key]) }
  return (outputs + gradients).map { name, wanted, found in
    let comparison = Comparison(
      actual: found ?? Tensor(shape: [0]), expected: wanted, allowed: [Double](repeating: 0, count: wanted.count))
    return CheckedTensor(operation: operation, side: side, tensor: name, comparison: comparison)
  }
}
