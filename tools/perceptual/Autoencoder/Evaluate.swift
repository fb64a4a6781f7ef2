import ArgumentParser
import PerceptualCore
import PerceptualExperiments
import PerceptualFiles

struct EvaluateCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "evaluate",
    abstract: "MSE, NLPD, MS-SSIM and SSIM of a checkpoint's reconstructions of music, or of pictures.")

  @Argument(help: ArgumentHelp("A checkpoint of `train` or `table1`.", valueName: "checkpoint"))
  var checkpoint: String
  @Option(help: ArgumentHelp("A directory of recordings.", valueName: "dir"))
  var test: String?
  @Option(
    help: ArgumentHelp(
      "In place of --test: a directory of .png pictures, of which the middle 256x256 pixels are taken, in grey.",
      valueName: "dir"))
  var pictures: String?
  @Option(help: "The grey of pictures in colours: BT.601's, the default, or BT.709's.")
  var grey: GreyFormula?
  @Option(help: "What batch norm normalises by: the running statistics or those of all clips together.")
  var batchStatistics: BatchStatistics = .running
  @Option(help: "Whether the latent is Eq. 1's mean or the nearest centre.")
  var quantisation: Quantisation = .soft
  @Option(help: "Clips to cut from the recordings, or pictures to take, at most.")
  var clips = 195
  @Option(help: "With batch statistics at most so many clips are normalised together.")
  var group = 64
  @Option(help: "In what the products of the strided convolutions but the first are computed.")
  var precision: ProductPrecision = .fp32
  @Flag(help: "Also say what rounding the weights to half precision changes.")
  var halfPrecision = false
  @OptionGroup var cache: CacheOptions
  @OptionGroup var output: OutputOptions
  @OptionGroup var execution: ExecutionOptions

  func validate() throws {
    try check(group >= 1, "--group \(group): at least 1 is needed.")
    try check(clips >= 1, "--clips \(clips): at least 1 is needed.")
    try check((test == nil) != (pictures == nil), "Either --test or --pictures is needed.")
    try check(grey == nil || pictures != nil, "--grey is for --pictures.")
    try check(cache.directory == nil || pictures == nil, "--cache is for recordings, and there are none.")
  }

  func run() throws {
    try execution.run {
      let network = try Checkpoint.read(checkpoint)
      try requireProducts(precision, network)
      let (pictures, sources) = try material()
      func evaluated(_ network: Autoencoder) -> Evaluation {
        Evaluation(
          network, pictures, statistics: batchStatistics, quantisation: quantisation, largestGroup: group,
          precision: precision)
      }
      let evaluation = evaluated(network)
      let scores = evaluation.clips
      if let bad = scores.firstIndex(where: { !$0.isFinite }) {
        throw PerceptualError.nonFinite(
          "\(checkpoint): scores that are numbers were expected, found others for \(scores.count { !$0.isFinite }) of "
            + "\(scores.count), \(sources[bad].file) among them: its weights overflow, take an earlier checkpoint")
      }
      let result = TestResult(
        evaluation, TestWay(batchStatistics, quantisation), Bootstrap(recordings: sources.map(\.file)))
      let half = try halfPrecision ? Scores(meanOf: evaluated(network.rounded(to: .float16)).clips) : nil
      let groups = batchStatistics == .batch ? Autoencoder.groups(of: scores.count, largest: group).map(\.count) : []
      if output.json {
        let clips = sources.map { source in
          var json: JSONValue = ["file": .string(source.file)]
          json["start"] = source.start.map { .number($0) }
          return json
        }
        var json = result.json(of: clips)
        json["batchGroups"] = .array(groups.map { .integer($0) })
        if precision != .fp32 { json["precision"] = .string(precision.rawValue) }
        json["halfPrecision"] = half?.json
        return try printResult(json)
      }
      let rows = zip(sources, scores).map { [$0.file, $0.start.map { short($0) } ?? ""] + cells($1) }
      let isSound = test != nil
      let header = ["file", isSound ? "start (s)" : "", "MSE", "NLPD", "MS-SSIM", "SSIM"]
      var means = [["mean of \(rows.count) \(isSound ? "clips" : "pictures")", ""] + cells(result.scores.mean)]
      for (label, side) in [("95 % from", \Interval.low), ("95 % to", \Interval.high)] {
        let values = result.scores.intervals.map { $0.map { short($0[keyPath: side]) } ?? "-" }
        means.append([label, ""] + values)
      }
      means.append(["mean, level right", ""] + cells(result.levelRight))
      if let half { means.append(["mean, weights in half precision", ""] + cells(half)) }
      for line in aligned([header] + rows + means) { try printResult(line) }
      if !groups.isEmpty {
        try printResult(
          "normalised together: \(groups.map { "\($0)" }.joined(separator: ", ")) \(isSound ? "clips" : "pictures")")
      }
      if quantisation == .soft { try printResult("latents off the centres: \(short(100 * result.meanOffCentre)) %") }
    }
  }

  /// What is reconstructed, [N, 1, 256, 256], and where each picture comes from.
  private func material() throws(PerceptualError) -> (Tensor<Float>, [(file: String, start: Double?)]) {
    if let test {
      let set = try loadClips(test, limit: clips, cache)
      return (set.batch, set.clips.map { ($0.file, $0.start) })
    }
    let listing = try PNG.listing(of: pictures ?? "")
    let set = try PictureSet.load(listing.files, limit: clips, grey: grey ?? .bt601)
    for sentence in listing.skipped + set.skipped { printNote("skipped \(sentence)") }
    for file in set.transparent { printNote("\(file): has transparent pixels, laid on white") }
    return (set.batch, set.files.map { ($0, nil) })
  }

  private func cells(_ scores: Scores) -> [String] {
    [short(scores.mse), short(scores.nlpd), short(scores.msSSIM), short(scores.ssim)]
  }
}

/// Refuses products in another precision than fp32 for a network that cannot have them.
func requireProducts(_ precision: ProductPrecision, _ network: Autoencoder) throws(PerceptualError) {
  if precision == .fp32 { return }
  try network.requireFusedBlocks(for: "--precision \(precision.rawValue)", height: 256, width: 256)
}
