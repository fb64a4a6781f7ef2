import Fast
import PerceptualCore

/// Named tensors side by side in one buffer, so that AdamW passes over all parameters in one sweep.
final class ParameterStore {
  struct Entry {
    let name: String
    let shape: [Int]
    let offset: Int
    var count: Int { shape.reduce(1, *) }
  }

  private(set) var entries: [Entry] = []
  private(set) var count = 0
  let values: UnsafeMutablePointer<Float>
  private var indices: [String: Int] = [:]
  private let arena = Arena()

  init(_ shapes: [(name: String, shape: [Int])]) {
    for (name, shape) in shapes {
      indices[name] = entries.count
      entries.append(Entry(name: name, shape: shape, offset: count))
      // Every tensor starts on a cache line.
      count += (shape.reduce(1, *) + 15) / 16 * 16
    }
    values = arena.zeros(count)
  }

  /// Zeros under the names and in the shapes of another.
  convenience init(like other: ParameterStore) { self.init(other.entries.map { ($0.name, $0.shape) }) }

  /// All by name.
  var tensors: [(name: String, tensor: Tensor<Float>)] { entries.map { ($0.name, tensor($0)) } }

  /// The address of a tensor.
  func pointer(_ name: String) -> UnsafeMutablePointer<Float> {
    guard let index = indices[name] else {
      require(false, "parameter: \(name) does not exist")
      return values
    }
    return values + entries[index].offset
  }

  func tensor(_ entry: Entry) -> Tensor<Float> { Tensor(values + entry.offset, shape: entry.shape) }

  func set(_ entry: Entry, to tensor: Tensor<Float>) {
    require(tensor.shape == entry.shape, "\(entry.name): shape \(tensor.shape) given, \(entry.shape) is needed")
    for (index, value) in tensor.elements.enumerated() { values[entry.offset + index] = value }
  }
}
