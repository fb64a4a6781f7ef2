import PerceptualCore

/// Hard quantisation: y is the centre nearest to x, the lower one of two at equal distance.
///
/// Shape: any, kept. NaN stays NaN; an infinity goes to the outermost centre. Stops without a centre.
@specialized(where Scalar == Double)
@specialized(where Scalar == Float)
public func hardQuantization<Scalar: TensorElement>(
  _ x: Tensor<Scalar>, centres: [Double] = [-1, 1]
) -> Tensor<Scalar> {
  let ascending = ascendingCentres(centres)
  return x.map { $0.isNaN ? $0 : Scalar(ascending[nearest($0, ascending)]) }
}

/// The index of the nearest centre, counted from the lowest one; a tie goes to the lower, NaN to the lowest.
@specialized(where Scalar == Double)
@specialized(where Scalar == Float)
public func hardQuantizationIndices<Scalar: TensorElement>(_ x: Tensor<Scalar>, centres: [Double] = [-1, 1]) -> [Int] {
  let ascending = ascendingCentres(centres)
  return x.elements.map { nearest($0, ascending) }
}

/// The number of midpoints between neighbouring centres below x. (Two distances to x would round to a tie too often.)
private func nearest<Scalar: TensorElement>(_ x: Scalar, _ ascending: [Double]) -> Int {
  var index = 0
  for j in ascending.indices.dropFirst() where Double(x) > (ascending[j - 1] + ascending[j]) / 2 { index = j }
  return index
}

private func ascendingCentres(_ centres: [Double]) -> [Double] {
  require(!centres.isEmpty, "centres: none given, at least one is needed")
  return centres.sorted()
}
