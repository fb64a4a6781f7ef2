import PerceptualConformance
import PerceptualCore
import Testing

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

/// What the buffer forms of a function of elements and of its gradient leave where they overwrite x and upstream.
public func inPlace(
  _ x: Tensor<Float>, upstream: Tensor<Float>,
  _ body: (_ x: UnsafeMutablePointer<Float>, _ upstream: UnsafeMutablePointer<Float>) -> Void
) -> (y: [Float], gradient: [Float]) {
  var (buffer, gradient) = (x.elements, upstream.elements)
  buffer.withUnsafeMutableBufferPointer { values in
    gradient.withUnsafeMutableBufferPointer { gradient in
      guard let x = values.baseAddress, let upstream = gradient.baseAddress else { return }
      body(x, upstream)
    }
  }
  return (buffer, gradient)
}

/// Holds a linear operation and its gradient to <f(x), y> = <x, f^T(y)>, exactly: for integers.
public func expectTranspose(of tested: any Operation.Type, _ operationCase: OperationCase<Double>) throws {
  for side in [Side.reference, .fast] {
    let results = try tested.run(side, operationCase)
    let (y, gradient) = (try #require(results.outputs["y"]), try #require(results.gradients["x"]))
    #expect(innerProduct(y, operationCase.cotangent("y")) == innerProduct(operationCase.input("x"), gradient))
  }
}
