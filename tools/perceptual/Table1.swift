import ArgumentParser
import Fast
import Foundation
import PerceptualCore
import PerceptualExperiments
import PerceptualFiles

struct Table1Command: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "table1", abstract: "Train the six models of the paper's Table 1 and test them on held-out music.",
    discussion: """
      Without --music and --test the built-in music is rendered and used. Writes table1.json, table1.csv, figure2.png, \
      the audio of every reconstruction and report.html. Models already trained in --out are taken as they are.
      """)

  @Option(help: "How much work: quick takes minutes, paper takes hours.")
  var scale: Table1Scale = .quick
  @Option(help: ArgumentHelp("Recordings to train the P(x) models on.", valueName: "dir"))
  var music: String?
  @Option(help: ArgumentHelp("Recordings to test on, other than those of --music.", valueName: "dir"))
  var test: String?
  @Option(help: ArgumentHelp("Where everything goes.", valueName: "dir"))
  var out = "perceptual-out/table1"
  @Option(help: "Clips to test on, in place of the scale's number.")
  var clips: Int?
  @OptionGroup var cache: CacheOptions
  @OptionGroup var seed: SeedOptions
  @OptionGroup var output: OutputOptions
  @OptionGroup var execution: ExecutionOptions

  func validate() throws {
    if let clips, clips < 1 { throw ValidationError("--clips \(clips): at least 1 is needed.") }
    if music == nil && test == nil && cache.directory != nil {
      throw ValidationError("--cache keeps clips of recordings: give --music or --test.")
    }
    if let music, music == test {
      throw ValidationError("--music and --test are both \(music): test on other recordings than those trained on.")
    }
  }

  func run() throws {
    try execution.run {
      let clock = ContinuousClock()
      let start = clock.now
      let testSet = try self.testSet()
      let training = try self.training()
      let table = Table1(scale: scale, seed: seed.seed, training: training, test: testSet, directory: out)
      let interruption = Interruption()
      var rows: [Table1Row] = []
      var reconstructions: [Tensor<Float>] = []
      for (data, loss) in Table1.models {
        let label = "\(PaperTable.symbol(data)), \(loss.title)"
        var progress = Progress(label.padded(to: 13), total: scale.iterations, unit: "iterations")
        var last: Trainer.Step?
        let network = try table.train(data, loss, shouldStop: { interruption.signal != nil }) { step in
          last = step
          progress.update(step.iteration, note: "loss \(short(step.loss))")
        }
        progress.finish()
        guard let network else {
          throw Interrupted(
            signal: interruption.signal ?? SIGINT,
            saved: "a checkpoint is written in \(table.modelDirectory(data, loss)), the same command goes on from it")
        }
        let (row, output) = table.evaluate(network, data: data, loss: loss)
        rows.append(row)
        reconstructions.append(output)
        let trained = last.map { "trained to a loss of \(short($0.loss))" } ?? "already trained"
        printNote("\(label): \(trained), \(Int(start.duration(to: clock.now) / .seconds(1))) s so far")
      }
      let files = try table.write(rows, reconstructions: reconstructions)
      if output.json {
        try printResult(.array(rows.map { $0.json(clips: testSet.clips) }))
      } else {
        for line in Self.lines(rows, clips: testSet.clips.count, scale: scale) { try printResult(line) }
      }
      let seconds = Int(start.duration(to: clock.now) / .seconds(1))
      printNote("\(seconds) s in all; written to \(out): \(files.joined(separator: ", "))")
    }
  }

  private func testSet() throws(PerceptualError) -> ClipSet {
    let limit = clips ?? scale.testClips
    if let test { return try loadClips(test, limit: limit, cache) }
    // The built-in clips go through files like anybody's, so that the quick run covers the whole audio path.
    let directory = "\(out)/music"
    var files: [String] = []
    var progress = Progress("rendering the test music", total: limit, unit: "clips")
    for index in 0..<limit {
      let path = "\(directory)/\(Synthesis.fileName(index: index))"
      if !FileManager.default.fileExists(atPath: path) {
        try Synthesis.write(index: index, seed: Synthesis.testSeed, to: path)
      }
      files.append(path)
      progress.update(index + 1)
    }
    progress.finish()
    return try ClipSet.load(files, limit: limit)
  }

  private func training() throws(PerceptualError) -> [Tensor<Float>] {
    if let music { return try loadClips(music, limit: scale.trainingClips, cache).clips.map(\.picture.image) }
    let count = min(scale.trainingClips, 256)
    var progress = Progress("rendering the training music", total: count, unit: "clips")
    let pictures = Synthesis.pictures(count: count, seed: Synthesis.trainingSeed) { progress.update($0) }
    progress.finish()
    return pictures
  }

  static func lines(_ rows: [Table1Row], clips: Int, scale: Table1Scale) -> [String] {
    let header = ["data", "loss", "statistics", "MSE", "paper", "NLPD", "paper", "MS-SSIM", "paper", "SSIM"]
    var cells = [header]
    for row in rows {
      guard let paper = PaperTable.rows.first(where: { $0.data == row.data && $0.loss == row.loss }) else { continue }
      for statistics in BatchStatistics.allCases {
        guard let mean = row.result(statistics, .soft)?.mean else { continue }
        cells.append([
          PaperTable.symbol(row.data), row.loss.title, statistics.rawValue, String(format: "%.5f", mean.mse),
          String(format: "%.5f", paper.mse), String(format: "%.3f", mean.nlpd), String(format: "%.3f", paper.nlpd),
          String(format: "%.4f", mean.msSSIM), String(format: "%.4f", paper.msSSIM), String(format: "%.4f", mean.ssim),
        ])
      }
    }
    let title =
      "Table 1 at scale \(scale.rawValue): mean over \(clips) held-out clips, soft quantisation, beside the paper's values"
    return [title] + aligned(cells)
  }
}
