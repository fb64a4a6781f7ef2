import PerceptualCore
import PerceptualFiles

/// A golden fixture (docs/fixtures.md): one call of an operation and what an independent oracle says it must give.
public struct Fixture: Sendable {
  /// How messages name it: the path of its file.
  public let name: String
  public let operation: any Operation.Type
  /// Complete: cotangents are filled in where gradients are expected, and absent where none is.
  public let operationCase: OperationCase<Double>
  /// The subset of results that the file holds.
  public let expected: OperationResults<Double>
  public let stated: StatedTolerance
  /// What computed the expected values, and its version.
  public let oracle: String?
  /// The script that wrote the file, and its seed.
  public let generator: String?

  /// Reads a file.
  ///
  /// Throws `.missing` where there is none and `.malformed` for whatever breaks the contract, naming the file and the
  /// metadata entry or tensor at fault.
  public init(contentsOf path: String) throws(PerceptualError) {
    let file = try SafetensorsFile(contentsOf: path)
    var tensors: [String: Tensor<Double>] = [:]
    for name in file.names {
      switch file[name] {
      case .float64(let tensor): tensors[name] = tensor
      case .float32(let tensor): tensors[name] = tensor.converted()
      case let other:
        throw .malformed("\(path): tensor \(name) is of type \(other?.typeName ?? "none"), a fixture holds F64 or F32")
      }
    }
    try self.init(name: path, metadata: file.metadata, tensors: tensors)
  }

  /// Checks and sorts what a file holds. Every error begins with `name`.
  public init(name: String, metadata: [String: String], tensors: [String: Tensor<Double>]) throws(PerceptualError) {
    do {
      let parts = try FixtureParts(metadata: metadata, tensors: tensors)
      self.name = name
      operation = parts.operation
      operationCase = parts.operationCase
      expected = parts.expected
      stated = parts.stated
      oracle = metadata["oracle"]
      generator = metadata["generator"]
    } catch {
      throw PerceptualError(error.kind, "\(name): \(error.description)")
    }
  }
}

/// What ``Fixture/init(name:metadata:tensors:)`` reads, before the file's name is put before its errors.
private struct FixtureParts {
  let operation: any Operation.Type
  var operationCase: OperationCase<Double>
  var expected = OperationResults<Double>(outputs: [:])
  let stated: StatedTolerance

  init(metadata: [String: String], tensors: [String: Tensor<Double>]) throws(PerceptualError) {
    guard let operationName = metadata["operation"] else {
      throw .malformed("the metadata names no operation, so this is no fixture")
    }
    guard let operation = PerceptualConformance.operation(named: operationName) else {
      let known = operations.map { $0.name }.joined(separator: ", ")
      throw .malformed("unknown operation \(operationName): there are \(known)")
    }
    self.operation = operation
    operationCase = OperationCase(inputs: [:], attributes: try Self.attributes(metadata["attributes"]))
    stated = try Self.tolerance(metadata["tolerance"])

    for (name, tensor) in tensors.sorted(by: { $0.key < $1.key }) { try sort(name, tensor) }
    if expected.outputs.isEmpty && expected.gradients.isEmpty {
      throw .malformed("no expected tensor, so there is nothing to check")
    }
    try operation.checkNames(operationCase)
    for input in expected.gradients.keys.sorted() where operationCase.inputs[input] == nil {
      throw .malformed("expected.gradient.\(input) stands there, input.\(input) is missing")
    }
    try operation.validate(operationCase)
    try checkShapes()
  }

  private static func attributes(_ text: String?) throws(PerceptualError) -> Attributes {
    guard let members = try object(text ?? "{}", "attributes").members else { return Attributes() }
    return Attributes(Dictionary(members.map { ($0.key, $0.value) }) { first, _ in first })
  }

  private static func tolerance(_ text: String?) throws(PerceptualError) -> StatedTolerance {
    guard let text else { return StatedTolerance() }
    var stated = StatedTolerance()
    for member in try object(text, "tolerance").members ?? [] {
      guard let value = member.value.double, value >= 0 else {
        throw .malformed("metadata tolerance: \(member.key) is \(member.value.text), expected a number of at least 0")
      }
      switch member.key {
      case "relative": stated.relative = value
      case "absolute": stated.absolute = value
      default:
        throw .malformed("metadata tolerance: unknown key \(member.key), expected relative and absolute")
      }
    }
    return stated
  }

  private static func object(_ text: String, _ name: String) throws(PerceptualError) -> JSONValue {
    let value: JSONValue
    do {
      value = try JSONValue(parsing: text.utf8)
    } catch {
      throw .malformed("metadata \(name) is no JSON: \(error)")
    }
    guard value.members != nil else { throw .malformed("metadata \(name) is \(value.text), expected a JSON object") }
    return value
  }

  /// Puts a tensor where its name says it belongs.
  private mutating func sort(_ name: String, _ tensor: Tensor<Double>) throws(PerceptualError) {
    func part(_ prefix: String) -> String? { name.hasPrefix(prefix) ? String(name.dropFirst(prefix.count)) : nil }
    if tensor.count == 0 { throw .malformed("tensor \(name) of shape \(tensor.shape) is empty") }
    if let input = part("input.") {
      operationCase.inputs[input] = tensor
    } else if let output = part("cotangent.") {
      try require(output, among: operation.outputs, name, "the outputs")
      operationCase.cotangents[output] = tensor
    } else if let input = part("expected.gradient.") {
      try require(input, among: operation.gradients, name, "the gradients")
      expected.gradients[input] = tensor
    } else if let output = part("expected.") {
      try require(output, among: operation.outputs, name, "the outputs")
      expected.outputs[output] = tensor
    } else {
      throw .malformed("unknown tensor \(name): a name begins with input., cotangent., expected. or expected.gradient.")
    }
  }

  private func require(_ part: String, among known: [String], _ name: String, _ kind: String) throws(PerceptualError) {
    if !known.contains(part) {
      let list = known.isEmpty ? "none" : known.joined(separator: ", ")
      throw .malformed("unknown tensor \(name): \(kind) of \(operation.name) are \(list)")
    }
  }

  /// Holds every tensor to the shape that follows from the inputs, and fills in cotangents.
  private mutating func checkShapes() throws(PerceptualError) {
    let shapes = try operation.outputShapes(operationCase)
    for (output, tensor) in operationCase.cotangents.sorted(by: { $0.key < $1.key }) {
      try checkShape("cotangent.\(output)", tensor, shapes[output])
    }
    for (output, tensor) in expected.outputs.sorted(by: { $0.key < $1.key }) {
      try checkShape("expected.\(output)", tensor, shapes[output])
    }
    for (input, tensor) in expected.gradients.sorted(by: { $0.key < $1.key }) {
      try checkShape("expected.gradient.\(input)", tensor, operationCase.inputs[input]?.shape)
    }
    if expected.gradients.isEmpty {
      operationCase.cotangents = [:]
    } else {
      for (output, shape) in shapes where operationCase.cotangents[output] == nil {
        operationCase.cotangents[output] = Tensor(repeating: operation.isLoss ? 1 : 0, shape: shape)
      }
    }
  }

  private func checkShape(_ name: String, _ tensor: Tensor<Double>, _ shape: [Int]?) throws(PerceptualError) {
    guard let shape, tensor.shape == shape else {
      throw .malformed("\(name) has shape \(tensor.shape), the inputs give \(shape.map { "\($0)" } ?? "none")")
    }
  }
}

extension Fixture {
  /// Runs Reference in Double and Fast in Float and judges both by the expected tensors.
  ///
  /// An oracle may have worked on doubles that Float cannot hold. Fast starts from their rounded values, and is not to
  /// blame for what that changes: its allowance is the operation's own, plus |Reference(rounded) - Reference(given)|,
  /// element by element, both in Double. By the triangle inequality a right Fast passes, however steep the operation;
  /// where every input is exact in Float, nothing is added.
  public func check() throws(PerceptualError) -> [CheckedTensor] {
    do {
      return try judged()
    } catch {
      throw PerceptualError(error.kind, "\(name): \(error.description)")
    }
  }

  private func judged() throws(PerceptualError) -> [CheckedTensor] {
    let reference = try operation.run(.reference, operationCase)
    let fast = try operation.run(.fast, operationCase)
    let rounded: OperationCase<Double> = operationCase.converted(to: Float.self).converted()
    var rounding: InputRounding?
    if rounded.inputs != operationCase.inputs || rounded.cotangents != operationCase.cotangents {
      rounding = InputRounding(given: reference, rounded: try operation.run(.reference, rounded))
    }
    return try operation.judge(reference, against: expected, of: operationCase, side: .reference, stated: stated)
      + operation.judge(fast, against: expected, of: operationCase, side: .fast, stated: stated, rounding: rounding)
  }
}

/// Checks the fixture at `path`: one entry for each expected tensor and each of Reference and Fast.
public func checkFixture(_ path: String) throws(PerceptualError) -> [CheckedTensor] {
  try Fixture(contentsOf: path).check()
}
