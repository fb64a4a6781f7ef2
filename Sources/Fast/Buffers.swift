import PerceptualCore

/// A new tensor whose elements `body` writes, every one of them.
func makeTensor(_ shape: [Int], _ body: (UnsafeMutablePointer<Float>) -> Void) -> Tensor<Float> {
  let count = shape.reduce(1, *)
  let elements = [Float](unsafeUninitializedCapacity: count) { buffer, initialized in
    if let base = buffer.baseAddress, count > 0 { body(base) }
    initialized = count
  }
  return Tensor(elements, shape: shape)
}

extension Tensor where Scalar == Float {
  /// The elements' address for the duration of `body`; `body` is not called for an empty tensor.
  func withPointer(_ body: (UnsafePointer<Float>) -> Void) {
    elements.withUnsafeBufferPointer { if let base = $0.baseAddress { body(base) } }
  }
}
