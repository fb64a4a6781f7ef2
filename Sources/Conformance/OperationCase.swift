import PerceptualCore
import PerceptualFiles

/// One call of an operation: its inputs and attributes and, where gradients are asked for, the upstream gradients.
public struct OperationCase<Scalar: TensorElement>: Sendable {
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
public struct OperationResults<Scalar: TensorElement>: Sendable {
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
      throw .malformed("attributes: a JSON object was expected, found none: \(error)")
    }
    guard let members = value.members else {
      throw .malformed("attributes: a JSON object was expected, found \(value.text)")
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
    return .malformed("attribute \(name): \(expected) was expected, \(found)")
  }

  /// What `read` makes of a member, or the default of one that is not there.
  private func value<Value>(
    _ name: String, _ expected: String, default fallback: Value?, read: (JSONValue) -> Value?
  ) throws(PerceptualError) -> Value {
    let value = members[name].map(read) ?? fallback
    guard let value else { throw malformed(name, expected) }
    return value
  }

  public func number(_ name: String, default fallback: Double? = nil) throws(PerceptualError) -> Double {
    try value(name, "a number", default: fallback) { $0.double }
  }

  /// Integers are sizes and counts: beyond this, arithmetic with them could overflow.
  private static let largestInteger = 1 << 31

  public func integer(_ name: String, default fallback: Int? = nil) throws(PerceptualError) -> Int {
    try value(name, "an integer of at most \(Self.largestInteger)", default: fallback) {
      $0.integer.flatMap { abs(Double($0)) <= Double(Self.largestInteger) ? $0 : nil }
    }
  }

  /// An integer of at least `least`.
  public func integer(_ name: String, default fallback: Int? = nil, atLeast least: Int) throws(PerceptualError) -> Int {
    let value = try integer(name, default: fallback)
    if value < least { throw malformed(name, "an integer of at least \(least)") }
    return value
  }

  public func bool(_ name: String, default fallback: Bool? = nil) throws(PerceptualError) -> Bool {
    try value(name, "true or false", default: fallback) { $0.bool }
  }

  public func numbers(_ name: String, default fallback: [Double]? = nil) throws(PerceptualError) -> [Double] {
    try value(name, "a list of numbers", default: fallback) { $0.array?.every(\.double) }
  }

  /// A pair [height, width], both at least `least`.
  public func extent(
    _ name: String, default fallback: Extent? = nil, atLeast least: Int
  ) throws(PerceptualError) -> Extent {
    let expected = "two integers of at least \(least) and at most \(Self.largestInteger)"
    return try value(name, expected, default: fallback) {
      guard let sides = $0.array?.every(\.integer), sides.count == 2,
        sides.allSatisfy({ $0 >= least && $0 <= Self.largestInteger })
      else { return nil }
      return Extent(height: sides[0], width: sides[1])
    }
  }

  /// One of the words of an enumeration.
  public func choice<Choice: RawRepresentable & CaseIterable>(
    _ name: String, default fallback: Choice? = nil
  ) throws(PerceptualError) -> Choice where Choice.RawValue == String {
    let words = Choice.allCases.map { "\"\($0.rawValue)\"" }.joined(separator: " or ")
    return try value(name, words, default: fallback) { $0.string.flatMap { Choice(rawValue: $0) } }
  }

  /// Decimal strings of unsigned 64-bit words.
  public func words(_ name: String, count: Int) throws(PerceptualError) -> [UInt64] {
    try value(name, "\(count) unsigned 64-bit words as decimal strings", default: nil) {
      let words = $0.array?.every { $0.string.flatMap { UInt64($0) } }
      return words?.count == count ? words : nil
    }
  }
}

extension [JSONValue] {
  /// What `read` makes of all elements; nil where it makes nothing of one.
  fileprivate func every<Value>(_ read: (JSONValue) -> Value?) -> [Value]? {
    let values = compactMap(read)
    return values.count == count ? values : nil
  }
}
