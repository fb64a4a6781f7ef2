import Foundation
import Testing

@testable import PerceptualExperiments

/// Distances and orderings of numbers made by hand.
@Suite struct RecipeDistanceTests {
  private static let tolerance = 8 * Double.ulpOfOne

  /// A model of the paper's table, its errors multiplied.
  private static func model(
    _ data: String, _ loss: TrainingLoss, seed: UInt64 = 0, mse: Double = 1, nlpd: Double = 1, msSSIM: Double = 1
  ) throws -> RecipeDistance.Model {
    let row = try #require(PaperTable.row(TableModel(data, loss)))
    let scores = Scores(mse: mse * row.mse, nlpd: nlpd * row.nlpd, msSSIM: 1 - msSSIM * (1 - row.msSSIM), ssim: 0)
    return RecipeDistance.Model(TableModel(data, loss), seed: seed, scores)
  }

  @Test func thePaperIsNoDistanceFromItself() throws {
    let judged = RecipeDistance(try Table1.models.map { try Self.model($0.data, $0.loss) })
    #expect(judged.cells.count == 18)
    #expect(try #require(judged.mean()) <= Self.tolerance)
    #expect(judged.orderings.count == 9 && judged.orderings.allSatisfy { $0.right == 1 && $0.seeds == 1 })
  }

  /// Twice, half and four times: ln 2, ln 2 and 2 ln 2.
  @Test func everyMetricCountsInLogarithms() throws {
    let judged = RecipeDistance([try Self.model("noise", .nlpd, mse: 2, nlpd: 0.5, msSSIM: 4)])
    #expect(judged.cells.map(\.metric) == [.mse, .nlpd, .msSSIM])
    for (cell, expected) in zip(judged.cells, [log(2.0), -log(2.0), 2 * log(2.0)]) {
      #expect(abs(cell.logRatios[0] - expected) <= 20 * Self.tolerance, "\(cell)")
    }
    let mean = try #require(judged.mean())
    #expect(abs(mean - 4 * log(2.0) / 3) <= 20 * Self.tolerance)
    #expect(judged.mean(of: "noise") == mean && judged.mean(of: "music") == nil)
    // With no other model no ordering can be told.
    #expect(judged.orderings.allSatisfy { $0.seeds == 0 })
  }

  /// Seeds of opposite sign do not cancel, and a cell with three seeds weighs as much as one with one.
  @Test func cellsCountOnceWhateverTheirSeeds() throws {
    let models = try [
      Self.model("noise", .mse, seed: 0, mse: 4, nlpd: 4, msSSIM: 4),
      Self.model("noise", .mse, seed: 1, mse: 0.5, nlpd: 0.5, msSSIM: 0.5),
      Self.model("noise", .mse, seed: 2), Self.model("music", .mse),
    ]
    let judged = RecipeDistance(models)
    #expect(judged.cells.map(\.logRatios.count) == [1, 1, 1, 3, 3, 3])
    for (data, expected) in [("noise", log(2.0)), ("music", 0), (nil, log(2.0) / 2)] {
      #expect(abs(try #require(judged.mean(of: data)) - expected) <= 20 * Self.tolerance, "\(data ?? "all")")
    }
    let seeds = judged.meansOfSeeds(of: "noise")
    #expect(seeds.count == 3 && judged.meansOfSeeds(of: "music").count == 1)
    for (mean, expected) in zip(seeds, [0, log(2.0), 2 * log(2.0)]) {
      #expect(abs(mean - expected) <= 20 * Self.tolerance, "\(seeds)")
    }
  }

  @Test func orderingsCountTheSeedsThatHaveBoth() throws {
    // Seed 1 has NLPD worse than MSE on MSE alone; seed 2 lacks NLPD; seed 3 has both equal, which is not right.
    var models = try [UInt64(0), 1, 2].map { try Self.model("noise", .mse, seed: $0) }
    models += try [Self.model("noise", .nlpd, seed: 0), Self.model("noise", .nlpd, seed: 1, mse: 4)]
    let equal = Scores(mse: 0.1, nlpd: 9, msSSIM: 0.5, ssim: 0)
    models += [TrainingLoss.mse, .nlpd].map { RecipeDistance.Model(TableModel("noise", $0), seed: 3, equal) }
    let judged = RecipeDistance(models)
    for ordering in judged.orderings {
      let isOfBoth = ordering.claim.better.loss == .nlpd && ordering.claim.worse.loss == .mse
      #expect(ordering.seeds == (isOfBoth ? 3 : 0), "\(ordering.claim.title)")
      #expect(ordering.right == (isOfBoth ? ordering.claim.metric == .mse ? 1 : 2 : 0), "\(ordering.claim.title)")
    }
  }

  @Test func whatIsNotFiniteShowsAndPerfectionIsFinite() throws {
    let broken = RecipeDistance([
      RecipeDistance.Model(TableModel("noise", .mse), seed: 0, Scores(mse: .nan, nlpd: 1, msSSIM: 0.5, ssim: 0)),
      try Self.model("noise", .nlpd),
    ])
    #expect(broken.mean()?.isNaN == true)
    #expect(broken.orderings.first { $0.seeds == 1 && $0.claim.metric == .mse }?.right == 0)
    let perfect = RecipeDistance([
      RecipeDistance.Model(TableModel("noise", .mse), seed: 0, Scores(mse: 0, nlpd: 0, msSSIM: 1, ssim: 1))
    ])
    #expect(perfect.mean()?.isFinite == true)
    #expect(RecipeDistance([]).mean() == nil)
  }
}
