import Foundation
import PerceptualCore
import PerceptualFiles

/// Writes a line of results to standard output.
///
/// Throws `.inputOutput` where it cannot be written, such as a full disk behind a redirection.
func printResult(_ line: String) throws(PerceptualError) {
  do {
    try FileHandle.standardOutput.write(contentsOf: Data((line + "\n").utf8))
  } catch {
    throw PerceptualError(.inputOutput, "standard output: the result cannot be written, \(error.localizedDescription)")
  }
}

/// Writes a JSON document, or one object of many, as a line of results.
func printResult(_ value: JSONValue) throws(PerceptualError) { try printResult(value.text) }

/// Writes a line for a person to standard error.
func printNote(_ line: String) { FileHandle.standardError.write(Data((line + "\n").utf8)) }

/// Says in one line what went wrong.
func complain(_ sentence: String) {
  printNote("perceptual: " + sentence.split(whereSeparator: \.isNewline).joined(separator: " "))
}

/// Whether a person watches standard error.
let standardErrorIsTerminal = isatty(2) == 1

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
