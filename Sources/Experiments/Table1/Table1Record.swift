import PerceptualCore
import PerceptualFiles

/// Everything that a table claims, in one document that another run can be held against: settings, weights, recordings,
/// means with their intervals, baselines, and the verdict on each ordering of the paper.
public struct Table1Record: Sendable {
  static let format = "perceptual table1 record 1"

  public let document: JSONValue

  public init(document: JSONValue) { self.document = document }

  public init(_ result: Table1Result) throws(PerceptualError) {
    let table = result.table
    let bootstrap = table.bootstrap
    var recordings: [JSONValue] = []
    for file in table.test.clips.map(\.file).uniqued {
      let bytes = try FileBytes.read(file)
      recordings.append([
        "file": .string(FilePath.shown(FilePath.name(of: file))), "bytes": .integer(bytes.count),
        "fnv1a": .string(hexadecimal(fnv1a(bytes), digits: 16)),
      ])
    }
    let baselines = result.baselines.map { baseline, scores in
      let names: JSONValue = ["name": .string(baseline.rawValue), "title": .string(baseline.title)]
      return names.adding(scores.mean.json).adding(["intervals": scores.intervalsJSON])
    }
    document = [
      "format": .string(Self.format), "command": .string(result.command),
      "seeds": .array(result.seeds.map { .string("\($0)") }),
      "test": [
        "clips": .integer(table.test.clips.count), "recordings": .array(recordings),
        "batchGroups": .array(result.groups.map { .integer($0) }),
      ],
      "bootstrap": [
        "confidence": .number(Bootstrap.confidence), "resamples": .integer(bootstrap.resamples),
        "draws": .string(bootstrap.drawsRecordings ? "recordings" : "clips"), "units": .integer(bootstrap.units),
      ],
      "models": .array((result.rows + result.others).map(Self.model)),
      "baselines": .array(baselines), "orderings": .array(result.orderings.flatMap(Self.orderings)),
      "measures": .array(result.measures.map { $0.json(bootstrap) }),
    ]
  }

  private static func model(_ row: Table1Row) -> JSONValue {
    let results = row.results.map { $0.way.json.adding($0.scores.mean.json).adding($0.summary) }
    let halves = row.halfPrecision.map { half in
      let changes = JSONValue(TableMetric.allCases.map { ($0.rawValue, half.largestChange[$0] ?? 0) })
      return TestWay(.running, half.quantisation).json.adding(half.mean.json)
        .adding(["largestChangeOfAClip": changes])
    }
    return row.identity.adding([
      "metadata": JSONValue(row.metadata), "results": .array(results), "halfPrecision": .array(halves),
    ])
  }

  private static func orderings(_ orderings: Table1Result.Orderings) -> [JSONValue] {
    orderings.results.map { result in
      let claim: JSONValue = [
        "seed": .string("\(orderings.seed)"), "better": .string(result.claim.better.name),
        "worse": .string(result.claim.worse.name), "metric": .string(result.claim.metric.rawValue),
      ]
      return claim.adding(orderings.way.json).adding([
        "advantage": .number(result.advantage), "interval": result.interval?.json ?? .null,
        "verdict": .string(result.verdict.rawValue),
      ])
    }
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
      throw .malformed("\(path): a record of table1 was expected, found \(error): write it again")
    }
    guard document["format"]?.string == Self.format else {
      throw .malformed(
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
  public func complaints(_ result: Table1Result) -> [String] {
    var complaints: [String] = []
    let clips = result.table.test.clips.count
    if document["test"]?["clips"]?.integer != clips {
      complaints.append("\(clips) clips, recorded \(document["test"]?["clips"]?.integer ?? 0)")
    }
    for row in result.rows + result.others {
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
    for orderings in result.orderings {
      for result in orderings.results {
        let verdict = recordedVerdict(result.claim, orderings.way, seed: orderings.seed)
        if verdict != result.verdict {
          complaints.append(
            "\(result.claim.title) (\(orderings.way.title)): \(result.verdict.rawValue), recorded "
              + (verdict?.rawValue ?? "nothing"))
        }
      }
    }
    return complaints
  }

  private func meansThatMoved(_ row: Table1Row, _ result: TestResult, _ recorded: JSONValue) -> [String] {
    let way = "\(row.model.title) (\(result.way.title))"
    let same = recorded["results"]?.array?.first { Self.isOf($0, result.way) }
    guard let same else { return ["\(way): not recorded"] }
    return TableMetric.allCases.compactMap { metric in
      guard let mean = same[metric.rawValue]?.double,
        let interval = same["intervals"]?[metric.rawValue]?.array?.compactMap(\.double), interval.count == 2
      else { return "\(way): no \(metric.title) recorded" }
      let found = metric.value(result.scores.mean)
      let allowed = Self.meansTolerance * (interval[1] - interval[0])
      return abs(found - mean) <= allowed
        ? nil : "\(way): \(metric.title) \(found), recorded \(mean), allowed \(allowed) on either side"
    }
  }

  /// nil if the claim is not in the record.
  public func recordedVerdict(
    _ claim: OrderingClaim, _ way: TestWay, seed: UInt64
  ) -> OrderingResult.Verdict? {
    document["orderings"]?.array?.first {
      $0["seed"]?.string == "\(seed)" && $0["better"]?.string == claim.better.name
        && $0["worse"]?.string == claim.worse.name && $0["metric"]?.string == claim.metric.rawValue
        && Self.isOf($0, way)
    }?["verdict"]?.string.flatMap { OrderingResult.Verdict(rawValue: $0) }
  }

  private static func isOf(_ document: JSONValue, _ way: TestWay) -> Bool {
    document["statistics"]?.string == way.statistics.rawValue
      && document["quantisation"]?.string == way.quantisation.rawValue
  }
}

/// FNV-1a, 64 bits.
func fnv1a(_ bytes: [UInt8]) -> UInt64 {
  bytes.reduce(0xcbf2_9ce4_8422_2325) { ($0 ^ UInt64($1)) &* 0x0000_0100_0000_01b3 }
}
