import PerceptualCDispatch
import Synchronization

/// A value that one thread uses at a time. A process is not forked while any is in use, since the child, which has the
/// forking thread alone, would wait for a thread that it lacks.
package struct Guarded<Value: Sendable>: ~Copyable, Sendable {
  @usableFromInline let value: Mutex<Value>

  @inlinable package init(_ value: Value) { self.value = Mutex(value) }

  @inlinable package func withLock<Result: Sendable>(_ body: (inout Value) -> Result) -> Result {
    perceptual_delay_forks()
    defer { perceptual_admit_forks() }
    return value.withLock { body(&$0) }
  }
}
