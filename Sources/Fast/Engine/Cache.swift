/// Values by a key, each made once and kept: at most `limit`, after which a new one takes the place of the one that was
/// asked for longest ago.
package final class Cache<Key: Hashable & Sendable, Value: Sendable>: Sendable {
  private struct Entry {
    let value: Value
    var lastUse: Int
  }

  private struct Contents {
    var entries: [Key: Entry] = [:]
    var uses = 0
  }

  private let limit: Int
  private let contents = Guarded(Contents())

  package init(limit: Int) {
    self.limit = limit
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
      let entry = Entry(value: make(), lastUse: contents.uses)
      if contents.entries.count >= limit, let oldest = contents.entries.min(by: { $0.value.lastUse < $1.value.lastUse })
      {
        contents.entries[oldest.key] = nil
      }
      contents.entries[key] = entry
      return entry.value
    }
  }

  package func clear() { contents.withLock { $0.entries = [:] } }
}

/// What ``releaseKeptMemory()`` does.
private let keptMemory = Guarded<[@Sendable () -> Void]>([])

/// Gives back the memory that Fast keeps from call to call: tables, plans and working memory. What is at work keeps its
/// own, and later calls make anew what they need, with the same results.
public func releaseKeptMemory() {
  for release in keptMemory.withLock({ $0 }) { release() }
  ScratchPool.shared.clear()
}
