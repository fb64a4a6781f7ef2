import PerceptualCore

// By kind: `throw .malformed("...")`.
extension PerceptualError {
  package static func nonFinite(_ sentence: String) -> PerceptualError { .init(.nonFinite, sentence) }
  package static func usage(_ sentence: String) -> PerceptualError { .init(.usage, sentence) }
  package static func malformed(_ sentence: String) -> PerceptualError { .init(.malformed, sentence) }
  package static func missing(_ sentence: String) -> PerceptualError { .init(.missing, sentence) }
  package static func cannotCreate(_ sentence: String) -> PerceptualError { .init(.cannotCreate, sentence) }
  package static func inputOutput(_ sentence: String) -> PerceptualError { .init(.inputOutput, sentence) }
}
