import Foundation
import PerceptualFiles
import PerceptualTestSupport
import Testing

/// `sweep` from a plan to its table, with networks that train in milliseconds.
@Suite struct SweepCommandTests {
  private static let train = "train --data noise --batch 2 --channels 32 --size 32 --iterations 3"

  /// Two recordings to test on, one to train on, and a plan of two runs.
  private static func inputs(_ runs: String? = nil, defaults: String = "") throws -> ScratchDirectory {
    let directory = ScratchDirectory()
    try directory.copyRecordings()
    let two = [run("r/mse", #""loss": "mse""#), run("r/k=2", #""loss": "mse", "kernel": 2"#, recipe: "k2")]
    try write(runs ?? two.joined(separator: ","), defaults: defaults, directory)
    return directory
  }

  private static func run(_ name: String, _ options: String, recipe: String = "base") -> String {
    #"{"name": "\#(name)", "command": "train", "recipe": "\#(recipe)", "options": {\#(options)}}"#
  }

  private static func write(_ runs: String, defaults: String = "", _ directory: ScratchDirectory) throws {
    let plan = """
      {"defaults": {\(defaults)"data": "noise", "batch": 2, "channels": 32, "size": 32, "iterations": 3},
       "evaluate": {"test": "test", "clips": 2}, "runs": [\(runs)]}
      """
    try directory.write(Array(plan.utf8), to: "plan.json")
  }

  @discardableResult
  private static func sweep(
    _ directory: ScratchDirectory, _ words: String..., exits exitCode: Int32? = nil,
    saying phrase: String? = nil, sourceLocation: SourceLocation = #_sourceLocation
  ) throws -> CommandOutcome {
    try perceptual(
      ["sweep", "plan.json", "--out", "out"] + words, in: directory, exits: exitCode, saying: phrase,
      sourceLocation: sourceLocation)
  }

  private static func results(_ directory: ScratchDirectory) throws -> [JSONValue] {
    try String(contentsOfFile: directory.file("out/results.jsonl"), encoding: .utf8).split(separator: "\n").map {
      try JSONValue(parsing: $0.utf8)
    }
  }

  /// A run is what `train` makes of the same options, its test what `evaluate` does; a second call changes no byte.
  @Test func runsAreThoseOfTrainAndEvaluate() throws {
    let directory = try Self.inputs()
    let first = try Self.sweep(directory, "--cache", "kept", exits: 0)
    #expect(first.output.contains("| base | 1 | 3 |") && first.output.contains("| k2 | 1 | 3 |"), "\(first.output)")
    try perceptual("\(Self.train) --loss mse --kernel 2 --out alone".words, in: directory, exits: 0)
    let checkpoint = directory.file("out/r/k=2/checkpoint-000003.safetensors")
    let bytes = try FileBytes.read(checkpoint)
    #expect(try FileBytes.read(directory.file("alone/checkpoint-000003.safetensors")) == bytes)
    let lines = try Self.results(directory)
    #expect(lines.count == 8)
    let line = try #require(
      lines.first { $0["name"] == "r/k=2" && $0["statistics"] == "batch" && $0["quantisation"] == "hard" })
    let words = "evaluate alone/checkpoint-000003.safetensors --test test --batch-statistics batch --quantisation hard"
    let evaluated = try perceptual("\(words) --json".words, in: directory).json()
    for key in ["mse", "nlpd", "msSSIM", "ssim", "offCentreLatents", "intervals", "withoutMeanError"] {
      #expect(line[key] == evaluated[key] && line[key] != nil, "\(key)")
    }
    #expect(line["recipe"] == "k2" && line["options"]?["kernel"] == 2 && line["iterations"] == 3)
    #expect(line["seed"] == "0" && line["machines"]?.array?.count == 1)
    #expect(line["seconds"]?.double != nil && line["trainingLoss"]?.double != nil)

    let log = try FileBytes.read(directory.file("out/r/k=2/log.jsonl"))
    let results = try FileBytes.read(directory.file("out/results.jsonl"))
    let second = try Self.sweep(directory, exits: 0)
    #expect(second.output == first.output && second.errors == "", "\(second.errors)")
    #expect(try FileBytes.read(directory.file("out/r/k=2/log.jsonl")) == log)
    #expect(try FileBytes.read(directory.file("out/results.jsonl")) == results)
    #expect(try Self.sweep(directory, "--table").output == first.output)
    let document = try Self.sweep(directory, "--table", "--json").json()
    #expect(document["recipes"]?.array?.count == 2)

    // On another machine, with the results alone.
    try FileManager.default.removeItem(atPath: directory.file("out/r"))
    let third = try Self.sweep(directory, exits: 0)
    #expect(third.output == first.output && third.errors == "", "\(third.errors)")
    #expect(!FileManager.default.fileExists(atPath: directory.file("out/r")))
    try Self.write(Self.run("r/mse", #""loss": "mse", "batch": 3"#), directory)
    try Self.sweep(directory, exits: 65, saying: "batch is 2 in out/results.jsonl, the plan has 3")
  }

  /// A run that was stopped goes on from its checkpoint to the same bits; what is tested is not tested again.
  @Test func stoppedRunsGoOn() throws {
    let directory = try Self.inputs(
      "\(Self.run("r/mse", #""loss": "mse""#)),\(Self.run("m", #""loss": "mse", "data": "music""#))",
      defaults: #""checkpoint-every": 2, "#)
    try Self.sweep(directory, "--threads", "1", "--cache", "kept", exits: 0)
    let expected = try FileBytes.read(directory.file("out/m/checkpoint-000003.safetensors"))
    try directory.removeCheckpoint(3, of: "out/m")
    let text = try String(contentsOfFile: directory.file("out/results.jsonl"), encoding: .utf8)
    let kept = text.split(separator: "\n").filter { !$0.contains(#""m""#) }.joined(separator: "\n")
    try directory.write(Array("\(kept)\n".utf8), to: "out/results.jsonl")
    let second = try Self.sweep(directory, "--threads", "2", exits: 0)
    #expect(second.errorLines.count == 1 && second.errors.hasPrefix("m: trained to a loss of"), "\(second.errors)")
    #expect(try FileBytes.read(directory.file("out/m/checkpoint-000003.safetensors")) == expected)
    let lines = try Self.results(directory)
    #expect(lines.count == 8)
    // It says that it ran on one thread, then on two.
    #expect(lines.last?["machines"]?.array?.map { $0["threads"] } == [1, 2])
    #expect(lines.last?["options"]?["clips"] == 5440)
  }

  @Test(arguments: [
    ("--loss mse", #""loss": "mse", "batsh": 3"#, "Unknown option '--batsh'"),
    ("--loss mse", #""loss": "psnr""#, "'psnr' is invalid for '--loss <loss>'"),
    ("--loss mse", #""loss": "mse", "batch": 1.5"#, "'1.5' is invalid for '--batch <batch>'"),
    ("--loss mse", #""batch": 2"#, "Missing expected argument '--loss <loss>'"),
    ("--loss mse", #""loss": "mse", "size": 33"#, "size: 33 given"),
    ("--loss mse", #""loss": "mse", "nlpd-pooling": "batch""#, "--nlpd-pooling is for NLPD"),
    ("--loss mse", #""loss": "mse", "help": true"#, "leave it out"),
    ("--loss mse", #""loss": "mse", "learning-rate": 0.1"#, "learningRate is 0.001 in out/r, the plan has 0.1"),
    ("--loss mse", #""loss": "mse", "slope": 0.2"#, "slope is 0.01 in out/r, the plan has 0.2"),
    ("--loss mse", #""loss": "mse", "seed": 1"#, "seed is 0 in out/r, the plan has 1"),
    ("--loss mse", #""loss": "mse", "iterations": 2"#, "iterations is 3 in out/r, the plan has 2"),
    ("--loss mse --slope 0.2", #""loss": "mse""#, "slope is 0.2 in out/r, the plan has 0.01"),
  ])
  func refusesBeforeTraining(_ trained: String, _ options: String, _ phrase: String) throws {
    let directory = try Self.inputs("\(Self.run("first", #""loss": "mse", "seed": 9"#)),\(Self.run("r", options))")
    try perceptual("\(Self.train) \(trained) --out out/r".words, in: directory, exits: 0)
    let refused = try Self.sweep(directory, exits: 65)
    #expect(refused.errorLines.count == 1, "\(refused.errors)")
    #expect(refused.errors.hasPrefix(#"perceptual: plan.json: run "r": "#), "\(refused.errors)")
    #expect(refused.errors.contains(phrase), "\(refused.errors)")
    #expect(!FileManager.default.fileExists(atPath: directory.file("out/first")))
  }

  /// Twelve runs of three processes, two of which are killed and started again: every run is done once, with the bits
  /// of a sweep alone.
  @Test func processesShareRuns() throws {
    let runs = (0..<12).map {
      Self.run("r/\($0)", #""loss": "mse", "seed": \#($0), "iterations": 40"#, recipe: "\($0)")
    }
    let directory = try Self.inputs(runs.joined(separator: ","), defaults: #""checkpoint-every": 10, "#)
    try perceptual("sweep plan.json --out alone --cache kept --task 1/1".words, in: directory, exits: 0)

    func start() throws -> Process {
      let process = try command("sweep plan.json --out out --cache kept --threads 1 --quiet".words)
      process.currentDirectoryURL = URL(filePath: directory.path)
      process.standardOutput = FileHandle.nullDevice
      try process.run()
      return process
    }
    let first = try (0..<3).map { _ in try start() }
    // Under way, but far from the end.
    for _ in 0..<6000 where (try? Self.results(directory).isEmpty) ?? true { Thread.sleep(forTimeInterval: 0.01) }
    for process in first[1...] { kill(process.processIdentifier, SIGKILL) }
    for process in first[1...] { process.waitUntilExit() }
    let second = try (0..<2).map { _ in try start() }
    for process in [first[0]] + second {
      process.waitUntilExit()
      #expect(process.terminationStatus == 0)
    }
    let lines = try Self.results(directory)
    let cases = lines.map { "\($0["name"] ?? "") \($0["statistics"] ?? "") \($0["quantisation"] ?? "")" }
    #expect(lines.count == 48 && Set(cases).count == 48)
    for run in 0..<12 {
      let name = "r/\(run)/checkpoint-000040.safetensors"
      #expect(try FileBytes.read(directory.file("out/\(name)")) == FileBytes.read(directory.file("alone/\(name)")))
      // No step was taken twice.
      let log = try String(contentsOfFile: directory.file("out/r/\(run)/log.jsonl"), encoding: .utf8)
      #expect(log.split(separator: "\n").count == 40)
    }
    #expect(
      try Self.sweep(directory, "--table").output
        == perceptual("sweep plan.json --out alone --table".words, in: directory).output)
  }

  @Test func sharesAreApart() throws {
    let directory = try Self.inputs(
      (0..<3).map { Self.run("r/\($0)", #""loss": "mse", "seed": \#($0)"#, recipe: "\($0)") }.joined(separator: ","))
    try Self.sweep(directory, "--task", "2/2", "--cache", "kept", exits: 0)
    #expect(try Set(Self.results(directory).compactMap { $0["name"]?.string }) == ["r/1"])
    // A run that another process has is left to it.
    try directory.createDirectory("out/r/0")
    var lock: DirectoryLock? = try DirectoryLock(directory.file("out/r/0"))
    try Self.sweep(directory, "--cache", "kept", exits: 0, saying: "1 of 3 runs are left to other processes")
    #expect(try Set(Self.results(directory).compactMap { $0["name"]?.string }) == ["r/1", "r/2"])
    withExtendedLifetime(lock) {}
    lock = nil
    try Self.sweep(directory, exits: 0)
    #expect(try Self.results(directory).count == 12)
    for wrong in ["0/2", "3/2", "1", "a/b", "1/2/3", ""] {
      try Self.sweep(directory, "--task", wrong, exits: 64)
    }
    try Self.sweep(directory, "--task", "1/2", "--table", exits: 64)
  }

  @Test func refusesToTestOnWhatIsTrainedOn() throws {
    let directory = try Self.inputs(Self.run("r", #""loss": "mse", "data": "test""#))
    let refused = try Self.sweep(directory, exits: 65)
    #expect(refused.errorLines.count == 1, "\(refused.errors)")
    #expect(refused.errors.contains("2 recordings are both in its data test and in evaluate.test"), "\(refused.errors)")
  }

  /// Options that the record of a run and the plan both name are compared as they stand there.
  @Test func refusesAnotherPlanForFinishedRuns() throws {
    let directory = try Self.inputs(Self.run("r", #""loss": "mse", "iterations": 2"#))
    try Self.sweep(directory, exits: 0)
    try Self.write(Self.run("r", #""loss": "mse", "iterations": 4"#), directory)
    try Self.sweep(directory, exits: 65, saying: "iterations is 2 in out/r, the plan has 4")
    let twice = [Self.run("r", #""loss": "mse", "iterations": 2"#), Self.run("s", #""loss": "mse", "size": 48"#)]
    try Self.write(twice.joined(separator: ","), directory)
    try Self.sweep(directory, exits: 65, saying: #"of recipe "base", as run "r" is"#)
  }

  @Test(arguments: [
    (["--table"], Int32(66), "results were expected, found none"), (["--table", "--cache", "kept"], 64, "--cache"),
    (["--threads", "0"], 64, "--threads 0"),
  ])
  func refusesWords(_ words: [String], _ exitCode: Int32, _ phrase: String) throws {
    try perceptual(
      ["sweep", "plan.json", "--out", "out"] + words, in: try Self.inputs(), exits: exitCode, saying: phrase)
  }

  /// A run that diverges is a result; the others do not suffer.
  @Test func aRunThatDivergesIsKept() throws {
    let bad = Self.run("bad", #""loss": "mse", "learning-rate": 1e30"#, recipe: "fast")
    let directory = try Self.inputs("\(bad),\(Self.run("good", #""loss": "mse""#))")
    for _ in 0..<2 {
      let outcome = try Self.sweep(directory, exits: 3, saying: "1 of 2 runs met a number that is not finite: bad")
      #expect(outcome.output.contains("| base | 1 | 3 |"), "\(outcome.output)")
      #expect(outcome.output.contains("bad failed: iteration"), "\(outcome.output)")
      let lines = try Self.results(directory)
      #expect(lines.count == 5 && lines[0]["failed"]?.string?.hasPrefix("iteration ") == true)
      #expect(lines[0]["recipe"] == "fast" && lines[0]["options"]?["learning-rate"]?.double == 1e30)
    }
  }

  @Test func aSignalLeavesACheckpoint() throws {
    let long = Self.run("b", #""loss": "mse", "iterations": 100000000"#, recipe: "long")
    let directory = try Self.inputs("\(Self.run("a", #""loss": "mse""#)),\(long)")
    let errors = try directory.write([], to: "errors")
    let process = try command(["sweep", "plan.json", "--out", "out"])
    process.currentDirectoryURL = URL(filePath: directory.path)
    process.standardOutput = FileHandle.nullDevice
    process.standardError = try FileHandle(forWritingTo: URL(filePath: errors))
    try process.run()
    var isUnderWay = false
    for _ in 0..<6000 where process.isRunning && !isUnderWay {
      Thread.sleep(forTimeInterval: 0.01)
      isUnderWay = (try? Data(contentsOf: URL(filePath: directory.file("out/b/log.jsonl"))).isEmpty) == false
    }
    kill(process.processIdentifier, SIGINT)
    process.waitOrKill()
    #expect(isUnderWay && process.terminationReason == .exit && process.terminationStatus == 130)
    let message = try String(contentsOfFile: errors, encoding: .utf8)
    let phrase = #"interrupted: run "b" left a checkpoint, the same command goes on from it"#
    #expect(message.contains(phrase), "\(message)")
    let files = try FileManager.default.contentsOfDirectory(atPath: directory.file("out/b"))
    #expect(files.contains { $0.hasPrefix("checkpoint-") } && files.contains("run.json"))
    #expect(try Self.results(directory).count == 4)
  }
}
