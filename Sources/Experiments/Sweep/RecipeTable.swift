import Foundation
import PerceptualFiles

/// The results of a sweep, a row a recipe; soft quantisation.
public struct RecipeTable: Sendable {
  public struct Row: Sendable {
    public let recipe: String
    public let running: RecipeDistance
    public let batch: RecipeDistance

    func distance(_ statistics: BatchStatistics) -> RecipeDistance { statistics == .running ? running : batch }
  }

  /// Those with most cells of the paper's table first, since others are not comparable; of them the nearest to the
  /// paper with running statistics.
  public let rows: [Row]
  /// A model of a recipe, all its seeds.
  public struct ModelScores: Sendable {
    public let recipe: String
    public let model: TableModel
    /// One a seed and way of testing.
    let results: [SweepResult]

    public var seeds: Int { Set(results.map(\.seed)).count }

    /// Over seeds, of what `value` reads of a line; nil without one.
    func spread(_ way: TestWay, _ value: (JSONValue) -> Double?) -> (mean: Double, deviation: Double?)? {
      let values = results.filter { $0.scores(way) != nil }.compactMap { value($0.document) }
      if values.isEmpty { return nil }
      let mean = values.reduce(0, +) / Double(values.count)
      let squares = values.reduce(0) { $0 + ($1 - mean) * ($1 - mean) }
      return (mean, values.count > 1 ? (squares / Double(values.count - 1)).squareRoot() : nil)
    }
  }

  /// In the order of ``rows``, models of noise first.
  public let scores: [ModelScores]
  /// What was tested and belongs to no recipe.
  public let alone: [SweepResult]
  public let failures: [SweepResult]

  /// Where the plan has a run, it says to which recipes it belongs; elsewhere its lines do.
  public init(_ results: SweepResults, _ plan: SweepPlan) {
    let planned = Dictionary(uniqueKeysWithValues: plan.runs.map { ($0.name, $0.recipes) })
    let tested = results.lines.filter { $0.tested != nil }
    func recipes(_ result: SweepResult) -> [String] { planned[result.name] ?? result.recipes }
    func judged(_ recipe: String, _ statistics: BatchStatistics) -> RecipeDistance {
      RecipeDistance(
        tested.filter { recipes($0).contains(recipe) }.compactMap { result in
          result.scores(TestWay(statistics, .soft)).map { RecipeDistance.Model(result.model, seed: result.seed, $0) }
        })
    }
    let unsorted = tested.flatMap(recipes).uniqued.map {
      Row(recipe: $0, running: judged($0, .running), batch: judged($0, .batch))
    }
    rows = unsorted.enumerated().sorted { first, second in
      // Not finite comes last, equals in the order of the results.
      func key(_ row: Row) -> (Int, Double) {
        (-row.running.cells.count, row.running.mean().flatMap { $0.isFinite ? $0 : nil } ?? .infinity)
      }
      let (one, other) = (key(first.element), key(second.element))
      return one == other ? first.offset < second.offset : one < other
    }.map(\.element)
    scores = rows.flatMap { row in
      PaperTable.rows.map(\.model).sorted { $0.data == "noise" && $1.data != "noise" }.compactMap { model in
        // Where a recipe takes another's model, the other's row has it.
        let own = tested.filter { $0.model == model && recipes($0).first == row.recipe }
        return own.isEmpty ? nil : ModelScores(recipe: row.recipe, model: model, results: own)
      }
    }
    alone = tested.filter { recipes($0).isEmpty }
    let done = Set(tested.map(\.name))
    failures = results.lines.filter { $0.failure != nil && !done.contains($0.name) }
  }

  /// Tables in Markdown.
  public var markdown: [String] {
    var lines: [String] = []
    if !rows.isEmpty {
      lines += ["Distance to the paper's Table 1: mean of |ln(ours / the paper's)|; in brackets, of single seeds.", ""]
      lines += Self.table(
        [
          "recipe", "seeds of noise", "cells of 18", "distance, running", "U(x)", "P(x)", "distance, batch", "U(x)",
          "P(x)", "orderings right, running", "batch",
        ],
        rows.map(summary))
      lines += ["", "Seeds in which models of noise are in the paper's order: running, batch statistics.", ""]
      let headings = rows[0].running.orderings.map { ordering in
        let claim = ordering.claim
        return "\(claim.metric.title): \(claim.better.loss.title) over \(claim.worse.loss.title)"
      }
      lines += Self.table(["recipe"] + headings, rows.map(orderings))
      for statistics in BatchStatistics.allCases {
        lines += [
          "", "Means over seeds with \(statistics.rawValue) statistics; in brackets, the standard deviation.", "",
        ]
        lines += Self.table(Self.scoreHeadings, scores.compactMap { $0.cells(statistics) })
      }
    }
    if !alone.isEmpty {
      if !lines.isEmpty { lines.append("") }
      lines += Self.table(
        ["run without a recipe", "data", "loss", "seed", "statistics", "MSE", "NLPD", "MS-SSIM"],
        alone.compactMap(single))
    }
    for run in failures { lines += ["", "\(run.name) failed: \(run.failure ?? "")"] }
    return lines
  }

  private func summary(_ row: Row) -> [String] {
    let seeds = row.running.cells.filter { $0.model.data == "noise" }.map(\.logRatios.count).max() ?? 0
    var cells = [row.recipe, "\(seeds)", "\(row.running.cells.count)"]
    for statistics in BatchStatistics.allCases {
      let distance = row.distance(statistics)
      cells += [nil, "noise", "music"].map { Self.text(distance, $0) }
    }
    return cells
      + BatchStatistics.allCases.map { statistics in
        let orderings = row.distance(statistics).orderings
        return "\(orderings.reduce(0) { $0 + $1.right }) of \(orderings.reduce(0) { $0 + $1.seeds })"
      }
  }

  /// The mean, and for models of noise of several seeds the least and the greatest of a seed.
  private static func text(_ distance: RecipeDistance, _ data: String?) -> String {
    guard let mean = distance.mean(of: data) else { return "-" }
    let seeds = data == "noise" ? distance.meansOfSeeds(of: "noise") : []
    guard let least = seeds.first, let most = seeds.last, seeds.count > 1 else { return String(format: "%.3f", mean) }
    return String(format: "%.3f (%.3f to %.3f)", mean, least, most)
  }

  private func orderings(_ row: Row) -> [String] {
    [row.recipe]
      + zip(row.running.orderings, row.batch.orderings).map { running, batch in
        running.seeds == 0 ? "-" : "\(running.right), \(batch.right) of \(running.seeds)"
      }
  }

  private static let scoreHeadings = [
    "recipe", "data", "loss", "seeds", "MSE", "NLPD", "MS-SSIM", "MSE, level right", "hard: MSE", "NLPD", "MS-SSIM",
    "latents off the centres",
  ]

  private func single(_ result: SweepResult) -> [String]? {
    guard let (way, scores) = result.tested, way.quantisation == .soft else { return nil }
    return [
      result.name, result.model.symbol, result.model.loss.title, "\(result.seed)", way.statistics.rawValue,
    ] + TableMetric.allCases.map { $0.text($0.value(scores)) }
  }

  private static func table(_ header: [String], _ rows: [[String]]) -> [String] {
    ([header, header.map { _ in "---" }] + rows).map { row in
      "| " + row.map { $0.replacingOccurrences(of: "|", with: "\\|") }.joined(separator: " | ") + " |"
    }
  }
}

extension RecipeTable.ModelScores {
  private static let columns: [(quantisation: Quantisation, places: Int, value: @Sendable (JSONValue) -> Double?)] = [
    (.soft, 4, { $0["mse"]?.double }), (.soft, 2, { $0["nlpd"]?.double }), (.soft, 3, { $0["msSSIM"]?.double }),
    (.soft, 4, { $0["withoutMeanError"]?["mse"]?.double }),
    (.hard, 4, { $0["mse"]?.double }), (.hard, 2, { $0["nlpd"]?.double }), (.hard, 3, { $0["msSSIM"]?.double }),
    (.soft, 3, { $0["offCentreLatents"]?.double }),
  ]

  /// nil where nothing was tested with these statistics.
  fileprivate func cells(_ statistics: BatchStatistics) -> [String]? {
    let values = Self.columns.map { column -> String? in
      guard let spread = spread(TestWay(statistics, column.quantisation), column.value) else { return nil }
      let mean = String(format: "%.\(column.places)f", spread.mean)
      return spread.deviation.map { String(format: "\(mean) (%.\(column.places)f)", $0) } ?? mean
    }
    if values.allSatisfy({ $0 == nil }) { return nil }
    return [recipe, model.symbol, model.loss.title, "\(seeds)"] + values.map { $0 ?? "-" }
  }
}

extension RecipeTable {
  /// {"recipes": [...], "alone": [lines], "failed": [lines]}.
  public var json: JSONValue {
    [
      "recipes": .array(
        rows.map { row in
          ["recipe": .string(row.recipe), "running": Self.json(row.running), "batch": Self.json(row.batch)]
        }),
      "alone": .array(alone.map(\.document)), "failed": .array(failures.map(\.document)),
    ]
  }

  private static func json(_ distance: RecipeDistance) -> JSONValue {
    func number(_ data: String?) -> JSONValue { distance.mean(of: data).map { .number($0) } ?? .null }
    return [
      "distance": number(nil), "noise": number("noise"), "music": number("music"),
      "noiseOfSeeds": .array(distance.meansOfSeeds(of: "noise").map { .number($0) }),
      "cells": .array(
        distance.cells.map { cell in
          [
            "model": .string(cell.model.name), "metric": .string(cell.metric.rawValue),
            "logRatios": .array(cell.logRatios.map { .number($0) }), "distance": .number(cell.distance),
          ]
        }),
      "orderings": .array(
        distance.orderings.map { ordering in
          [
            "better": .string(ordering.claim.better.name), "worse": .string(ordering.claim.worse.name),
            "metric": .string(ordering.claim.metric.rawValue), "right": .integer(ordering.right),
            "seeds": .integer(ordering.seeds),
          ]
        }),
    ]
  }
}
