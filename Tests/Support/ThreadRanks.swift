import Fast
import Foundation
import PerceptualCore

/// Ranks that are threads of this process, for tests of what several processes compute together.
public final class ThreadRanks: Communicator {
  /// What the ranks of a job have in common; all wait for one another at each step of a message.
  private final class Job: @unchecked Sendable {
    let condition = NSCondition()
    let count: Int
    var arrived = 0
    var round = 0
    var sources: [UnsafeRawPointer?]
    var sizes: [[Int]]

    init(_ count: Int) {
      self.count = count
      sources = Array(repeating: nil, count: count)
      sizes = Array(repeating: [], count: count)
    }

    func meet() {
      condition.lock()
      defer { condition.unlock() }
      let own = round
      arrived += 1
      if arrived == count {
        arrived = 0
        round += 1
        condition.broadcast()
      }
      while own == round { condition.wait() }
    }

    /// Shows every rank's memory to every rank while `body` runs.
    func show(_ source: UnsafeRawPointer, _ size: [Int], rank: Int, _ body: () -> Void) {
      sources[rank] = source
      sizes[rank] = size
      meet()
      body()
      meet()
    }
  }

  public let rank: Int
  public let count: Int
  private let job: Job

  private init(_ rank: Int, _ job: Job) {
    self.rank = rank
    count = job.count
    self.job = job
  }

  /// The results of `body` on each rank, under the caller's ``Execution/current``.
  public static func run<Result: Sendable>(
    _ count: Int, _ body: @escaping @Sendable (any Communicator) throws -> Result
  ) throws -> [Result] {
    let job = Job(count)
    let execution = Execution.current
    let results = Results<Result>(count)
    let threads = (0..<count).map { rank in
      let thread = Thread {
        let result = Swift.Result { try Execution.$current.withValue(execution) { try body(ThreadRanks(rank, job)) } }
        results.set(rank, result)
      }
      thread.stackSize = 8 << 20
      return thread
    }
    for thread in threads { thread.start() }
    return try results.all().map { try $0.get() }
  }

  private final class Results<Value: Sendable>: @unchecked Sendable {
    private let condition = NSCondition()
    private var values: [Swift.Result<Value, any Error>?]

    init(_ count: Int) { values = Array(repeating: nil, count: count) }

    func set(_ rank: Int, _ value: Swift.Result<Value, any Error>) {
      condition.lock()
      values[rank] = value
      condition.broadcast()
      condition.unlock()
    }

    func all() -> [Swift.Result<Value, any Error>] {
      condition.lock()
      defer { condition.unlock() }
      while values.contains(where: { $0 == nil }) { condition.wait() }
      return values.compactMap(\.self)
    }
  }

  public func gather(_ memory: UnsafeMutableRawPointer, bytes: [Int]) {
    job.show(memory, bytes, rank: rank) {
      var place = 0
      for other in 0..<count {
        require(job.sizes[other] == bytes, "gather: rank \(other) has other sizes than rank \(rank)")
        if other != rank, let from = job.sources[other] {
          (memory + place).copyMemory(from: from + place, byteCount: bytes[other])
        }
        place += bytes[other]
      }
    }
  }

  public func exchange(
    _ source: UnsafeRawPointer, sent: [Int], _ destination: UnsafeMutableRawPointer, received: [Int]
  ) {
    job.show(source, sent, rank: rank) {
      var place = 0
      for other in 0..<count {
        require(job.sizes[other][rank] == received[other], "exchange: ranks \(other) and \(rank) differ in a size")
        let before = job.sizes[other][..<rank].reduce(0, +)
        if let from = job.sources[other] {
          (destination + place).copyMemory(from: from + before, byteCount: received[other])
        }
        place += received[other]
      }
    }
  }

  public func broadcast(_ memory: UnsafeMutableRawPointer, bytes: Int) {
    job.show(memory, [bytes], rank: rank) {
      if rank != 0, let from = job.sources[0] { memory.copyMemory(from: from, byteCount: bytes) }
    }
  }
}
