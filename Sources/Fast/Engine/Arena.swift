import Foundation
import PerceptualCore

/// The memory of a network's pass: every buffer is taken once, before the first step, and lives as long as the arena.
///
/// Large buffers lie on 2 MB boundaries and ask for large pages, which saves a table walk for every 4 kB of a sweep.
/// They are not touched, so what a pass never uses costs no memory.
public final class Arena {
  private var owned: [UnsafeMutableRawPointer] = []
  /// Bytes taken so far.
  public private(set) var bytes = 0

  public init() {}

  deinit { for pointer in owned { free(pointer) } }

  /// `count` floats on a cache line, of unspecified content; stops if the memory cannot be had.
  public func floats(_ count: Int) -> UnsafeMutablePointer<Float> {
    let size = max(count, 16) * MemoryLayout<Float>.stride
    guard let pointer = allocateLines(bytes: size) else {
      require(false, "memory: \(size) bytes cannot be had, \(bytes) are taken already")
      preconditionFailure()
    }
    owned.append(pointer)
    bytes += size
    return pointer.bindMemory(to: Float.self, capacity: max(count, 16))
  }
}

/// Memory on a cache line, to be freed with `free`; nil where there is none. From 2 MB on it lies on 2 MB and asks for
/// large pages.
func allocateLines(bytes: Int) -> UnsafeMutableRawPointer? {
  let large = 1 << 21
  var pointer: UnsafeMutableRawPointer?
  guard posix_memalign(&pointer, bytes >= large ? large : 64, bytes) == 0, let pointer else { return nil }
  #if os(Linux)
    let hugePages: Int32 = 14  // MADV_HUGEPAGE
    if bytes >= large { madvise(pointer, bytes, hugePages) }
  #endif
  return pointer
}
