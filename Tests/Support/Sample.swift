import PerceptualConformance
import PerceptualCore
import PerceptualFiles

/// A labelled row of a table of test cases: shapes and attributes, and why the row is there.
public struct Sample: Sendable, CustomStringConvertible {
  public let label: String
  public let shapes: [String: [Int]]
  public let attributes: [String: JSONValue]

  public init(_ label: String, _ shapes: [String: [Int]], _ attributes: [String: JSONValue] = [:]) {
    self.label = label
    self.shapes = shapes
    self.attributes = attributes
  }

  public var description: String { label }

  /// Fills the shapes and, if `withGradients`, random upstream gradients of both signs. `adjust` may rework the inputs
  /// (make a variance positive, say); it sees them in Double, exact in Float.
  public func operationCase(
    of operation: any Operation.Type, fill: Fill, withGradients: Bool = true,
    adjust: (inout OperationCase<Double>) -> Void = { _ in }
  ) throws -> OperationCase<Double> {
    var generator = SeededGenerator(name: "\(operation.name) \(label) \(fill.rawValue)")
    var result = OperationCase<Double>(inputs: [:], attributes: Attributes(attributes))
    for name in shapes.keys.sorted() {
      result.inputs[name] = fill.tensor(shapes[name] ?? [], &generator)
    }
    adjust(&result)
    try operation.checkNames(result)
    try operation.validate(result)
    if withGradients && !operation.gradients.isEmpty {
      for (output, shape) in try operation.outputShapes(result).sorted(by: { $0.key < $1.key }) {
        let upstream: Fill = fill == .integers ? .integers : .normals
        result.cotangents[output] = upstream.tensor(shape, &generator)
      }
    }
    return result
  }
}
