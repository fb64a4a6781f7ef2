import PerceptualCore

/// sum a b, for properties that hold exactly on integers.
public func innerProduct(_ a: Tensor<Double>, _ b: Tensor<Double>) -> Double {
  require(a.shape == b.shape, "b: shape \(b.shape), a has \(a.shape)")
  return zip(a.elements, b.elements).reduce(0) { $0 + $1.0 * $1.1 }
}

/// The root of the mean of (a - b)^2.
public func rootMeanSquareDistance(_ a: Tensor<Float>, _ b: Tensor<Double>) -> Double {
  require(a.shape == b.shape, "b: shape \(b.shape), a has \(a.shape)")
  var sum = 0.0
  for index in 0..<b.count { sum += (Double(a[index]) - b[index]) * (Double(a[index]) - b[index]) }
  return (sum / Double(b.count)).squareRoot()
}

/// Mean and biased variance, in Double.
public func meanAndVariance(_ values: some Collection<some BinaryFloatingPoint>) -> (mean: Double, variance: Double) {
  let n = Double(values.count)
  let mean = values.reduce(0) { $0 + Double($1) } / n
  return (mean, values.reduce(0) { $0 + (Double($1) - mean) * (Double($1) - mean) } / n)
}
