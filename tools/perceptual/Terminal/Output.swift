import Foundation
import PerceptualCore
import PerceptualFiles
import Synchronization

/// Standard output and standard error, which may be full, closed or a pipe that nobody reads: none of it ends the
/// process.
enum StandardStreams {
  /// Whether a note could not be written.
  private static let hasLostNotes = Atomic<Bool>(false)

  /// To be called before any file is opened.
  static func prepare() {
    // Writing to a closed pipe fails, and is told like any other failure.
    signal(SIGPIPE, SIG_IGN)
    // A file that is opened takes the lowest free number: where standard error is closed, notes would go into it. What
    // takes the place cannot be written to.
    for descriptor in Int32(0)...2 where fcntl(descriptor, F_GETFD) < 0 { _ = open("/dev/null", O_RDONLY) }
  }

  /// 0, or what is wrong.
  fileprivate static func write(_ text: String, to descriptor: Int32) -> Int32 {
    if descriptor == 1 && isSilent.load(ordering: .relaxed) { return 0 }
    var text = text
    return text.withUTF8 { writeAll(UnsafeRawBufferPointer($0), to: descriptor) ? 0 : errno }
  }

  private static let isSilent = Atomic<Bool>(false)
  private static let leaves = Atomic<Bool>(false)

  /// From now on nothing is written, neither results nor errors: another process says the same.
  static func fallSilent() { isSilent.store(true, ordering: .relaxed) }
  /// Whether the process ends because its work is done, or has been told to stop.
  static var isLeaving: Bool { leaves.load(ordering: .relaxed) }

  fileprivate static func note(_ text: String) {
    if isSilent.load(ordering: .relaxed) { return }
    if write(FilePath.shown(text), to: 2) != 0 { hasLostNotes.store(true, ordering: .relaxed) }
  }

  /// Ends the process; with 74 where all went well but what was to be said of it.
  static func exit(_ code: Int32) -> Never {
    leaves.store(true, ordering: .relaxed)
    Foundation.exit(
      code == 0 && hasLostNotes.load(ordering: .relaxed) ? PerceptualError.Kind.inputOutput.rawValue : code)
  }
}

/// Thrown where nobody reads standard output any more.
struct ClosedOutput: Error {
  /// As of a process that SIGPIPE ended.
  static let exitCode: Int32 = 128 + SIGPIPE
}

/// Writes a line of results to standard output.
///
/// Throws `.inputOutput` where it cannot be written, such as a full disk behind a redirection; `ClosedOutput` where
/// nobody reads it.
func printResult(_ line: String) throws {
  let reason = StandardStreams.write(FilePath.shown(line) + "\n", to: 1)
  if reason == EPIPE { throw ClosedOutput() }
  if reason != 0 {
    throw PerceptualError.inputOutput(
      "standard output: the result cannot be written (\(String(cString: strerror(reason)))): free space, or "
        + "send it elsewhere")
  }
}

/// Writes a JSON document, or one object of many, as a line of results.
func printResult(_ value: JSONValue) throws {
  let text = value.text
  if FilePath.shown(text) == text { return try printResult(text) }
  // In a string of JSON a backslash is two.
  let scalars = text.unicodeScalars.map { scalar in
    let shown = FilePath.shown(String(scalar))
    return shown == String(scalar) ? shown : "\\" + shown
  }
  try printResult(scalars.joined())
}

/// Writes a line for a person to standard error, unless --quiet is given.
func printNote(_ line: String) {
  if !Terminal.isQuiet.load(ordering: .relaxed) { StandardStreams.note(line + "\n") }
}

/// Writes to the line of a progress bar.
func printProgress(_ text: String) { StandardStreams.note(text) }

/// Says in one line what went wrong.
func complain(_ sentence: String) {
  StandardStreams.note("perceptual: " + sentence.split(whereSeparator: \.isNewline).joined(separator: " ") + "\n")
}

/// A number with three significant digits.
func short(_ value: Double) -> String { String(format: "%.3g", value) }

extension String {
  /// Filled with spaces at the end, for columns.
  func padded(to width: Int) -> String { self + String(repeating: " ", count: max(width - count, 0)) }
  /// Filled with spaces at the start, for columns of numbers.
  func aligned(to width: Int) -> String { String(repeating: " ", count: max(width - count, 0)) + self }
}

/// Lines up the cells of a table, the columns two spaces apart.
func aligned(_ rows: [[String]]) -> [String] {
  let columns = rows.map(\.count).max() ?? 0
  let widths = (0..<columns).map { column in rows.map { $0.count > column ? $0[column].count : 0 }.max() ?? 0 }
  return rows.map { row in
    var line = ""
    for (column, cell) in row.enumerated() {
      line += column + 1 == row.count ? cell : cell.padded(to: widths[column] + 2)
    }
    return line
  }
}
