import Foundation
import PerceptualCore

/// Normal initialisation: numbers of mean 0 and a standard deviation, from the uniforms u of our generator with key
/// (seed, 1) and counter (0, 0, index, 0), two at a time, by Box and Muller:
///
///     deviation sqrt(-2 ln(1 - u0)) cos(2 pi u1) and deviation sqrt(-2 ln(1 - u0)) sin(2 pi u1)
///
/// An odd last number has the cosine alone. None is beyond 5.77 deviations, where 1 - u0 is 2^-24.
/// Source: Box and Muller 1958.
public func normalInitialization<Scalar: TensorElement>(
  shape: [Int], deviation: Double, seed: UInt64, index: UInt64
) -> Tensor<Scalar> {
  let count = shape.reduce(1, *)
  let uniforms = uniformNoise(key: [seed, 1], counter: [0, 0, index, 0], count: count + count % 2)
  var y = Tensor<Scalar>(shape: shape)
  for i in 0..<count {
    let first = Double(uniforms[i - i % 2])
    let second = Double(uniforms[i - i % 2 + 1])
    let radius = (-2 * log(1 - first)).squareRoot()
    let angle = 2 * Double.pi * second
    y[i] = Scalar(deviation * radius * (i % 2 == 0 ? cos(angle) : sin(angle)))
  }
  return y
}
