import Foundation
import PerceptualFiles
import Testing

/// What a run of the executable left behind.
struct CommandOutcome {
  var exitCode: Int32
  /// Whether it ended by a signal: a crash.
  var wasKilled: Bool
  var output: String
  var errors: String

  var lines: [String] { output.split(separator: "\n").map(String.init) }
  var errorLines: [String] { errors.split(separator: "\n").map(String.init) }

  /// The whole output as JSON.
  func json() throws -> JSONValue { try JSONValue(parsing: output.utf8) }
}

/// Runs the built executable, which lies beside the test bundle. Demands the exit code and the phrase among its
/// errors, where they are given.
@discardableResult
func perceptual(
  _ arguments: String..., in directory: ScratchDirectory? = nil, exits exitCode: Int32? = nil,
  saying phrase: String? = nil, sourceLocation: SourceLocation = #_sourceLocation
) throws -> CommandOutcome {
  try perceptual(arguments, in: directory, exits: exitCode, saying: phrase, sourceLocation: sourceLocation)
}

/// The same of a list of words.
@discardableResult
func perceptual(
  _ arguments: [String], in directory: ScratchDirectory? = nil, exits exitCode: Int32? = nil,
  saying phrase: String? = nil, sourceLocation: SourceLocation = #_sourceLocation
) throws -> CommandOutcome {
  let process = try command(arguments)
  if let directory { process.currentDirectoryURL = URL(filePath: directory.path) }
  let outcome = try outcome(of: process)
  if let exitCode { #expect(outcome.exitCode == exitCode, "\(outcome.errors)", sourceLocation: sourceLocation) }
  if let phrase { #expect(outcome.errors.contains(phrase), "\(outcome.errors)", sourceLocation: sourceLocation) }
  return outcome
}

/// Runs a process to its end.
func outcome(of process: Process) throws -> CommandOutcome {
  let scratch = ScratchDirectory()
  // Files, not pipes: nobody has to read along.
  let files = ["output", "errors"].map { scratch.file($0) }
  for file in files { try Data().write(to: URL(filePath: file)) }
  process.standardOutput = try FileHandle(forWritingTo: URL(filePath: files[0]))
  process.standardError = try FileHandle(forWritingTo: URL(filePath: files[1]))
  try process.run()
  process.waitUntilExit()
  return CommandOutcome(
    exitCode: process.terminationStatus, wasKilled: process.terminationReason == .uncaughtSignal,
    output: try String(contentsOfFile: files[0], encoding: .utf8),
    errors: try String(contentsOfFile: files[1], encoding: .utf8))
}

/// The built executable, not started yet, with nothing to read.
func command(_ arguments: [String]) throws -> Process {
  let executable: URL = try #require(builtExecutable(), "the executable perceptual is not beside the tests")
  let process = Process()
  process.executableURL = executable
  process.arguments = arguments
  process.standardInput = FileHandle.nullDevice
  return process
}

private func builtExecutable() -> URL? {
  let bundles = Bundle.allBundles.map(\.bundleURL) + [URL(filePath: CommandLine.arguments[0]), Bundle.main.bundleURL]
  for bundle in bundles {
    // The bundle itself is a directory on macOS, a file on Linux.
    for directory in [bundle, bundle.deletingLastPathComponent()] {
      let candidate = directory.appending(path: "perceptual")
      if FileManager.default.isExecutableFile(atPath: candidate.path(percentEncoded: false)) { return candidate }
    }
  }
  return nil
}

extension Process {
  /// Waits for the end, a minute at most.
  func waitOrKill() {
    for _ in 0..<6000 where isRunning { Thread.sleep(forTimeInterval: 0.01) }
    if isRunning { kill(processIdentifier, SIGKILL) }
    waitUntilExit()
  }
}

extension String {
  /// What stands between spaces.
  var words: [String] { split(separator: " ").map(String.init) }
}
