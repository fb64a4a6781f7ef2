import PerceptualCore

/// PyTorch's default initialisation of a convolution's weight or bias, drawn from our generator: uniform in
/// +-1 / sqrt(fanIn).
///
/// value = bound (2 u - 1), u draw `index` of stream 1 of `seed`, computed in Float. For a convolution fanIn is input
/// channels x kernel area, for a transposed one PyTorch counts output channels x kernel area.
public func defaultInitialization(shape: [Int], fanIn: Int, seed: UInt64, index: UInt64) -> Tensor<Float> {
  require(fanIn > 0, "fanIn: \(fanIn) given, at least 1 is needed")
  let bound = Float(1 / Double(fanIn).squareRoot())
  let draws = uniformNoise(seed: seed, stream: .weights, index: index, count: shape.reduce(1, *))
  return Tensor(draws.map { bound * (2 * $0 - 1) }, shape: shape)
}
