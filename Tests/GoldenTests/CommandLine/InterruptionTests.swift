import Foundation
import PerceptualFiles
import Testing

/// A training that is stopped by a signal puts what it has learnt in safety.
@Suite struct InterruptionTests {
  fileprivate static let training =
    "train --data noise --loss mse --batch 1 --channels 4 --size 32 --threads 1".words

  /// A training without an end, its log under way.
  private struct Endless {
    let directory: ScratchDirectory
    let out: String
    let process: Process
    private let errors: String

    init(_ process: Process? = nil) throws {
      directory = ScratchDirectory()
      out = directory.file("run")
      errors = try directory.write([], to: "errors")
      // No checkpoint before it is asked for.
      self.process = try command(
        InterruptionTests.training + [
          "--iterations", "100000000", "--checkpoint-every", "100000000", "--out", out,
        ])
      if let process {
        // A shell that becomes the command.
        self.process.arguments =
          (process.arguments ?? []) + [self.process.executableURL?.path ?? ""]
          + (self.process.arguments ?? [])
        self.process.executableURL = process.executableURL
      }
      self.process.standardOutput = FileHandle.nullDevice
      self.process.standardError = try FileHandle(forWritingTo: URL(filePath: errors))
      try self.process.run()
      // Without an end this would be a test that hangs.
      var isUnderWay = false
      for _ in 0..<6000 where self.process.isRunning && !isUnderWay {
        Thread.sleep(forTimeInterval: 0.01)
        isUnderWay = (try? Data(contentsOf: URL(filePath: "\(out)/log.jsonl")).isEmpty) == false
      }
      #expect(isUnderWay)
    }

    func send(_ signal: Int32) { kill(process.processIdentifier, signal) }

    /// What it says last, once it has ended with a code.
    func end(_ exitCode: Int32) throws -> Substring {
      process.waitOrKill()
      #expect(process.terminationReason == .exit)
      #expect(process.terminationStatus == exitCode)
      return try #require(String(contentsOfFile: errors, encoding: .utf8).split(separator: "\n").last)
    }
  }

  /// A hundred more signals on its heels do not keep it from that.
  @Test(arguments: [(SIGINT, Int32(130)), (SIGTERM, Int32(143)), (SIGHUP, Int32(129))])
  func leavesACheckpoint(_ signal: Int32, _ exitCode: Int32) throws {
    let training = try Endless()
    let out = training.out
    for _ in 0..<100 { training.send(signal) }
    let line = try training.end(exitCode)
    #expect(line.hasPrefix("perceptual: interrupted: "))
    let files = try FileManager.default.contentsOfDirectory(atPath: out)
    #expect(!files.contains { $0.hasPrefix(".") || $0 == "in-use" }, "\(files)")
    let checkpoint = try #require(files.filter { $0.hasPrefix("checkpoint-") }.max())
    #expect(line.contains(checkpoint))
    try perceptual("inspect", "\(out)/\(checkpoint)", exits: 0)

    // It goes on from there.
    let reached = try #require(Int(checkpoint.dropFirst("checkpoint-".count).prefix { $0.isNumber }))
    try perceptual(Self.training + ["--iterations", "\(reached + 2)", "--out", out, "--resume"], exits: 0)
  }

  /// What `nohup` ignores stays ignored.
  @Test func anIgnoredSignalChangesNothing() throws {
    let shell = Process()
    shell.executableURL = URL(filePath: "/bin/sh")
    shell.arguments = ["-c", "trap '' HUP; exec \"$0\" \"$@\""]
    let training = try Endless(shell)
    training.send(SIGHUP)
    Thread.sleep(forTimeInterval: 0.2)
    #expect(training.process.isRunning)
    training.send(SIGTERM)
    _ = try training.end(143)
  }

  #if os(Linux)
    /// What a library says to a standard error that was closed ends up neither in the log nor in the lock.
    @Test(arguments: ["2>&-", "2>&- <&-"]) func noFileTakesAClosedStreamsPlace(_ redirection: String) throws {
      let shell = Process()
      shell.executableURL = URL(filePath: "/bin/sh")
      shell.arguments = ["-c", "exec \"$0\" \"$@\" \(redirection)"]
      let training = try Endless(shell)
      let place = "/proc/\(training.process.processIdentifier)/fd/2"
      #expect(try FileManager.default.destinationOfSymbolicLink(atPath: place) == "/dev/null")
      training.send(SIGKILL)
      training.process.waitUntilExit()
    }
  #endif

  /// Two trainings do not write to one directory, and the second harms nothing.
  @Test func aDirectoryBelongsToOneTraining() throws {
    let training = try Endless()
    for more in [[], ["--resume"]] {
      let second = try perceptual(Self.training + ["--iterations", "2", "--out", training.out] + more, exits: 73)
      #expect(second.errorLines.count == 1, "\(second.errors)")
      #expect(second.errors.contains("process \(training.process.processIdentifier) on "), "\(second.errors)")
    }
    training.send(SIGKILL)
    training.process.waitUntilExit()
    let log = String(decoding: try Data(contentsOf: URL(filePath: "\(training.out)/log.jsonl")), as: UTF8.self)
    #expect(log.hasPrefix("{\"iteration\":1,") && log.contains("\n{\"iteration\":2,"))
    // The one that was killed is no obstacle to the next.
    try perceptual(Self.training + ["--iterations", "2", "--out", training.out, "--resume"], exits: 0)
  }

  /// Where there is nothing to put in safety the command ends at once.
  @Test(arguments: [(SIGINT, Int32(130)), (SIGTERM, Int32(143)), (SIGHUP, Int32(129))])
  func otherWorkEnds(_ signal: Int32, _ exitCode: Int32) throws {
    let directory = ScratchDirectory()
    let process = try command(["synthesize", "--count", "100000", "--out", directory.file("music"), "--threads", "1"])
    process.standardOutput = FileHandle.nullDevice
    process.standardError = FileHandle.nullDevice
    try process.run()
    for _ in 0..<6000
    where (try? FileManager.default.contentsOfDirectory(atPath: directory.file("music")).isEmpty) != false {
      Thread.sleep(forTimeInterval: 0.01)
    }
    kill(process.processIdentifier, signal)
    process.waitOrKill()
    #expect(process.terminationReason == .exit && process.terminationStatus == exitCode)
  }
}

/// Standard streams that are full, closed or read by nobody.
@Suite struct StreamTests {
  /// A command through a shell that redirects its streams.
  private func run(_ arguments: [String], _ redirection: String) throws -> CommandOutcome {
    let process = try command(arguments)
    let executable = try #require(process.executableURL?.path)
    process.executableURL = URL(filePath: "/bin/sh")
    process.arguments = ["-c", "exec \"$0\" \"$@\" \(redirection)", executable] + arguments
    return try outcome(of: process)
  }

  private static let training =
    "train --data noise --loss mse --batch 1 --channels 2 --size 32 --iterations 2 --threads 1".words

  /// The work is done, what was to be said of it is not: 74. No note ends up in a file.
  @Test(arguments: ["2>/dev/full", "2>&-", "2>&- <&-"]) func notesThatCannotBeWritten(_ redirection: String) throws {
    let directory = ScratchDirectory()
    let outcome = try run(Self.training + ["--out", directory.file("run")], redirection)
    #expect(!outcome.wasKilled && outcome.exitCode == 74)
    #expect(outcome.output == "\(directory.file("run"))/checkpoint-000002.safetensors\n")
    try perceptual("inspect", directory.file("run/checkpoint-000002.safetensors"), exits: 0)
    let log = try String(contentsOfFile: directory.file("run/log.jsonl"), encoding: .utf8)
    #expect(log.split(separator: "\n").count == 2)
  }

  @Test(arguments: [">/dev/full", ">&-", ">&- 2>&-", ">/dev/full 2>/dev/full"])
  func resultsThatCannotBeWritten(_ redirection: String) throws {
    let directory = ScratchDirectory()
    for arguments in [
      Self.training + ["--out", directory.file("run")], ["help"], ["--version"], ["fixtures", "list"],
    ] {
      let outcome = try run(arguments, redirection)
      #expect(!outcome.wasKilled && outcome.exitCode == 74, "\(arguments)")
      if !redirection.contains("2>") { #expect(outcome.errors.contains("standard output"), "\(outcome.errors)") }
    }
    try perceptual("inspect", directory.file("run/checkpoint-000002.safetensors"), exits: 0)
  }

  /// As a process that SIGPIPE ended: 141, and nothing said. A closed pipe of standard error is no end.
  @Test func pipesThatNobodyReads() throws {
    let directory = ScratchDirectory()
    let wanted = Self.training + ["--out", directory.file("run")]
    for (arguments, closesOutput, exitCode) in [(["fixtures", "list"], true, Int32(141)), (wanted, false, 74)] {
      let process = try command(arguments)
      let pipe = Pipe()
      let errors = try directory.write([], to: "errors")
      process.standardOutput = closesOutput ? pipe : FileHandle.nullDevice
      process.standardError = closesOutput ? try FileHandle(forWritingTo: URL(filePath: errors)) : pipe
      try pipe.fileHandleForReading.close()
      try process.run()
      process.waitUntilExit()
      #expect(process.terminationReason == .exit && process.terminationStatus == exitCode)
      if closesOutput { #expect(try String(contentsOfFile: errors, encoding: .utf8) == "") }
    }
  }
}
