import Fast
import PerceptualCore
import Reference

enum MuLawEncoding: Operation {
  static let name = "muLawEncoding"
  static let inputs = [InputDescription("x", "any")]
  static let attributes = [AttributeDescription("levels", default: "256")]
  static let outputs = ["y"]
  static let gradients: [String] = []

  static func tolerance(_ tensor: ResultName, _ side: Side) -> Tolerance {
    .exact(reason: "whole numbers, from logarithms in Double on every side")
  }

  private static func levels(_ attributes: Attributes) throws(PerceptualError) -> Int {
    let levels = try attributes.integer("levels", default: 256, atLeast: 2)
    if levels > 1 << 16 {
      throw PerceptualError(.malformed, "attribute levels: at most 65536 were expected, found \(levels)")
    }
    return levels
  }

  static func validate(_ given: CaseShapes) throws(PerceptualError) {
    _ = try levels(given.attributes)
  }

  static func outputShapes(_ given: CaseShapes) throws(PerceptualError) -> [String: [Int]] {
    ["y": given["x"]]
  }

  static func reference<Scalar: BinaryFloatingPoint & Sendable>(
    _ operationCase: OperationCase<Scalar>
  ) throws(PerceptualError) -> OperationResults<Scalar> {
    let levels = try levels(operationCase.attributes)
    return OperationResults(outputs: ["y": Reference.muLawEncoding(operationCase.input("x"), levels: levels)])
  }

  static func fast(_ operationCase: OperationCase<Float>) throws(PerceptualError) -> OperationResults<Float> {
    let levels = try levels(operationCase.attributes)
    return OperationResults(outputs: ["y": Fast.muLawEncoding(operationCase.input("x"), levels: levels)])
  }
}
