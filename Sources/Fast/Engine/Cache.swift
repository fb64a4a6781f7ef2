import PerceptualCore

/// Values by a key, each made once and kept, all together up to ``most`` bytes: then those leave that were asked for
/// longest ago. A value of more by itself is made anew each time.
package final class Cache<Key: Hashable & Sendable, Value: Sendable>: Sendable {
  private struct Entry {
    let value: Value
    let bytes: Int
    var lastUse: Int
  }

  private struct Contents {
    var entries: [Key: Entry] = [:]
    var bytes = 0
    var uses = 0
  }

  private let most: Int
  private let bytes: @Sendable (Value) -> Int
  private let contents = Guarded(Contents())

  /// `bytes` says what a value takes, about.
  package init(most: Int = 1 << 26, bytes: @escaping @Sendable (Value) -> Int) {
    self.most = most
    self.bytes = bytes
    keptMemory.withLock { $0.append { [weak self] in self?.clear() } }
  }

  /// The value of `key`. `make` runs under the cache's lock, so it is not run twice for one key; it must not ask the
  /// same cache.
  package func value(_ key: Key, make: () -> Value) -> Value {
    contents.withLock { contents in
      contents.uses += 1
      if let known = contents.entries[key] {
        contents.entries[key]?.lastUse = contents.uses
        return known.value
      }
      let value = make()
      let bytes = bytes(value)
      if bytes > most { return value }
      while contents.bytes + bytes > most,
        let oldest = contents.entries.min(by: { $0.value.lastUse < $1.value.lastUse })
      {
        contents.entries[oldest.key] = nil
        contents.bytes -= oldest.value.bytes
      }
      contents.entries[key] = Entry(value: value, bytes: bytes, lastUse: contents.uses)
      contents.bytes += bytes
      return value
    }
  }

  package func clear() { contents.withLock { $0 = Contents() } }
}

/// What ``releaseKeptMemory()`` does.
private let keptMemory = Guarded<[@Sendable () -> Void]>([])

/// Gives back the memory that Fast keeps from call to call: tables, plans and working memory. What is at work keeps its
/// own, and later calls make anew what they need, with the same results.
public func releaseKeptMemory() {
  for release in keptMemory.withLock({ $0 }) { release() }
  ScratchPool.shared.clear()
}
