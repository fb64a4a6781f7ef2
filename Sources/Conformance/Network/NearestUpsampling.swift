import Fast
import PerceptualCore
import Reference

enum NearestUpsampling: Operation {
  static let name = "nearestUpsampling"
  static let inputs = [InputDescription("x", "[N,C,H,W]")]
  static let attributes = [AttributeDescription("factor")]
  static let outputs = ["y"]
  static let gradients = ["x"]

  static func tolerance(_ tensor: ResultName, _ side: Side) -> Tolerance {
    switch tensor {
    case .output: .exact(reason: "elements are copied")
    case .gradient:
      .ofSum(side, "sum over an element's copies") { operationCase throws(PerceptualError) in
        let factor = try factor(operationCase.attributes)
        let sum = Reference.nearestUpsamplingGradient(
          shape: operationCase.input("x").shape, upstream: operationCase.cotangent("y").magnitude, factor: factor)
        return (sum, factor.height * factor.width)
      }
    }
  }

  private static func factor(_ attributes: Attributes) throws(PerceptualError) -> Extent {
    if attributes["factor"] == nil {
      throw PerceptualError(.malformed, "attribute factor: two integers of at least 1 were expected, it is missing")
    }
    return try attributes.extent("factor", default: 1, atLeast: 1)
  }

  static func validate(_ given: CaseShapes) throws(PerceptualError) {
    try given.checkShape("x", [nil, nil, nil, nil])
    let factor = try factor(given.attributes)
    let count = Double(given.count("x")) * Double(factor.height) * Double(factor.width)
    if count > 0x1p30 {
      throw PerceptualError(
        .malformed, "attribute factor: \(factor) makes \(count) elements, at most 2^30 were expected")
    }
  }

  static func outputShapes(_ given: CaseShapes) throws(PerceptualError) -> [String: [Int]] {
    let shape = given["x"]
    let factor = try factor(given.attributes)
    return ["y": [shape[0], shape[1], shape[2] * factor.height, shape[3] * factor.width]]
  }

  static func reference<Scalar: BinaryFloatingPoint & Sendable>(
    _ operationCase: OperationCase<Scalar>
  ) throws(PerceptualError) -> OperationResults<Scalar> {
    let x = operationCase.input("x")
    let factor = try factor(operationCase.attributes)
    var results = OperationResults(outputs: ["y": Reference.nearestUpsampling(x, factor: factor)])
    if operationCase.asksForGradients {
      results.gradients["x"] = Reference.nearestUpsamplingGradient(
        shape: x.shape, upstream: operationCase.cotangent("y"), factor: factor)
    }
    return results
  }

  static func fast(_ operationCase: OperationCase<Float>) throws(PerceptualError) -> OperationResults<Float> {
    let x = operationCase.input("x")
    let factor = try factor(operationCase.attributes)
    var results = OperationResults(outputs: ["y": Fast.nearestUpsampling(x, factor: factor)])
    if operationCase.asksForGradients {
      results.gradients["x"] = Fast.nearestUpsamplingGradient(
        shape: x.shape, upstream: operationCase.cotangent("y"), factor: factor)
    }
    return results
  }
}
