import Fast
import PerceptualCore
import Reference

enum MuLawDecoding: Operation {
  static let name = "muLawDecoding"
  static let inputs = [InputDescription("y", "any")]
  static let attributes = [AttributeDescription("levels", default: "256")]
  static let outputs = ["x"]
  static let gradients: [String] = []

  static func tolerance(_ tensor: ResultName, _ side: Side) -> Tolerance {
    .bound(epsilons: 8, reason: "an exponential of up to ln(levels); near 0 it cancels to its own rounding over mu") {
      operationCase throws(PerceptualError) in
      let levels = try levels(operationCase.attributes)
      let y = Reference.muLawDecoding(operationCase.input("y"), levels: levels)
      return y.map { abs($0) + 1 / Double(levels - 1) }
    }
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
    ["x": given["y"]]
  }

  static func reference<Scalar: BinaryFloatingPoint & Sendable>(
    _ operationCase: OperationCase<Scalar>
  ) throws(PerceptualError) -> OperationResults<Scalar> {
    let levels = try levels(operationCase.attributes)
    return OperationResults(outputs: ["x": Reference.muLawDecoding(operationCase.input("y"), levels: levels)])
  }

  static func fast(_ operationCase: OperationCase<Float>) throws(PerceptualError) -> OperationResults<Float> {
    let levels = try levels(operationCase.attributes)
    return OperationResults(outputs: ["x": Fast.muLawDecoding(operationCase.input("y"), levels: levels)])
  }
}
