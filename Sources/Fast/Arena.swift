import Foundation
import PerceptualCore

/// The memory of a network's pass: every buffer is taken once, before the first step, and lives as long as the arena.
///
/// Large buffers lie on 2 MB boundaries and ask for large pages, which saves a table walk for every 4 kB of a sweep. They
/// are not touched, so what a pass never uses costs no memory.
public final class Arena {
  private var owned: [UnsafeMutableRawPointer] = []
  /// Bytes taken so far.
  public private(set) var bytes = 0

  public init() {}

  deinit { for pointer in owned { free(pointer) } }

  /// `count` floats on a cache line, of unspecified content; stops if the memory cannot be had.
  public func floats(_ count: Int) -> UnsafeMutablePointer<Float> {
    let size = max(count, 16) * MemoryLayout<Float>.stride
    let large = 1 << 21
    var pointer: UnsafeMutableRawPointer?
    let status = posix_memalign(&pointer, size >= large ? large : 64, size)
    require(status == 0 && pointer != nil, "memory: \(size) bytes cannot be had, \(bytes) are taken already")
    guard let pointer else { preconditionFailure() }
    #if os(Linux)
      if size >= large { madvise(pointer, size, 14 /* MADV_HUGEPAGE */) }
    #endif
    owned.append(pointer)
    bytes += size
    return pointer.bindMemory(to: Float.self, capacity: max(count, 16))
  }
}
