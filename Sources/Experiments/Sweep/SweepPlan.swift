import PerceptualCore
import PerceptualFiles

/// Trainings to carry out one after the other, and how each is tested: a JSON file.
///
///     {"defaults": {"channels": 128}, "evaluate": {"test": "music/validation", "clips": 64},
///      "runs": [{"name": "base/noise-nlpd-0", "command": "train", "recipe": "base", "options": {"loss": "nlpd"}}]}
///
/// Options are those of `train` without their dashes. Texts and numbers are their values, true is a flag, false a flag
/// left out, a list an option given several times. A run's own options override the defaults. Other keys of a run are
/// labels.
public struct SweepPlan: Equatable, Sendable {
  public struct Run: Equatable, Sendable {
    /// Also its directory: a path below the sweep's, such as "base/noise-nlpd-0".
    public let name: String
    /// The defaults and the run's own, by name.
    public let options: SweepOptions
    /// What else the plan says of it, such as "recipe"; copied to the results.
    public let labels: [JSONValue.Member]

    /// The recipes that the run belongs to: one that several share is trained once.
    public var recipes: [String] { SweepPlan.recipes(labels.first { $0.key == "recipe" }?.value) ?? [] }
  }

  public struct Evaluation: Equatable, Sendable {
    /// A directory of recordings.
    public let test: String
    /// Clips to cut from them, at most.
    public let clips: Int
    /// With batch statistics at most so many clips are normalised together.
    public let group: Int

    /// As the plan has it, with the defaults.
    public var json: JSONValue { ["test": .string(test), "clips": .integer(clips), "group": .integer(group)] }
  }

  /// In the order in which they are carried out.
  public let runs: [Run]
  /// nil where nothing is tested.
  public let evaluation: Evaluation?

  /// What the sweep itself decides.
  static let ownOptions = ["out", "resume", "explain"]

  /// Throws `.missing` where there is no such file, `.malformed` with the place in the plan where it is no plan.
  public init(contentsOf path: String) throws(PerceptualError) {
    let bytes = try FileBytes.read(path)
    let document: JSONValue
    do {
      document = try JSONValue(parsing: bytes)
    } catch {
      throw .malformed("\(path): a plan in JSON was expected, found \(error): mend it")
    }
    do throws(PerceptualError) {
      try self.init(document)
    } catch {
      throw .malformed("\(path): \(error.description)")
    }
  }

  /// Throws `.malformed` with the place in the plan, such as "runs[3].options.loss".
  public init(_ document: JSONValue) throws(PerceptualError) {
    let members = try Self.members(document, at: "the plan", known: ["runs", "defaults", "evaluate"])
    let defaults = try members["defaults"].map { value throws(PerceptualError) in
      try SweepOptions(value, at: "defaults")
    }
    evaluation = try members["evaluate"].map(Self.evaluation)
    guard let list = members["runs"]?.array, !list.isEmpty else {
      throw Self.malformed("runs", "a list of at least one run", members["runs"])
    }
    var runs: [Run] = []
    var places: [String: Int] = [:]
    for (index, value) in list.enumerated() {
      let run = try Self.run(value, at: "runs[\(index)]", defaults ?? .init())
      if let earlier = places.updateValue(index, forKey: run.name) {
        throw .malformed("runs[\(index)].name: \"\(run.name)\" is the name of runs[\(earlier)] too; give each its own")
      }
      runs.append(run)
    }
    self.runs = runs
  }

  private static func run(
    _ value: JSONValue, at place: String, _ defaults: SweepOptions
  ) throws(PerceptualError) -> Run {
    let members = try self.members(value, at: place, known: nil)
    guard let name = members["name"]?.string else { throw malformed("\(place).name", "a text", members["name"]) }
    if let obstacle = obstacle(name) {
      throw .malformed(
        "\(place).name: \"\(name)\" \(obstacle); give a path below the sweep's directory, as base/noise-nlpd-0")
    }
    guard members["command"]?.string == "train" else {
      throw malformed("\(place).command", "\"train\"", members["command"])
    }
    guard let given = members["options"] else { throw malformed("\(place).options", "an object", nil) }
    let options = try SweepOptions(given, at: "\(place).options")
    var labels: [JSONValue.Member] = []
    for member in value.members ?? [] where !["name", "command", "options"].contains(member.key) {
      let label = "\(place).\(member.key)"
      if SweepResult.ownKeys.contains(member.key) {
        throw .malformed("\(label): a key of the results, which a label may not be; call it otherwise")
      }
      if member.key == "recipe" {
        if recipes(member.value) == nil { throw malformed(label, "a text or a list of texts", member.value) }
      } else if member.value.string == nil && member.value.double == nil && member.value.bool == nil {
        throw malformed(label, "a label, which is a text, a number, true or false,", member.value)
      }
      labels.append(member)
    }
    return Run(name: name, options: defaults.merging(options), labels: labels)
  }

  private static func evaluation(_ value: JSONValue) throws(PerceptualError) -> Evaluation {
    let members = try self.members(value, at: "evaluate", known: ["test", "clips", "group"])
    guard let test = members["test"]?.string, !test.isEmpty else {
      throw malformed("evaluate.test", "a directory of recordings", members["test"])
    }
    func count(_ key: String, _ standard: Int) throws(PerceptualError) -> Int {
      guard let value = members[key] else { return standard }
      guard let count = value.integer, count >= 1 else {
        throw malformed("evaluate.\(key)", "a whole number of at least 1", value)
      }
      return count
    }
    return Evaluation(test: test, clips: try count("clips", 195), group: try count("group", 64))
  }

  /// nil where the label is no recipe.
  static func recipes(_ value: JSONValue?) -> [String]? {
    let list = value.flatMap { $0.array ?? [$0] } ?? []
    let names = list.compactMap(\.string).filter { !$0.isEmpty }
    return names.isEmpty || names.count < list.count || Set(names).count < names.count ? nil : names
  }

  /// Why a name cannot be a directory below the sweep's.
  private static func obstacle(_ name: String) -> String? {
    if name.isEmpty { return "is empty" }
    if name.hasPrefix("/") { return "is an absolute path" }
    for part in name.split(separator: "/", omittingEmptySubsequences: false) {
      if part.isEmpty { return "has an empty part" }
      if part == "." || part == ".." { return "has the part \(part)" }
    }
    if name.unicodeScalars.contains(where: { $0.value < 0x20 || $0.value == 0x7F }) { return "has a control character" }
    return name.split(separator: "/")[0] == SweepResults.fileName ? "is where the results go" : nil
  }

  /// The members of an object by key; `known` are the keys that it may have, nil for any.
  private static func members(
    _ value: JSONValue, at place: String, known: [String]?
  ) throws(PerceptualError) -> [String: JSONValue] {
    guard let members = value.members else { throw malformed(place, "an object", value) }
    if let known, let other = members.first(where: { !known.contains($0.key) }) {
      throw .malformed("\(place): the key \"\(other.key)\" is unknown; there are \(known.joined(separator: ", "))")
    }
    return Dictionary(uniqueKeysWithValues: members.map { ($0.key, $0.value) })
  }

  static func malformed(_ place: String, _ expected: String, _ found: JSONValue?) -> PerceptualError {
    PerceptualError.malformed("\(place): \(expected) was expected, found \(found?.excerpt ?? "nothing")")
  }
}
