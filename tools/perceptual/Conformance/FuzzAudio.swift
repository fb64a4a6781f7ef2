import ArgumentParser
import Foundation
import PerceptualFiles

/// Our side of tools/fuzz-audio: decodes damaged copies of a file and says what came of them.
struct FuzzAudioCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "fuzz-audio", abstract: "Decodes damaged copies of a sound file.", shouldDisplay: false)

  @Argument(help: "A sound file.")
  var file: String
  @Option(help: "How many damaged copies.")
  var count = 1000
  @Option(help: "Where each copy is written before it is decoded; the last one stays.")
  var mutant: String
  @OptionGroup var seed: SeedOptions

  func validate() throws {
    try check((0...1_000_000).contains(count), "--count \(count): 0 to 1000000 is needed.")
  }

  func run() throws {
    let report = try AudioMutation.decodeMutants(
      of: try FileBytes.read(file), 0..<count, seed: seed.seed, at: mutant)
    var usage = rusage()
    #if canImport(Darwin)
      getrusage(RUSAGE_SELF, &usage)
      let kilobytes = usage.ru_maxrss / 1024
    #else
      getrusage(__rusage_who_t(RUSAGE_SELF.rawValue), &usage)
      let kilobytes = usage.ru_maxrss
    #endif
    try printResult([
      "file": .string(file), "decoded": .integer(report.decoded), "refused": .integer(report.refused),
      "slowestSeconds": .number(report.slowest), "slowest": .integer(report.slowestIndex),
      "peakMegabytes": .integer(kilobytes / 1024),
    ])
  }
}
