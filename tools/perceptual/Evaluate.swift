import ArgumentParser
import Fast
import PerceptualCore
import PerceptualExperiments
import PerceptualFiles

struct EvaluateCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "evaluate", abstract: "MSE, NLPD, MS-SSIM and SSIM of a checkpoint's reconstructions of music.")

  @Argument(help: ArgumentHelp("A checkpoint of `train` or `table1`.", valueName: "checkpoint"))
  var checkpoint: String
  @Option(help: ArgumentHelp("A directory of recordings.", valueName: "dir"))
  var test: String
  @Option(help: "What batch norm normalises by: the running statistics or those of all clips together.")
  var batchStatistics: BatchStatistics = .running
  @Option(help: "Whether the latent is Eq. 1's mean or the nearest centre.")
  var quantisation: Quantisation = .soft
  @Option(help: "Clips to cut from the recordings, at most.")
  var clips = 195
  @OptionGroup var cache: CacheOptions
  @OptionGroup var output: OutputOptions
  @OptionGroup var execution: ExecutionOptions

  func validate() throws {
    if clips < 1 { throw ValidationError("--clips \(clips): at least 1 is needed.") }
  }

  func run() throws {
    try execution.run {
      let network = try Checkpoint.read(checkpoint)
      let set = try loadClips(test, limit: clips, cache)
      let pictures = set.batch
      let reconstructions = network.reconstruct(pictures, statistics: batchStatistics, quantisation: quantisation)
      let scores = Scores.of(reconstructions, target: pictures)
      let mean = Scores(meanOf: scores)
      if output.json {
        let list = zip(set.clips, scores).map { clip, scores in
          JSONValue.object(
            [
              .init(key: "file", value: .string(clip.file)), .init(key: "start", value: .number(clip.start)),
            ] + scoreMembers(scores))
        }
        try printResult(
          .object(
            scoreMembers(mean) + [
              .init(key: "clips", value: .array(list)),
              .init(key: "statistics", value: .string(batchStatistics.rawValue)),
              .init(key: "quantisation", value: .string(quantisation.rawValue)),
            ]))
        return
      }
      let rows = zip(set.clips, scores).map { clip, scores in [clip.file, short(clip.start)] + cells(scores) }
      let header = ["file", "start (s)", "MSE", "NLPD", "MS-SSIM", "SSIM"]
      for line in aligned([header] + rows + [["mean of \(rows.count) clips", ""] + cells(mean)]) {
        try printResult(line)
      }
    }
  }

  private func cells(_ scores: Scores) -> [String] {
    [short(scores.mse), short(scores.nlpd), short(scores.msSSIM), short(scores.ssim)]
  }
}
