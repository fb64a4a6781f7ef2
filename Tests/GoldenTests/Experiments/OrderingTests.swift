import Fast
import Foundation
import PerceptualCore
import PerceptualFiles
import PerceptualTestSupport
import Testing

@testable import PerceptualExperiments

@Suite struct OrderingTests {
  private static func scores(_ mse: Double, _ nlpd: Double, _ msSSIM: Double) -> Scores {
    Scores(mse: mse, nlpd: nlpd, msSSIM: msSSIM, ssim: 0)
  }

  /// The paper's own table bears out every claim that is asked of ours.
  @Test func thePapersTableHoldsEveryClaim() {
    #expect(OrderingClaim.all.count == 24)
    #expect(Set(OrderingClaim.all).count == 24)
    func paper(_ model: TableModel) -> Scores? {
      PaperTable.row(model).map {
        Self.scores($0.mse, $0.nlpd, $0.msSSIM)
      }
    }
    for claim in OrderingClaim.all {
      guard let better = paper(claim.better), let worse = paper(claim.worse) else {
        Issue.record("\(claim.title): no row")
        continue
      }
      #expect(claim.metric.advantage(of: better, over: worse) > 0, "\(claim.title)")
    }
  }

  @Test func verdictsFollowTheInterval() {
    let claim = OrderingClaim(better: TableModel("noise", .nlpd), worse: TableModel("noise", .mse), metric: .nlpd)
    let bootstrap = Bootstrap(recordings: (0..<12).map { "\($0)" })
    func result(_ differences: [Double]) -> OrderingResult {
      OrderingResult(
        claim, better: differences.map { _ in Self.scores(0, 5, 0) },
        worse: differences.map { Self.scores(0, 5 + $0, 0) },
        bootstrap)
    }
    let clear = (0..<12).map { 1 + 0.1 * Double($0 % 3) }
    #expect(result(clear).verdict == .shown && result(clear).advantage > 1)
    #expect(result(clear.map { -$0 }).verdict == .contradicted)
    #expect(result((0..<12).map { $0 % 2 == 0 ? 1 : -1.1 }).verdict == .undecided)
    let higherIsBetter = OrderingResult(
      OrderingClaim(better: claim.better, worse: claim.worse, metric: .msSSIM),
      better: clear.map { _ in Self.scores(0, 0, 0.9) }, worse: clear.map { Self.scores(0, 0, 0.9 - 0.1 * $0) },
      bootstrap)
    #expect(higherIsBetter.verdict == .shown)
  }
}

/// The weights that ship, on the clips that ship, against the table recorded with them
/// (Tests/Fixtures/weights/record.json, which `perceptual table1 --weights Tests/Fixtures/weights --test
/// Tests/Fixtures/audio` writes).
///
/// Every ordering of the paper that the record shows, its interval clear of 0, must come out again; those it does not
/// show must not, and stand in README as known differences.
@Suite struct ShippedWeightsTests {
  private static let directory = "\(fixturesDirectory)/weights"

  @Test func giveTheRecordedTable() throws {
    let files = try AudioFile.list(in: "\(fixturesDirectory)/audio")
    let test = try ClipSet.load(files, limit: files.count)
    let table = Table1(scale: .paper, seed: 0, training: [], test: test, directory: Self.directory)
    let record = try Table1Record(contentsOf: "\(Self.directory)/record.json")
    var rows: [Table1Row] = []
    for model in Table1.models {
      let file = try #require(try table.trainedFile(model, weights: Self.directory), "\(model.title): no weights")
      rows.append(try table.evaluate(try Checkpoint.read(file), as: model).row)
    }
    #expect(rows.count == record.document["models"]?.array?.count)
    for complaint in record.complaints(rows, clips: test.clips.count, table.bootstrap) { Issue.record("\(complaint)") }
  }
}

/// A table of two models trained here, recorded and held against itself: what the test of the shipped weights rests on.
///
/// A miniature of the claim, 32 channels and 200 steps on four pictures of 96x96 uniform noise: of ten seeds, trained
/// with NLPD beat trained with MSE on the fixture clips in ten on NLPD and in ten on MS-SSIM, with either batch
/// statistics; on MSE in six, so nothing is asserted there. MS-SSIM needs pictures of 161 and more, too slow here, and
/// its rows came out in no stable order at this size. [measured, seeds 0 to 9]
@Suite struct MiniatureTableTests {
  private static let seed: UInt64 = 0

  private static func network(_ loss: TrainingLoss) throws -> Autoencoder {
    let options = TrainingOptions(loss: loss, iterations: 200, batch: 4, size: 96, seed: seed)
    let trainer = try Trainer(
      Autoencoder(AutoencoderOptions(channels: 32), seed: seed), options: options, data: .noise)
    for _ in 0..<options.iterations { try trainer.step() }
    return trainer.network
  }

  private static func table(_ directory: String) throws -> Table1 {
    let files = try AudioFile.list(in: "\(fixturesDirectory)/audio")
    return Table1(
      scale: .quick, seed: seed, training: [], test: try ClipSet.load(files, limit: files.count), directory: directory)
  }

  /// The claims on the metrics where the miniature is robust.
  private static func robustVerdicts(_ rows: [Table1Row], _ bootstrap: Bootstrap) -> [OrderingResult] {
    BatchStatistics.allCases.flatMap { statistics in
      rows.orderings(statistics, .soft, bootstrap).filter {
        $0.claim.better.loss == .nlpd && $0.claim.worse.loss == .mse && $0.claim.metric != .mse
      }
    }
  }

  @Test func nlpdBeatsMSEAndSwappedRowsAreNoticed() throws {
    try withTemporaryDirectory { directory in
      let table = try Self.table(directory)
      let networks = try [TrainingLoss.mse, .nlpd].map { (loss: $0, network: try Self.network($0)) }
      func evaluated(_ losses: [TrainingLoss]) throws -> (rows: [Table1Row], outputs: [Tensor<Float>]) {
        var rows: [Table1Row] = []
        var outputs: [Tensor<Float>] = []
        for (loss, trained) in zip(losses, networks) {
          let (row, output) = try table.evaluate(trained.network, as: TableModel("noise", loss))
          rows.append(row)
          outputs.append(output)
        }
        return (rows, outputs)
      }
      let (rows, outputs) = try evaluated([.mse, .nlpd])
      let results = Self.robustVerdicts(rows, table.bootstrap)
      #expect(results.count == 4)
      for result in results {
        #expect(
          result.verdict == .shown, "\(result.claim.title): \(result.advantage), \(String(describing: result.interval))"
        )
      }
      // What is recorded is found again, from the file too.
      let measures = ModelMeasures.of(table.test, rows, reconstructions: outputs)
      let written = try Table1Record(table, rows: rows, others: [], measures: measures, command: "test")
      try FileBytes.write(Array(written.document.text.utf8), to: "\(directory)/record.json")
      let record = try Table1Record(contentsOf: "\(directory)/record.json")
      #expect(record.complaints(rows, clips: table.test.clips.count, table.bootstrap) == [])
      // Rows swapped: the weights, the means and the verdicts each say so.
      let swapped = try evaluated([.nlpd, .mse]).rows
      #expect(!Self.robustVerdicts(swapped, table.bootstrap).contains { $0.verdict == .shown })
      let complaints = record.complaints(swapped, clips: table.test.clips.count, table.bootstrap)
      for phrase in ["weights", "NLPD", "MS-SSIM", "contradicted, recorded shown"] {
        #expect(complaints.contains { $0.contains(phrase) }, "\(phrase): \(complaints)")
      }
      #expect(record.complaints(rows, clips: 3, table.bootstrap).first?.contains("3 clips") == true)
    }
  }
}
