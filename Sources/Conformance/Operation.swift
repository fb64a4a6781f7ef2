import Fast
import PerceptualCore
import PerceptualFiles

/// An operation of docs/fixtures.md: its names, the two implementations and what their difference may be.
///
/// One conforming type a file in the wing of the operation, listed in ``operations``. Fixtures, cross-checks and
/// gradient checks all run through here, so a new row is tested everywhere at once.
public protocol Operation: Sendable {
  static var name: String { get }
  static var inputs: [InputDescription] { get }
  /// Every attribute, with how its default reads, or nil where it is required.
  static var attributes: [AttributeDescription] { get }
  static var outputs: [String] { get }
  /// The inputs with respect to which a gradient is defined.
  static var gradients: [String] { get }
  /// What a tensor of results may differ by. One row for each of `outputs` and `gradients`, for each side.
  static func tolerance(_ tensor: ResultName, _ side: Side) -> Tolerance
  /// Throws what does not fit: shapes, ranges of attributes. Names are already checked.
  static func validate(_ given: CaseShapes) throws(PerceptualError)
  /// Throws where an element of a case that is valid otherwise is none that the operation takes.
  static func validateElements<Scalar>(_ operationCase: OperationCase<Scalar>) throws(PerceptualError)
  /// The shape of each output, for a case that is valid: fills in missing cotangents.
  static func outputShapes(_ given: CaseShapes) throws(PerceptualError) -> [String: [Int]]

  static func reference<Scalar>(_ given: OperationCase<Scalar>) throws(PerceptualError) -> OperationResults<Scalar>
  static func fast(_ given: OperationCase<Float>) throws(PerceptualError) -> OperationResults<Float>

  /// Conventions of published implementations, save the data range.
  static var presets: [Preset] { get }
  /// Fast for images of one shape again and again, in the caller's memory; nil where there is none. Throws what does
  /// not fit.
  static func plan(_ attributes: Attributes, shape: [Int]) throws(PerceptualError) -> (any ImageLossPlan)?
}

/// Attributes under a name.
public struct Preset: Sendable {
  public let name: String
  public let attributes: [String: JSONValue]

  public init(_ name: String, _ attributes: [String: JSONValue]) {
    self.name = name
    self.attributes = attributes
  }
}

extension Operation {
  public static var presets: [Preset] { [] }

  public static func validateElements<Scalar>(_ given: OperationCase<Scalar>) throws(PerceptualError) {}

  public static func validate<Scalar>(_ given: OperationCase<Scalar>) throws(PerceptualError) {
    try validate(given.shapes)
    try validateElements(given)
  }

  public static func outputShapes<Scalar>(_ given: OperationCase<Scalar>) throws(PerceptualError) -> [String: [Int]] {
    try outputShapes(given.shapes)
  }

  public static func plan(_ attributes: Attributes, shape: [Int]) throws(PerceptualError) -> (any ImageLossPlan)? {
    nil
  }

  /// Throws where a shape is not that of images, and the `obstacle` where there is one.
  static func requireImages(_ shape: [Int], _ obstacle: ([Int]) -> String?) throws(PerceptualError) {
    if shape.count != 4 || shape.contains(where: { $0 < 1 }) {
      throw .malformed("images of shape \(shape) given, a non-empty [N, C, H, W] is needed")
    }
    if let sentence = obstacle(shape) { throw .malformed(sentence) }
  }
}

extension Operation {
  /// Whether the one output is a `value` to be made small or large: its cotangent is then ones where none is given.
  public static var isLoss: Bool { outputs == ["value"] }
}

/// An input of an operation.
public struct InputDescription: Sendable {
  public let name: String
  /// The shape as documented, such as "[N,C,H,W]".
  public let shape: String
  public let isOptional: Bool
  public init(_ name: String, _ shape: String, isOptional: Bool = false) {
    self.name = name
    self.shape = shape
    self.isOptional = isOptional
  }
}

/// An attribute of an operation; a name alone makes one that is required.
public struct AttributeDescription: ExpressibleByStringLiteral, Sendable {
  public let name: String
  /// How the default reads, nil where the attribute is required.
  public let defaultText: String?
  public init(_ name: String, default defaultText: String? = nil) {
    self.name = name
    self.defaultText = defaultText
  }
  public init(stringLiteral name: String) { self.init(name) }
}

/// A tensor of results: an output or the gradient of an input.
public enum ResultName: Hashable, Sendable, CustomStringConvertible {
  case output(String)
  case gradient(String)
  public var description: String {
    switch self {
    case .output(let name): name
    case .gradient(let name): "gradient.\(name)"
    }
  }
}

/// Which implementation, in which precision.
public enum Side: String, Sendable, CaseIterable {
  /// Reference in Double, judged by independent oracles.
  case reference
  /// Reference in Float, judged by Reference in Double.
  case referenceFloat = "reference-float"
  /// Fast, in Float, judged by Reference in Double.
  case fast

  /// The spacing of the precision at 1.
  public var epsilon: Double { self == .reference ? .ulpOfOne : Double(Float.ulpOfOne) }

  /// The least positive number of the precision.
  var least: Double { self == .reference ? .leastNonzeroMagnitude : Double(Float.leastNonzeroMagnitude) }
}

extension Operation {
  /// Throws for an unknown, missing or doubled name among inputs and attributes.
  public static func checkNames<Scalar>(_ operationCase: OperationCase<Scalar>) throws(PerceptualError) {
    try checkNames(operationCase.shapes)
  }

  /// The same where shapes are all that is known.
  public static func checkNames(_ given: CaseShapes) throws(PerceptualError) {
    let known = inputs.map(\.name)
    if let stranger = given.inputs.keys.sorted().first(where: { !known.contains($0) }) {
      throw .malformed("unknown tensor input.\(stranger): \(name) takes \(known.joined(separator: ", "))")
    }
    for input in inputs where !input.isOptional && given.inputs[input.name] == nil {
      throw .malformed("input.\(input.name) \(input.shape) of \(name) is missing")
    }
    try checkNames(given.attributes)
  }

  /// Throws for an unknown or missing name of an attribute.
  public static func checkNames(_ given: Attributes) throws(PerceptualError) {
    let known = attributes.map(\.name)
    if let stranger = given.names.first(where: { !known.contains($0) }) {
      let list = known.isEmpty ? "none" : known.joined(separator: ", ")
      throw .malformed("unknown attribute \(stranger): \(name) takes \(list)")
    }
    for attribute in attributes where attribute.defaultText == nil && given[attribute.name] == nil {
      throw .malformed("attribute \(attribute.name) of \(name) is missing and has no default")
    }
  }
}

extension CaseShapes {
  /// Throws unless input `name` has the rank of `expected` and its extents, nil standing for any; optional inputs that
  /// are absent pass.
  public func checkShape(_ name: String, _ expected: [Int?]) throws(PerceptualError) {
    guard let shape = inputs[name] else { return }
    let fits = shape.count == expected.count && zip(shape, expected).allSatisfy { $1 == nil || $0 == $1 }
    if !fits {
      let wanted = expected.map { $0.map(String.init) ?? "any" }.joined(separator: ", ")
      throw .malformed("input.\(name) has shape \(shape), expected [\(wanted)]")
    }
    if shape.contains(0) { throw .malformed("input.\(name) of shape \(shape) is empty") }
  }
}
