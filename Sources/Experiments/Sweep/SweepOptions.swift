import PerceptualCore
import PerceptualFiles

/// Options of a command by name, as a plan or the record of a run has them.
public struct SweepOptions: Equatable, Sendable {
  /// An object.
  public private(set) var json: JSONValue = [:]
  private var members: [JSONValue.Member] { json.members ?? [] }

  /// They say how a run is computed, not what: results depend on them at most by the rounding of an instruction set.
  private static let withoutEffect = [
    "threads", "instruction-set", "cache", "checkpoint-every", "checkpoint-activations", "tensorboard", "test",
    "test-clips",
  ]

  public init() {}

  /// Throws `.malformed` with the place where a name or value is none.
  init(_ value: JSONValue, at place: String) throws(PerceptualError) {
    guard let members = value.members else { throw SweepPlan.malformed(place, "an object", value) }
    for member in members {
      let isName =
        member.key.first.map { ("a"..."z").contains($0) } == true
        && member.key.allSatisfy { ("a"..."z").contains($0) || ("0"..."9").contains($0) || $0 == "-" }
      if !isName {
        throw .malformed("\(place): \"\(member.key)\" is no option's name; give it without dashes, as learning-rate")
      }
      if SweepPlan.ownOptions.contains(member.key) {
        throw .malformed("\(place).\(member.key): the sweep itself sets --\(member.key); leave it out")
      }
      if Self.words(member) == nil {
        throw SweepPlan.malformed("\(place).\(member.key)", "a text, a number, true, false or a list", member.value)
      }
    }
    json = value
  }

  /// The value of an option as a text, nil where it is not given or a list.
  public subscript(name: String) -> String? { json[name].flatMap(Self.text) }

  /// With an option set.
  public func setting(_ name: String, to value: JSONValue) -> SweepOptions {
    var result = self
    result.json[name] = value
    return result
  }

  /// With the others, which win.
  func merging(_ others: SweepOptions) -> SweepOptions {
    others.members.reduce(self) { $0.setting($1.key, to: $1.value) }
  }

  /// As words of a command line: "--loss=nlpd", and a flag as "--resume".
  public var words: [String] { members.flatMap { Self.words($0) ?? [] } }

  /// The first option that both give, each its own value, and that says what a run computes.
  public func difference(from others: SweepOptions) -> (name: String, value: String, other: String)? {
    for member in members where !Self.withoutEffect.contains(member.key) {
      guard let other = others.json[member.key] else { continue }
      if Self.words(member) != Self.words(.init(key: member.key, value: other)) {
        return (member.key, member.value.excerpt, other.excerpt)
      }
    }
    return nil
  }

  private static func words(_ member: JSONValue.Member) -> [String]? {
    if case .bool(let isGiven) = member.value { return isGiven ? ["--\(member.key)"] : [] }
    if let list = member.value.array {
      let texts = list.compactMap(text)
      return texts.count == list.count ? texts.map { "--\(member.key)=\($0)" } : nil
    }
    return text(member.value).map { ["--\(member.key)=\($0)"] }
  }

  /// Of a text or number; 1.0 and 1e2 are whole numbers too.
  private static func text(_ value: JSONValue) -> String? {
    switch value {
    case .string(let text): text
    case .integer(let number): "\(number)"
    case .number(let number): Int(exactly: number).map { "\($0)" } ?? "\(number)"
    default: nil
    }
  }
}
