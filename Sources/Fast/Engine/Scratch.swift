import Foundation
import PerceptualCore

/// Working memory that outlives a call: a training loop asks for the same sizes over and over, and fresh pages cost
/// more than the arithmetic on them. Of what nobody uses or has reserved at most ``most`` bytes are kept.
struct ScratchPool: ~Copyable, Sendable {
  private struct Block {
    let address: UInt
    let count: Int
  }

  private struct Contents {
    /// The one that was given back longest ago first.
    var blocks: [Block] = []
    var floats = 0
    var reserved = 0

    mutating func remove(at index: Int) -> Block {
      let block = blocks.remove(at: index)
      floats -= block.count
      return block
    }

    /// Frees what is more than may be kept: blocks that are too large by themselves, then those given back longest ago.
    mutating func shrink() {
      let most = reserved + ScratchPool.most / MemoryLayout<Float>.stride
      while floats > most { ScratchPool.free(remove(at: blocks.firstIndex { $0.count > most } ?? 0)) }
    }
  }

  static let shared = ScratchPool()
  static let most = 1 << 28
  private let free = Guarded(Contents())

  /// Lends `count` floats, aligned to 64 bytes and of unspecified content, for the duration of `body`. Nothing is
  /// allocated where a free block is large enough.
  func withFloats<Result>(_ count: Int, _ body: (MutableFloats) -> Result) -> Result {
    let block = take(count)
    defer { give(block) }
    // The address came from `allocate`, so it is never 0.
    guard let pointer = MutableFloats(bitPattern: block.address) else { preconditionFailure() }
    spoil(pointer, count)
    return body(pointer)
  }

  /// The same for numbers in double precision.
  func withDoubles<Result>(_ count: Int, _ body: (UnsafeMutablePointer<Double>) -> Result) -> Result {
    withFloats(2 * count) { body(UnsafeMutableRawPointer($0).bindMemory(to: Double.self, capacity: count)) }
  }

  /// Blocks of one size that are needed at the same time.
  struct Demand {
    let count: Int
    let copies: Int
  }

  /// Keeps what was reserved in the pool for as long as it lives.
  final class Reservation: Sendable {
    private let floats: Int

    fileprivate init(_ floats: Int) {
      self.floats = floats
      ScratchPool.shared.free.withLock { $0.reserved += floats }
    }

    deinit {
      ScratchPool.shared.free.withLock { contents in
        contents.reserved -= floats
        contents.shrink()
      }
    }
  }

  /// Sees to it that all of these blocks can be lent at a time.
  static func reserve(_ demands: [Demand]) -> Reservation {
    let reservation = Reservation(demands.reduce(0) { $0 + $1.count * $1.copies })
    var needed = 0
    for demand in demands.sorted(by: { $0.count > $1.count }) {
      // A larger block serves too, once those that need it have theirs.
      needed += demand.copies
      let present = shared.free.withLock { contents in contents.blocks.count { $0.count >= demand.count } }
      if present < needed { for _ in present..<needed { shared.give(allocate(demand.count)) } }
    }
    return reservation
  }

  private func give(_ block: Block) {
    free.withLock { contents in
      contents.blocks.append(block)
      contents.floats += block.count
      contents.shrink()
    }
  }

  /// The smallest free block that fits, or a new one.
  private func take(_ count: Int) -> Block {
    let reused = free.withLock { contents -> Block? in
      var best: Int?
      var least = Int.max
      for (place, block) in contents.blocks.enumerated() where block.count >= count && block.count < least {
        (best, least) = (place, block.count)
      }
      return best.map { contents.remove(at: $0) }
    }
    return reused ?? Self.allocate(count)
  }

  private static func allocate(_ count: Int) -> Block {
    Block(address: UInt(bitPattern: allocateLines(count, of: Float.self)), count: count)
  }

  private static func free(_ block: Block) {
    guard let pointer = MutableFloats(bitPattern: block.address) else { preconditionFailure() }
    freeLines(pointer, block.count)
  }

  /// Bytes that are free to lend.
  var bytes: Int { free.withLock { $0.floats * MemoryLayout<Float>.stride } }

  /// Frees what is not lent.
  func clear() {
    free.withLock { contents in while !contents.blocks.isEmpty { Self.free(contents.remove(at: 0)) } }
  }
}
