import Foundation
import PerceptualCore

/// Memory that lives as long as its owner, such as the buffers of a network's pass: taken once, before the first step.
///
/// Every buffer begins on a cache line; large ones lie on 2 MB boundaries and ask for large pages, which saves a table
/// walk for every 4 kB of a sweep.
package final class Arena {
  private var owned: [UnsafeMutableRawPointer] = []
  /// Bytes taken so far.
  package private(set) var bytes = 0

  package init() {}

  deinit { for pointer in owned { free(pointer) } }

  /// `count` floats of unspecified content; stops if the memory cannot be had. Large ones cost no memory until they are
  /// written.
  package func floats(_ count: Int) -> UnsafeMutablePointer<Float> {
    let pointer = allocateLines(count, of: Float.self)
    owned.append(UnsafeMutableRawPointer(pointer))
    bytes += count * MemoryLayout<Float>.stride
    return pointer
  }

  /// `count` floats that are 0.
  package func zeros(_ count: Int) -> UnsafeMutablePointer<Float> {
    let pointer = floats(count)
    pointer.initialize(repeating: 0, count: count)
    return pointer
  }
}

/// Numbers in memory of their own, 0 at first, from the beginning of a cache line on, so that no vector lies in two.
/// Unchecked, since whoever shares them writes them before, or each index by one thread.
final class Lines<Element: BitwiseCopyable & ExpressibleByIntegerLiteral>: @unchecked Sendable {
  let start: UnsafeMutablePointer<Element>
  let count: Int

  init(_ count: Int) {
    start = allocateLines(count, of: Element.self)
    self.count = count
    clear()
  }

  deinit { free(start) }

  func clear() { start.initialize(repeating: 0, count: count) }

  subscript(index: Int) -> Element {
    get { start[index] }
    set { start[index] = newValue }
  }
}

/// Memory on a cache line, to be freed with `free`; from 2 MB on it lies on 2 MB and asks for large pages. Stops if it
/// cannot be had.
func allocateLines<Element>(_ count: Int, of type: Element.Type) -> UnsafeMutablePointer<Element> {
  let large = 1 << 21
  let bytes = max(64, count * MemoryLayout<Element>.stride)
  var pointer: UnsafeMutableRawPointer?
  guard posix_memalign(&pointer, bytes >= large ? large : 64, bytes) == 0, let pointer else {
    require(false, "memory: \(bytes) bytes cannot be had")
    preconditionFailure()
  }
  #if os(Linux)
    let hugePages: Int32 = 14  // MADV_HUGEPAGE
    if bytes >= large { madvise(pointer, bytes, hugePages) }
  #endif
  return pointer.bindMemory(to: Element.self, capacity: max(count, 1))
}
