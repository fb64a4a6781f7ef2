import PerceptualCore
import PerceptualFiles

/// Lines of a training, one JSON object each, in the file as soon as they are known.
struct TrainingLog {
  private let file: AppendingFile

  /// Opens the log of a run that goes on from an iteration. Lines up to that stay as they are, to the byte; what a
  /// killed run wrote after its checkpoint, which comes again, is taken off.
  ///
  /// Throws `.malformed` where a line is none of a training's, `.missing` or `.inputOutput` where the file cannot be
  /// read; nothing is changed then. `note` hears where lines are missing.
  init(path: String, keeping iteration: Int, note: (String) -> Void) throws(PerceptualError) {
    file = try AppendingFile(path)
    let bytes = try FileBytes.read(path)
    // Where the lines to keep end, and the iteration of the last.
    var (end, last) = (0, 0)
    var number = 0
    for line in bytes.split(separator: 0x0A, omittingEmptySubsequences: false) {
      number += 1
      // What stands after the last line's end is a line that was cut off.
      if line.endIndex == bytes.endIndex { break }
      let found = (try? JSONValue(parsing: line))?["iteration"]?.integer
      guard let found, found > last else {
        let expected = found == nil ? "a JSON object with an iteration" : "an iteration after \(last)"
        throw .malformed(
          "\(path): line \(number) should be \(expected), found \(Self.excerpt(line)): mend the line, or move the file "
            + "away to begin another")
      }
      if found > iteration { break }
      (end, last) = (line.endIndex + 1, found)
    }
    if end < bytes.count {
      if iteration == 0 {
        note("\(path): the lines of a training that left no checkpoint are taken off: it begins again")
      }
      try file.cut(at: end)
    }
    if last < iteration {
      note(
        "\(path): the lines of iterations \(last + 1) to \(iteration) are missing, which the checkpoint has; it goes "
          + "on with \(iteration + 1)")
    }
  }

  private static func excerpt(_ line: ArraySlice<UInt8>) -> String {
    let text = String(decoding: line.prefix(40), as: UTF8.self)
    return "\"\(text)\"\(line.count > 40 ? "..." : "")"
  }

  /// Adds the line of a step and returns it.
  @discardableResult
  func append(_ step: TrainingStep, seconds: Double, _ others: JSONValue) throws(PerceptualError) -> JSONValue {
    let own: JSONValue = [
      "iteration": .integer(step.iteration), "loss": .number(step.loss), "gradientNorm": .number(step.gradientNorm),
      "seconds": .number(seconds),
    ]
    let line = own.adding(others)
    try file.append(line.text + "\n")
    return line
  }

  /// Returns when the lines have reached the disk.
  func synchronize() throws(PerceptualError) { try file.synchronize() }
}
