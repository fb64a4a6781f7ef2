import PerceptualCore

/// Numbers in a caller's memory: an address alone, as unsafe as the pointer that it is.
package typealias Floats = UnsafePointer<Float>
package typealias MutableFloats = UnsafeMutablePointer<Float>

/// A new tensor whose elements `body` writes, every one of them.
func makeTensor(_ shape: [Int], _ body: (MutableFloats) -> Void) -> Tensor<Float> {
  let count = shape.reduce(1, *)
  let elements = [Float](unsafeUninitializedCapacity: count) { buffer, initialized in
    if let base = buffer.baseAddress, count > 0 {
      spoil(base, count)
      body(base)
    }
    initialized = count
  }
  return Tensor(elements, shape: shape)
}

/// Two new tensors of one shape whose elements `body` writes, every one of them.
func makeTensorPair(_ shape: [Int], _ body: (MutableFloats, MutableFloats) -> Void) -> (Tensor<Float>, Tensor<Float>) {
  var second = Tensor<Float>(shape: shape.map { _ in 0 })
  let first = makeTensor(shape) { a in
    second = makeTensor(shape) { b in body(a, b) }
  }
  return (first, second)
}

extension Tensor where Scalar == Float {
  /// The elements' address for the duration of `body`; `body` is not called for an empty tensor.
  func withPointer(_ body: (Floats) -> Void) {
    elements.withUnsafeBufferPointer { if let base = $0.baseAddress { body(base) } }
  }
}

/// The addresses of two tensors and an optional third.
func withPointers(
  _ a: Tensor<Float>, _ b: Tensor<Float>, _ c: Tensor<Float>?, _ body: (Floats, Floats, Floats?) -> Void
) {
  a.withPointer { a in
    b.withPointer { b in
      if let c { c.withPointer { body(a, b, $0) } } else { body(a, b, nil) }
    }
  }
}

func requireBias(_ bias: Tensor<Float>?, outputs: Int) {
  require(bias == nil || bias?.shape == [outputs], "bias: shape \(bias?.shape ?? []) given, [\(outputs)] is needed")
}

func requireUpstream(_ upstream: Tensor<Float>, _ shape: [Int]) {
  require(upstream.shape == shape, "upstream: shape \(upstream.shape) given, the output's \(shape) is needed")
}
