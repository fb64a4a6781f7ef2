import PerceptualCore

/// A product of extents, nil where it or any partial product is beyond Int (a 0 may stand after such a one).
package func checkedProduct(_ extents: [Int], times first: Int = 1) -> Int? {
  var result = first
  for extent in extents {
    let (product, overflow) = result.multipliedReportingOverflow(by: extent)
    if overflow { return nil }
    result = product
  }
  return result
}

/// A tensor and the number format it has in a file.
public enum StoredTensor: Equatable, Sendable {
  case float64(Tensor<Double>)
  case float32(Tensor<Float>)
  /// IEEE half precision, widened; written rounded to nearest, ties to even.
  case float16(Tensor<Float>)
  /// The upper half of a Float, widened; written rounded to nearest, ties to even.
  case bfloat16(Tensor<Float>)
  /// Integers, such as PyTorch's `num_batches_tracked`.
  case int64([Int64], shape: [Int])

  public var shape: [Int] {
    switch self {
    case .float64(let tensor): tensor.shape
    case .float32(let tensor), .float16(let tensor), .bfloat16(let tensor): tensor.shape
    case .int64(_, let shape): shape
    }
  }

  public var count: Int { shape.reduce(1, *) }

  /// The format's name in safetensors: F64, F32, F16, BF16 or I64.
  public var typeName: String { type.rawValue }

  /// The elements in Double, exactly (integers beyond 2^53 are rounded).
  public var double: Tensor<Double> {
    switch self {
    case .float64(let tensor): tensor
    case .float32(let tensor), .float16(let tensor), .bfloat16(let tensor): tensor.converted()
    case .int64(let elements, let shape): Tensor(elements.map { Double($0) }, shape: shape)
    }
  }

  /// The elements in Float, rounded where they are Double or large integers.
  public var float: Tensor<Float> {
    switch self {
    case .float64(let tensor): tensor.converted()
    case .float32(let tensor), .float16(let tensor), .bfloat16(let tensor): tensor
    case .int64(let elements, let shape): Tensor(elements.map { Float($0) }, shape: shape)
    }
  }

  /// The number formats that are read and written.
  enum ElementType: String, CaseIterable {
    case float64 = "F64"
    case int64 = "I64"
    case float32 = "F32"
    case float16 = "F16"
    case bfloat16 = "BF16"

    var size: Int {
      switch self {
      case .float64, .int64: 8
      case .float32: 4
      case .float16, .bfloat16: 2
      }
    }
  }

  var type: ElementType {
    switch self {
    case .float64: .float64
    case .float32: .float32
    case .float16: .float16
    case .bfloat16: .bfloat16
    case .int64: .int64
    }
  }

  init(
    _ type: ElementType, shape: [Int], from source: ByteSource, at offset: Int
  ) throws(PerceptualError) {
    let count = shape.reduce(1, *)
    switch type {
    case .float64:
      self = .float64(Tensor(try source.array(at: offset, count: count, of: Double.self), shape: shape))
    case .float32:
      self = .float32(Tensor(try source.array(at: offset, count: count, of: Float.self), shape: shape))
    case .float16:
      let halves = try source.array(at: offset, count: count, of: UInt16.self)
      self = .float16(Tensor(halves.map { widened(half: $0) }, shape: shape))
    case .bfloat16:
      let brains = try source.array(at: offset, count: count, of: UInt16.self)
      self = .bfloat16(Tensor(brains.map { widened(brain: $0) }, shape: shape))
    case .int64:
      self = .int64(try source.array(at: offset, count: count, of: Int64.self), shape: shape)
    }
  }

  /// The elements as they stand in a file.
  var bytes: [UInt8] {
    func raw<Element: BitwiseCopyable>(_ elements: [Element]) -> [UInt8] { elements.withUnsafeBytes { Array($0) } }
    return switch self {
    case .float64(let tensor): raw(tensor.elements)
    case .float32(let tensor): raw(tensor.elements)
    case .float16(let tensor): raw(tensor.elements.map(roundedToHalf))
    case .bfloat16(let tensor): raw(tensor.elements.map(roundedToBrain))
    case .int64(let elements, _): raw(elements)
    }
  }
}
