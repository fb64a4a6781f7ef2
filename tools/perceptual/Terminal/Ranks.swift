import Fast
import Foundation
import PerceptualCore

#if MPI
  import PerceptualCMPI

  /// The processes of an MPI job. Unchecked, as one thread sends all messages.
  final class Ranks: Communicator, @unchecked Sendable {
    let rank: Int
    let count: Int
    /// Joined at most once.
    private static let job = Ranks()

    /// The job that this process was started in; nil where it was started alone. Ranks but 0 say nothing from then on:
    /// whatever fails on one fails on all (`agreed`).
    static func join() -> (any Communicator)? {
      guard isStartedByLauncher, job.count > 1 else { return nil }
      if job.rank > 0 { StandardStreams.fallSilent() }
      return job
    }

    /// What messages have cost so far: their bytes on this rank, sent or received, their number, and the time in them.
    private var cost = (bytes: 0, messages: 0, seconds: 0.0)

    /// Says it for each of so many steps.
    func noteCost(steps: Int) {
      guard steps > 0 else { return }
      let bytes = String(format: "%.3g", Double(cost.bytes) / Double(steps) / 1e6)
      let wait = String(format: "%.3g", 1e3 * cost.seconds / Double(steps))
      printNote("\(count) ranks: a step takes \(cost.messages / steps) messages, \(bytes) MB and \(wait) ms in them")
    }

    private func counting(_ bytes: Int, _ message: () -> Void) {
      let seconds = ContinuousClock().measure(message) / .seconds(1)
      cost = (cost.bytes + bytes, cost.messages + 1, cost.seconds + seconds)
    }

    private init() {
      var (rank, count): (Int32, Int32) = (0, 1)
      perceptual_mpi_join(&rank, &count)
      self.rank = Int(rank)
      self.count = Int(count)
      // Only once all goes well: a process that ends with a failure before makes the launcher end the others.
      atexit { if StandardStreams.isLeaving { perceptual_mpi_leave() } }
    }

    func gather(_ memory: UnsafeMutableRawPointer, bytes: [Int]) {
      counting(bytes.reduce(0, +)) { perceptual_mpi_gather(memory, Self.counts(bytes), Self.places(bytes)) }
    }

    func exchange(
      _ source: UnsafeRawPointer, sent: [Int], _ destination: UnsafeMutableRawPointer, received: [Int]
    ) {
      counting(received.reduce(0, +)) {
        perceptual_mpi_exchange(
          source, Self.counts(sent), Self.places(sent), destination, Self.counts(received), Self.places(received))
      }
    }

    func broadcast(_ memory: UnsafeMutableRawPointer, bytes: Int) {
      perceptual_mpi_broadcast(memory, Self.counts([bytes])[0])
    }

    /// MPI counts in ints.
    private static func counts(_ bytes: [Int]) -> [Int32] {
      require(
        bytes.reduce(0, +) <= Int(Int32.max), "message: \(bytes.reduce(0, +)) bytes, at most \(Int32.max) are sent")
      return bytes.map { Int32($0) }
    }

    private static func places(_ bytes: [Int]) -> [Int32] {
      var place = 0
      return bytes.map { bytes in
        place += bytes
        return Int32(place - bytes)
      }
    }
  }
#endif

/// The other processes of the job that this one was started in; nil where it was started alone.
///
/// Throws `.usage` where MPI's launcher has started several and this build knows nothing of MPI.
func joinRanks() throws(PerceptualError) -> (any Communicator)? {
  #if MPI
    return Ranks.join()
  #else
    if isStartedByLauncher, let count = ProcessInfo.processInfo.environment["OMPI_COMM_WORLD_SIZE"], count != "1" {
      throw .usage(
        "\(count) processes were started, and this build trains in one: build with `swift build -c release --traits "
          + "MPI`, or share independent runs with `perceptual sweep`")
    }
    return nil
  #endif
}

/// As of Open MPI, MPICH and Intel MPI, and Slurm.
private var isStartedByLauncher: Bool {
  let environment = ProcessInfo.processInfo.environment
  return ["OMPI_COMM_WORLD_SIZE", "PMI_RANK", "PMIX_RANK", "PMI_SIZE"].contains { environment[$0] != nil }
}
