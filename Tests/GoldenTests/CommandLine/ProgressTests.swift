import Foundation
import Testing

/// What a training says on a terminal and elsewhere.
@Suite struct ProgressTests {
  /// What the command writes to a terminal that is `columns` wide.
  private func said(
    _ arguments: [String] = [], columns: UInt16, environment: [String: String]
  ) throws -> String {
    let scratch = ScratchDirectory()
    let terminal = open("/dev/ptmx", O_RDWR | O_NOCTTY)
    defer { close(terminal) }
    // Linux's requests TIOCSPTLCK and TIOCGPTN; Glibc hides unlockpt and ptsname from Swift.
    var (isLocked, number): (Int32, Int32) = (0, 0)
    try #require(ioctl(terminal, 0x4004_5431, &isLocked) == 0 && ioctl(terminal, 0x8004_5430, &number) == 0)
    var size = winsize(ws_row: 24, ws_col: columns, ws_xpixel: 0, ws_ypixel: 0)
    try #require(ioctl(terminal, UInt(TIOCSWINSZ), &size) == 0)
    let other = FileHandle(fileDescriptor: open("/dev/pts/\(number)", O_RDWR | O_NOCTTY), closeOnDealloc: true)
    let train = "train --data noise --loss mse --batch 1 --channels 4 --size 32 --threads 1 --iterations 40".words
    let process = try command(train + ["--out", scratch.file("run")] + arguments)
    var variables = ProcessInfo.processInfo.environment.filter { !$0.key.hasPrefix("LC_") }
    variables.merge(environment) { $1 }
    process.environment = variables
    process.standardOutput = FileHandle.nullDevice
    process.standardError = other
    try process.run()
    try other.close()
    // The other end is closed when the command has ended: reading then fails.
    var bytes: [UInt8] = []
    var buffer = [UInt8](repeating: 0, count: 4096)
    while case let count = read(terminal, &buffer, buffer.count), count > 0 { bytes += buffer[..<count] }
    process.waitUntilExit()
    #expect(process.terminationStatus == 0)
    return String(decoding: bytes, as: UTF8.self)
  }

  private static let heights = Set("▁▂▃▄▅▆▇█")

  @Test func bar() throws {
    let text = try said(columns: 120, environment: ["LANG": "C.UTF-8", "TERM": "xterm"])
    let bars = text.split(separator: "\r").filter { $0.hasPrefix("training [") }
    let last = try #require(bars.last)
    #expect(last.hasPrefix("training [\(String(repeating: "#", count: 24))] 40/40  "))
    #expect(last.contains("iterations/s") && last.contains("loss 0.") && last.contains { Self.heights.contains($0) })
    #expect(text.contains("next: open ") && text.contains("learning-curves.svg"))
  }

  /// A bar that wraps would be drawn on line after line.
  @Test(arguments: [20, 40, 60, 80] as [UInt16]) func fits(columns: UInt16) throws {
    let text = try said(columns: columns, environment: ["LANG": "C.UTF-8", "TERM": "xterm"])
    let bars = text.split(separator: "\r").filter { $0.hasPrefix("training [") }
    #expect(!bars.isEmpty)
    for bar in bars { #expect(bar.prefix { $0 != "\u{1B}" }.count < columns) }
    #expect(columns < 60 || bars.contains { $0.contains("loss 0.") })
  }

  @Test func plainWhereTheTerminalIs() throws {
    let text = try said(columns: 120, environment: ["LANG": "C", "TERM": "xterm"])
    #expect(text.contains("loss 0.") && !text.contains { Self.heights.contains($0) })
    let dumb = try said(columns: 120, environment: ["LANG": "C.UTF-8", "TERM": "dumb"])
    #expect(dumb.contains("bits") && !dumb.contains("\u{1B}") && !dumb.contains("training ["))
  }

  @Test func quiet() throws {
    #expect(try said(["--quiet"], columns: 120, environment: ["LANG": "C.UTF-8", "TERM": "xterm"]).isEmpty)
    // An error is told nevertheless, and elsewhere than on a terminal there is no bar.
    let scratch = ScratchDirectory()
    let wrong = try perceptual("train --data noise --loss mse --size 17 --out x --quiet".words, exits: 64)
    #expect(wrong.errorLines.count == 1)
    let train = "train --data noise --loss mse --batch 1 --channels 4 --size 32 --iterations 2 --out run"
    let redirected = try perceptual(train.words, in: scratch)
    #expect(redirected.exitCode == 0 && !redirected.errors.contains("\r") && !redirected.errors.contains("["))
    #expect(redirected.lines == ["run/checkpoint-000002.safetensors"])
  }
}
