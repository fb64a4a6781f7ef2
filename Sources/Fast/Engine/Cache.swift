import Synchronization

/// Values by a length, each made once and kept for the process's life.
final class Cache<Value: Sendable>: Sendable {
  private let values = Mutex<[Int: Value]>([:])

  func value(_ key: Int, make: () -> Value) -> Value {
    values.withLock { values in
      if let known = values[key] { return known }
      let value = make()
      values[key] = value
      return value
    }
  }
}
