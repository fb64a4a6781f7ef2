import PerceptualCore
import PerceptualTestSupport
import Testing

@testable import Fast

@Suite struct MemoryTests {
  @Test func valuesAreMadeOnceAndTheOldestLeave() {
    let cache = Cache<String, Int>(limit: 2)
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
