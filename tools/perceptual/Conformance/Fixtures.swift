import ArgumentParser
import Foundation
import PerceptualConformance
import PerceptualCore
import PerceptualFiles

struct FixturesCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "fixtures", abstract: "Conformance: golden fixtures and the operations they are about.",
    subcommands: [Check.self, List.self])
}

extension FixturesCommand {
  struct Check: ParsableCommand {
    static let configuration = CommandConfiguration(
      abstract: "Run fixtures through Reference and Fast and compare with what they expect.",
      discussion: """
        One line for each side and tensor: the difference at the worst element, what is allowed there, and the share \
        of the allowance that it uses. A malformed file is named and the others are still checked. Exit code 65 if any \
        file is malformed, else 66 if any is missing, else 1 if any result differs.
        """)

    @Argument(help: ArgumentHelp("Fixtures, or directories of fixtures.", valueName: "file"))
    var files: [String]
    @OptionGroup var output: OutputOptions
    @OptionGroup var execution: ExecutionOptions

    func run() throws {
      try execution.run {
        var run = FixtureRun(json: output.json)
        try run.check(files)
        if !output.json { printNote(run.summary) }
        if run.exitCode != 0 { throw ExitCode(run.exitCode) }
      }
    }
  }

  struct List: ParsableCommand {
    static let configuration = CommandConfiguration(
      abstract: "The operations that fixtures can be about: inputs, attributes, outputs, tolerances.")

    @Flag(help: "Print the table of tolerances in Markdown.")
    var tolerances = false
    @Option(
      parsing: .upToNextOption,
      help: ArgumentHelp(
        "With --tolerances: fixtures, or directories of them, that say how much of each allowance is used.",
        valueName: "file"))
    var measure: [String] = []
    @Option(
      help: ArgumentHelp(
        "With --tolerances: what the tests wrote with PERCEPTUAL_SHARES set to this file's name.", valueName: "file"))
    var crossChecks: String?
    @OptionGroup var output: OutputOptions
    @OptionGroup var execution: ExecutionOptions

    func validate() throws {
      try check(tolerances || measure.isEmpty, "--measure needs --tolerances.")
      try check(tolerances || crossChecks == nil, "--cross-checks needs --tolerances.")
      try check(!tolerances || !output.json, "--tolerances prints Markdown; --json lists tolerances too.")
    }

    func run() throws {
      if tolerances {
        var shares: [ToleranceRow: Double] = [:]
        try execution.run {
          for file in try fixtureFiles(measure) {
            for tensor in try checkFixture(file) {
              let row = ToleranceRow(tensor)
              shares[row] = max(shares[row] ?? 0, tensor.comparison.share)
            }
          }
        }
        let crossChecked = try crossChecks.map { path in
          try ToleranceRow.largestShares(inLines: try FileBytes.read(path), of: path)
        }
        try printResult(toleranceTable(byFixtures: shares, byCrossChecks: crossChecked ?? [:]))
      } else {
        try output.print(.array(operations.map { $0.json }), orLines: operations.map { $0.text })
      }
    }
  }
}

/// The fixtures among `paths`, directories searched through in the order of names.
///
/// Throws `.missing` for a directory without fixtures.
func fixtureFiles(_ paths: [String]) throws(PerceptualError) -> [String] {
  var files: [String] = []
  for path in paths {
    var isDirectory: ObjCBool = false
    guard FileManager.default.fileExists(atPath: path, isDirectory: &isDirectory), isDirectory.boolValue else {
      files.append(path)
      continue
    }
    let below = FileManager.default.enumerator(atPath: path)?.compactMap { $0 as? String } ?? []
    let found = below.filter { name in
      // These directories of Tests/Fixtures hold other things.
      name.hasSuffix(".safetensors") && !["trajectory/", "weights/"].contains { name.hasPrefix($0) }
    }
    if found.isEmpty {
      throw .missing("\(path): no fixture (*.safetensors) lies in this directory; name one, or another directory")
    }
    files += found.sorted().map { path.hasSuffix("/") ? path + $0 : "\(path)/\($0)" }
  }
  return files
}

/// Checks files one after the other and remembers what was found.
struct FixtureRun {
  let json: Bool
  private(set) var files = 0
  private(set) var results = 0
  private(set) var differing = 0
  private var malformed = 0
  private var missing = 0
  private var worst: (share: Double, place: String)?

  init(json: Bool) { self.json = json }

  mutating func check(_ paths: [String]) throws {
    let paths = try fixtureFiles(paths)
    let width = paths.map(\.count).max() ?? 0
    for path in paths {
      let checked: [CheckedTensor]
      do {
        checked = try checkFixture(path)
      } catch {
        complain(error.description)
        if error.kind == .missing { missing += 1 } else { malformed += 1 }
        continue
      }
      files += 1
      for tensor in checked {
        results += 1
        if !tensor.passed { differing += 1 }
        if tensor.comparison.share > worst?.share ?? -1 {
          worst = (tensor.comparison.share, "\(path) \(tensor.side.rawValue) \(tensor.tensor)")
        }
        if json {
          try printResult(tensor.json(file: path))
        } else {
          try printResult(tensor.line(file: path, width: width))
        }
      }
    }
  }

  var exitCode: Int32 {
    if malformed > 0 { return PerceptualError.Kind.malformed.rawValue }
    if missing > 0 { return PerceptualError.Kind.missing.rawValue }
    return differing > 0 ? PerceptualError.Kind.differs.rawValue : 0
  }

  var summary: String {
    var parts = ["\(results - differing) of \(results) results of \(files) files agree"]
    if malformed > 0 { parts.append("\(malformed) files are malformed") }
    if missing > 0 { parts.append("\(missing) files are missing") }
    if let worst { parts.append("the worst uses \(percent(worst.share)) of its allowance (\(worst.place))") }
    return parts.joined(separator: "; ")
  }
}

private func percent(_ share: Double) -> String { share.isFinite ? short(100 * share) + " %" : "any amount" }

extension CheckedTensor {
  func json(file: String) -> JSONValue {
    var json: JSONValue = [
      "file": .string(file), "operation": .string(operation), "side": .string(side.rawValue),
      "tensor": .string("\(tensor)"), "error": .number(comparison.error), "allowed": .number(comparison.allowed),
      "passed": .bool(passed), "share": .number(comparison.share), "elements": .integer(comparison.count),
      "differing": .integer(comparison.failures), "worst": .array(comparison.worst.map { .integer($0) }),
      "actual": .number(comparison.actual), "expected": .number(comparison.expected),
    ]
    json["obstacle"] = comparison.obstacle.map { .string($0) }
    return json
  }

  func line(file: String, width: Int) -> String {
    let mark = (passed ? "ok" : "DIFFERS").padded(to: 8)
    let place = "\(file.padded(to: width))  \(side.rawValue.padded(to: 9))  \("\(tensor)".padded(to: 24))"
    let numbers = "error \(short(comparison.error).padded(to: 9))  allowed \(short(comparison.allowed).padded(to: 9))"
    let line = "\(mark)\(place)  \(numbers)  \(percent(comparison.share).aligned(to: 8))  \(operation)"
    return passed ? line : "\(line)  \(comparison)"
  }
}

extension PerceptualConformance.Operation {
  /// What `fixtures list --json` prints.
  static var json: JSONValue {
    [
      "operation": .string(name),
      "inputs": .array(
        inputs.map { ["name": .string($0.name), "shape": .string($0.shape), "optional": .bool($0.isOptional)] }),
      "attributes": .array(
        attributes.map {
          ["name": .string($0.name), "default": $0.defaultText.map { .string($0) } ?? .null]
        }),
      "outputs": .array(outputs.map { .string($0) }),
      "gradients": .array(gradients.map { .string($0) }),
      "tolerances": .array(
        toleranceRows(of: self).map { row in
          [
            "tensor": .string("\(row.tensor)"), "side": .string(row.side.rawValue),
            "epsilons": .number(tolerance(row.tensor, row.side).epsilons),
            "allowed": .string(tolerance(row.tensor, row.side).formula),
            "reason": .string(tolerance(row.tensor, row.side).reason),
          ]
        }),
    ]
  }

  /// What `fixtures list` prints.
  static var text: String {
    let inputTexts = inputs.map { "\($0.name) \($0.shape)\($0.isOptional ? " (optional)" : "")" }
    let attributeTexts = attributes.map { attribute in
      attribute.name + (attribute.defaultText.map { "=\($0)" } ?? "")
    }
    func list(_ texts: [String]) -> String { texts.isEmpty ? "none" : texts.joined(separator: ", ") }
    return """
      \(name)
        inputs      \(list(inputTexts))
        attributes  \(list(attributeTexts))
        outputs     \(list(outputs))
        gradients   \(list(gradients))
      """
  }
}
