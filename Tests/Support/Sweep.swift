import PerceptualCore
import PerceptualFiles

/// Every 20 011th bit pattern of Float: all binades of both signs, subnormals, infinities and NaN among them.
public let floatSweep: Tensor<Double> = {
  let stride: UInt32 = 20_011
  var elements = (0..<UInt32.max / stride).map { Double(Float(bitPattern: $0 * stride)) }
  elements += [.infinity, -.infinity, .nan, 0, -0.0]
  return Tensor(elements)
}()

/// A table of shapes that every element-wise operation goes through.
public func elementwiseSamples(_ attributes: [String: JSONValue] = [:]) -> [Sample] {
  [
    Sample("one element", ["x": [1]], attributes), Sample("rank 0", ["x": []], attributes),
    Sample("one past 4", ["x": [5]], attributes), Sample("one past 8", ["x": [3, 3]], attributes),
    Sample("one past 16 and 32", ["x": [3, 17, 33]], attributes), Sample("one past 64", ["x": [65]], attributes),
    Sample("a prime number", ["x": [31]], attributes),
    Sample("more than one piece of work", ["x": [2, 65_537]], attributes),
  ]
}
