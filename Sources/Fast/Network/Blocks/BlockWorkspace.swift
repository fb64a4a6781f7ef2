import PerceptualCore

/// Working memory that all blocks of a network share: scratch for the pieces of work, and the partial weight gradients
/// of one block at a time.
///
/// The pieces of a batch are cut into at most sixteen parts, whatever the number of threads; each part sums its pieces
/// in their order and the parts are joined in theirs.
package final class BlockWorkspace {
  private static let most = 16
  private static let piecesOfPart = 16

  /// Whether the blocks keep what their gradients need.
  package let keepsForGradient: Bool
  private let arena: Arena
  private var partFloats = 0
  private var isTaken = false
  private var scratchFloats = 0
  private(set) var parts: UnsafeMutablePointer<Float>

  package init(keepsForGradient: Bool, arena: Arena) {
    self.keepsForGradient = keepsForGradient
    self.arena = arena
    parts = arena.floats(0)
  }

  /// States what a block will ask for, before any block asks: scratch, and partial gradients of `part` floats of so
  /// many pieces of work.
  func reserve(scratch: Int, part: Int, pieces: Int) {
    scratchFloats = max(scratchFloats, scratch)
    partFloats = max(partFloats, part * Self.parts(of: pieces))
  }

  /// Takes the memory that was stated, at once instead of when it is first asked for: the scratch of as many threads as
  /// ``Execution/current`` has.
  package func take() {
    if isTaken { return }
    isTaken = true
    ScratchPool.shared.reserve([.init(count: scratchFloats, copies: Execution.current.threads)])
    if keepsForGradient { parts = arena.floats(partFloats) }
  }

  /// Lends scratch of the largest reserved size: one size for all blocks, so that the same memory serves them in turn.
  func withScratch(_ body: (UnsafeMutablePointer<Float>) -> Void) {
    ScratchPool.shared.withFloats(scratchFloats, body)
  }

  /// A multiple of four where there are that many, so that two or four threads have equal shares.
  static func parts(of pieces: Int) -> Int {
    let wanted = min(most, max(min(pieces, 2), pieces / piecesOfPart))
    return wanted < 4 ? wanted : wanted / 4 * 4
  }

  /// Runs `body(pieces, part)` for each part, a buffer of `count` floats that the body writes, and returns how many
  /// parts there were.
  func forEachPart(
    of pieces: Int, count: Int, _ execution: Execution, _ body: (Range<Int>, UnsafeMutablePointer<Float>) -> Void
  ) -> Int {
    take()
    require(Self.parts(of: pieces) * count <= partFloats, "pieces: \(pieces) of \(count) floats were not reserved")
    return Self.forEachPart(of: pieces, count: count, parts, execution, body)
  }

  /// The same with the parts' memory given.
  static func forEachPart(
    of pieces: Int, count: Int, _ parts: UnsafeMutablePointer<Float>, _ execution: Execution,
    _ body: (Range<Int>, UnsafeMutablePointer<Float>) -> Void
  ) -> Int {
    let number = Self.parts(of: pieces)
    execution.forEach(number) { index in
      body(index * pieces / number..<(index + 1) * pieces / number, parts + index * count)
    }
    return number
  }
}
