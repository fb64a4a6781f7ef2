import PerceptualCore
import Testing

/// Demands that the body throws an error of this project, of the kind if one is given, whose description begins so and
/// holds the phrases.
public func expectError<Result>(
  _ kind: PerceptualError.Kind? = nil, beginning prefix: String? = nil, saying phrases: String...,
  sourceLocation: SourceLocation = #_sourceLocation, _ body: () throws -> Result
) {
  let error = #expect(throws: PerceptualError.self, sourceLocation: sourceLocation) { _ = try body() }
  guard let error else { return }
  if let kind { #expect(error.kind == kind, sourceLocation: sourceLocation) }
  if let prefix { #expect(error.description.hasPrefix(prefix), sourceLocation: sourceLocation) }
  for phrase in phrases { #expect(error.description.contains(phrase), sourceLocation: sourceLocation) }
}

extension ExitTest.Result? {
  /// Whether an exit test ended and the sentence stands in what it wrote.
  public func stops(with sentence: String) -> Bool {
    guard let self else { return false }
    return String(decoding: self.standardErrorContent, as: UTF8.self).contains(sentence)
  }
}
