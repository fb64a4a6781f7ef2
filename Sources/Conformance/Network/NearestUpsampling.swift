import Fast
import PerceptualCore
import Reference

enum NearestUpsampling: ElementOperation {
  static let name = "nearestUpsampling"
  static let inputs: [InputDescription] = [.init("x", "[N,C,H,W]")]
  static let attributes: [AttributeDescription] = ["factor"]

  static func tolerance(_ tensor: ResultName, _ side: Side) -> Tolerance {
    switch tensor {
    case .output: .exact(reason: "elements are copied")
    case .gradient:
      .ofSum(side, "sum over an element's copies") { given throws(PerceptualError) in
        let factor = try options(given.attributes)
        let sum = Reference.nearestUpsamplingGradient(
          shape: given.input("x").shape, upstream: given.cotangent("y").magnitude, factor: factor)
        return (sum, factor.height * factor.width)
      }
    }
  }

  /// The factor.
  static func options(_ attributes: Attributes) throws(PerceptualError) -> Extent {
    try attributes.extent("factor", atLeast: 1)
  }

  static func validate(_ given: CaseShapes, _ factor: Extent) throws(PerceptualError) {
    try given.checkUpsampling(by: factor)
  }

  static func outputShapes(_ given: CaseShapes, _ factor: Extent) -> [String: [Int]] {
    ["y": given.upsampled(by: factor)]
  }

  static func reference<Scalar>(_ given: OperationCase<Scalar>, _ factor: Extent) -> OperationResults<Scalar> {
    let x = given.input("x")
    return given.results(
      ["y": Reference.nearestUpsampling(x, factor: factor)],
      gradients: [
        "x": Reference.nearestUpsamplingGradient(shape: x.shape, upstream: given.cotangent("y"), factor: factor)
      ])
  }

  static func fast(_ given: OperationCase<Float>, _ factor: Extent) -> OperationResults<Float> {
    let x = given.input("x")
    return given.results(
      ["y": Fast.nearestUpsampling(x, factor: factor)],
      gradients: [
        "x": Fast.nearestUpsamplingGradient(shape: x.shape, upstream: given.cotangent("y"), factor: factor)
      ])
  }
}

extension CaseShapes {
  /// Throws unless x is an image that may grow by `factor`.
  func checkUpsampling(by factor: Extent) throws(PerceptualError) {
    try checkShape("x", [nil, nil, nil, nil])
    let count = Double(count("x")) * Double(factor.height) * Double(factor.width)
    if count > 0x1p30 {
      throw .malformed("attribute factor: \(factor) makes \(count) elements, at most 2^30 were expected")
    }
  }

  func upsampled(by factor: Extent) -> [Int] {
    let shape = self["x"]
    return [shape[0], shape[1], shape[2] * factor.height, shape[3] * factor.width]
  }
}
