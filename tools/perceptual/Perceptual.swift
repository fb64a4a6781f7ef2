import ArgumentParser
import Foundation
import PerceptualCore
import PerceptualFiles

/// The root of the command line (docs/command-line.md).
struct Perceptual: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "perceptual",
    abstract: "Perceptual losses, the paper's experiment, and the checks that hold them.",
    discussion: """
      Results go to standard output, everything meant for a person to standard error. Exit codes: 0 done; 1 a check or \
      comparison failed; 3 training met a non-finite number; 64 usage; 65 a file is malformed, or of the wrong shape \
      or kind; 66 a file is missing, or a directory holds no usable audio; 73, 74 cannot write; 129, 130, 143 \
      interrupted; 141 standard output was closed.
      """,
    version: packageVersion,
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
    ExportONNXCommand.self,
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
  /// Bytes, not texts: a path may be no UTF-8. What stands after "--" is never an option, nor a cry for help.
  private static var arguments: [String] {
    let texts = (1..<max(1, Int(CommandLine.argc))).compactMap { CommandLine.unsafeArgv[$0] }
      .map { FilePath.text(of: Array(UnsafeBufferPointer(start: $0, count: strlen($0)).map { UInt8(bitPattern: $0) })) }
    guard let end = texts.firstIndex(of: "--") else {
      return texts.first == "train" ? TrainCommand.resumed(texts) : texts
    }
    return texts[...end] + texts[(end + 1)...].map { $0.hasPrefix("-") ? "./\($0)" : $0 }
  }

  static func main() {
    StandardStreams.prepare()
    Interruption.prepare()
    do {
      var command = try Perceptual.parseAsRoot(arguments)
      try command.run()
      StandardStreams.exit(0)
    } catch let error as PerceptualError {
      complain(error.description)
      StandardStreams.exit(error.kind.rawValue)
    } catch let interrupted as Interrupted {
      complain(interrupted.description)
      StandardStreams.exit(interrupted.exitCode)
    } catch is ClosedOutput {
      StandardStreams.exit(ClosedOutput.exitCode)
    } catch {
      end(with: error)
    }
  }

  /// After help, the version, what the parser refuses (64), and an exit code that a command asks for.
  private static func end(with error: any Error) -> Never {
    let code = Perceptual.exitCode(for: error)
    let message = Perceptual.message(for: error)
    let full = Perceptual.fullMessage(for: error)
    if code.isSuccess {
      do {
        if !full.isEmpty { try printResult(full) }
      } catch is ClosedOutput {
        StandardStreams.exit(ClosedOutput.exitCode)
      } catch {
        complain("\(error)")
        StandardStreams.exit(PerceptualError.Kind.inputOutput.rawValue)
      }
    } else if !message.isEmpty {
      // The parser says where help is in a line of its own: "  See 'perceptual train --help' for more information."
      let help = full.split(separator: "\n").first { $0.hasPrefix("  See '") }?.split(separator: "'").dropFirst().first
      complain(message + (help.map { "\(message.hasSuffix(".") ? " See" : "; see") '\($0)'" } ?? ""))
    }
    StandardStreams.exit(code.rawValue)
  }
}
