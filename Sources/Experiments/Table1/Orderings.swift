import Foundation

/// A column of the paper's table.
public enum TableMetric: String, Sendable, CaseIterable {
  case mse, nlpd, msSSIM

  public var title: String { of("MSE", "NLPD", "MS-SSIM") }
  /// Digits behind the point in tables.
  public var places: Int { of(5, 3, 4) }

  public func value(_ scores: Scores) -> Double { of(scores.mse, scores.nlpd, scores.msSSIM) }

  private func of<Value>(_ mse: Value, _ nlpd: Value, _ msSSIM: Value) -> Value {
    switch self {
    case .mse: mse
    case .nlpd: nlpd
    case .msSSIM: msSSIM
    }
  }

  public func text(_ value: Double) -> String { String(format: "%.\(places)f", value) }

  /// By how much `a` is better than `b`: positive if it is.
  public func advantage(of a: Scores, over b: Scores) -> Double {
    self == .msSSIM ? value(a) - value(b) : value(b) - value(a)
  }
}

/// One of the six models.
public struct TableModel: Hashable, Sendable {
  /// "noise" or "music".
  public let data: String
  public let loss: TrainingLoss

  public init(_ data: String, _ loss: TrainingLoss) {
    self.data = data
    self.loss = loss
  }

  /// "noise-nlpd", as in file names.
  public var name: String { "\(data)-\(loss.rawValue)" }
  /// P(x) for music and U(x) for noise, as the paper writes it.
  public var symbol: String { data == "music" ? "P(x)" : "U(x)" }
  /// "U(x), NLPD".
  public var title: String { "\(symbol), \(loss.title)" }
}

/// "`better` beats `worse` on `metric`": an ordering that the paper's table claims.
public struct OrderingClaim: Hashable, Sendable {
  public let better: TableModel
  public let worse: TableModel
  public let metric: TableMetric

  public var title: String { "\(better.title) beats \(worse.title) on \(metric.title)" }

  /// Twenty-four: trained on noise NLPD beats MS-SSIM beats MSE on all metrics (nine pairs); trained on music each
  /// metric is best for the model trained on it (six); music beats noise for each loss on all metrics (nine).
  public static let all: [OrderingClaim] = {
    var claims: [OrderingClaim] = []
    func add(_ metric: TableMetric, _ better: TableModel, over worse: TableModel) {
      claims.append(OrderingClaim(better: better, worse: worse, metric: metric))
    }
    let ranked: [(TrainingLoss, TrainingLoss)] = [(.nlpd, .msSSIM), (.msSSIM, .mse), (.nlpd, .mse)]
    for metric in TableMetric.allCases {
      for (better, worse) in ranked { add(metric, TableModel("noise", better), over: TableModel("noise", worse)) }
    }
    for (metric, own) in [(TableMetric.mse, TrainingLoss.mse), (.nlpd, .nlpd), (.msSSIM, .msSSIM)] {
      for other in TrainingLoss.allCases where other != own {
        add(metric, TableModel("music", own), over: TableModel("music", other))
      }
    }
    for metric in TableMetric.allCases {
      for loss in TrainingLoss.allCases { add(metric, TableModel("music", loss), over: TableModel("noise", loss)) }
    }
    return claims
  }()
}

/// What the clips say about a claim.
public struct OrderingResult: Equatable, Sendable {
  public enum Verdict: String, Sendable {
    /// The interval of the paired difference lies on the claim's side of 0.
    case shown
    /// It lies on the other side.
    case contradicted
    /// It holds 0, or there is none.
    case undecided

    /// Of the interval of what is positive as the claim says.
    init(_ interval: Interval?) {
      self = interval.map { $0.low > 0 ? .shown : $0.high < 0 ? .contradicted : .undecided } ?? .undecided
    }
  }

  public let claim: OrderingClaim
  /// Mean over the clips of the better model's advantage: positive as the paper says.
  public let advantage: Double
  public let interval: Interval?

  public var verdict: Verdict { Verdict(interval) }

  /// Clip by clip, paired.
  init(_ claim: OrderingClaim, better: [Scores], worse: [Scores], _ bootstrap: Bootstrap) {
    let differences = zip(better, worse).map { claim.metric.advantage(of: $0, over: $1) }
    self.claim = claim
    advantage = differences.reduce(0, +) / Double(max(1, differences.count))
    interval = bootstrap.interval(differences)
  }
}

extension [Table1Row] {
  /// Every claim whose two models are among the rows, under one way of testing.
  public func orderings(_ way: TestWay, _ bootstrap: Bootstrap) -> [OrderingResult] {
    OrderingClaim.all.compactMap { claim in
      func clips(_ model: TableModel) -> [Scores]? {
        first { $0.model == model }?.result(way)?.scores.clips
      }
      guard let better = clips(claim.better), let worse = clips(claim.worse) else { return nil }
      return OrderingResult(claim, better: better, worse: worse, bootstrap)
    }
  }
}
