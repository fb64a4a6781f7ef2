import Foundation

/// A bar with rate and remaining time on standard error; silent where no terminal is.
struct Progress: ~Copyable {
  private let label: String
  private let unit: String
  private let total: Int
  private let isShown: Bool
  private let clock = ContinuousClock()
  private let start: ContinuousClock.Instant
  private var shown: ContinuousClock.Instant?
  private let first: Int

  /// `first` is where the work starts that has been done before, as in a resumed training: it does not count as speed.
  init(_ label: String, total: Int, unit: String, first: Int = 0, isShown: Bool = standardErrorIsTerminal) {
    self.label = label
    self.unit = unit
    self.total = total
    self.isShown = isShown
    self.first = first
    start = clock.now
  }

  /// Shows that `done` of the total are finished, at most ten times a second. `note` stands at the end, such as a loss.
  mutating func update(_ done: Int, note: String = "") {
    guard isShown else { return }
    let now = clock.now
    if let shown, done < total, shown.duration(to: now) < .milliseconds(100) { return }
    shown = now
    let elapsed = start.duration(to: now) / .seconds(1)
    let line = Self.line(label, done, total, unit, note, rate: elapsed > 0 ? Double(done - first) / elapsed : 0)
    printProgress("\r\(line)\u{1B}[K")
  }

  /// Ends the line of the bar. Call it before anything else is written to standard error.
  mutating func finish() {
    if isShown && shown != nil { printProgress("\n") }
    shown = nil
  }

  static func line(_ label: String, _ done: Int, _ total: Int, _ unit: String, _ note: String, rate: Double) -> String {
    let cells = 24
    let filled = total > 0 ? min(cells, done * cells / total) : cells
    let bar = String(repeating: "#", count: filled) + String(repeating: ".", count: cells - filled)
    var parts = ["\(label) [\(bar)] \(done)/\(total)"]
    if rate > 0 {
      parts.append(rate >= 1 ? "\(short(rate)) \(unit)/s" : "\(short(1 / rate)) s/\(unit)")
      if done < total { parts.append("\(duration(Double(total - done) / rate)) left") }
    }
    if !note.isEmpty { parts.append(note) }
    return parts.joined(separator: "  ")
  }

  static func duration(_ seconds: Double) -> String {
    let whole = Int(min(seconds.rounded(.up), 1e9))
    let (hours, minutes) = (whole / 3600, whole / 60 % 60)
    if hours > 0 { return "\(hours) h \(minutes) min" }
    if minutes > 0 { return "\(minutes) min \(whole % 60) s" }
    return "\(whole) s"
  }
}
