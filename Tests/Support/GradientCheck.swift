import PerceptualConformance
import PerceptualCore
import Testing

/// Central differences against an operation's gradients, in Double, on Reference.
///
/// L = sum over outputs of cotangent x output. The numeric derivative sums cotangent x (output+ - output-), element by
/// element, so that a large L costs no digits.
public struct GradientCheck: Sendable {
  /// 6e-6 for smooth operations, 1e-7 for those with kinks.
  public var step: Double
  /// The largest relative L2 difference allowed.
  public var limit: Double
  /// A pattern that changes where the operation has a kink (signs, clamped terms). A random direction whose step
  /// changes it is drawn again, a given element left out; both are counted.
  public var pattern: (@Sendable (OperationCase<Double>) -> [Bool])?

  public init(
    step: Double = 6e-6, limit: Double = 1e-7, pattern: (@Sendable (OperationCase<Double>) -> [Bool])? = nil
  ) {
    self.step = step
    self.limit = limit
    self.pattern = pattern
  }

  /// What was found of one input's gradient.
  public struct Report: Sendable {
    public var input: String
    /// ||numeric - analytic|| / ||analytic||.
    public var relativeError: Double
    public var directions: Int
    /// Directions not taken because their step crossed a kink.
    public var crossed: Int
    public var passed: Bool
  }

  /// Every element of every input that has a gradient: the whole Jacobian, contracted with the cotangents. An element
  /// whose step crosses a kink is left out; at most half may be.
  public func everyElement(
    of operation: any Operation.Type, _ operationCase: OperationCase<Double>
  ) throws -> [Report] {
    try reports(of: operation, operationCase) { count, taken, crossed in
      taken + crossed < count ? [(taken + crossed, 1)] : nil
    }
  }

  /// So many directions with a random sign at every element; one that crosses a kink is drawn again, as often as there
  /// are directions.
  public func randomDirections(
    _ directions: Int, of operation: any Operation.Type, _ operationCase: OperationCase<Double>, seed: String
  ) throws -> [Report] {
    var generator = SeededGenerator(name: seed)
    return try reports(of: operation, operationCase, least: directions) { count, taken, crossed in
      if taken == directions || crossed > directions { return nil }
      return (0..<count).map { ($0, Bool.random(using: &generator) ? 1 : -1) }
    }
  }

  /// Chosen elements of one input, such as a border or a frame, as ``everyElement(of:_:)``.
  public func elements(
    _ elements: [Int], ofInput name: String, of operation: any Operation.Type, _ operationCase: OperationCase<Double>
  ) throws -> [Report] {
    try reports(of: operation, operationCase, only: name) { _, taken, crossed in
      taken + crossed < elements.count ? [(elements[taken + crossed], 1)] : nil
    }
  }

  /// `next` gives the direction after so many that were taken and so many that crossed a kink, from the input's count
  /// of elements; nil ends. `least` nil demands that at least half were taken.
  private func reports(
    of operation: any Operation.Type, _ operationCase: OperationCase<Double>, only: String? = nil, least: Int? = nil,
    next: (_ count: Int, _ taken: Int, _ crossed: Int) -> [(element: Int, sign: Double)]?
  ) throws -> [Report] {
    let analytic = try operation.run(.reference, operationCase).gradients
    var reports: [Report] = []
    for input in operation.gradients where operationCase.inputs[input] != nil && (only == nil || only == input) {
      guard let gradient = analytic[input], let x = operationCase.inputs[input] else {
        reports.append(Report(input: input, relativeError: .infinity, directions: 0, crossed: 0, passed: false))
        continue
      }
      var squaredError = 0.0
      var squaredNorm = 0.0
      var (taken, crossed) = (0, 0)
      while let direction = next(x.count, taken, crossed) {
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
          crossed += 1
          continue
        }
        let numeric = try derivative(operation, plus, minus)
        let exact = direction.reduce(0) { $0 + gradient[$1.element] * $1.sign }
        squaredError += (numeric - exact) * (numeric - exact)
        squaredNorm += exact * exact
        taken += 1
      }
      let error = squaredNorm > 0 ? (squaredError / squaredNorm).squareRoot() : squaredError.squareRoot()
      reports.append(
        Report(
          input: input, relativeError: error, directions: taken, crossed: crossed,
          passed: taken >= max(1, least ?? crossed) && error <= limit))
    }
    if reports.isEmpty {
      reports.append(Report(input: "(none)", relativeError: .infinity, directions: 0, crossed: 0, passed: false))
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

extension [GradientCheck.Report] {
  /// A sentence for each that did not pass.
  public var failures: [String] {
    filter { !$0.passed }.map {
      "gradient.\($0.input): relative L2 error \($0.relativeError) over \($0.directions) directions, \($0.crossed) "
        + "crossed a kink"
    }
  }
}

/// Holds every element of every gradient to central differences, and the gradients to the rules of linearity.
public func expectWholeJacobian(
  of operation: any Operation.Type, _ operationCase: OperationCase<Double>, by check: GradientCheck = GradientCheck(),
  sourceLocation: SourceLocation = #_sourceLocation
) throws {
  let failures = try check.everyElement(of: operation, operationCase).failures
  #expect(failures == [], sourceLocation: sourceLocation)
  let ofLinearity = try checkLinearityInUpstream(operation, operationCase)
  #expect(ofLinearity == [], sourceLocation: sourceLocation)
}

/// The same of a sample, filled with normals.
public func expectWholeJacobian(
  of operation: any Operation.Type, _ sample: Sample, sourceLocation: SourceLocation = #_sourceLocation
) throws {
  let operationCase = try sample.operationCase(of: operation, fill: .normals)
  try expectWholeJacobian(of: operation, operationCase, sourceLocation: sourceLocation)
}

/// The places of an image's pixels that are less than `border` from its border.
public func borderPixels(height: Int, width: Int, within border: Int = 1) -> [Int] {
  (0..<height * width).filter {
    let (row, column) = ($0 / width, $0 % width)
    return min(row, height - 1 - row) < border || min(column, width - 1 - column) < border
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
