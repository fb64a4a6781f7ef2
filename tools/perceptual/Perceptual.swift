import ArgumentParser
import Foundation
import PerceptualCore

/// The root of the command line (docs/command-line.md).
struct Perceptual: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "perceptual",
    abstract: "Perceptual losses, the paper's experiment, and the checks that hold them.",
    discussion: """
      Results go to standard output, everything meant for a person to standard error. Exit codes: 0 done; 1 a check or \
      comparison failed; 3 training met a non-finite number; 64 usage; 65 a file is malformed, or of the wrong shape or \
      kind; 66 a file is missing, or a directory holds no usable audio; 73, 74 cannot write; 130, 143 interrupted.
      """,
    subcommands: commands)

  /// In the order of docs/command-line.md.
  static let commands: [any ParsableCommand.Type] = [
    Table1Command.self,
    TrainCommand.self,
    SweepCommand.self,
    EvaluateCommand.self,
    ReconstructCommand.self,
    EncodeCommand.self,
    DecodeCommand.self,
    ExportWeightsCommand.self,
    SpectrogramCommand.self,
    ResynthesizeCommand.self,
    SpectrogramsCommand.self,
    MetricCommand.self,
    SynthesizeCommand.self,
    FitGeneratorCommand.self,
    RawAutoencoderCommand.self,
    FixturesCommand.self,
    BenchmarkCommand.self,
    InspectCommand.self,
    BenchmarkWorkerCommand.self,
    MetricCallsCommand.self,
    FuzzAudioCommand.self,
  ]
}

@main
enum Main {
  static func main() async {
    do {
      var command = try Perceptual.parseAsRoot()
      if var command = command as? AsyncParsableCommand {
        try await command.run()
      } else {
        try command.run()
      }
    } catch let error as PerceptualError {
      complain(error.description)
      exit(error.kind.rawValue)
    } catch let interrupted as Interrupted {
      complain(interrupted.description)
      exit(interrupted.exitCode)
    } catch {
      // Help, version, what the parser refuses (64), and an exit code that a command asks for.
      Perceptual.exit(withError: error)
    }
  }
}
