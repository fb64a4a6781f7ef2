import Foundation
import PerceptualCore

/// Memory that lives as long as its owner, such as the buffers of a network's pass: taken once, before the first step.
///
/// Every buffer begins on a cache line; large ones lie on 2 MB boundaries and ask for large pages, which saves a table
/// walk for every 4 kB of a sweep.
package final class Arena {
  private var owned: [(start: MutableFloats, count: Int)] = []
  /// Bytes taken so far.
  package private(set) var bytes = 0

  package init() {}

  deinit { for memory in owned { freeLines(memory.start, memory.count) } }

  /// `count` floats of unspecified content; stops if the memory cannot be had. Large ones cost no memory until they are
  /// written.
  package func floats(_ count: Int) -> MutableFloats {
    let pointer = allocateLines(count, of: Float.self)
    owned.append((pointer, count))
    bytes += count * MemoryLayout<Float>.stride
    return pointer
  }

  /// `count` floats that are 0.
  package func zeros(_ count: Int) -> MutableFloats {
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

  convenience init(_ elements: [Element]) {
    self.init(elements.count)
    start.update(from: elements, count: count)
  }

  deinit { freeLines(start, count) }

  /// The sum of all, in their order.
  func sum() -> Element where Element: AdditiveArithmetic { (0..<count).reduce(.zero) { $0 + start[$1] } }

  func clear() { start.initialize(repeating: 0, count: count) }

  subscript(index: Int) -> Element {
    get { start[index] }
    set { start[index] = newValue }
  }
}

/// Memory on a cache line, to be given back with ``freeLines(_:_:)``. From 2 MB on it is pages of its own, which leave
/// no hole in the heap when they go; they lie on 2 MB and ask for large pages. Stops if it cannot be had.
func allocateLines<Element>(_ count: Int, of type: Element.Type) -> UnsafeMutablePointer<Element> {
  let bytes = lineBytes(count, type)
  var pointer: UnsafeMutableRawPointer?
  if bytes < largePage {
    if posix_memalign(&pointer, 64, bytes) != 0 { pointer = nil }
  } else if let mapped = mmap(
    nil, bytes + largePage, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0), mapped != MAP_FAILED
  {
    let before = -Int(bitPattern: mapped) & (largePage - 1)
    if before > 0 { munmap(mapped, before) }
    if before < largePage { munmap(mapped + before + bytes, largePage - before) }
    #if os(Linux)
      let hugePages: Int32 = 14  // MADV_HUGEPAGE
      madvise(mapped + before, bytes, hugePages)
    #endif
    pointer = mapped + before
  }
  guard let pointer else {
    require(false, "memory: \(bytes) bytes cannot be had")
    preconditionFailure()
  }
  let elements = pointer.bindMemory(to: Element.self, capacity: max(count, 1))
  spoil(elements, count)
  return elements
}

/// In debug builds memory of unspecified content is NaN, so that a test sees who reads what nobody wrote.
func spoil<Element>(_ pointer: UnsafeMutablePointer<Element>, _ count: Int) {
  #if DEBUG
    memset(pointer, 0xFF, count * MemoryLayout<Element>.stride)
  #endif
}

/// Gives back what ``allocateLines(_:of:)`` made, with the same count.
func freeLines<Element>(_ pointer: UnsafeMutablePointer<Element>, _ count: Int) {
  let bytes = lineBytes(count, Element.self)
  if bytes < largePage { free(pointer) } else { munmap(pointer, bytes) }
}

private let largePage = 1 << 21

/// Whole pages where it is pages.
private func lineBytes<Element>(_ count: Int, _ type: Element.Type) -> Int {
  let bytes = max(64, count * MemoryLayout<Element>.stride)
  let page = Int(getpagesize())
  return bytes < largePage ? bytes : (bytes + page - 1) / page * page
}
