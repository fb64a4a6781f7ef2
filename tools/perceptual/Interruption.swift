import Foundation
import Synchronization

/// Thrown by work that was stopped by a signal after it had put its results in safety.
struct Interrupted: Error, CustomStringConvertible {
  var signal: Int32
  /// What was saved, as in "a checkpoint is written, --resume goes on from it".
  var saved: String

  /// 130 after SIGINT, 143 after SIGTERM.
  var exitCode: Int32 { 128 + signal }
  var description: String { "interrupted: \(saved)" }
}

/// Turns SIGINT and SIGTERM into a question that long work asks between two steps, so that it can write a checkpoint.
/// A second signal ends the process at once.
///
///     let interruption = Interruption()
///     for step in ... {
///       ...
///       if let signal = interruption.signal {
///         try writeCheckpoint()
///         throw Interrupted(signal: signal, saved: "checkpoint-000042.safetensors is written, --resume goes on from it")
///       }
///     }
struct Interruption {
  /// From here on a first SIGINT or SIGTERM is only noted.
  init() {
    _ = received.load(ordering: .relaxed)
    // A parent may have blocked them: a process started from a Dispatch thread inherits that.
    var signals = sigset_t()
    sigemptyset(&signals)
    for number in [SIGINT, SIGTERM] { sigaddset(&signals, number) }
    pthread_sigmask(SIG_UNBLOCK, &signals, nil)
    for number in [SIGINT, SIGTERM] {
      Foundation.signal(number) { number in
        if received.exchange(number, ordering: .relaxed) != 0 { _exit(128 + number) }
      }
    }
  }

  /// The signal that asked for the end, nil so far.
  var signal: Int32? {
    let number = received.load(ordering: .relaxed)
    return number == 0 ? nil : number
  }
}

/// The first signal received, 0 before. A signal handler may touch an atomic and little else.
private let received = Atomic<Int32>(0)
