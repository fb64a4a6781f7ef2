import PerceptualCore

/// What test tensors hold. Every value is exact in Float, so that a difference is the arithmetic's.
public enum Fill: String, Sendable, CaseIterable {
  /// Integers of -3 ... 3: sums fit the mantissa, so right answers are equal bit for bit.
  case integers
  /// Normals of both signs.
  case normals
  /// Uniform in [0, 1): pictures.
  case picture
  /// Normals with NaN, infinities, signed zeros, subnormals and the largest finite number in the first, middle and last
  /// places.
  case specials

  public func tensor(_ shape: [Int], _ generator: inout SeededGenerator) -> Tensor<Double> {
    let count = shape.reduce(1, *)
    var elements: [Double] = []
    elements.reserveCapacity(count)
    for _ in 0..<count {
      switch self {
      case .integers: elements.append(Double(Int.random(in: -3...3, using: &generator)))
      case .normals, .specials: elements.append(Double(Float(generator.normal())))
      case .picture: elements.append(Double(Float(generator.uniform())))
      }
    }
    if self == .specials {
      let specials: [Float] = [
        .nan, .infinity, -.infinity, 0, -0.0, .leastNonzeroMagnitude, -.leastNormalMagnitude / 2,
        .greatestFiniteMagnitude, -.greatestFiniteMagnitude,
      ]
      for (index, place) in [0, count / 2, count - 1].enumerated() where count > 0 {
        elements[place] = Double(specials[(Int(generator.next() % 3) * 3 + index) % specials.count])
      }
    }
    return Tensor(elements, shape: shape)
  }
}
