import Foundation
import Synchronization

/// A bar with rate, remaining time and the curve of a value on standard error; silent where no terminal is.
struct Progress: ~Copyable {
  private let label: String
  private let unit: String
  private let total: Int
  private let isShown = Terminal.showsProgress
  private let start = ContinuousClock.now
  private var shown: ContinuousClock.Instant?
  private let first: Int
  private var curve: Curve

  /// `first` is where the work starts that has been done before, as in a resumed training: it does not count as speed.
  init(_ label: String, total: Int, unit: String, first: Int = 0) {
    self.label = label
    self.unit = unit
    self.total = total
    self.first = first
    curve = Curve(total: total)
  }

  /// Shows that `done` of the total are finished, at most ten times a second.
  mutating func update(_ done: Int) { show(done, note: "") }

  /// The same, with the loss of iteration `done` and the curve of losses so far.
  mutating func update(_ done: Int, loss: Double) {
    curve.add(loss, at: done)
    show(done, note: "loss \(short(loss))")
  }

  private mutating func show(_ done: Int, note: String) {
    guard isShown else { return }
    let now = ContinuousClock.now
    if let shown, done < total, shown.duration(to: now) < .milliseconds(100) { return }
    shown = now
    let elapsed = start.duration(to: now) / .seconds(1)
    let rate = elapsed > 0 ? Double(done - first) / elapsed : 0
    printProgress("\r\(line(done, note, rate: rate, columns: Terminal.columns - 1))\u{1B}[K")
  }

  /// Ends the line of the bar. Call it before anything else is written to standard error.
  mutating func finish() {
    if isShown && shown != nil { printProgress("\n") }
    shown = nil
  }

  /// At most `columns` characters, as a bar that wraps is drawn on every line: the bar shrinks first, then the curve
  /// goes.
  private func line(_ done: Int, _ note: String, rate: Double, columns: Int) -> String {
    var parts: [String] = []
    if rate > 0 {
      parts.append(rate >= 1 ? "\(short(rate)) \(unit)/s" : "\(short(1 / rate)) s/\(unit)")
      if done < total { parts.append("\(Self.duration(Double(total - done) / rate)) left") }
    }
    if !note.isEmpty { parts.append(note) }
    func line(cells: Int, _ parts: [String]) -> String {
      let filled = total > 0 ? min(cells, done * cells / total) : cells
      let bar = String(repeating: "#", count: filled) + String(repeating: ".", count: cells - filled)
      return (["\(label) [\(bar)] \(done)/\(total)"] + parts).joined(separator: "  ")
    }
    let shapes = Terminal.showsCurves && !curve.text.isEmpty ? [parts + [curve.text], parts] : [parts]
    for shape in shapes {
      let room = columns - line(cells: 0, shape).count
      if room >= 6 { return line(cells: min(room, 24), shape) }
    }
    return String(line(cells: 6, parts).prefix(columns))
  }

  static func duration(_ seconds: Double) -> String {
    let whole = Int(min(seconds.rounded(.up), 1e9))
    let (hours, minutes) = (whole / 3600, whole / 60 % 60)
    if hours > 0 { return "\(hours) h \(minutes) min" }
    if minutes > 0 { return "\(minutes) min \(whole % 60) s" }
    return "\(whole) s"
  }
}

extension Progress {
  /// The course of a value over the whole work in a few characters, each as high as its part's mean.
  private struct Curve {
    private static let cells = 16
    private let total: Int
    private var sums = [Double](repeating: 0, count: cells)
    private var counts = [Int](repeating: 0, count: cells)

    init(total: Int) { self.total = max(total, 1) }

    mutating func add(_ value: Double, at place: Int) {
      guard value.isFinite else { return }
      let cell = min(max((place - 1) * Self.cells / total, 0), Self.cells - 1)
      sums[cell] += value
      counts[cell] += 1
    }

    /// Empty before two parts have begun.
    var text: String {
      let means = zip(sums, counts).filter { $0.1 > 0 }.map { $0.0 / Double($0.1) }
      guard means.count > 1, let low = means.min(), let high = means.max() else { return "" }
      let heights = Array("▁▂▃▄▅▆▇█")
      return String(means.map { heights[high > low ? Int(($0 - low) / (high - low) * 7 + 0.5) : 3] })
    }
  }
}

/// What standard error is.
enum Terminal {
  /// Whether notes and progress are left out, as --quiet asks.
  static let isQuiet = Atomic<Bool>(false)

  /// Whether a person watches standard error.
  static let isTerminal = isatty(2) == 1

  /// Whether a line can be drawn again, and shall be.
  static var showsProgress: Bool {
    isTerminal && !isQuiet.load(ordering: .relaxed) && variable("TERM") != "dumb"
  }

  /// Whether the characters of a curve can be shown.
  static let showsCurves: Bool = {
    let locale = ["LC_ALL", "LC_CTYPE", "LANG"].map(variable).first { !$0.isEmpty } ?? ""
    return ["utf-8", "utf8"].contains { locale.lowercased().contains($0) }
  }()

  /// Characters in a line.
  static var columns: Int {
    var size = winsize()
    return ioctl(2, UInt(TIOCGWINSZ), &size) == 0 && size.ws_col > 0 ? Int(size.ws_col) : 80
  }

  private static func variable(_ name: String) -> String { ProcessInfo.processInfo.environment[name] ?? "" }
}
