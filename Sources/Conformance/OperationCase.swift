import PerceptualCore
import PerceptualFiles

/// One call of an operation: its inputs and attributes and, where gradients are asked for, the upstream gradients.
public struct OperationCase<Scalar: BinaryFloatingPoint & Sendable>: Sendable {
  public var inputs: [String: Tensor<Scalar>]
  public var attributes: Attributes
  /// The upstream gradient of each output; complete (zeros filled in) when gradients are asked for, else empty.
  public var cotangents: [String: Tensor<Scalar>]

  public init(
    inputs: [String: Tensor<Scalar>], attributes: Attributes = .init(), cotangents: [String: Tensor<Scalar>] = [:]
  ) {
    self.inputs = inputs
    self.attributes = attributes
    self.cotangents = cotangents
  }

  public var shapes: CaseShapes { CaseShapes(inputs: inputs.mapValues(\.shape), attributes: attributes) }

  public var asksForGradients: Bool { !cotangents.isEmpty }

  /// A required input; ``checkNames(_:)`` has made sure that it is there.
  public func input(_ name: String) -> Tensor<Scalar> {
    guard let tensor = inputs[name] else {
      require(false, "input.\(name) was not checked for")
      return Tensor([])
    }
    return tensor
  }

  /// The upstream gradient of an output.
  public func cotangent(_ name: String) -> Tensor<Scalar> {
    guard let tensor = cotangents[name] else {
      require(false, "cotangent.\(name) was asked for in a case without gradients")
      return Tensor([])
    }
    return tensor
  }

  /// The output y of an operation of each element of x and, where asked for, its gradient, from the upstream gradient.
  func elementResults(
    value: (Tensor<Scalar>) -> Tensor<Scalar>, gradient: (Tensor<Scalar>, Tensor<Scalar>) -> Tensor<Scalar>
  ) -> OperationResults<Scalar> {
    let x = input("x")
    return OperationResults(
      outputs: ["y": value(x)], gradients: asksForGradients ? ["x": gradient(x, cotangent("y"))] : [:])
  }

  public func converted<Other>(to type: Other.Type = Other.self) -> OperationCase<Other> {
    OperationCase<Other>(
      inputs: inputs.mapValues { $0.converted() }, attributes: attributes,
      cotangents: cotangents.mapValues { $0.converted() })
  }
}

/// What is known of a case before its elements are read.
public struct CaseShapes: Sendable {
  public let inputs: [String: [Int]]
  public let attributes: Attributes

  public init(inputs: [String: [Int]], attributes: Attributes) {
    self.inputs = inputs
    self.attributes = attributes
  }

  /// The shape of a required input; ``Operation/checkNames(_:)`` has made sure that it is there.
  public subscript(name: String) -> [Int] {
    guard let shape = inputs[name] else {
      require(false, "input.\(name) was not checked for")
      return [0]
    }
    return shape
  }

  /// The elements of a required input.
  public func count(_ name: String) -> Int { self[name].reduce(1, *) }
}

/// What an operation answered: outputs and, where asked for, the gradients of its inputs, by the names of fixtures.md.
public struct OperationResults<Scalar: BinaryFloatingPoint & Sendable>: Sendable {
  public var outputs: [String: Tensor<Scalar>]
  public var gradients: [String: Tensor<Scalar>]

  public init(outputs: [String: Tensor<Scalar>], gradients: [String: Tensor<Scalar>] = [:]) {
    self.outputs = outputs
    self.gradients = gradients
  }

  public func converted<Other>(to type: Other.Type = Other.self) -> OperationResults<Other> {
    OperationResults<Other>(
      outputs: outputs.mapValues { $0.converted() }, gradients: gradients.mapValues { $0.converted() })
  }
}

/// The attributes of a case: a JSON object.
public struct Attributes: Equatable, Sendable {
  public private(set) var members: [String: JSONValue]
  public init(_ members: [String: JSONValue] = [:]) { self.members = members }

  /// Those of a JSON object, the first of each name. Throws `.malformed` where the text is none.
  public init(json text: String) throws(PerceptualError) {
    let value: JSONValue
    do {
      value = try JSONValue(parsing: text.utf8)
    } catch {
      throw PerceptualError(.malformed, "attributes: a JSON object was expected, found none: \(error)")
    }
    guard let members = value.members else {
      throw PerceptualError(.malformed, "attributes: a JSON object was expected, found \(value.text)")
    }
    self.init(Dictionary(members.map { ($0.key, $0.value) }) { first, _ in first })
  }

  public var names: [String] { members.keys.sorted() }
  public subscript(name: String) -> JSONValue? {
    get { members[name] }
    set { members[name] = newValue }
  }

  private func malformed(_ name: String, _ expected: String) -> PerceptualError {
    let found = members[name].map { "found \($0.text)" } ?? "it is missing"
    return PerceptualError(.malformed, "attribute \(name): \(expected) was expected, \(found)")
  }

  public func number(_ name: String, default fallback: Double? = nil) throws(PerceptualError) -> Double {
    guard let value = members[name] else {
      if let fallback { return fallback }
      throw malformed(name, "a number")
    }
    guard let number = value.double else { throw malformed(name, "a number") }
    return number
  }

  /// Integers are sizes and counts: beyond this, arithmetic with them could overflow.
  private static let largestInteger = 1 << 31

  public func integer(_ name: String, default fallback: Int? = nil) throws(PerceptualError) -> Int {
    guard let value = members[name] else {
      if let fallback { return fallback }
      throw malformed(name, "an integer")
    }
    guard let number = value.integer, abs(Double(number)) <= Double(Self.largestInteger) else {
      throw malformed(name, "an integer of at most \(Self.largestInteger)")
    }
    return number
  }

  /// An integer of at least `least`.
  public func integer(
    _ name: String, default fallback: Int? = nil, atLeast least: Int
  ) throws(PerceptualError) -> Int {
    let value = try integer(name, default: fallback)
    if value < least { throw malformed(name, "an integer of at least \(least)") }
    return value
  }

  public func bool(_ name: String, default fallback: Bool? = nil) throws(PerceptualError) -> Bool {
    guard let value = members[name] else {
      if let fallback { return fallback }
      throw malformed(name, "true or false")
    }
    guard let bool = value.bool else { throw malformed(name, "true or false") }
    return bool
  }

  public func numbers(_ name: String, default fallback: [Double]? = nil) throws(PerceptualError) -> [Double] {
    guard let value = members[name] else {
      if let fallback { return fallback }
      throw malformed(name, "a list of numbers")
    }
    let numbers = value.array?.compactMap(\.double)
    guard let numbers, numbers.count == value.array?.count else { throw malformed(name, "a list of numbers") }
    return numbers
  }

  /// A pair [height, width], both at least `least`.
  public func extent(
    _ name: String, default fallback: Extent, atLeast least: Int
  ) throws(PerceptualError) -> Extent {
    guard let value = members[name] else { return fallback }
    let numbers = value.array?.compactMap(\.integer) ?? []
    guard numbers.count == 2, value.array?.count == 2,
      numbers.allSatisfy({ $0 >= least && $0 <= Self.largestInteger })
    else {
      throw malformed(name, "two integers of at least \(least) and at most \(Self.largestInteger)")
    }
    return Extent(height: numbers[0], width: numbers[1])
  }

  /// One of the words of an enumeration.
  public func choice<Choice: RawRepresentable & CaseIterable>(
    _ name: String, default fallback: Choice? = nil
  ) throws(PerceptualError) -> Choice where Choice.RawValue == String {
    let words = Choice.allCases.map { "\"\($0.rawValue)\"" }.joined(separator: " or ")
    guard let value = members[name] else {
      if let fallback { return fallback }
      throw malformed(name, words)
    }
    guard let word = value.string, let choice = Choice(rawValue: word) else { throw malformed(name, words) }
    return choice
  }

  /// Decimal strings of unsigned 64-bit words.
  public func words(_ name: String, count: Int) throws(PerceptualError) -> [UInt64] {
    let words = members[name]?.array?.compactMap { $0.string.flatMap { UInt64($0) } } ?? []
    guard words.count == count, members[name]?.array?.count == count else {
      throw malformed(name, "\(count) unsigned 64-bit words as decimal strings")
    }
    return words
  }
}
