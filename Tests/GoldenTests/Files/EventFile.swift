import PerceptualFiles
import Testing

/// An event of a TensorBoard file, as the tests read it.
struct StoredEvent {
  let time: Double
  let step: Int
  let version: String?
  /// Of a session log: 1 is the start.
  let session: Int?
  let scalars: [String: Float]
  /// Encoded.
  let images: [String: [UInt8]]
  let sounds: [String: [UInt8]]

  struct Damaged: Error {}

  init(_ bytes: [UInt8]) throws {
    let fields = try ProtocolBufferFields(bytes)
    time = try #require(fields.double(1))
    step = try fields.integers(2).first ?? 0
    version = fields.texts(3).first
    session = try fields.messages(7).first?.integers(1).first
    var (scalars, images, sounds) = ([String: Float](), [String: [UInt8]](), [String: [UInt8]]())
    for value in try fields.messages(5).flatMap({ try $0.messages(1) }) {
      let tag = try #require(value.texts(1).first)
      if let number = value.float(2) { scalars[tag] = number }
      if let image = try value.messages(4).first { images[tag] = image.data(4).first }
      if let sound = try value.messages(6).first { sounds[tag] = sound.data(4).first }
    }
    (self.scalars, self.images, self.sounds) = (scalars, images, sounds)
  }

  /// The events of a file, whose frames must be whole and have their checksums.
  static func read(_ bytes: [UInt8]) throws -> [StoredEvent] {
    var rest = bytes[...]
    func take(_ count: Int) throws -> [UInt8] {
      guard count <= rest.count else { throw Damaged() }
      defer { rest = rest.dropFirst(count) }
      return Array(rest.prefix(count))
    }
    func checked(_ bytes: [UInt8]) throws {
      let crc = Checksum.castagnoli(bytes)
      let masked = ((crc >> 15) | (crc << 17)) &+ 0xA282_EAD8
      if try take(4) != (0..<4).map({ UInt8(truncatingIfNeeded: masked >> (8 * $0)) }) { throw Damaged() }
    }
    var events: [StoredEvent] = []
    while !rest.isEmpty {
      let length = try take(8)
      try checked(length)
      let event = try take(length.reversed().reduce(0) { $0 * 256 + Int($1) })
      try checked(event)
      events.append(try StoredEvent(event))
    }
    return events
  }

  /// The events of a directory's files, in the order of their names, as TensorBoard reads them.
  static func read(directory: String) throws -> [StoredEvent] {
    try contents(of: directory).filter { $0.contains("tfevents") }
      .flatMap { try read(try FileBytes.read("\(directory)/\($0)")) }
  }
}
