import ArgumentParser
import Fast
import Foundation
import PerceptualFiles
import PerceptualSynthesis

extension AudioContainer: ExpressibleByArgument {}

struct SynthesizeCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "synthesize", abstract: "Render the built-in music.",
    discussion: """
      48 kHz stereo clips of 4.208 s, no two alike, the same samples on every machine. A clip depends on its number \
      and the seed alone, so a larger count adds clips and changes none.
      """)

  @Option(help: ArgumentHelp("How many clips.", valueName: "number"))
  var count: Int
  @Option(
    name: .customLong("out"), help: ArgumentHelp("The directory to write them to; made if need be.", valueName: "dir"))
  var directory: String
  @Option(help: "The audio format.")
  var format: AudioContainer = .flac
  @OptionGroup var seed: SeedOptions
  @OptionGroup var output: OutputOptions
  @OptionGroup var execution: ExecutionOptions

  func validate() throws {
    try check((1...1_000_000).contains(count), "--count \(count): 1 to 1000000 is needed.")
  }

  func run() throws {
    try FilePath.createDirectory(directory)
    let execution = try execution.execution()
    let digits = max(2, String(count - 1).count)
    var progress = Progress("synthesize", total: count, unit: "clip")
    var files: [String] = []
    for first in stride(from: 0, to: count, by: execution.threads) {
      let group = first..<min(count, first + execution.threads)
      let clips = execution.map(group.count) { Synthesis.render(index: first + $0, seed: seed.seed) }
      for (index, clip) in zip(group, clips) {
        let number = String(format: "%0\(digits)d", index)
        let file = "\(directory)/\(number)-\(Synthesis.name(index: index)).\(format.rawValue)"
        try AudioFile.write(clip, to: file)
        files.append(file)
        progress.update(index + 1)
      }
    }
    progress.finish()
    try output.print(["files": .array(files.map { .string($0) })], orLines: files)
  }
}
