import Fast
import PerceptualCore
import Reference

enum BilinearUpsampling: Operation {
  static let name = "bilinearUpsampling"
  static let inputs = [InputDescription("x", "[N,C,H,W]")]
  static let attributes = [
    AttributeDescription("factor"), AttributeDescription("alignCorners", default: "false"),
  ]
  static let outputs = ["y"]
  static let gradients = ["x"]

  static func tolerance(_ tensor: ResultName, _ side: Side) -> Tolerance {
    switch tensor {
    case .output:
      .ofSum(side, "four products with two weights each; an oracle's positions are rounded") {
        operationCase throws(PerceptualError) in
        let (x, options) = (operationCase.input("x").magnitude, try Options(operationCase.attributes))
        let sum = Reference.bilinearUpsampling(x, factor: options.factor, alignCorners: options.alignCorners)
        return (sum.adding(ofPositions(x, shape: x.shape, side)), 4)
      }
    case .gradient:
      .ofSum(side, "sum over the outputs that read the element; an oracle's positions are rounded") {
        operationCase throws(PerceptualError) in
        let (upstream, options) = (operationCase.cotangent("y").magnitude, try Options(operationCase.attributes))
        let shape = operationCase.input("x").shape
        let sum = Reference.bilinearUpsamplingGradient(
          shape: shape, upstream: upstream, factor: options.factor, alignCorners: options.alignCorners)
        // At most 3 f outputs along a side; oracles add them up one after the other, not columns within rows.
        let (rows, columns) = (3 * options.factor.height, 3 * options.factor.width)
        return (
          sum.adding(ofPositions(upstream, shape: shape, side)), side == .reference ? rows * columns : rows + columns
        )
      }
    }
  }

  /// What rounding the positions costs oracles that, unlike Reference and Fast, compute them in floating point: a
  /// position of up to H or W within three roundings of itself, times the difference of two elements.
  private static func ofPositions(_ x: Tensor<Double>, shape: [Int], _ side: Side) -> Double {
    side == .reference ? 3 * Double(shape[2] + shape[3]) * (x.elements.max() ?? 0) : 0
  }

  private struct Options {
    let factor: Extent
    let alignCorners: Bool

    init(_ attributes: Attributes) throws(PerceptualError) {
      if attributes["factor"] == nil {
        throw PerceptualError(.malformed, "attribute factor: two integers of at least 1 were expected, it is missing")
      }
      factor = try attributes.extent("factor", default: 1, atLeast: 1)
      alignCorners = try attributes.bool("alignCorners", default: false)
    }
  }

  static func validate(_ given: CaseShapes) throws(PerceptualError) {
    try given.checkShape("x", [nil, nil, nil, nil])
    let factor = try Options(given.attributes).factor
    let count = Double(given.count("x")) * Double(factor.height) * Double(factor.width)
    if count > 0x1p30 {
      throw PerceptualError(
        .malformed, "attribute factor: \(factor) makes \(count) elements, at most 2^30 were expected")
    }
  }

  static func outputShapes(_ given: CaseShapes) throws(PerceptualError) -> [String: [Int]] {
    let shape = given["x"]
    let factor = try Options(given.attributes).factor
    return ["y": [shape[0], shape[1], shape[2] * factor.height, shape[3] * factor.width]]
  }

  static func reference<Scalar: BinaryFloatingPoint & Sendable>(
    _ operationCase: OperationCase<Scalar>
  ) throws(PerceptualError) -> OperationResults<Scalar> {
    let (x, options) = (operationCase.input("x"), try Options(operationCase.attributes))
    var results = OperationResults(outputs: [
      "y": Reference.bilinearUpsampling(x, factor: options.factor, alignCorners: options.alignCorners)
    ])
    if operationCase.asksForGradients {
      results.gradients["x"] = Reference.bilinearUpsamplingGradient(
        shape: x.shape, upstream: operationCase.cotangent("y"), factor: options.factor,
        alignCorners: options.alignCorners)
    }
    return results
  }

  static func fast(_ operationCase: OperationCase<Float>) throws(PerceptualError) -> OperationResults<Float> {
    let (x, options) = (operationCase.input("x"), try Options(operationCase.attributes))
    var results = OperationResults(outputs: [
      "y": Fast.bilinearUpsampling(x, factor: options.factor, alignCorners: options.alignCorners)
    ])
    if operationCase.asksForGradients {
      results.gradients["x"] = Fast.bilinearUpsamplingGradient(
        shape: x.shape, upstream: operationCase.cotangent("y"), factor: options.factor,
        alignCorners: options.alignCorners)
    }
    return results
  }
}

extension Tensor<Double> {
  /// Every element plus `value`.
  fileprivate func adding(_ value: Double) -> Tensor { map { $0 + value } }
}
