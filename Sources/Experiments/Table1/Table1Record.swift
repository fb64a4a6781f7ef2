import Foundation
import PerceptualCore
import PerceptualFiles

/// Everything that a table claims, in one document that another run can be held against: settings, weights, recordings,
/// means with their intervals, baselines, and the verdict on each ordering of the paper.
public struct Table1Record: Sendable {
  static let format = "perceptual table1 record 1"

  public let document: JSONValue

  public init(document: JSONValue) { self.document = document }

  /// The record of a table. `rows` are those of the first seed, `others` those of further seeds.
  public init(
    _ table: Table1, rows: [Table1Row], others: [Table1Row], measures: [ModelMeasures], command: String
  ) throws(PerceptualError) {
    let bootstrap = table.bootstrap
    var recordings: [JSONValue] = []
    for file in Self.distinct(table.test.clips.map(\.file)) {
      let bytes = try FileBytes.read(file)
      recordings.append([
        "file": .string(FilePath.shown(FilePath.name(of: file))), "bytes": .integer(bytes.count),
        "fnv1a": .string(hexadecimal(fnv1a(bytes), digits: 16)),
      ])
    }
    let pictures = table.test.batch
    let baselines = Baseline.allCases.map { baseline -> JSONValue in
      let scores = Scores.of(baseline.answer(pictures), target: pictures)
      return .object(
        [.init(key: "name", value: .string(baseline.rawValue)), .init(key: "title", value: .string(baseline.title))]
          + scoreMembers(Scores(meanOf: scores))
          + [.init(key: "intervals", value: .object(intervalMembers(scores, bootstrap)))])
    }
    let groups = Autoencoder.groups(of: table.test.clips.count, largest: table.largestGroup)
    let seeds = Self.distinct((rows + others).map { "\($0.seed)" })
    document = [
      "format": .string(Self.format), "command": .string(command),
      "seeds": .array(seeds.map { .string($0) }),
      "test": [
        "clips": .integer(table.test.clips.count), "recordings": .array(recordings),
        "batchGroups": .array(groups.map { .integer($0.count) }),
      ],
      "bootstrap": [
        "confidence": .number(Bootstrap.confidence), "resamples": .integer(bootstrap.resamples),
        "draws": .string(bootstrap.drawsRecordings ? "recordings" : "clips"), "units": .integer(bootstrap.units),
      ],
      "models": .array((rows + others).map { Self.model($0, bootstrap) }),
      "baselines": .array(baselines),
      "orderings": .array(
        seeds.flatMap { seed in
          Self.orderings((rows + others).filter { "\($0.seed)" == seed }, seed: seed, bootstrap)
        }),
      "measures": .array(measures.map { $0.json(bootstrap) }),
    ]
  }

  private static func distinct(_ names: [String]) -> [String] {
    var seen: Set<String> = []
    return names.filter { seen.insert($0).inserted }
  }

  private static func model(_ row: Table1Row, _ bootstrap: Bootstrap) -> JSONValue {
    let results = row.results.map { result -> JSONValue in
      .object(
        way(result.statistics, result.quantisation) + scoreMembers(result.mean) + result.summary(bootstrap))
    }
    let halves = row.halfPrecision.map { half -> JSONValue in
      let exact = row.result(.running, half.quantisation)?.clips ?? []
      let changes = TableMetric.allCases.map { metric in
        JSONValue.Member(
          key: metric.rawValue,
          value: .number(zip(exact, half.clips).map { abs(metric.value($0) - metric.value($1)) }.max() ?? 0))
      }
      return .object(
        way(.running, half.quantisation) + scoreMembers(half.mean)
          + [.init(key: "largestChangeOfAClip", value: .object(changes))])
    }
    let metadata = row.metadata.sorted { $0.key < $1.key }.map {
      JSONValue.Member(key: $0.key, value: .string($0.value))
    }
    return [
      "data": .string(row.model.data), "loss": .string(row.model.loss.rawValue), "seed": .string("\(row.seed)"),
      "weights": .string(hexadecimal(row.weights, digits: 16)), "metadata": .object(metadata),
      "results": .array(results), "halfPrecision": .array(halves),
    ]
  }

  private static func way(_ statistics: BatchStatistics, _ quantisation: Quantisation) -> [JSONValue.Member] {
    [
      .init(key: "statistics", value: .string(statistics.rawValue)),
      .init(key: "quantisation", value: .string(quantisation.rawValue)),
    ]
  }

  private static func orderings(_ rows: [Table1Row], seed: String, _ bootstrap: Bootstrap) -> [JSONValue] {
    var list: [JSONValue] = []
    for statistics in BatchStatistics.allCases {
      for quantisation in Quantisation.allCases {
        for result in rows.orderings(statistics, quantisation, bootstrap) {
          let bounds: JSONValue = result.interval.map { .array([.number($0.low), .number($0.high)]) } ?? .null
          list.append(
            .object(
              [
                .init(key: "seed", value: .string(seed)),
                .init(key: "better", value: .string(result.claim.better.name)),
                .init(key: "worse", value: .string(result.claim.worse.name)),
                .init(key: "metric", value: .string(result.claim.metric.rawValue)),
              ] + way(statistics, quantisation) + [
                .init(key: "advantage", value: .number(result.advantage)), .init(key: "interval", value: bounds),
                .init(key: "verdict", value: .string(result.verdict.rawValue)),
              ]))
        }
      }
    }
    return list
  }
}

// MARK: - Holding another run against it

extension Table1Record {
  /// Reads a record. Throws `.malformed` where it is none.
  public init(contentsOf path: String) throws(PerceptualError) {
    let bytes = try FileBytes.read(path)
    let document: JSONValue
    do {
      document = try JSONValue(parsing: bytes)
    } catch {
      throw PerceptualError(.malformed, "\(path): a record of table1 was expected, found \(error): write it again")
    }
    guard document["format"]?.string == Self.format else {
      throw PerceptualError(
        .malformed,
        "\(path): a record of table1 was expected, found something else: give what table1 wrote as record.json")
    }
    self.init(document: document)
  }

  /// How many of the clips' means differ from the recorded ones by more than this share of the recorded interval's
  /// width is counted as a complaint: rounding, on another instruction set say, moves a mean by far less than the
  /// choice of clips.
  static let meansTolerance = 0.05

  /// What a table evaluated now says otherwise, a sentence each: other weights or clips, means that moved, orderings
  /// that were recorded as shown and are not any more, and orderings recorded as not shown that now are.
  public func complaints(_ rows: [Table1Row], clips: Int, _ bootstrap: Bootstrap) -> [String] {
    var complaints: [String] = []
    if document["test"]?["clips"]?.integer != clips {
      complaints.append("\(clips) clips, recorded \(document["test"]?["clips"]?.integer ?? 0)")
    }
    for row in rows {
      let recorded = document["models"]?.array?.first {
        $0["data"]?.string == row.model.data && $0["loss"]?.string == row.model.loss.rawValue
          && $0["seed"]?.string == "\(row.seed)"
      }
      guard let recorded else {
        complaints.append("\(row.model.title), seed \(row.seed): not recorded")
        continue
      }
      let weights = hexadecimal(row.weights, digits: 16)
      if recorded["weights"]?.string != weights {
        complaints.append("\(row.model.title): weights \(weights), recorded \(recorded["weights"]?.string ?? "none")")
      }
      for result in row.results { complaints += meansThatMoved(row, result, recorded) }
    }
    for statistics in BatchStatistics.allCases {
      for quantisation in Quantisation.allCases {
        for result in rows.orderings(statistics, quantisation, bootstrap) {
          let verdict = recordedVerdict(result.claim, statistics, quantisation, seed: rows.first?.seed ?? 0)
          if verdict != result.verdict {
            complaints.append(
              "\(result.claim.title) (\(statistics.rawValue) statistics, \(quantisation.rawValue)): "
                + "\(result.verdict.rawValue), recorded \(verdict?.rawValue ?? "nothing")")
          }
        }
      }
    }
    return complaints
  }

  private func meansThatMoved(_ row: Table1Row, _ result: Table1Row.Result, _ recorded: JSONValue) -> [String] {
    let way = "\(row.model.title) (\(result.statistics.rawValue) statistics, \(result.quantisation.rawValue))"
    let same = recorded["results"]?.array?.first {
      $0["statistics"]?.string == result.statistics.rawValue
        && $0["quantisation"]?.string == result.quantisation.rawValue
    }
    guard let same else { return ["\(way): not recorded"] }
    return TableMetric.allCases.compactMap { metric in
      guard let mean = same[metric.rawValue]?.double,
        let interval = same["intervals"]?[metric.rawValue]?.array?.compactMap(\.double), interval.count == 2
      else { return "\(way): no \(metric.title) recorded" }
      let found = metric.value(result.mean)
      let allowed = Self.meansTolerance * (interval[1] - interval[0])
      return abs(found - mean) <= allowed
        ? nil : "\(way): \(metric.title) \(found), recorded \(mean), allowed \(allowed) on either side"
    }
  }

  /// nil if the claim is not in the record.
  public func recordedVerdict(
    _ claim: OrderingClaim, _ statistics: BatchStatistics, _ quantisation: Quantisation, seed: UInt64
  ) -> OrderingResult.Verdict? {
    document["orderings"]?.array?.first {
      $0["seed"]?.string == "\(seed)" && $0["better"]?.string == claim.better.name
        && $0["worse"]?.string == claim.worse.name && $0["metric"]?.string == claim.metric.rawValue
        && $0["statistics"]?.string == statistics.rawValue && $0["quantisation"]?.string == quantisation.rawValue
    }?["verdict"]?.string.flatMap { OrderingResult.Verdict(rawValue: $0) }
  }
}

/// FNV-1a, 64 bits.
func fnv1a(_ bytes: [UInt8]) -> UInt64 {
  bytes.reduce(0xcbf2_9ce4_8422_2325) { ($0 ^ UInt64($1)) &* 0x0000_0100_0000_01b3 }
}
