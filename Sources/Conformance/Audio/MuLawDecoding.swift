import Fast
import PerceptualCore
import Reference

enum MuLawDecoding: OperationWithOptions {
  static let name = "muLawDecoding"
  static let inputs: [InputDescription] = [.init("y", "any")]
  static let attributes: [AttributeDescription] = [.init("levels", default: "256")]
  static let outputs = ["x"]
  static let gradients: [String] = []

  static func tolerance(_ tensor: ResultName, _ side: Side) -> Tolerance {
    .bound(epsilons: 8, reason: "an exponential of up to ln(levels); near 0 it cancels to its own rounding over mu") {
      given throws(PerceptualError) in
      let levels = try options(given.attributes)
      let y = Reference.muLawDecoding(given.input("y"), levels: levels)
      return y.map { abs($0) + 1 / Double(levels - 1) }
    }
  }

  static func options(_ attributes: Attributes) throws(PerceptualError) -> Int { try attributes.muLawLevels() }

  static func outputShapes(_ given: CaseShapes, _ levels: Int) -> [String: [Int]] { ["x": given["y"]] }

  static func reference<Scalar>(_ given: OperationCase<Scalar>, _ levels: Int) -> OperationResults<Scalar> {
    OperationResults(outputs: ["x": Reference.muLawDecoding(given.input("y"), levels: levels)])
  }

  static func fast(_ given: OperationCase<Float>, _ levels: Int) -> OperationResults<Float> {
    OperationResults(outputs: ["x": Fast.muLawDecoding(given.input("y"), levels: levels)])
  }
}
