import Fast
import Foundation
import PerceptualTestSupport
import Testing

@Suite struct ExecutionTests {
  /// Bodies that wait for one another end only where each has a thread of its own: the numbers of threads of the
  /// determinism tests are those that run, be the cores fewer.
  @Test func asManyThreadsRunAsAreAskedFor() {
    for threads in threadCounts {
      let meeting = Meeting(of: threads, until: Date(timeIntervalSinceNow: 60))
      let met = Execution(threads: threads).map(threads) { _ in meeting.attend() }
      #expect(met == Array(repeating: true, count: threads), "\(threads) threads")
    }
  }

  @Test func everyIndexIsRunOnce() {
    for threads in threadCounts {
      for count in [0, 1, 2, 3, 7, 8, 100] {
        #expect(Execution(threads: threads).map(count) { $0 } == Array(0..<count), "\(threads) threads")
      }
    }
  }

  @Test func noThreadsStop() async {
    let result = await #expect(processExitsWith: .failure, observing: [\.standardErrorContent]) {
      _ = Execution(threads: 0)
    }
    #expect(result.stops(with: "threads: 0 given, at least 1 is needed"))
  }
}

/// A place where so many have to be at a time.
private final class Meeting: Sendable {
  private let size: Int
  private let end: Date
  private let condition = NSCondition()
  private nonisolated(unsafe) var present = 0

  init(of size: Int, until end: Date) {
    self.size = size
    self.end = end
  }

  /// Whether all came in time.
  func attend() -> Bool {
    condition.lock()
    defer { condition.unlock() }
    present += 1
    condition.broadcast()
    while present < size { if !condition.wait(until: end) { return false } }
    return true
  }
}
