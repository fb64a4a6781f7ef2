import PerceptualCore
import PerceptualTestSupport
import Testing

@testable import Fast

@Suite struct MemoryTests {
  @Test func valuesAreMadeOnceAndTheOldestLeave() {
    let cache = Cache<String, Int>(most: 20) { _ in 10 }
    var made: [String] = []
    func value(_ key: String) -> Int {
      cache.value(key) {
        made.append(key)
        return made.count
      }
    }
    #expect([value("a"), value("b"), value("a")] == [1, 2, 1])
    // "b" was asked for longest ago.
    #expect([value("c"), value("a"), value("b")] == [3, 1, 4])
    #expect(made == ["a", "b", "c", "b"])
    cache.clear()
    #expect(value("a") == 5)
  }

  @Test func whatIsTooLargeIsMadeEachTime() {
    let cache = Cache<Int, [Int]>(most: 10) { $0.count }
    var made: [Int] = []
    func value(_ key: Int) -> Int {
      cache.value(key) {
        made.append(key)
        return [Int](repeating: 0, count: key)
      }.count
    }
    #expect([4, 6, 11, 11, 4, 6].map(value) == [4, 6, 11, 11, 4, 6])
    #expect(made == [4, 6, 11, 11])
    // 7 takes the room of both.
    #expect([7, 4, 6].map(value) == [7, 4, 6])
    #expect(made == [4, 6, 11, 11, 7, 4, 6])
  }

  /// A pool of its own would not do: reservations are of the shared one, which other tests use meanwhile.
  @Test func aPlansBlocksStayAndOthersGo() async {
    await #expect(processExitsWith: .success) {
      let large = ScratchPool.most / 4 + 1
      func lend(_ counts: [Int]) {
        if let count = counts.first { ScratchPool.shared.withFloats(count) { _ in lend(Array(counts.dropFirst())) } }
      }
      func check(_ expected: Int, _ what: String) {
        let bytes = ScratchPool.shared.bytes
        precondition(bytes == 4 * expected, "\(what): \(bytes) bytes, not \(4 * expected)")
      }
      lend([large])
      check(0, "more than may be kept")
      lend([1000])
      lend([large])
      check(1000, "a block of a thousand floats")
      var reservation: ScratchPool.Reservation? = ScratchPool.reserve([.init(count: large, copies: 2)])
      check(1000 + 2 * large, "reserved")
      lend([1000, large, large])
      check(1000 + 2 * large, "lent again")
      // One of them and what was given back longest ago must go.
      lend([large, large, large])
      check(2 * large, "a third block")
      withExtendedLifetime(reservation) {}
      reservation = nil
      check(0, "after the plan")
    }
  }

  /// The same results from tables, plans and working memory that are made anew, also while others are at work.
  @Test func whatIsGivenBackIsMadeAgain() async {
    var generator = SeededGenerator(name: "given back")
    let signal = Tensor((0..<6000).map { _ in Float(generator.normal() / 4) })
    @Sendable func results() -> [[Float]] {
      let mel = melSpectrogram(signal)
      let bark = BarkDistanceOptions(
        filters: .init(sampleRate: 11_025, lowFrequency: 50, highFrequency: 5000, bands: 20, taps: 64), stride: 2,
        logFactor: 10, aWeighting: false)
      let sounds = Tensor(signal.elements, shape: [1, 6000])
      return [
        mel.elements, inverseMelScale(mel).elements, resample(sounds, from: 48_000, to: 16_000).elements,
        barkDistance(sounds, target: sounds.map { 0.5 * $0 }, options: bark).elements,
      ]
    }
    let expected = results()
    await withTaskGroup(of: [[Float]].self) { group in
      for _ in 0..<4 { group.addTask { results() } }
      for _ in 0..<20 {
        releaseKeptMemory()
        await Task.yield()
      }
      for await found in group { #expect(found == expected) }
    }
    releaseKeptMemory()
    #expect(results() == expected)
  }

  @Test func buffersBeginOnCacheLines() {
    let arena = Arena()
    for count in [0, 1, 17, 1 << 20] {
      #expect(UInt(bitPattern: arena.floats(count)) % 64 == 0)
      #expect(UnsafeBufferPointer(start: arena.zeros(count), count: count).allSatisfy { $0 == 0 })
    }
    #expect(arena.bytes == 8 * (18 + (1 << 20)))
  }
}
