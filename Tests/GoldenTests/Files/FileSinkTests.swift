import Foundation
import PerceptualCore
import PerceptualFiles
import PerceptualTestSupport
import Testing

/// What becomes of names, modes, links and leftovers where a file is written.
@Suite struct FileSinkTests {
  private let scratch = ScratchDirectory()
  private var directory: String { scratch.path }

  private static func mode(_ path: String) throws -> Int {
    try #require(FileManager.default.attributesOfItem(atPath: path)[.posixPermissions] as? Int)
  }

  @Test func anOverwrittenFileKeepsItsMode() throws {
    let path = "\(directory)/file"
    for mode in [0o600, 0o640, 0o444] {
      try FileBytes.write([1], to: path)
      try FileManager.default.setAttributes([.posixPermissions: mode], ofItemAtPath: path)
      try FileBytes.write([2, 3], to: path)
      #expect(try FileBytes.read(path) == [2, 3])
      #expect(try Self.mode(path) == mode)
    }
    #expect(try contents(of: directory) == ["file"])
  }

  /// Through links, in directories and of files, and one to a file that is not there yet.
  @Test func linksStay() throws {
    let manager = FileManager.default
    try manager.createDirectory(atPath: "\(directory)/below", withIntermediateDirectories: false)
    for (link, target) in [("to-new", "below/new"), ("to-link", "to-new"), ("folder", "below"), ("round", "round")] {
      try manager.createSymbolicLink(atPath: "\(directory)/\(link)", withDestinationPath: target)
    }
    try FileBytes.write([1], to: "\(directory)/to-link")
    #expect(try FileBytes.read("\(directory)/below/new") == [1])
    try FileBytes.write([2], to: "\(directory)/folder/new")
    #expect(try FileBytes.read("\(directory)/to-link") == [2])
    #expect(try manager.destinationOfSymbolicLink(atPath: "\(directory)/to-link") == "to-new")
    #expect(try contents(of: "\(directory)/below") == ["new"])
    expectError(.cannotCreate) { try FileBytes.write([3], to: "\(directory)/round") }
  }

  /// A name of 255 bytes, the longest there is, leaves no room for a temporary one made of it.
  @Test func theLongestNameIsWritten() throws {
    let name = String(repeating: "x", count: 255)
    try FileBytes.write([1], to: "\(directory)/\(name)")
    #expect(try contents(of: directory) == [name])
  }

  /// Leftovers of a process that is gone; what another process is still writing stays, and so do others' hidden files.
  @Test func leftoversGoAtTheNextStart() throws {
    let left = "\(directory)/.perceptual-000000000001.part"
    let busy = "\(directory)/.perceptual-000000000002.part"
    for path in [left, busy, "\(directory)/.hidden.part"] { try Data([1]).write(to: URL(filePath: path)) }
    let descriptor = open(busy, O_WRONLY)
    #expect(flock(descriptor, LOCK_EX) == 0)
    defer { close(descriptor) }
    try FileBytes.write([2], to: "\(directory)/file")
    #expect(try contents(of: directory) == [".hidden.part", ".perceptual-000000000002.part", "file"])
  }

  @Test func nothingIsLeftWhereWritingFails() throws {
    try FileManager.default.createDirectory(atPath: "\(directory)/folder", withIntermediateDirectories: false)
    for name in ["folder", "nothing/file"] {
      expectError(.cannotCreate) { try FileBytes.write([1], to: "\(directory)/\(name)") }
    }
    #expect(try contents(of: directory) == ["folder"])
  }

  @Test func directoriesAreMadeAllTheWay() throws {
    try FilePath.createDirectory("\(directory)/a/b//c/")
    try FilePath.createDirectory("\(directory)/a/b")
    #expect(try contents(of: "\(directory)/a/b") == ["c"])
    try FileBytes.write([1], to: "\(directory)/file")
    for path in ["file", "file/below"] {
      expectError(.cannotCreate) { try FilePath.createDirectory("\(directory)/\(path)") }
    }
    #expect(
      FilePath.directory(of: "a/b") == "a" && FilePath.directory(of: "b") == "."
        && FilePath.directory(of: "/b") == "/")
    #expect(try FilePath.names(in: "\(directory)/nowhere") == [])
  }
}

@Suite struct FilePathTests {
  /// Every sequence of bytes has one text, and goes back to itself.
  @Test func bytesComeBack() throws {
    let names: [[UInt8]] = [
      Array("plain".utf8), Array("d\u{e9}j\u{e0} \u{1F3B5}".utf8), [0x63, 0xE9], [0xE9], [0xC3], [0xC3, 0x28, 0xA9],
      [0xF0, 0x9F, 0x8E],
      [0xED, 0xA0, 0x80], [0xC0, 0xAF], [0xF4, 0x90, 0x80, 0x80], [0x80, 0xFF, 0xFE],
      // Scalars of the plane that stands for bytes, whole and in part.
      Array("\u{10FFE9}x".utf8), Array("\u{10FF80}\u{10FFFF}".utf8), Array("\u{10FF7F}\u{10FE80}".utf8),
      [0xF4, 0x8F, 0xBF],
    ]
    var texts = Set<[UInt8]>()
    for name in names {
      let text = FilePath.text(of: name)
      #expect(FilePath.bytes(text) == name, "\(name)")
      #expect(texts.insert(Array(text.utf8)).inserted)
    }
    #expect(FilePath.text(of: Array("caf".utf8) + [0xE9]) == "caf\u{10FFE9}")
    #expect(FilePath.shown("caf\u{10FFE9}") == "caf\\xE9" && FilePath.shown("d\u{e9}j\u{e0}") == "d\u{e9}j\u{e0}")
    var generator = SeededGenerator(name: "bytes of paths")
    for _ in 0..<2000 {
      let name = (0..<Int(generator.next() % 12)).map { _ in UInt8(truncatingIfNeeded: generator.next() >> 8) | 0x80 }
      #expect(FilePath.bytes(FilePath.text(of: name)) == name, "\(name)")
    }
  }

  @Test func namesAndSuffixes() {
    #expect(
      FilePath.name(of: "a/b.WAV") == "b.WAV" && FilePath.suffix(of: "a/b.WAV") == "wav"
        && FilePath.stem(of: "a.b/c.d.wav") == "c.d")
    #expect(
      FilePath.suffix(of: "a.b/c") == "" && FilePath.stem(of: ".hidden") == ".hidden" && FilePath.name(of: "a/") == "")
  }

  /// A name that is no UTF-8 is listed, read and written as any other; links that lead nowhere are told.
  @Test func namesAreBytes() throws {
    let scratch = ScratchDirectory()
    let name = FilePath.text(of: Array("caf".utf8) + [0xE9] + Array(".png".utf8))
    try PNG.write(grey: Tensor([0, 1], shape: [1, 2]), to: scratch.file(name))
    try FilePath.createDirectory(scratch.file("\(FilePath.text(of: [0xFF]))/below"))
    try FileManager.default.createSymbolicLink(atPath: scratch.file("gone.png"), withDestinationPath: "nowhere")
    let listing = try PNG.listing(of: scratch.path)
    #expect(listing.files == [scratch.file(name)])
    #expect(listing.skipped.count == 1 && listing.skipped[0].contains("gone.png"), "\(listing.skipped)")
    #expect(try PNG.readGrey(listing.files[0]).elements == [0, 1])
    #expect(Set(try FilePath.names(in: scratch.path)) == [name, FilePath.text(of: [0xFF]), "gone.png"])
  }
}

@Suite struct AppendingFileTests {
  @Test func linesAreAddedAndTakenOff() throws {
    let scratch = ScratchDirectory()
    let path = scratch.file("log")
    let file = try AppendingFile(path)
    #expect(try file.endsALine())
    try file.append("one\n")
    try file.append("tw")
    #expect(try !file.endsALine())
    try file.cut(at: 4)
    try file.append("three\n")
    try file.synchronize()
    #expect(try FileBytes.read(path) == Array("one\nthree\n".utf8))
    // Another's line is not written over.
    try AppendingFile(path).append("four\n")
    try file.append("five\n")
    #expect(try FileBytes.read(path) == Array("one\nthree\nfour\nfive\n".utf8))
    #expect(throws: PerceptualError.self) { try AppendingFile(scratch.path) }
  }
}

@Suite struct DirectoryLockTests {
  @Test func theSecondIsRefusedUntilTheFirstIsGone() throws {
    let scratch = ScratchDirectory()
    var first: DirectoryLock? = try DirectoryLock(scratch.path)
    #expect(try contents(of: scratch.path) == ["in-use"])
    let process = "process \(getpid()) on \(ProcessInfo.processInfo.hostName), started 2"
    expectError(.cannotCreate, beginning: "\(scratch.path): \(process)") { try DirectoryLock(scratch.path) }
    withExtendedLifetime(first) {}
    first = nil
    #expect(try contents(of: scratch.path) == [])
    // What a killed process leaves is no obstacle.
    try Data("process 1 on nowhere\n".utf8).write(to: URL(filePath: scratch.file("in-use")))
    let second = try DirectoryLock(scratch.path)
    withExtendedLifetime(second) {}
  }
}
