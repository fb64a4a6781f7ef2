import Foundation

/// How much memory this process may have.
package enum MachineMemory {
  /// Bytes: what the machine has, or less where a limit of the process (RLIMIT_AS) or of its control group says so.
  package static var limit: Int {
    var least = Int(clamping: ProcessInfo.processInfo.physicalMemory)
    var limits = rlimit()
    #if os(Linux)
      let resource = __rlimit_resource_t(RLIMIT_AS.rawValue)
    #else
      let resource = RLIMIT_AS
    #endif
    if getrlimit(resource, &limits) == 0 { least = min(least, Int(clamping: limits.rlim_cur)) }
    let group = try? String(contentsOfFile: "/sys/fs/cgroup/memory.max", encoding: .utf8)
    if let group, let bytes = Int(group.trimmingCharacters(in: .whitespacesAndNewlines)) { least = min(least, bytes) }
    return least
  }

  /// As "4.3 GB".
  package static func text(_ bytes: Int) -> String { String(format: "%.1f GB", Double(bytes) / 1e9) }
}
