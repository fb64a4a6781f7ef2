import Foundation
import PerceptualCore
import PerceptualFiles
import PerceptualTestSupport
import Testing

@testable import Fast
@testable import PerceptualExperiments

/// What several processes compute together: the bits of one.
@Suite struct RanksTests {
  // MARK: Sums

  /// The sum along a tree, written as text, is the same however the leaves are dealt out.
  @Test func treesJoinTheSame() {
    func sum(_ tree: Range<Int>, _ branches: [Range<Int>], _ leaves: [String]) -> String {
      let sums = branches.map { branch in
        branch.count == 1 ? leaves[branch.lowerBound] : sum(branch, branch.map { $0..<$0 + 1 }, leaves)
      }
      let tree = SumTree(of: tree, joining: branches)
      var buffers = [String](repeating: "?", count: tree.buffers + 1)
      for step in tree.steps {
        let other = step.branch.map { sums[$0] } ?? buffers[step.buffer + 1]
        buffers[step.buffer] = step.adds ? "(\(buffers[step.buffer])+\(other))" : other
      }
      return buffers[0]
    }
    for count in 1...20 {
      let leaves = (0..<count).map(String.init)
      let whole = sum(0..<count, [0..<count], leaves)
      #expect(whole.filter { $0 == "+" }.count == count - 1 && !whole.contains("?"))
      for ranks in 1...count {
        let branches = (0..<ranks).flatMap { rank in
          SumTree.branches(of: 0..<count, within: rank * count / ranks..<(rank + 1) * count / ranks)
        }
        #expect(branches.flatMap { Array($0) } == Array(0..<count))
        #expect(sum(0..<count, branches, leaves) == whole)
      }
    }
    #expect(SumTree.branches(of: 0..<8, within: 0..<4) == [0..<4])
  }

  @Test(arguments: [(1, 3), (2, 1), (5, 1), (6, 2), (8, 2)] as [(Int, Int)])
  func sumsAreTheSame(batch: Int, partsOfImage: Int) throws {
    let count = 5003
    @Sendable func sum(_ share: BatchShare) -> [Float] {
      let parts = share.images.count * partsOfImage
      var values = [Float](repeating: 0, count: parts * count)
      for part in 0..<parts {
        let number = share.images.lowerBound * partsOfImage + part
        var generator = SeededGenerator(name: "part \(number)")
        for index in 0..<count { values[part * count + index] = Float(generator.normal()) }
      }
      values.withUnsafeMutableBufferPointer { values in
        if let base = values.baseAddress {
          share.sum(base, count: count, partsOfImage: partsOfImage, Execution.current)
        }
      }
      return Array(values[..<count])
    }
    let alone = sum(BatchShare(batch: batch))
    for ranks in 1...batch {
      for result in try ThreadRanks.run(ranks, { sum(BatchShare(batch: batch, ranks: $0)) }) {
        #expect(result == alone, "\(ranks) ranks")
      }
    }
  }

  // MARK: Trainings

  struct Case: CustomTestStringConvertible, Sendable {
    var testDescription: String
    var network = AutoencoderOptions(channels: 32)
    var options: TrainingOptions

    init(
      _ name: String, _ options: TrainingOptions, _ change: (inout AutoencoderOptions) -> Void = { _ in }
    ) {
      testDescription = name
      self.options = options
      self.options.iterations = 3
      self.options.seed = 3
      change(&network)
    }
  }

  static let cases = [
    Case("mse", TrainingOptions(loss: .mse, batch: 5, size: 48)),
    Case("ms-ssim", TrainingOptions(loss: .msSSIM, batch: 4, size: 176)),
    Case("nlpd", TrainingOptions(loss: .nlpd, added: [LossTerm(.mse, weight: 2)], batch: 5, size: 64)),
    Case("nlpd, one norm", TrainingOptions(loss: .nlpd, pooling: .batch, batch: 5, size: 64)),
    Case(
      "hepburn, one norm, 4x4", TrainingOptions(loss: .nlpd, family: .hepburn, pooling: .batch, batch: 4, size: 80)
    ) { $0 = AutoencoderOptions(channels: 32, kernel: 4) },
    Case(
      "bf16, computed again, narrow latent",
      TrainingOptions(loss: .mse, batch: 4, size: 64, checkpointsActivations: true, precision: .bf16)
    ) { $0.latentChannels = 8 },
  ]

  /// All that a training leaves.
  private struct State: Equatable, Sendable {
    var bits: [UInt32] = []
    var steps: [[UInt64]] = []
    var members: [String] = []
  }

  private static func train(_ one: Case, _ ranks: (any Communicator)?) throws -> State {
    let trainer = try Trainer(
      Autoencoder(one.network, seed: 7), options: one.options, data: .noise, ranks: ranks)
    var state = State()
    for _ in 0..<one.options.iterations {
      let step = try trainer.step()
      state.steps.append([step.loss.bitPattern, step.gradientNorm.bitPattern])
      state.members.append(trainer.logMembers(step, isCheckpoint: false).text)
    }
    let optimizer = trainer.optimizer
    for store in [optimizer.parameters, optimizer.firstMoment, optimizer.secondMoment, trainer.network.statistics] {
      state.bits += (0..<store.count).map { store.values[$0].bitPattern }
    }
    return state
  }

  @Test(arguments: cases) func ranksHaveTheBitsOfOne(_ one: Case) throws {
    let alone = try Self.train(one, nil)
    #expect(alone.members[0].contains("liveLatents"))
    for (ranks, threads) in [(1, 2), (2, 1), (2, 2), (3, 1), (4, 1)] {
      let results = try Execution.$current.withValue(Execution(threads: threads)) {
        try ThreadRanks.run(ranks) { try Self.train(one, $0) }
      }
      for (rank, result) in results.enumerated() { #expect(result == alone, "rank \(rank) of \(ranks)") }
    }
  }

  /// Rank 0 alone writes; a run stopped on one rank goes on with another number of them.
  @Test func rankZeroWrites() throws {
    let one = Self.cases[0]
    let scratch = ScratchDirectory()
    let (whole, shared) = (scratch.file("whole"), scratch.file("shared"))
    @Sendable func run(_ directory: String, _ ranks: (any Communicator)?, stopAt: Int?, rank: Int) throws -> Bool {
      let trainer = try Trainer(
        Autoencoder(one.network, seed: 7), options: one.options, data: .noise, ranks: ranks)
      let run = TrainingRun(trainer, directory: directory, checkpointEvery: 10)
      try run.resume()
      let outcome = try run.run(shouldStop: {
        trainer.iteration == stopAt && (ranks?.rank ?? 0) == rank
      })
      return outcome == .finished
    }
    #expect(try run(whole, nil, stopAt: nil, rank: 0))
    #expect(try ThreadRanks.run(3) { try run(shared, $0, stopAt: 2, rank: 1) } == [false, false, false])
    #expect(try ThreadRanks.run(2) { try run(shared, $0, stopAt: nil, rank: 0) } == [true, true])
    for kind in ["checkpoint", "optimizer"] {
      let file = "\(kind)-000003.safetensors"
      #expect(try FileBytes.read("\(whole)/\(file)") == FileBytes.read("\(shared)/\(file)"))
    }
    func log(_ directory: String) throws -> [[JSONValue.Member]] {
      try String(contentsOfFile: "\(directory)/log.jsonl", encoding: .utf8).split(separator: "\n").map { line in
        try JSONValue(parsing: line.utf8).members?.filter { $0.key != "seconds" } ?? []
      }
    }
    #expect(try log(whole) == log(shared))
    #expect(try log(whole).count == 3)
  }

  @Test func aFailureIsThatOfAll() throws {
    let results = try ThreadRanks.run(3) { ranks -> String in
      do throws(PerceptualError) {
        try (ranks as (any Communicator)?).agreed { () throws(PerceptualError) in
          if ranks.rank > 0 { throw PerceptualError(.missing, "music\(ranks.rank): not here") }
        }
        return "none"
      } catch {
        return "\(error.kind) \(error.description)"
      }
    }
    #expect(results == Array(repeating: "missing rank 1: music1: not here", count: 3))
    let scratch = ScratchDirectory()
    let file = try scratch.write([1], to: "file")
    let failures = try ThreadRanks.run(2) { ranks -> PerceptualError.Kind? in
      let trainer = try Trainer(
        Autoencoder(AutoencoderOptions(channels: 32)), options: TrainingOptions(loss: .mse, batch: 2, size: 32),
        data: .noise, ranks: ranks)
      do throws(PerceptualError) {
        try TrainingRun(trainer, directory: file).resume()
        return nil
      } catch { return error.kind }
    }
    #expect(failures == [.cannotCreate, .cannotCreate])
  }

  @Test func refusesWhatRanksCannotDo() throws {
    expectError(.usage, beginning: "batch: 2 given, 3 ranks need at least 3") {
      try Trainer.validate(
        TrainingOptions(loss: .mse, batch: 2, size: 32), for: Autoencoder(AutoencoderOptions(channels: 32)), ranks: 3)
    }
    expectError(beginning: "training on several ranks is there for networks that run in fused") {
      try Trainer.validate(
        TrainingOptions(loss: .mse, batch: 4, size: 32), for: Autoencoder(AutoencoderOptions(channels: 6)), ranks: 2)
    }
  }

  @Test(.enabled(if: InstructionSet.available.count > 1))
  func refusesDifferentInstructionSets() throws {
    let results = try ThreadRanks.run(2) { ranks -> String in
      let set = InstructionSet.available[ranks.rank]
      return Execution.$current.withValue(Execution(threads: 1, instructionSet: set)) {
        do throws(PerceptualError) {
          _ = try Trainer(
            Autoencoder(AutoencoderOptions(channels: 32)), options: TrainingOptions(loss: .mse, batch: 2, size: 32),
            data: .noise, ranks: ranks)
          return ""
        } catch { return error.description }
      }
    }
    #expect(results[0] == results[1] && results[0].hasPrefix("instruction set: "))
  }
}
