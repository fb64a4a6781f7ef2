import Synchronization

/// Working memory that outlives a call: a training loop asks for the same sizes over and over, and fresh pages cost more
/// than the arithmetic on them.
struct ScratchPool: ~Copyable, Sendable {
  private struct Block {
    let address: UInt
    let count: Int
  }

  static let shared = ScratchPool()
  private let free = Mutex<[Block]>([])

  /// Lends `count` floats, aligned to 64 bytes and of unspecified content, for the duration of `body`.
  func withFloats<Result>(_ count: Int, _ body: (UnsafeMutablePointer<Float>) -> Result) -> Result {
    let block = take(count)
    defer { free.withLock { $0.append(block) } }
    // The address came from `allocate`, so it is never 0.
    guard let pointer = UnsafeMutablePointer<Float>(bitPattern: block.address) else { preconditionFailure() }
    return body(pointer)
  }

  /// The smallest free block that fits, or a new one in place of the largest that does not.
  private func take(_ count: Int) -> Block {
    let reused = free.withLock { blocks -> Block? in
      if let best = blocks.indices.filter({ blocks[$0].count >= count }).min(by: { blocks[$0].count < blocks[$1].count })
      {
        return blocks.remove(at: best)
      }
      if blocks.count > 8, let largest = blocks.indices.max(by: { blocks[$0].count < blocks[$1].count }) {
        let outgrown = blocks.remove(at: largest)
        UnsafeMutablePointer<Float>(bitPattern: outgrown.address)?.deallocate()
      }
      return nil
    }
    if let reused { return reused }
    let pointer = UnsafeMutableRawPointer.allocate(byteCount: max(count, 1) * 4, alignment: 64)
    return Block(address: UInt(bitPattern: pointer.bindMemory(to: Float.self, capacity: count)), count: count)
  }
}
