import PerceptualConformance
import PerceptualCore

/// Central differences against an operation's gradients, in Double, on Reference.
///
/// L = sum over outputs of cotangent x output. The numeric derivative sums cotangent x (output+ - output-), element by
/// element, so that a large L costs no digits.
public struct GradientCheck: Sendable {
  /// 6e-6 for smooth operations, 1e-7 for those with kinks.
  public var step: Double
  /// The largest relative L2 difference allowed.
  public var limit: Double
  /// A pattern that changes where the operation has a kink (signs, clamped terms); a direction whose step changes it is
  /// drawn again.
  public var pattern: (@Sendable (OperationCase<Double>) -> [Bool])?

  public init(
    step: Double = 6e-6, limit: Double = 1e-7, pattern: (@Sendable (OperationCase<Double>) -> [Bool])? = nil
  ) {
    self.step = step
    self.limit = limit
    self.pattern = pattern
  }

  /// What was found.
  public struct Report: Sendable, CustomStringConvertible {
    public var input: String
    /// ||numeric - analytic|| / ||analytic||.
    public var relativeError: Double
    public var directions: Int
    /// Directions drawn again because their step crossed a kink.
    public var redrawn: Int
    public var passed: Bool
    public var description: String {
      "gradient.\(input): relative L2 error \(relativeError) over \(directions) directions, \(redrawn) drawn again"
    }
  }

  /// Every element of every input that has a gradient: the whole Jacobian, contracted with the cotangents. An element
  /// whose step crosses a kink is left out and counted.
  public func everyElement(
    of operation: any Operation.Type, _ operationCase: OperationCase<Double>
  ) throws -> [Report] {
    try reports(of: operation, operationCase) { input, count, _ in
      (0..<count).map { element in [(element, 1.0)] }
    }
  }

  /// Directions with a random sign at every element.
  public func randomDirections(
    _ directions: Int, of operation: any Operation.Type, _ operationCase: OperationCase<Double>, seed: String
  ) throws -> [Report] {
    var generator = SeededGenerator(name: seed)
    return try reports(of: operation, operationCase) { input, count, _ in
      (0..<directions).map { _ in (0..<count).map { ($0, Bool.random(using: &generator) ? 1.0 : -1.0) } }
    }
  }

  /// Chosen elements of one input, such as a border or a frame.
  public func elements(
    _ elements: [Int], ofInput name: String, of operation: any Operation.Type, _ operationCase: OperationCase<Double>
  ) throws -> [Report] {
    try reports(of: operation, operationCase, only: name) { _, _, _ in elements.map { [($0, 1.0)] } }
  }

  private func reports(
    of operation: any Operation.Type, _ operationCase: OperationCase<Double>, only: String? = nil,
    directions: (String, Int, Int) -> [[(Int, Double)]]
  ) throws -> [Report] {
    let analytic = try operation.run(.reference, operationCase).gradients
    var reports: [Report] = []
    for input in operation.gradients where operationCase.inputs[input] != nil && (only == nil || only == input) {
      guard let gradient = analytic[input], let x = operationCase.inputs[input] else {
        reports.append(Report(input: input, relativeError: .infinity, directions: 0, redrawn: 0, passed: false))
        continue
      }
      var squaredError = 0.0
      var squaredNorm = 0.0
      var used = 0
      var redrawn = 0
      for direction in directions(input, x.count, 0) {
        func moved(_ by: Double) -> OperationCase<Double> {
          var copy = operationCase
          var tensor = x
          for (index, sign) in direction { tensor[index] += by * sign }
          copy.inputs[input] = tensor
          return copy
        }
        let plus = moved(step)
        let minus = moved(-step)
        if let pattern, pattern(plus) != pattern(minus) {
          redrawn += 1
          continue
        }
        let numeric = try derivative(operation, plus, minus)
        let exact = direction.reduce(0) { $0 + gradient[$1.0] * $1.1 }
        squaredError += (numeric - exact) * (numeric - exact)
        squaredNorm += exact * exact
        used += 1
      }
      let error = squaredNorm > 0 ? (squaredError / squaredNorm).squareRoot() : squaredError.squareRoot()
      reports.append(
        Report(
          input: input, relativeError: error, directions: used, redrawn: redrawn,
          passed: used > 0 && redrawn <= used && error <= limit))
    }
    if reports.isEmpty {
      reports.append(Report(input: "(none)", relativeError: .infinity, directions: 0, redrawn: 0, passed: false))
    }
    return reports
  }

  private func derivative(
    _ operation: any Operation.Type, _ plus: OperationCase<Double>, _ minus: OperationCase<Double>
  ) throws -> Double {
    var forwardOnlyPlus = plus
    var forwardOnlyMinus = minus
    forwardOnlyPlus.cotangents = [:]
    forwardOnlyMinus.cotangents = [:]
    let high = try operation.run(.reference, forwardOnlyPlus).outputs
    let low = try operation.run(.reference, forwardOnlyMinus).outputs
    var sum = 0.0
    for (name, cotangent) in plus.cotangents.sorted(by: { $0.key < $1.key }) {
      guard let a = high[name], let b = low[name] else { return .nan }
      for index in 0..<a.count { sum += cotangent[index] * (a[index] - b[index]) }
    }
    return sum / (2 * step)
  }
}

/// Rules every gradient keeps, on Reference in Double and on Fast: an upstream gradient of 0 gives 0, twice the
/// upstream gives exactly twice the gradient, two runs give the same bits. Returns a sentence for each failure.
public func checkLinearityInUpstream(
  _ operation: any Operation.Type, _ operationCase: OperationCase<Double>
) throws -> [String] {
  var failures: [String] = []
  for side in [Side.reference, .fast] {
    var doubled = operationCase
    doubled.cotangents = operationCase.cotangents.mapValues { $0.map { 2 * $0 } }
    var zero = operationCase
    zero.cotangents = operationCase.cotangents.mapValues { $0.map { _ in 0 } }
    let once = try operation.run(side, operationCase)
    let again = try operation.run(side, operationCase)
    let twice = try operation.run(side, doubled).gradients
    let none = try operation.run(side, zero).gradients
    if !bitEqual(once, again) { failures.append("\(operation.name) \(side.rawValue): two runs differ") }
    for (name, gradient) in once.gradients.sorted(by: { $0.key < $1.key }) {
      if twice[name]?.elements != gradient.elements.map({ 2 * $0 }) {
        failures.append("\(operation.name) \(side.rawValue) \(name): backward(2 g) is not 2 backward(g)")
      }
      if none[name]?.elements.allSatisfy({ $0 == 0 }) != true {
        failures.append("\(operation.name) \(side.rawValue) \(name): backward(0) is not 0")
      }
    }
  }
  return failures
}
