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

  private static func levels<Scalar>(_ operationCase: OperationCase<Scalar>) throws(PerceptualError) -> Int {
    let levels = try operationCase.attributes.integer("levels", default: 256, atLeast: 2)
    if levels > 1 << 16 {
      throw PerceptualError(.malformed, "attribute levels: at most 65536 were expected, found \(levels)")
    }
    return levels
  }

  static func validate(_ operationCase: OperationCase<Double>) throws(PerceptualError) {
    _ = try levels(operationCase)
  }

  static func outputShapes(_ operationCase: OperationCase<Double>) throws(PerceptualError) -> [String: [Int]] {
    ["y": operationCase.input("x").shape]
  }

  static func reference<Scalar: BinaryFloatingPoint & Sendable>(
    _ operationCase: OperationCase<Scalar>
  ) throws(PerceptualError) -> OperationResults<Scalar> {
    let levels = try levels(operationCase)
    return OperationResults(outputs: ["y": Reference.muLawEncoding(operationCase.input("x"), levels: levels)])
  }

  static func fast(_ operationCase: OperationCase<Float>) throws(PerceptualError) -> OperationResults<Float> {
    let levels = try levels(operationCase)
    return OperationResults(outputs: ["y": Fast.muLawEncoding(operationCase.input("x"), levels: levels)])
  }
}
