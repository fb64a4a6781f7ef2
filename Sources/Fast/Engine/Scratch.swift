import Foundation
import PerceptualCore

/// Working memory that outlives a call: a training loop asks for the same sizes over and over, and fresh pages cost
/// more than the arithmetic on them.
struct ScratchPool: ~Copyable, Sendable {
  private struct Block {
    let address: UInt
    let count: Int
  }

  static let shared = ScratchPool()
  private let free = Guarded<[Block]>([])
  /// Free blocks to keep, unless more were reserved at once.
  private static let leastLimit = 8
  private let limit = Guarded<Int>(leastLimit)

  /// Lends `count` floats, aligned to 64 bytes and of unspecified content, for the duration of `body`. Nothing is
  /// allocated where a free block is large enough.
  func withFloats<Result>(_ count: Int, _ body: (UnsafeMutablePointer<Float>) -> Result) -> Result {
    let block = take(count)
    defer { give(block) }
    // The address came from `allocate`, so it is never 0.
    guard let pointer = UnsafeMutablePointer<Float>(bitPattern: block.address) else { preconditionFailure() }
    return body(pointer)
  }

  /// Blocks of one size that are needed at the same time.
  struct Demand {
    let count: Int
    let copies: Int
  }

  /// Sees to it that all of these blocks can be lent at a time.
  func reserve(_ demands: [Demand]) {
    let copies = demands.reduce(0) { $0 + $1.copies }
    limit.withLock { $0 = max($0, Self.leastLimit + copies) }
    var needed = 0
    for demand in demands.sorted(by: { $0.count > $1.count }) {
      // A larger block serves too, once those that need it have theirs.
      needed += demand.copies
      let present = free.withLock { blocks in blocks.count { $0.count >= demand.count } }
      if present < needed { for _ in present..<needed { give(allocate(demand.count)) } }
    }
  }

  private func give(_ block: Block) { free.withLock { $0.append(block) } }

  /// The smallest free block that fits, or a new one.
  private func take(_ count: Int) -> Block {
    let reused = free.withLock { blocks -> Block? in
      var best: Int?
      var least = Int.max
      for place in blocks.indices where blocks[place].count >= count && blocks[place].count < least {
        (best, least) = (place, blocks[place].count)
      }
      return best.map { blocks.remove(at: $0) }
    }
    return reused ?? allocate(count)
  }

  /// A new block; where there are many, in place of the largest that is smaller.
  private func allocate(_ count: Int) -> Block {
    let limit = limit.withLock { $0 }
    free.withLock { blocks in
      let small = blocks.indices.filter { blocks[$0].count < count }
      if blocks.count > limit, let largest = small.max(by: { blocks[$0].count < blocks[$1].count }) {
        Foundation.free(UnsafeMutableRawPointer(bitPattern: blocks.remove(at: largest).address))
      }
    }
    return Block(address: UInt(bitPattern: allocateLines(count, of: Float.self)), count: count)
  }

  /// Frees what is not lent.
  func clear() {
    free.withLock { blocks in
      for block in blocks { Foundation.free(UnsafeMutableRawPointer(bitPattern: block.address)) }
      blocks = []
    }
    limit.withLock { $0 = Self.leastLimit }
  }
}
