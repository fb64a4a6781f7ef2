import Foundation
import PerceptualCore

/// What TensorBoard shows of a step, under a tag; "a/b" is b in group a.
public enum EventValue: Sendable {
  case scalar(String, Double)
  case image(String, Picture)
  /// Encoded as 16-bit WAV.
  case audio(String, AudioClip)

  /// Every number of a line of a log but its iteration, under its key, those of an object within under "key/key".
  package static func scalars(of line: JSONValue, in group: String = "") -> [EventValue] {
    (line.members ?? []).flatMap { member -> [EventValue] in
      let tag = group + member.key
      if tag == "iteration" { return [] }
      if member.value.members != nil { return scalars(of: member.value, in: "\(tag)/") }
      return member.value.double.map { [.scalar(tag, $0)] } ?? []
    }
  }
}

/// Events of a training in the files that TensorBoard reads: `events.out.tfevents.NNNNNNNNNN.perceptual`.
///
/// A file is a sequence of records, each a protocol buffer "Event" between its length and two checksums:
///
///     record    length (8 bytes, little-endian), masked(length), event, masked(event)
///     masked(x) crc rotated right by 15 bits + a282ead8, crc the CRC-32C of x (4 bytes, little-endian)
///
/// A training that goes on writes a new file, for a TensorBoard that watches has read on in the old one. What older
/// files hold beyond the step it goes on from is taken off them first, so that no step stands twice; the new file
/// begins with a SessionLog.START of the next step, at which a TensorBoard that has read those events drops them. Only
/// files of this name are touched.
///
/// Events hold the time of day, so these files differ from run to run; nothing else depends on them. Scalars are in
/// single precision. Source: record_writer.h, event.proto and summary.proto of TensorFlow.
public final class EventLog {
  private static let prefix = "events.out.tfevents."
  private static let suffix = ".perceptual"

  private let file: AppendingFile
  private let now: () -> Double

  /// Opens the next file of a directory, which is made if need be. `now` gives seconds since 1970.
  ///
  /// Throws `.cannotCreate` where the file cannot be made, `.missing` or `.inputOutput` where an older one cannot be
  /// read or cut.
  public init(
    directory: String, keeping step: Int, now: @escaping () -> Double = { Date().timeIntervalSince1970 }
  ) throws(PerceptualError) {
    self.now = now
    try FilePath.createDirectory(directory)
    let newest = try Self.cut(in: directory, keeping: step)
    let number = String(format: "%010d", newest + 1)
    file = try AppendingFile("\(directory)/\(Self.prefix)\(number)\(Self.suffix)")
    try append { $0.text(3, "brain.Event:2") }
    try append {
      $0.integer(2, step + 1)
      $0.message(7) { $0.integer(1, 1) }
    }
  }

  /// Takes the events beyond a step off the files of a directory. Returns the number of the newest file, 0 if there is
  /// none.
  @discardableResult
  package static func cut(in directory: String, keeping step: Int) throws(PerceptualError) -> Int {
    var newest = 0
    for name in try FilePath.names(in: directory) {
      guard name.hasPrefix(prefix), name.hasSuffix(suffix),
        let number = Int(name.dropFirst(prefix.count).dropLast(suffix.count))
      else { continue }
      newest = max(newest, number)
      let path = "\(directory)/\(name)"
      let bytes = try FileBytes.read(path)
      var end = 0
      while let event = record(bytes[end...]), stepOfSummary(event) ?? step <= step { end = event.endIndex + 4 }
      if end < bytes.count { try AppendingFile(path).cut(at: end) }
    }
    return newest
  }

  /// Adds an event, in one write. Throws `.inputOutput`, and what encoding a value throws.
  public func append(step: Int, _ values: [EventValue]) throws(PerceptualError) {
    if values.isEmpty { return }
    var summary = ProtocolBuffer()
    for value in values { summary.message(1, try Self.message(value)) }
    try append {
      $0.integer(2, step)
      $0.message(5, summary)
    }
  }

  /// Returns when the events have reached the disk.
  public func synchronize() throws(PerceptualError) { try file.synchronize() }

  private func append(_ fill: (inout ProtocolBuffer) -> Void) throws(PerceptualError) {
    var event = ProtocolBuffer()
    event.double(1, now())
    fill(&event)
    try file.append(Self.framed(event.bytes))
  }

  private static func message(_ value: EventValue) throws(PerceptualError) -> ProtocolBuffer {
    var message = ProtocolBuffer()
    switch value {
    case .scalar(let tag, let number):
      message.text(1, tag)
      message.float(2, Float(number))
    case .image(let tag, let picture):
      message.text(1, tag)
      var image = ProtocolBuffer()
      image.integer(1, picture.height)
      image.integer(2, picture.width)
      // Red, green and blue.
      image.integer(3, 3)
      image.data(4, try PNG.bytes(picture))
      message.message(4, image)
    case .audio(let tag, let clip):
      message.text(1, tag)
      var audio = ProtocolBuffer()
      audio.float(1, Float(clip.sampleRate))
      audio.integer(2, clip.channels)
      audio.integer(3, clip.frames)
      audio.data(4, try AudioFile.bytes(of: clip).bytes)
      audio.text(5, "audio/wav")
      message.message(6, audio)
    }
    return message
  }

  /// An event as a record.
  static func framed(_ event: [UInt8]) -> [UInt8] {
    let length = withUnsafeBytes(of: UInt64(event.count).littleEndian) { Array($0) }
    return length + masked(length) + event + masked(event)
  }

  private static func masked(_ bytes: some Sequence<UInt8>) -> [UInt8] {
    let checksum = Checksum.castagnoli(bytes)
    let value = (checksum >> 15 | checksum << 17) &+ 0xA282_EAD8
    return withUnsafeBytes(of: value.littleEndian) { Array($0) }
  }

  /// The event of the record that the bytes begin with; nil where there is none, or it is damaged or cut off.
  private static func record(_ bytes: ArraySlice<UInt8>) -> ArraySlice<UInt8>? {
    guard bytes.count >= 16 else { return nil }
    let length = bytes.prefix(8).reversed().reduce(UInt64(0)) { $0 << 8 | UInt64($1) }
    let rest = bytes.dropFirst(12)
    guard bytes.dropFirst(8).starts(with: masked(bytes.prefix(8))), length <= rest.count - 4 else { return nil }
    let event = rest.prefix(Int(length))
    return rest.dropFirst(Int(length)).starts(with: masked(event)) ? event : nil
  }

  /// The step of an event of ours that has a summary: field 1 with 8 bytes, field 2, field 5.
  private static func stepOfSummary(_ event: ArraySlice<UInt8>) -> Int? {
    var rest = event.dropFirst(9)
    guard rest.popFirst() == 2 << 3 else { return nil }
    var (step, shift) = (UInt64(0), UInt64(0))
    while let byte = rest.popFirst() {
      step |= UInt64(byte & 0x7F) << shift
      shift += 7
      if byte < 0x80 { break }
    }
    return rest.first == 5 << 3 | 2 ? Int(truncatingIfNeeded: step) : nil
  }
}
