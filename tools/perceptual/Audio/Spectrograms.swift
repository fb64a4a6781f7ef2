import ArgumentParser
import Fast
import PerceptualExperiments
import PerceptualFiles

struct SpectrogramsCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "spectrograms",
    abstract: "Clips of a directory of recordings and their pictures, at the paper's settings.",
    discussion: """
      The directory is searched recursively. Clips of 4.208 s are spread evenly over each file; what cannot be \
      decoded, is shorter than a clip or silent is skipped with a line. With --cache the finished clips are kept \
      there, and made again only where a recording or a setting has changed.
      """)

  @Argument(help: ArgumentHelp("A directory of recordings.", valueName: "dir"))
  var directory: String
  @Option(help: ArgumentHelp("At most so many clips.", valueName: "number"))
  var clips = 195
  @OptionGroup var cache: CacheOptions
  @OptionGroup var output: OutputOptions
  @OptionGroup var execution: ExecutionOptions

  func validate() throws {
    try check((1...1_000_000).contains(clips), "--clips \(clips): 1 to 1000000 is needed.")
  }

  func run() throws {
    try execution.run {
      let start = ContinuousClock.now
      let set = try loadClips(directory, limit: clips, cache)
      let seconds = start.duration(to: .now) / .seconds(1)
      let rate = Double(set.clips.count) / max(seconds, 1e-9)
      try output.print(
        [
          "clips": .integer(set.clips.count), "skipped": .integer(set.skipped.count), "seconds": .number(seconds),
          "clipsPerSecond": .number(rate), "threads": .integer(Execution.current.threads),
        ],
        orLines: [
          "\(set.clips.count) clips in \(short(seconds)) s: \(short(rate)) clips a second on "
            + "\(Execution.current.threads) threads; \(set.skipped.count) skipped"
        ])
    }
  }
}
