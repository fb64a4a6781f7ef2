import Fast
import PerceptualCore
import Reference

/// Normals whose standard deviation follows from the fans.
enum XavierNormalInitialization: InitializationOperation {
  static let name = "xavierNormalInitialization"
  static let spread = "gain"
  static let leastRank = 2

  static func reference<Scalar: BinaryFloatingPoint & Sendable>(_ draw: InitialDraw) -> Tensor<Scalar> {
    Reference.xavierNormalInitialization(shape: draw.shape, gain: draw.spread, seed: draw.seed, index: draw.index)
  }

  static func fast(_ draw: InitialDraw) -> Tensor<Float> {
    Fast.xavierNormalInitialization(shape: draw.shape, gain: draw.spread, seed: draw.seed, index: draw.index)
  }
}
