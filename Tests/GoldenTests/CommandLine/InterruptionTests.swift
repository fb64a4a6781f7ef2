import Foundation
import PerceptualFiles
import Testing

/// A training that is stopped by a signal puts what it has learnt in safety.
@Suite struct InterruptionTests {
  private static let training = [
    "train", "--data", "noise", "--loss", "mse", "--batch", "1", "--channels", "4", "--size", "32", "--threads", "1",
  ]

  @Test(arguments: [(SIGINT, Int32(130)), (SIGTERM, Int32(143))])
  func leavesACheckpoint(_ signal: Int32, _ exitCode: Int32) throws {
    let directory = try ScratchDirectory()
    let out = directory.file("run")
    let errors = try directory.write([], to: "errors")
    let process = try command(Self.training + ["--iterations", "100000000", "--out", out])
    process.standardOutput = FileHandle.nullDevice
    process.standardError = try FileHandle(forWritingTo: URL(filePath: errors))
    try process.run()
    // Once the log has lines, the training is under way; without an end this would be a test that hangs.
    var isUnderWay = false
    for _ in 0..<6000 where process.isRunning && !isUnderWay {
      Thread.sleep(forTimeInterval: 0.01)
      isUnderWay = (try? Data(contentsOf: URL(filePath: "\(out)/log.jsonl")).isEmpty) == false
    }
    kill(process.processIdentifier, signal)
    for _ in 0..<6000 where process.isRunning { Thread.sleep(forTimeInterval: 0.01) }
    if process.isRunning { kill(process.processIdentifier, SIGKILL) }
    process.waitUntilExit()
    #expect(isUnderWay)
    #expect(process.terminationReason == .exit)
    #expect(process.terminationStatus == exitCode)

    let message = try String(contentsOfFile: errors, encoding: .utf8)
    let line = try #require(message.split(separator: "\n").last)
    #expect(line.hasPrefix("perceptual: interrupted: "))
    let files = try FileManager.default.contentsOfDirectory(atPath: out)
    let checkpoint = try #require(files.filter { $0.hasPrefix("checkpoint-") }.max())
    #expect(line.contains(checkpoint))
    #expect(try perceptual("inspect", "\(out)/\(checkpoint)").exitCode == 0)

    // It goes on from there.
    let reached = try #require(Int(checkpoint.dropFirst("checkpoint-".count).prefix { $0.isNumber }))
    let resumed = try perceptual(Self.training + ["--iterations", "\(reached + 2)", "--out", out, "--resume"])
    #expect(resumed.exitCode == 0, "\(resumed.errors)")
  }
}
