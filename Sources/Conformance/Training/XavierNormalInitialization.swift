import Fast
import PerceptualCore
import Reference

/// Normals whose standard deviation follows from the fans.
enum XavierNormalInitialization: InitializationOperation {
  static let name = "xavierNormalInitialization"
  static let spread = "gain"
  static let leastRank = 2

  static func reference<Scalar>(_ given: OperationCase<Scalar>, _ draw: InitialDraw) -> OperationResults<Scalar> {
    let values: Tensor<Scalar> = Reference.xavierNormalInitialization(
      shape: draw.shape, gain: draw.spread, seed: draw.seed, index: draw.index)
    return OperationResults(outputs: ["values": values])
  }

  static func fast(_ given: OperationCase<Float>, _ draw: InitialDraw) -> OperationResults<Float> {
    let values = Fast.xavierNormalInitialization(
      shape: draw.shape, gain: draw.spread, seed: draw.seed, index: draw.index)
    return OperationResults(outputs: ["values": values])
  }
}
