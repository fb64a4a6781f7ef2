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
  func exchange(
    _ source: UnsafeRawPointer, sent: [Int], _ destination: UnsafeMutableRawPointer, received: [Int])

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
  func sum(
    _ parts: UnsafeMutablePointer<Float>, count: Int, partsOfImage: Int, _ execution: Execution
  ) {
    func leaves(ofRank rank: Int) -> Range<Int> {
      let images = images(ofRank: rank)
      return images.lowerBound * partsOfImage..<images.upperBound * partsOfImage
    }
    let tree = 0..<batch * partsOfImage
    let own = leaves(ofRank: ranks?.rank ?? 0)
    let branches = SumTree.branches(of: tree, within: own)
    func add(_ sums: [SumTree.Addition], _ memory: UnsafeMutablePointer<Float>, pitch: Int) {
      execution.forEachPiece(of: pitch, grain: 1 << 12) { offset, length in
        for sum in sums {
          execution.kernels.accumulate(
            memory + sum.other * pitch + offset, memory + sum.place * pitch + offset, count: length)
        }
      }
    }
    // Leaf i of this rank lies at place i, the sum of a branch where its first leaf was.
    let places = branches.map { $0.lowerBound - own.lowerBound }
    add(
      branches.flatMap { branch in
        SumTree.additions(of: branch, joining: branch.map { $0..<$0 + 1 }).map {
          .init(
            place: $0.place + branch.lowerBound - own.lowerBound, other: $0.other + branch.lowerBound - own.lowerBound)
        }
      }, parts, pitch: count)
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
          to.update(from: parts + place * count + slice.lowerBound, count: slice.count)
          to += slice.count
        }
      }
      let stride = MemoryLayout<Float>.stride
      ranks.exchange(
        sent, sent: slices.map { branches.count * $0.count * stride }, received,
        received: all.map { $0.count * slice * stride })
      add(SumTree.additions(of: tree, joining: all.flatMap { $0 }), received, pitch: slice)
      (parts + slices[ranks.rank].lowerBound).update(from: received, count: slice)
    }
    ranks.gather(parts, bytes: slices.map { $0.count * MemoryLayout<Float>.stride })
  }
}

/// A binary tree over numbered leaves, each branch of which has two halves.
enum SumTree {
  /// The sum at `place` takes in that at `other`.
  struct Addition {
    let place: Int
    let other: Int
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

  /// The additions that join the sums of branches which together are the whole tree, in their order; the places are
  /// those in `branches`, and the tree's sum is at 0.
  static func additions(of tree: Range<Int>, joining branches: [Range<Int>]) -> [Addition] {
    var additions: [Addition] = []
    var next = 0
    func join(_ range: Range<Int>) -> Int {
      if branches[next] == range {
        next += 1
        return next - 1
      }
      let left = join(range.lowerBound..<middle(range))
      let right = join(middle(range)..<range.upperBound)
      additions.append(Addition(place: left, other: right))
      return left
    }
    _ = join(tree)
    return additions
  }
}
