import PerceptualCore

/// The messages that processes of one job send one another. Every process calls each in the same order.
public protocol Communicator: AnyObject, Sendable {
  /// Of this process, from 0.
  var rank: Int { get }
  var count: Int { get }

  /// Fills in the parts of the other processes: that of rank r is `bytes[r]` long, and they follow one another in
  /// `memory`.
  func gather(_ memory: UnsafeMutableRawPointer, bytes: [Int])

  /// Sends `sent[r]` bytes to each rank r and receives `received[r]` from it; the parts follow one another.
  func exchange(_ source: UnsafeRawPointer, sent: [Int], _ destination: UnsafeMutableRawPointer, received: [Int])

  /// Overwrites the memory of all others with that of rank 0.
  func broadcast(_ memory: UnsafeMutableRawPointer, bytes: Int)
}

/// The images of a batch that this process computes: all of them, or those of one rank of several.
///
/// A rank has images that follow one another. What is summed over a batch is summed for each image first, and the
/// images' sums are joined in an order that depends on the batch alone, so that every rank has the sum of one process,
/// bit for bit.
package struct BatchShare: Sendable {
  package let batch: Int
  let ranks: (any Communicator)?

  /// `ranks` nil means that this process has the whole batch. Fewer images than ranks are a caller's bug.
  package init(batch: Int, ranks: (any Communicator)? = nil) {
    require(batch >= ranks?.count ?? 1, "batch: \(batch) given, at least one image a rank is needed")
    self.batch = batch
    self.ranks = ranks.flatMap { $0.count > 1 ? $0 : nil }
  }

  /// Whether other ranks have images of the batch.
  package var isPart: Bool { ranks != nil }

  /// Of the batch, this rank's.
  package var images: Range<Int> { images(ofRank: ranks?.rank ?? 0) }

  private func images(ofRank rank: Int) -> Range<Int> {
    let count = ranks?.count ?? 1
    return rank * batch / count..<(rank + 1) * batch / count
  }

  /// Fills in the other ranks' images of [batch][count]; this rank's are written.
  package func gather<Element: BitwiseCopyable>(_ values: UnsafeMutablePointer<Element>, count: Int) {
    guard let ranks else { return }
    let bytes = (0..<ranks.count).map { images(ofRank: $0).count * count * MemoryLayout<Element>.stride }
    ranks.gather(values, bytes: bytes)
  }

  /// The sum of `parts` of `count` floats over the batch, written to the first of them. Each image has `partsOfImage`,
  /// which follow one another.
  ///
  /// The sum is that of a tree over all parts of the batch, which halves them again and again: ranks send the sums of
  /// the largest branches that they have whole, each for the part of the elements that the other adds up, and then what
  /// they have added up.
  func sum(_ parts: MutableFloats, count: Int, partsOfImage: Int, _ execution: Execution) {
    func leaves(ofRank rank: Int) -> Range<Int> {
      let images = images(ofRank: rank)
      return images.lowerBound * partsOfImage..<images.upperBound * partsOfImage
    }
    let tree = 0..<batch * partsOfImage
    let own = leaves(ofRank: ranks?.rank ?? 0)
    let branches = SumTree.branches(of: tree, within: own)
    // The sum of a branch goes where its first leaf was.
    let places = branches.map { parts + ($0.lowerBound - own.lowerBound) * count }
    for (branch, place) in zip(branches, places) {
      SumTree(of: branch, joining: branch.map { $0..<$0 + 1 }).sum(place, count: count, execution)
    }
    guard let ranks else { return }

    let slices = (0..<ranks.count).map { $0 * count / ranks.count..<($0 + 1) * count / ranks.count }
    let slice = slices[ranks.rank].count
    let all = (0..<ranks.count).map { SumTree.branches(of: tree, within: leaves(ofRank: $0)) }
    let number = all.reduce(0) { $0 + $1.count }
    ScratchPool.shared.withFloats(branches.count * count + number * slice) { sent in
      let received = sent + branches.count * count
      var to = sent
      for slice in slices {
        for place in places {
          to.update(from: place + slice.lowerBound, count: slice.count)
          to += slice.count
        }
      }
      let stride = MemoryLayout<Float>.stride
      ranks.exchange(
        sent, sent: slices.map { branches.count * $0.count * stride }, received,
        received: all.map { $0.count * slice * stride })
      SumTree(of: tree, joining: all.flatMap { $0 }).sum(received, count: slice, execution)
      (parts + slices[ranks.rank].lowerBound).update(from: received, count: slice)
    }
    ranks.gather(parts, bytes: slices.map { $0.count * MemoryLayout<Float>.stride })
  }
}

/// A binary tree over numbered leaves, each branch of which has two halves; and how the sums of branches that together
/// are the whole are joined along it.
struct SumTree {
  /// What is done next with a row of buffers: the buffer takes a branch's sum or adds it, or adds the buffer after it.
  struct Step: Equatable {
    let buffer: Int
    /// Nil for the buffer after it.
    let branch: Int?
    let adds: Bool
  }

  /// After them the tree's sum is in buffer 0.
  private(set) var steps: [Step] = []
  private(set) var buffers = 1

  init(of tree: Range<Int>, joining branches: [Range<Int>]) {
    var next = 0
    join(tree, branches, &next, buffer: 0, adds: false)
  }

  private mutating func join(
    _ range: Range<Int>, _ branches: [Range<Int>], _ next: inout Int, buffer: Int, adds: Bool
  ) {
    buffers = max(buffers, buffer + 1)
    if branches[next] == range {
      steps.append(Step(buffer: buffer, branch: next, adds: adds))
      next += 1
    } else if adds {
      join(range, branches, &next, buffer: buffer + 1, adds: false)
      steps.append(Step(buffer: buffer, branch: nil, adds: true))
    } else {
      let middle = Self.middle(range)
      join(range.lowerBound..<middle, branches, &next, buffer: buffer, adds: false)
      join(middle..<range.upperBound, branches, &next, buffer: buffer, adds: true)
    }
  }

  /// Writes the sum of branches of `count` elements, which follow one another, over the first.
  func sum(_ branches: MutableFloats, count: Int, _ execution: Execution) {
    if steps.count == 1 { return }
    let kernels = execution.kernels
    // Buffers that stay in the first caches.
    execution.forEachPiece(of: count, grain: 1 << 11) { offset, length in
      ScratchPool.shared.withFloats(buffers * length) { row in
        for step in steps {
          let to = row + step.buffer * length
          let from = step.branch.map { branches + ($0 * count + offset) } ?? to + length
          if step.adds { kernels.accumulate(from, to, count: length) } else { to.update(from: from, count: length) }
        }
        (branches + offset).update(from: row, count: length)
      }
    }
  }

  private static func middle(_ range: Range<Int>) -> Int { range.lowerBound + range.count / 2 }

  /// The largest branches of a tree that lie within `leaves`, in their order.
  static func branches(of tree: Range<Int>, within leaves: Range<Int>) -> [Range<Int>] {
    if tree.clamped(to: leaves).isEmpty { return [] }
    if tree.clamped(to: leaves) == tree { return [tree] }
    let middle = middle(tree)
    return branches(of: tree.lowerBound..<middle, within: leaves)
      + branches(of: middle..<tree.upperBound, within: leaves)
  }
}
