/// What a user, a file or the machine got wrong: one sentence that names the place, what was expected, what was found
/// and what to do, and the kind, from which the command line takes its exit code.
public struct PerceptualError: Error, Equatable, CustomStringConvertible, Sendable {
  /// The raw value is the exit code of the command line.
  public enum Kind: Int32, Sendable {
    /// A check or comparison failed.
    case differs = 1
    /// Training met a non-finite number.
    case nonFinite = 3
    /// An argument makes no sense.
    case usage = 64
    /// A file is malformed, or of the wrong shape or kind.
    case malformed = 65
    /// A file is missing, or a directory holds nothing usable.
    case missing = 66
    /// A file cannot be created.
    case cannotCreate = 73
    /// Writing or reading failed midway.
    case inputOutput = 74
  }

  public let kind: Kind
  public let description: String

  /// Of a word longer than 200 characters, such as a name, the description keeps the beginning and the end.
  public init(_ kind: Kind, _ description: String) {
    self.kind = kind
    self.description =
      description.utf8.count <= Self.longestWord
      ? description
      : description.split(separator: " ", omittingEmptySubsequences: false).map(Self.shortened).joined(separator: " ")
  }

  private static let longestWord = 200

  private static func shortened(_ word: Substring) -> Substring {
    let kept = (longestWord - 3) / 2
    return word.count <= longestWord ? word : word.prefix(kept) + "..." + word.suffix(kept)
  }
}

// By kind: `throw .malformed("...")`.
extension PerceptualError {
  package static func nonFinite(_ sentence: String) -> PerceptualError { .init(.nonFinite, sentence) }
  package static func usage(_ sentence: String) -> PerceptualError { .init(.usage, sentence) }
  package static func malformed(_ sentence: String) -> PerceptualError { .init(.malformed, sentence) }
  package static func missing(_ sentence: String) -> PerceptualError { .init(.missing, sentence) }
  package static func cannotCreate(_ sentence: String) -> PerceptualError { .init(.cannotCreate, sentence) }
  package static func inputOutput(_ sentence: String) -> PerceptualError { .init(.inputOutput, sentence) }
}
