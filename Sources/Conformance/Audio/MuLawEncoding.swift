import Fast
import PerceptualCore
import Reference

enum MuLawEncoding: ElementOperation {
  static let name = "muLawEncoding"
  static let attributes: [AttributeDescription] = [.init("levels", default: "256")]
  static let gradients: [String] = []

  static func tolerance(_ tensor: ResultName, _ side: Side) -> Tolerance {
    .exact(reason: "whole numbers, from logarithms in Double on every side")
  }

  static func options(_ attributes: Attributes) throws(PerceptualError) -> Int { try attributes.muLawLevels() }

  static func reference<Scalar>(_ given: OperationCase<Scalar>, _ levels: Int) -> OperationResults<Scalar> {
    OperationResults(outputs: ["y": Reference.muLawEncoding(given.input("x"), levels: levels)])
  }

  static func fast(_ given: OperationCase<Float>, _ levels: Int) -> OperationResults<Float> {
    OperationResults(outputs: ["y": Fast.muLawEncoding(given.input("x"), levels: levels)])
  }
}

extension Attributes {
  func muLawLevels() throws(PerceptualError) -> Int {
    let levels = try integer("levels", default: 256, atLeast: 2)
    if levels > 1 << 16 { throw .malformed("attribute levels: at most 65536 were expected, found \(levels)") }
    return levels
  }
}
