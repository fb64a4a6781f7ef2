import PerceptualCore

/// Xavier's normal initialisation: standard deviation gain sqrt(2 / (fanIn + fanOut)). For a convolution's weight
/// [O, C, kH, kW] fanIn is C kH kW and fanOut O kH kW; the gain of a leaky ReLU is sqrt(2 / (1 + slope^2)).
/// Source: Glorot and Bengio 2010, eq. 16.
public func xavierNormalInitialization(shape: [Int], gain: Double, seed: UInt64, index: UInt64) -> Tensor<Float> {
  require(shape.count >= 2, "shape: \(shape) given, at least [O, C] is needed")
  let area = shape.dropFirst(2).reduce(1, *)
  let deviation = gain * (2 / Double((shape[0] + shape[1]) * area)).squareRoot()
  return normalInitialization(shape: shape, deviation: deviation, seed: seed, index: index)
}
