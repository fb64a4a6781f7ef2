import Foundation
import PerceptualConformance
import PerceptualFiles
import PerceptualTestSupport
import Testing

@Suite struct FixturesCommandTests {
  static let one = littleEndianBytes([1.0])
  static let two = littleEndianBytes([2.0])

  static func fixture(operation: String = "leakyReLU", expected: [UInt8] = one) -> [UInt8] {
    safetensorsBytes(
      metadata: [("operation", operation), ("attributes", "{}")],
      tensors: [("input.x", "F64", [1], one), ("expected.y", "F64", [1], expected)])
  }

  @Test func rightFixturesGiveALineForEachResult() throws {
    let outcome = try perceptual("fixtures", "check", "\(fixturesDirectory)/leakyReLU", exits: 0)
    #expect(outcome.lines.allSatisfy { $0.hasPrefix("ok ") })
    #expect(outcome.lines.count >= 2 * names(in: "\(fixturesDirectory)/leakyReLU").count)
    #expect(outcome.errorLines.count == 1 && outcome.errors.contains("agree"))
  }

  @Test func jsonIsOneObjectALine() throws {
    let file = "\(fixturesDirectory)/leakyReLU/rank-1.safetensors"
    let outcome = try perceptual("fixtures", "check", "--json", file, exits: 0)
    #expect(outcome.errors == "")
    #expect(outcome.lines.count == 4)
    for line in outcome.lines {
      let value = try JSONValue(parsing: line.utf8)
      #expect(value["file"]?.string == file)
      #expect(value["operation"]?.string == "leakyReLU")
      #expect(value["passed"]?.bool == true)
      #expect(["reference", "fast"].contains(value["side"]?.string))
      #expect(["y", "gradient.x"].contains(value["tensor"]?.string))
      let error = try #require(value["error"]?.double)
      let allowed = try #require(value["allowed"]?.double)
      #expect(error <= allowed)
    }
  }

  @Test func aDifferenceIsReported() throws {
    let directory = ScratchDirectory()
    let wrong = try directory.write(Self.fixture(expected: Self.two), to: "wrong.safetensors")
    let outcome = try perceptual("fixtures", "check", wrong, exits: 1)
    #expect(outcome.lines.count == 2 && outcome.lines.allSatisfy { $0.hasPrefix("DIFFERS") })
    let json = try perceptual("fixtures", "check", "--json", wrong, exits: 1)
    #expect(try json.lines.map { try JSONValue(parsing: $0.utf8)["passed"]?.bool } == [false, false])
    #expect(try json.lines.map { try JSONValue(parsing: $0.utf8)["error"]?.double } == [1, 1])
  }

  @Test func aMalformedFileIsNamedAndTheOthersAreChecked() throws {
    let directory = ScratchDirectory()
    let wrong = try directory.write(Self.fixture(expected: Self.two), to: "a-wrong.safetensors")
    let malformed = try directory.write(Self.fixture(operation: "leakyRelu"), to: "b-malformed.safetensors")
    let right = try directory.write(Self.fixture(), to: "c-right.safetensors")
    let missing = directory.file("d-missing.safetensors")

    let all = try perceptual("fixtures", "check", "--json", wrong, malformed, right, missing, exits: 65)
    #expect(all.lines.count == 4)
    #expect(all.errorLines.count == 2)
    #expect(all.errors.contains("perceptual: \(malformed): unknown operation leakyRelu"))
    #expect(all.errors.contains("perceptual: \(missing): "))

    try perceptual("fixtures", "check", wrong, right, missing, exits: 66)
    try perceptual("fixtures", "check", wrong, right, exits: 1)
    try perceptual("fixtures", "check", right, exits: 0)
    try perceptual("fixtures", "check", directory.path, exits: 65)
  }

  @Test func listNamesEveryOperation() throws {
    let list = try perceptual("fixtures", "list", "--json").json()
    let found = list.array?.compactMap { $0["operation"]?.string }
    #expect(found == operations.map { $0.name })
    #expect(list.array?.allSatisfy { $0["tolerances"]?.array?.isEmpty == false } == true)
    let text = try perceptual("fixtures", "list")
    #expect(text.lines.filter { !$0.hasPrefix(" ") } == operations.map { $0.name })
  }

  /// Documented and tested tolerances must not drift apart.
  @Test func tolerancesAreDocumented() throws {
    let directory = URL(filePath: fixturesDirectory).deletingLastPathComponent().deletingLastPathComponent()
    let documented = try String(contentsOf: directory.appending(path: "docs/tolerances.md"), encoding: .utf8)
    let rows = Set(documented.split(separator: "\n").map(Self.withoutMeasurement))
    let missing = toleranceTable().split(separator: "\n").filter { !rows.contains(Self.withoutMeasurement($0)) }
    #expect(missing == [], "docs/tolerances.md is out of date: run tools/tolerances")
  }

  /// A row of the table less the cells of what was measured.
  private static func withoutMeasurement(_ row: Substring) -> String {
    let cellText = row.replacing("\\|", with: "/")
    var cells = cellText.split(separator: "|").map { $0.trimmingCharacters(in: .whitespaces) }
    if cells.count == 7 { cells.removeSubrange(4...5) }
    return cells.filter { !$0.isEmpty }.joined(separator: "|")
  }
}
