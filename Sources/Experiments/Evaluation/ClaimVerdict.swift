/// A claim and what was found of it: a sentence with its figure.
public struct ClaimVerdict: Equatable, Sendable {
  public let verdict: OrderingResult.Verdict
  /// "Training on music beats training on noise".
  public let claim: String
  /// "9 of 9 orderings shown", without a full stop.
  public let figure: String

  public init(_ verdict: OrderingResult.Verdict, _ claim: String, _ figure: String) {
    self.verdict = verdict
    self.claim = claim
    self.figure = figure
  }

  /// One reading for each of some `things`, positive as the claim says: of two or more, shown if all are, contradicted
  /// if none is. nil without readings. `example` is added to the count.
  init?(_ claim: String, advantages: [Double], _ things: String, example: String = "") {
    if advantages.isEmpty { return nil }
    let agreeing = advantages.count { $0 > 0 }
    self.init(
      advantages.count < 2
        ? .undecided : agreeing == advantages.count ? .shown : agreeing == 0 ? .contradicted : .undecided, claim,
      "in \(agreeing) of \(advantages.count) \(things)\(example)")
  }
}
