import Foundation
import PerceptualCore
import PerceptualFiles
import PerceptualTestSupport
import Testing

@Suite struct EventLogTests {
  private let scratch = ScratchDirectory()
  private var directory: String { scratch.path }

  private func write(_ steps: ClosedRange<Int>, keeping: Int, to directory: String) throws {
    let log = try EventLog(directory: directory, keeping: keeping) { 1.5 }
    for step in steps { try log.append(step: step, [.scalar("loss", 1 / Double(step))]) }
    try log.synchronize()
  }

  private func steps(_ directory: String) throws -> [Int] {
    try StoredEvent.read(directory: directory).filter { !$0.scalars.isEmpty }.map(\.step)
  }

  /// Every file of TensorFlow's begins with these: the length of the event with the version, and its checksum.
  @Test func beginsAsFilesOfTensorFlow() throws {
    try write(1...2, keeping: 0, to: directory)
    let name = "events.out.tfevents.0000000001.perceptual"
    #expect(try contents(of: directory) == [name])
    let bytes = try FileBytes.read("\(directory)/\(name)")
    #expect(Array(bytes.prefix(12)) == [0x18, 0, 0, 0, 0, 0, 0, 0, 0xA3, 0x7F, 0x4B, 0x22])
    let events = try StoredEvent.read(bytes)
    #expect(events.map(\.step) == [0, 1, 1, 2])
    #expect(events.map(\.version) == ["brain.Event:2", nil, nil, nil])
    #expect(events.map(\.session) == [nil, 1, nil, nil])
    #expect(events.allSatisfy { $0.time == 1.5 })
    #expect(events[2].scalars == ["loss": 1] && events[3].scalars == ["loss": 0.5])
  }

  @Test func numbersOfALineAreScalars() throws {
    let line = try JSONValue(
      parsing: "{\"iteration\":3,\"loss\":0.25,\"name\":\"a\",\"bad\":null,\"test\":{\"mse\":2,\"deep\":{\"x\":-1}}}"
        .utf8)
    let found = EventValue.scalars(of: line).map { value -> String in
      if case .scalar(let tag, let number) = value { "\(tag)=\(number)" } else { "" }
    }
    #expect(found == ["loss=0.25", "test/mse=2.0", "test/deep/x=-1.0"])
  }

  @Test func picturesAndSoundsAreFilesWithin() throws {
    let picture = Picture(width: 3, height: 2, fill: Colour(red: 9, green: 80, blue: 200))
    let clip = AudioClip(samples: Tensor([0, 0.5, -0.5, 0.25], shape: [1, 4]), sampleRate: 16_000)
    let log = try EventLog(directory: directory, keeping: 0)
    try log.append(step: 7, [.image("a/b", picture), .audio("c", clip)])
    let event = try #require(try StoredEvent.read(directory: directory).last)
    #expect(event.images == ["a/b": try PNG.bytes(picture)])
    #expect(event.sounds == ["c": try AudioFile.bytes(of: clip).bytes])
  }

  /// A run killed after step 5 that goes on from the checkpoint of step 3: each step once, in a new file.
  @Test func goingOnDoublesNoStep() throws {
    try write(1...5, keeping: 0, to: directory)
    try write(4...6, keeping: 3, to: directory)
    #expect(try contents(of: directory).count == 2)
    #expect(try steps(directory) == [1, 2, 3, 4, 5, 6])
    // A TensorBoard that has read steps 4 and 5 of the first file drops them here.
    let starts = try StoredEvent.read(directory: directory).filter { $0.session == 1 }.map(\.step)
    #expect(starts == [1, 4])
    // Twice from one checkpoint, and from the beginning.
    try write(4...4, keeping: 3, to: directory)
    #expect(try steps(directory) == [1, 2, 3, 4])
    try write(1...2, keeping: 0, to: directory)
    #expect(try steps(directory) == [1, 2])
    #expect(try contents(of: directory).count == 4)
  }

  /// What a kill cut off, or a disk turned, ends a file there. 50 bytes are the last record and some of the one before.
  @Test(arguments: [1, 10, 50]) func damagedEndIsTakenOff(_ missing: Int) throws {
    try write(1...3, keeping: 0, to: directory)
    let path = "\(directory)/events.out.tfevents.0000000001.perceptual"
    let bytes = try FileBytes.read(path)
    try FileBytes.write(Array(bytes.dropLast(missing)), to: path)
    try write(3...3, keeping: 2, to: directory)
    #expect(try steps(directory) == (missing < 50 ? [1, 2, 3] : [1, 3]))
    var turned = bytes
    turned[bytes.count - 6] ^= 1
    try FileBytes.write(turned, to: path)
    try EventLog.cut(in: directory, keeping: 3)
    #expect(try StoredEvent.read(FileBytes.read(path)).last?.step == 2)
  }

  @Test func filesOfOthersStay() throws {
    let others = [
      "events.out.tfevents.1700000000.host", "events.out.tfevents.x.perceptual", "checkpoints-of-mine-7.perceptual",
    ]
    for name in others { try FileBytes.write([1, 2, 3], to: "\(directory)/\(name)") }
    try write(1...1, keeping: 0, to: directory)
    for name in others { #expect(try FileBytes.read("\(directory)/\(name)") == [1, 2, 3]) }
    #expect(try contents(of: directory).count == 4)
  }

  @Test func aFileInPlaceOfTheDirectoryIsRefused() throws {
    let path = "\(directory)/file"
    try FileBytes.write([1], to: path)
    expectError(.cannotCreate, saying: path) { try EventLog(directory: path, keeping: 0) }
  }
}
