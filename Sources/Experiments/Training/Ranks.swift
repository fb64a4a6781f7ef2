import Fast
import PerceptualCore

extension (any Communicator)? {
  /// Runs what may fail on one rank and not on another. Where it fails on any, all throw what the first of these does.
  public func agreed<Result>(_ body: () throws(PerceptualError) -> Result) throws(PerceptualError) -> Result {
    guard let self else { return try body() }
    let failure: PerceptualError
    do throws(PerceptualError) {
      let result = try body()
      guard let other = self.firstFailure(nil) else { return result }
      failure = other
    } catch {
      failure = self.firstFailure(error) ?? error
    }
    throw failure
  }
}

extension Communicator {
  /// The sums over ranks of numbers that each gives.
  func sum(_ numbers: [Int]) -> [Int] {
    let all = gathered(numbers)
    return numbers.indices.map { index in
      stride(from: index, to: all.count, by: numbers.count).reduce(0) { $0 + all[$1] }
    }
  }

  /// Whether it is so on any rank.
  func anywhere(_ isSo: Bool) -> Bool { sum([isSo ? 1 : 0])[0] > 0 }

  /// That of the lowest rank that has one.
  fileprivate func firstFailure(_ own: PerceptualError?) -> PerceptualError? {
    let kinds = gathered([Int(own?.kind.rawValue ?? 0)])
    guard let first = kinds.firstIndex(where: { $0 != 0 }),
      let kind = PerceptualError.Kind(rawValue: Int32(kinds[first]))
    else { return nil }
    let most = 1000
    var texts = [UInt8](repeating: 0, count: count * most)
    for (index, byte) in (own?.description ?? "").utf8.prefix(most).enumerated() { texts[rank * most + index] = byte }
    gather(&texts, bytes: [Int](repeating: most, count: count))
    let text = String(decoding: texts[first * most..<(first + 1) * most].prefix { $0 != 0 }, as: UTF8.self)
    return PerceptualError(kind, first == 0 ? text : "rank \(first): \(text)")
  }

  /// Throws `.usage` where the ranks run on different instruction sets, whose roundings differ.
  func checkInstructionSet() throws(PerceptualError) {
    let sets = InstructionSet.allCases
    let own = sets.firstIndex(of: Execution.current.instructionSet) ?? 0
    let all = gathered([own])
    guard let other = all.firstIndex(where: { $0 != all[0] }) else { return }
    throw .usage(
      "instruction set: \(sets[all[0]].rawValue) on rank 0, \(sets[all[other]].rawValue) on rank \(other); give "
        + "--instruction-set one that all have")
  }

  /// What each rank gives, in their order.
  private func gathered(_ numbers: [Int]) -> [Int] {
    var all = [Int](repeating: 0, count: count * numbers.count)
    all.replaceSubrange(rank * numbers.count..<(rank + 1) * numbers.count, with: numbers)
    gather(&all, bytes: [Int](repeating: numbers.count * MemoryLayout<Int>.stride, count: count))
    return all
  }
}
