import PerceptualCore

/// Xavier's normal initialisation: ``normalInitialization(shape:deviation:seed:index:)`` with
///
///     deviation = gain sqrt(2 / (fanIn + fanOut))
///
/// For a convolution's weight [O, C, kH, kW] fanIn is C kH kW and fanOut O kH kW.
/// Source: Glorot and Bengio 2010, eq. 16.
public func xavierNormalInitialization<Scalar: TensorElement>(
  shape: [Int], gain: Double, seed: UInt64, index: UInt64
) -> Tensor<Scalar> {
  require(shape.count >= 2, "shape: \(shape) given, at least [O, C] is needed")
  var area = 1
  for size in shape.dropFirst(2) { area *= size }
  let (fanIn, fanOut) = (shape[1] * area, shape[0] * area)
  let deviation = gain * (2 / Double(fanIn + fanOut)).squareRoot()
  return normalInitialization(shape: shape, deviation: deviation, seed: seed, index: index)
}
