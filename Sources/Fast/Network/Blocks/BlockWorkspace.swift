import PerceptualCore

/// Working memory that all blocks of a network share: scratch for the pieces of work, and the partial weight gradients
/// of one block at a time.
///
/// Each image's pieces are summed in one part or in a few, whatever the number of threads: a part sums its pieces in
/// their order and the parts of the batch are joined as ``BatchShare`` says.
package final class BlockWorkspace {
  private static let most = 16
  private static let piecesOfPart = 16

  /// Whether the blocks keep what their gradients need.
  package let keepsForGradient: Bool
  /// The images that the blocks have of the batch.
  package let share: BatchShare
  private let arena: Arena
  private var partFloats = 0
  private var isTaken = false
  private var scratchFloats = 0
  private var reservation: ScratchPool.Reservation?
  private(set) var parts: MutableFloats

  package init(keepsForGradient: Bool, _ share: BatchShare, arena: Arena) {
    self.keepsForGradient = keepsForGradient
    self.share = share
    self.arena = arena
    parts = arena.floats(0)
  }

  /// States what a block will ask for, before any block asks: scratch, and partial gradients of `part` floats of so
  /// many pieces of work an image.
  func reserve(scratch: Int, part: Int, pieces: Int) {
    scratchFloats = max(scratchFloats, scratch)
    partFloats = max(partFloats, part * share.images.count * Self.partsOfImage(share, pieces: pieces))
  }

  /// Takes the memory that was stated, at once instead of when it is first asked for: the scratch of as many threads as
  /// ``Execution/current`` has.
  package func take() {
    if isTaken { return }
    isTaken = true
    reservation = ScratchPool.reserve([.init(count: scratchFloats, copies: Execution.current.threads)])
    if keepsForGradient { parts = arena.floats(partFloats) }
  }

  /// Lends scratch of the largest reserved size: one size for all blocks, so that the same memory serves them in turn.
  func withScratch(_ body: (MutableFloats) -> Void) { ScratchPool.shared.withFloats(scratchFloats, body) }

  /// More than one where there are fewer images than threads may be.
  static func partsOfImage(_ share: BatchShare, pieces: Int) -> Int {
    let all = share.batch * pieces
    let wanted = min(most, max(min(all, 2), all / piecesOfPart))
    return min(pieces, max(1, wanted / share.batch))
  }

  /// Runs `body(image, pieces, part)` for each part, a buffer of `count` floats that the body writes, and sums them
  /// over the batch into ``parts``. The images are numbered among those of the share.
  func sumParts(pieces: Int, count: Int, _ execution: Execution, _ body: (Int, Range<Int>, MutableFloats) -> Void) {
    take()
    require(
      share.images.count * Self.partsOfImage(share, pieces: pieces) * count <= partFloats,
      "pieces: \(pieces) of \(count) floats were not reserved")
    Self.sumParts(share, pieces: pieces, count: count, parts, execution, body)
  }

  /// The same with the parts' memory given.
  static func sumParts(
    _ share: BatchShare, pieces: Int, count: Int, _ parts: MutableFloats, _ execution: Execution,
    _ body: (Int, Range<Int>, MutableFloats) -> Void
  ) {
    let each = partsOfImage(share, pieces: pieces)
    execution.forEach(share.images.count * each) { index in
      let part = index % each
      body(index / each, part * pieces / each..<(part + 1) * pieces / each, parts + index * count)
    }
    share.sum(parts, count: count, partsOfImage: each, execution)
  }
}
