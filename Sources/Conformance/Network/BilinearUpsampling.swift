import Fast
import PerceptualCore
import Reference

enum BilinearUpsampling: ElementOperation {
  static let name = "bilinearUpsampling"
  static let inputs: [InputDescription] = [.init("x", "[N,C,H,W]")]
  static let attributes: [AttributeDescription] = ["factor", .init("alignCorners", default: "false")]

  static func tolerance(_ tensor: ResultName, _ side: Side) -> Tolerance {
    switch tensor {
    case .output:
      .ofSum(side, "four products with two weights each; an oracle's positions are rounded") {
        given throws(PerceptualError) in
        let (x, options) = (given.input("x").magnitude, try options(given.attributes))
        let sum = Reference.bilinearUpsampling(x, factor: options.factor, alignCorners: options.alignCorners)
        return (sum.adding(ofPositions(x, shape: x.shape, side)), 4)
      }
    case .gradient:
      .ofSum(side, "sum over the outputs that read the element; an oracle's positions are rounded") {
        given throws(PerceptualError) in
        let (upstream, options) = (given.cotangent("y").magnitude, try options(given.attributes))
        let shape = given.input("x").shape
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

  typealias Options = (factor: Extent, alignCorners: Bool)

  static func options(_ attributes: Attributes) throws(PerceptualError) -> Options {
    (try attributes.extent("factor", atLeast: 1), try attributes.bool("alignCorners", default: false))
  }

  static func validate(_ given: CaseShapes, _ options: Options) throws(PerceptualError) {
    try given.checkUpsampling(by: options.factor)
  }

  static func outputShapes(_ given: CaseShapes, _ options: Options) -> [String: [Int]] {
    ["y": given.upsampled(by: options.factor)]
  }

  static func reference<Scalar>(_ given: OperationCase<Scalar>, _ options: Options) -> OperationResults<Scalar> {
    let x = given.input("x")
    return given.results(
      ["y": Reference.bilinearUpsampling(x, factor: options.factor, alignCorners: options.alignCorners)],
      gradients: [
        "x": Reference.bilinearUpsamplingGradient(
          shape: x.shape, upstream: given.cotangent("y"), factor: options.factor, alignCorners: options.alignCorners)
      ])
  }

  static func fast(_ given: OperationCase<Float>, _ options: Options) -> OperationResults<Float> {
    let x = given.input("x")
    return given.results(
      ["y": Fast.bilinearUpsampling(x, factor: options.factor, alignCorners: options.alignCorners)],
      gradients: [
        "x": Fast.bilinearUpsamplingGradient(
          shape: x.shape, upstream: given.cotangent("y"), factor: options.factor, alignCorners: options.alignCorners)
      ])
  }
}

extension Tensor<Double> {
  /// Every element plus `value`.
  fileprivate func adding(_ value: Double) -> Tensor { map { $0 + value } }
}
