import PerceptualCore

/// Hard quantisation: the nearest centre, the lower of two at equal distance. Shape: any, kept. NaN stays NaN.
public func hardQuantization(_ x: Tensor<Float>, centres: [Double] = [-1, 1]) -> Tensor<Float> {
  makeTensor(x.shape) { hardQuantization(x.elements, $0, count: x.count, centres: centres) }
}

/// ``hardQuantization(_:centres:)`` on a caller's buffers; y may be x.
public func hardQuantization(
  _ x: UnsafePointer<Float>, _ y: UnsafeMutablePointer<Float>, count: Int, centres: [Double]
) {
  requireCentres(centres)
  let sorted = centres.sorted()
  let values = sorted.map { Float($0) }
  Execution.current.forEachPiece(of: count) { offset, length in
    for i in offset..<offset + length { y[i] = x[i].isNaN ? x[i] : values[nearest(x[i], sorted)] }
  }
}

/// The index of the nearest centre, counted from the lowest centre; a tie goes to the lower, NaN to the lowest.
public func hardQuantizationIndices(_ x: Tensor<Float>, centres: [Double] = [-1, 1]) -> [Int] {
  requireCentres(centres)
  let sorted = centres.sorted()
  return x.elements.map { nearest($0, sorted) }
}

/// The number of midpoints below x. In Double the midpoint of two centres is exact enough to decide a tie.
@inline(__always)
private func nearest(_ x: Float, _ sorted: [Double]) -> Int {
  var index = 0
  for j in 1..<max(1, sorted.count) where Double(x) > (sorted[j - 1] + sorted[j]) / 2 { index = j }
  return index
}
