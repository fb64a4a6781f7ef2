import PerceptualCore
import PerceptualFiles

/// {"mse", "nlpd", "msSSIM", "ssim"}.
public func scoreMembers(_ scores: Scores) -> [JSONValue.Member] {
  [
    .init(key: "mse", value: .number(scores.mse)), .init(key: "nlpd", value: .number(scores.nlpd)),
    .init(key: "msSSIM", value: .number(scores.msSSIM)), .init(key: "ssim", value: .number(scores.ssim)),
  ]
}

/// {"mse": [low, high], ...}: the intervals of the means.
public func intervalMembers(_ scores: [Scores], _ bootstrap: Bootstrap) -> [JSONValue.Member] {
  func member(_ key: String, _ value: (Scores) -> Double) -> JSONValue.Member {
    guard let interval = bootstrap.interval(scores.map(value)) else { return .init(key: key, value: .null) }
    return .init(key: key, value: .array([.number(interval.low), .number(interval.high)]))
  }
  return [member("mse", \.mse), member("nlpd", \.nlpd), member("msSSIM", \.msSSIM), member("ssim", \.ssim)]
}

extension Table1Row {
  /// {"data", "loss"} with the keys of `evaluate`, for running statistics and soft quantisation, and the other ways of
  /// testing under "alternatives".
  public func json(clips: [Clip], _ bootstrap: Bootstrap) -> JSONValue {
    func members(_ result: Result) -> [JSONValue.Member] {
      var list: [JSONValue] = []
      for (index, clip) in clips.enumerated() {
        var members: [JSONValue.Member] = [
          .init(key: "file", value: .string(clip.file)), .init(key: "start", value: .number(clip.start)),
        ]
        members += scoreMembers(result.clips[index])
        members.append(
          .init(key: "withoutMeanError", value: .object(scoreMembers(result.withoutMeanError[index]))))
        members.append(.init(key: "offCentreLatents", value: .number(result.offCentre[index])))
        list.append(.object(members))
      }
      return scoreMembers(result.mean) + [
        .init(key: "clips", value: .array(list)),
        .init(key: "statistics", value: .string(result.statistics.rawValue)),
        .init(key: "quantisation", value: .string(result.quantisation.rawValue)),
      ] + result.summary(bootstrap)
    }
    let identity: [JSONValue.Member] = [
      .init(key: "data", value: .string(model.data)), .init(key: "loss", value: .string(model.loss.rawValue)),
      .init(key: "seed", value: .string("\(seed)")),
      .init(key: "weights", value: .string(hexadecimal(weights, digits: 16))),
    ]
    let others = results.dropFirst().map { JSONValue.object(members($0)) }
    return .object(
      identity + (results.first.map(members) ?? []) + [.init(key: "alternatives", value: .array(others))])
  }
}

extension Table1Row.Result {
  /// What the clips' values come to: intervals, the means without mean error, the share of latents off the centres.
  func summary(_ bootstrap: Bootstrap) -> [JSONValue.Member] {
    let offCentre = offCentre.reduce(0, +) / Double(max(1, offCentre.count))
    return [
      .init(key: "intervals", value: .object(intervalMembers(clips, bootstrap))),
      .init(key: "withoutMeanError", value: .object(scoreMembers(Scores(meanOf: withoutMeanError)))),
      .init(key: "offCentreLatents", value: .number(offCentre)),
    ]
  }
}

extension [Table1Row] {
  /// One line a model and way of testing, with the paper's values beside.
  public func csv(_ bootstrap: Bootstrap) -> String {
    var lines = [
      "data,loss,statistics,quantisation,mse,nlpd,ms_ssim,ssim,paper_mse,paper_nlpd,paper_ms_ssim,"
        + "mse_low,mse_high,nlpd_low,nlpd_high,ms_ssim_low,ms_ssim_high,off_centre_latents,seed"
    ]
    for row in self {
      guard let paper = PaperTable.row(row.model) else { continue }
      for result in row.results {
        let mean = result.mean
        let cells =
          [row.model.data, row.model.loss.rawValue, result.statistics.rawValue, result.quantisation.rawValue]
          + [mean.mse, mean.nlpd, mean.msSSIM, mean.ssim, paper.mse, paper.nlpd, paper.msSSIM].map { "\($0)" }
        let bounds = TableMetric.allCases.flatMap { metric -> [String] in
          guard let interval = bootstrap.interval(result.clips.map(metric.value)) else { return ["", ""] }
          return ["\(interval.low)", "\(interval.high)"]
        }
        let offCentre = result.offCentre.reduce(0, +) / Double(Swift.max(1, result.offCentre.count))
        lines.append((cells + bounds + ["\(offCentre)", "\(row.seed)"]).joined(separator: ","))
      }
    }
    return lines.joined(separator: "\n") + "\n"
  }
}
