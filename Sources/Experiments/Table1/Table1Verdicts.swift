import Foundation

extension OrderingClaim {
  /// What a group of the orderings says together.
  enum Group: String, CaseIterable {
    case noise = "Trained on noise, NLPD beats MS-SSIM, which beats MSE, on all three metrics"
    case music = "Trained on music, each metric is best for the model trained on it"
    case musicOverNoise = "Training on music beats training on noise, for each loss and metric"
  }

  var group: Group { better.data == worse.data ? (better.data == "noise" ? .noise : .music) : .musicOverNoise }
}

extension Table1Result {
  /// The paper's claims under one way of testing: its orderings in three groups, then its levels. Claims of models that
  /// are not there are left out.
  public func verdicts(_ way: TestWay) -> [ClaimVerdict] {
    OrderingClaim.Group.allCases.compactMap { verdict($0, way) } + [levels(way)].compactMap { $0 }
  }

  private func verdict(_ group: OrderingClaim.Group, _ way: TestWay) -> ClaimVerdict? {
    func found(_ seed: UInt64?) -> [OrderingResult] {
      orderings.first { $0.seed == seed && $0.way == way }?.results.filter { $0.claim.group == group } ?? []
    }
    let results = found(seeds.first)
    if results.isEmpty { return nil }
    let contradicted = results.filter { $0.verdict == .contradicted }
    let undecided = results.count { $0.verdict == .undecided }
    let shown = results.count - contradicted.count - undecided
    var figure = "\(shown) of \(results.count) orderings shown"
    if let example = contradicted.first {
      let (claim, metric) = (example.claim, example.claim.metric)
      figure +=
        ", \(contradicted.count) contradicted\(contradicted.count > 1 ? ", among them" : ":") "
        + "\(claim.worse.title) beats \(claim.better.title) on \(metric.title) by "
        + String(format: "%.3g", abs(example.advantage))
    }
    if undecided > 0 { figure += ", \(undecided) undecided" }
    let others = seeds.dropFirst().map(found).filter { !$0.isEmpty }
    if !others.isEmpty {
      let whole = ([results] + others).count { $0.allSatisfy { $0.verdict == .shown } }
      figure += "; all shown in \(whole) of \(others.count + 1) seeds"
    }
    let verdict: OrderingResult.Verdict =
      shown == results.count ? .shown : contradicted.isEmpty ? .undecided : .contradicted
    return ClaimVerdict(verdict, group.rawValue, figure)
  }

  /// Whether the means are as good as the paper's, which come from other music. nil without models.
  private func levels(_ way: TestWay) -> ClaimVerdict? {
    struct Level {
      let name: String
      let isReached: Bool
      let isMissed: Bool
      /// By what factor the error is larger than the paper's.
      let factor: Double
    }
    let levels = rows.flatMap { row in
      TableMetric.allCases.compactMap { metric -> Level? in
        guard let paper = PaperTable.row(row.model), let scores = row.result(way)?.scores else { return nil }
        let (mean, interval) = scores.column(metric)
        let wanted = metric.value(paper.scores)
        // Higher is better for MS-SSIM alone, whose error is what 1 lacks.
        func error(_ value: Double) -> Double { metric == .msSSIM ? 1 - value : value }
        let best = interval.map { metric == .msSSIM ? $0.high : $0.low } ?? mean
        return Level(
          name: "\(row.model.title) has \(metric.title) \(metric.text(mean)), the paper \(metric.text(wanted))",
          isReached: error(mean) <= error(wanted), isMissed: interval != nil && error(best) > error(wanted),
          factor: error(mean) / error(wanted))
      }
    }
    guard let furthest = levels.max(by: { $0.factor < $1.factor }) else { return nil }
    let reached = levels.count(where: \.isReached)
    let figure =
      "\(reached) of \(levels.count) values as good as the paper's"
      + (furthest.factor > 1 ? "; furthest off, \(furthest.name)" : "")
    return ClaimVerdict(
      reached == levels.count ? .shown : levels.contains(where: \.isMissed) ? .contradicted : .undecided,
      "The levels of the paper's table are reached, on music of our own", figure)
  }

  /// What the paper sees in its Figure 2, by the measures over all clips.
  public var figureVerdicts: [ClaimVerdict] {
    func measure(_ model: TableModel) -> ModelMeasures? { measures.first { $0.name == model.name } }
    func ratio(_ value: Double) -> String { String(format: "%.2f times the input's", value) }
    var verdicts: [ClaimVerdict] = []
    // Of clip by clip what is positive as the claim says.
    func add(_ claim: String, _ values: [Double], _ figure: String) {
      verdicts.append(ClaimVerdict(OrderingResult.Verdict(table.bootstrap.interval(values)), claim, figure))
    }
    if let model = measure(TableModel("noise", .mse)) {
      add(
        "Trained on noise, MSE flattens the spectrum (Figure 2)", model.logRatios(\.flatness),
        "flatness \(ratio(model.ratio(\.flatness)))")
    }
    if let model = measure(TableModel("music", .mse)) {
      add(
        "Trained on music, MSE smooths strokes (Figure 2)", model.logRatios(\.onsetSharpness).map { -$0 },
        "onsets \(ratio(model.ratio(\.onsetSharpness)))")
      if let other = measure(TableModel("music", .nlpd)) {
        let vibrato = \PictureMeasures.vibratoModulation
        let gained = zip(model.logRatios(vibrato), other.logRatios(vibrato)).map { abs($0) - abs($1) }
        add(
          "Trained on music, NLPD keeps more vibrato than MSE (Figure 2)", gained,
          "fluctuation at 4 to 8 Hz \(ratio(other.ratio(vibrato))), with MSE \(ratio(model.ratio(vibrato)))")
      }
    }
    return verdicts
  }
}
