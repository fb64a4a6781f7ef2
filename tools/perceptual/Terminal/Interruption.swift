import Foundation
import Synchronization

/// Thrown by work that was stopped by a signal after it had put its results in safety.
struct Interrupted: Error, CustomStringConvertible {
  var signal: Int32
  /// What was saved, as in "a checkpoint is written, --resume goes on from it".
  var saved: String

  /// 129 after SIGHUP, 130 after SIGINT, 143 after SIGTERM.
  var exitCode: Int32 { 128 + signal }
  var description: String { "interrupted: \(saved)" }
}

/// SIGINT, SIGTERM and SIGHUP end the process, with 128 and their number. While they are awaited they are a question
/// that the work asks between two steps, so that it can write a checkpoint first; further ones change nothing then.
/// SIGQUIT ends the process as usual.
///
///     try Interruption.awaited { interruption in
///       for step in ... {
///         ...
///         if let signal = interruption.signal {
///           try writeCheckpoint()
///           throw Interrupted(signal: signal, saved: "checkpoint-000042.safetensors is written, --resume goes on")
///         }
///       }
///     }
struct Interruption {
  private static let signals = [SIGINT, SIGTERM, SIGHUP]

  /// To be called at the start of the process. A signal that is ignored there, as by `nohup`, stays so.
  static func prepare() {
    _ = received.load(ordering: .relaxed)
    _ = isAwaited.load(ordering: .relaxed)
    // A parent may have blocked them: a process started from a Dispatch thread inherits that.
    var set = sigset_t()
    sigemptyset(&set)
    for number in signals { sigaddset(&set, number) }
    pthread_sigmask(SIG_UNBLOCK, &set, nil)
    for number in signals {
      let earlier = Foundation.signal(number) { number in
        if !isAwaited.load(ordering: .sequentiallyConsistent) { _exit(128 + number) }
        _ = received.compareExchange(expected: 0, desired: number, ordering: .sequentiallyConsistent)
      }
      if earlier.map({ unsafeBitCast($0, to: Int.self) }) == unsafeBitCast(SIG_IGN, to: Int.self) {
        Foundation.signal(number, SIG_IGN)
      }
    }
  }

  private init() {}

  /// Runs work that asks for signals. One that came too late to be asked for ends the process afterwards.
  static func awaited<Result>(_ body: (Interruption) throws -> Result) rethrows -> Result {
    isAwaited.store(true, ordering: .sequentiallyConsistent)
    defer { isAwaited.store(false, ordering: .sequentiallyConsistent) }
    let interruption = Interruption()
    let result = try body(interruption)
    if let signal = interruption.signal { StandardStreams.exit(128 + signal) }
    return result
  }

  /// The signal that asked for the end, nil so far.
  var signal: Int32? {
    let number = received.load(ordering: .sequentiallyConsistent)
    return number == 0 ? nil : number
  }
}

/// The first signal received, 0 before. A signal handler may touch an atomic and little else.
private let received = Atomic<Int32>(0)
/// Whether somebody asks for it.
private let isAwaited = Atomic<Bool>(false)
