import Foundation
import PerceptualCore

/// Standard normals from our generator, by Box and Muller: the uniforms u of draw `index` of a stream, two at a time,
/// give
///
///     sqrt(-2 ln(1 - u0)) cos(2 pi u1) and sqrt(-2 ln(1 - u0)) sin(2 pi u1)
///
/// in Double, rounded once. None is beyond 5.77, where 1 - u0 is 2^-24.
/// Source: Box and Muller 1958.
public func normalNoise(seed: UInt64, stream: RandomStream, index: UInt64, count: Int) -> [Float] {
  require(count >= 0, "count: \(count) given, at least 0 is needed")
  let uniforms = uniformNoise(seed: seed, stream: stream, index: index, count: count + count % 2)
  var values: [Float] = []
  values.reserveCapacity(count + 1)
  for pair in 0..<(count + 1) / 2 {
    let radius = (-2 * log(1 - Double(uniforms[2 * pair]))).squareRoot()
    let angle = 2 * Double.pi * Double(uniforms[2 * pair + 1])
    values.append(Float(radius * cos(angle)))
    values.append(Float(radius * sin(angle)))
  }
  return Array(values.prefix(count))
}

/// Normal initialisation: draw `index` of stream 1 of `seed`, with mean 0 and a standard deviation.
public func normalInitialization(shape: [Int], deviation: Double, seed: UInt64, index: UInt64) -> Tensor<Float> {
  let draws = normalNoise(seed: seed, stream: .weights, index: index, count: shape.reduce(1, *))
  return Tensor(draws.map { Float(deviation) * $0 }, shape: shape)
}
