import PerceptualCore
import PerceptualFiles

/// results.jsonl of a sweep: lines are only ever added, all of a run at once.
public struct SweepResults: Sendable {
  static let fileName = "results.jsonl"

  public let path: String
  public private(set) var lines: [SweepResult] = []
  /// Lines that say nothing, as a process that was killed may leave.
  public private(set) var damaged = 0

  /// Reads what is there; nothing where there is no file yet.
  public init(in directory: String) throws(PerceptualError) {
    path = "\(directory)/\(Self.fileName)"
    guard FilePath.exists(path) else { return }
    let found = try FileBytes.read(path).split(separator: 0x0A)
    lines = found.compactMap { (try? JSONValue(parsing: $0)).flatMap(SweepResult.init) }
    damaged = found.count - lines.count
  }

  /// Whether a run has been tested every way.
  public func areComplete(_ name: String) -> Bool {
    TestWay.all.allSatisfy { has(name, $0) }
  }

  /// The options that a run's results were found with; nil where there are none.
  public func options(_ name: String) -> SweepOptions? {
    lines.first { $0.name == name }?.document["options"].flatMap { try? SweepOptions($0, at: "options") }
  }

  private func has(_ name: String, _ way: TestWay) -> Bool {
    lines.contains { $0.name == name && $0.scores(way) != nil }
  }

  public func haveFailure(_ name: String) -> Bool {
    lines.contains { $0.name == name && $0.failure != nil }
  }

  /// Throws `.malformed` where a line was tested otherwise than the plan says: one table does not mix the two.
  public func check(_ evaluation: SweepPlan.Evaluation) throws(PerceptualError) {
    for line in lines {
      guard let found = line.document["evaluation"], found != evaluation.json else { continue }
      throw .malformed(
        "\(path): run \"\(line.name)\" was tested as \(found), the plan's evaluate is \(evaluation.json); choose "
          + "another --out, or move the file away to test every run again")
    }
  }

  /// Adds a line for each of the four ways in which a run was tested, but those that are there.
  public mutating func append(
    _ name: String, _ run: JSONValue, _ results: [TestResult], weights: UInt64,
    _ evaluation: SweepPlan.Evaluation
  ) throws(PerceptualError) {
    let missing = results.filter { !has(name, $0.way) }
    try append(missing.map { run.adding(evaluation.resultMembers($0, weights: weights)) })
  }

  /// Adds the line of a run whose training came to nothing.
  public mutating func append(_ run: JSONValue, failure: String) throws(PerceptualError) {
    try append([run.adding(["failed": .string(failure)])])
  }

  private mutating func append(_ documents: [JSONValue]) throws(PerceptualError) {
    let file = try AppendingFile(path)
    try file.alone { () throws(PerceptualError) in
      // A line that was cut off must not swallow this one.
      try file.append((try file.endsALine() ? "" : "\n") + documents.map { $0.text + "\n" }.joined())
      try file.synchronize()
    }
    lines += documents.compactMap { SweepResult($0) }
  }
}
