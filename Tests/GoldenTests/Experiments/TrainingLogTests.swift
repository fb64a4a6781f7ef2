import Foundation
import PerceptualCore
import PerceptualFiles
import PerceptualTestSupport
import Testing

@testable import PerceptualExperiments

/// The log is history: what is there stays, and what cannot be read is refused and left alone.
@Suite struct TrainingLogTests {
  private let scratch = ScratchDirectory()
  private var directory: String { scratch.path }

  private static func line(_ iteration: Int) -> String { #"{"iteration":\#(iteration),"loss":0.5}"# }

  /// The log after a run went on from an iteration, and what was said.
  private func resumed(_ log: [UInt8], keeping iteration: Int) throws -> (bytes: [UInt8], notes: [String]) {
    let path = "\(directory)/log.jsonl"
    try Data(log).write(to: URL(filePath: path))
    var notes: [String] = []
    let training = try TrainingLog(path: path, keeping: iteration) { notes.append($0) }
    try training.append(TrainingStep(iteration: iteration + 1, loss: 0.25, gradientNorm: 1), seconds: 2, [])
    try training.synchronize()
    return (try FileBytes.read(path), notes)
  }

  private static let next = #"{"iteration":3,"loss":0.25,"gradientNorm":1.0,"seconds":2.0}"# + "\n"

  private static let kept: [String] = [
    "\(line(1))\n\(line(2))\n", "\(line(1))\r\n\(line(2))\r\n", "  {\"loss\": 1, \"iteration\" : 1}\n\(line(2))\n",
    "{\"iteration\":1,\"note\":\"d\u{e9}j\u{e0}\"}\n\(line(2))\n",
  ]
  private static let again: [String] = [
    "\(line(3))\n\(line(4))\n", "\(line(3))\n{\"itera", "{\"iteration\":3", "\0\0\0\0", "{\"a\":1}",
  ]

  /// Line ends, spacing and order of members are a matter of taste and stay.
  @Test(arguments: kept) func whatIsThereStaysToTheByte(_ log: String) throws {
    let (bytes, notes) = try resumed(Array(log.utf8), keeping: 2)
    #expect(String(decoding: bytes, as: UTF8.self) == log + Self.next)
    #expect(notes == [])
  }

  /// Lines that a killed run wrote after its checkpoint come again; a line that it did not finish as well.
  @Test(arguments: again) func whatComesAgainIsTakenOff(_ tail: String) throws {
    let log = "\(Self.line(1))\n\(Self.line(2))\n"
    let (bytes, notes) = try resumed(Array((log + tail).utf8), keeping: 2)
    #expect(String(decoding: bytes, as: UTF8.self) == log + Self.next)
    #expect(notes == [])
  }

  /// A training that was killed before its first checkpoint begins again, and says what became of its lines.
  @Test func linesWithoutACheckpointAreTakenOffAloud() throws {
    let (bytes, notes) = try resumed(Array("\(Self.line(1))\n\(Self.line(2))\n".utf8), keeping: 0)
    #expect(String(decoding: bytes, as: UTF8.self) == Self.next.replacing("\"iteration\":3", with: "\"iteration\":1"))
    #expect(notes.count == 1 && notes[0].contains("left no checkpoint are taken off"), "\(notes)")
  }

  @Test func missingLinesAreSaid() throws {
    let (bytes, notes) = try resumed(Array("\(Self.line(1))\n{\"iteration\":2".utf8), keeping: 2)
    #expect(String(decoding: bytes, as: UTF8.self) == "\(Self.line(1))\n" + Self.next)
    #expect(notes.count == 1 && notes[0].contains("the lines of iterations 2 to 2 are missing"), "\(notes)")
    let (begun, said) = try resumed([], keeping: 2)
    #expect(String(decoding: begun, as: UTF8.self) == Self.next)
    #expect(said.count == 1 && said[0].contains("the lines of iterations 1 to 2 are missing"), "\(said)")
  }

  /// A log, with a question mark for a byte that is not UTF-8, and what is said of it.
  private static let damages: [(String, String)] = [
    ("{\"iteration\":1,\"note\":\"d?\"}\n\(line(2))\n", "line 1 should be a JSON object"),
    ("\(line(1))\n\(line(1))\n", "line 2 should be an iteration after 1"),
    ("\(line(1))\n\n\(line(2))\n", "line 2 should be a JSON object"),
    ("\(line(1))\n\(line(2).dropLast())\n", "line 2 should be a JSON object"),
    ("{\"loss\":1}\n", "line 1 should be a JSON object with an iteration"),
  ]

  /// A line amid the others that is none: nothing is changed, and the message names it.
  @Test(arguments: damages)
  func damageIsRefusedAndLeftAlone(_ text: String, _ phrase: String) throws {
    let log: [UInt8] = text.utf8.map { $0 == UInt8(ascii: "?") ? 0xE9 : $0 }
    let path = "\(directory)/log.jsonl"
    try Data(log).write(to: URL(filePath: path))
    expectError(.malformed, saying: phrase) { try TrainingLog(path: path, keeping: 2) { _ in } }
    #expect(try FileBytes.read(path) == log)
  }

  @Test func aFolderIsNoLog() throws {
    #expect(throws: PerceptualError.self) { try TrainingLog(path: directory, keeping: 1) { _ in } }
  }
}
