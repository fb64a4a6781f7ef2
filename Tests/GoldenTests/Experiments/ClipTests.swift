import Fast
import Foundation
import PerceptualCore
import PerceptualExperiments
import PerceptualFiles
import PerceptualTestSupport
import Testing

@Suite struct ClipTests {
  private let scratch = ScratchDirectory()
  private var directory: String { scratch.path }

  /// Sound of `seconds` at 16 kHz.
  private static func sound(_ seconds: Double, seed: String, gain: Double = 0.3) -> AudioClip {
    let count = Int(seconds * 16_000)
    let hiss = noise(4096, seed: seed)
    let samples = (0..<count).map { place -> Float in
      let tone = sin(0.07 * Double(place))
      return Float(gain * (0.1 * hiss[place % 4096] + tone))
    }
    return AudioClip(samples: Tensor(samples), sampleRate: 16_000)
  }

  /// A long recording, a short one, one that is silent, one that is none, and one of a rate beyond reason.
  private static func fill(_ directory: String) throws -> [String] {
    try AudioFile.write(sound(9, seed: "long"), to: "\(directory)/a.wav")
    try AudioFile.write(sound(2, seed: "short"), to: "\(directory)/b.wav")
    try AudioFile.write(sound(5, seed: "silent", gain: 0), to: "\(directory)/c.flac")
    try FileBytes.write(Array("no sound".utf8), to: "\(directory)/d.wav")
    try AudioFile.write(sound(5, seed: "fifth"), to: "\(directory)/e.flac")
    return try AudioFile.list(in: directory)
  }

  @Test func skipsWithALineEach() throws {
    let set = try ClipSet.load(try Self.fill(directory), limit: 10)
    #expect(set.clips.map { $0.file.suffix(5) } == ["a.wav", "a.wav", "e.flac"].map { $0.suffix(5) })
    #expect(set.skipped.count == 3)
    for (sentence, phrase) in zip(set.skipped, ["2.00 s long", "an audio file", "silent at"]) {
      #expect(set.skipped.contains { $0.contains(phrase) }, "\(sentence)")
    }
  }

  @Test func isTheSameForAnyThreads() throws {
    let files = try Self.fill(directory)
    let sets = try [1, 2, 3].map { threads in
      try Execution.$current.withValue(Execution(threads: threads)) { try ClipSet.load(files, limit: 3) }
    }
    for set in sets {
      #expect(set.skipped == sets[0].skipped)
      #expect(zip(set.clips, sets[0].clips).allSatisfy { same($0, $1) } && set.clips.count == 2)
    }
  }

  private func same(_ a: Clip, _ b: Clip) -> Bool {
    a.file == b.file && a.start == b.start && a.signal == b.signal && a.picture.image == b.picture.image
      && a.picture.low == b.picture.low && a.picture.high == b.picture.high
  }

  /// From the cache comes what would be made; what changed, or was damaged there, is made again.
  @Test func cacheIsRebuiltWhereItMust() throws {
    let (music, kept) = ("\(directory)/music", "\(directory)/cache")
    try FileManager.default.createDirectory(atPath: music, withIntermediateDirectories: true)
    try AudioFile.write(Self.sound(5, seed: "one"), to: "\(music)/one.wav")
    let cache = ClipCache(directory: kept)
    let files = try AudioFile.list(in: music)
    func load() throws -> Clip { try #require(try ClipSet.load(files, limit: 1, cache: cache).clips.first) }
    let plain = try #require(try ClipSet.load(files, limit: 1).clips.first)
    #expect(same(try load(), plain))
    let names = try contents(of: kept)
    #expect(names.count == 1)
    let path = "\(kept)/\(names[0])"
    let bytes = try FileBytes.read(path)
    #expect(same(try load(), plain))

    // One bit of a sample; then half of the file: neither is taken, both are written again.
    var turned = bytes
    turned[bytes.count - 1000] ^= 1
    for damaged in [turned, Array(bytes.prefix(bytes.count / 2)), []] {
      try FileBytes.write(damaged, to: path)
      #expect(same(try load(), plain))
      #expect(try FileBytes.read(path) == bytes)
    }

    // A sound that is told from the cached one by nothing but its hash's file: marked, to see that it is read at all.
    try AudioFile.write(Self.sound(5, seed: "two"), to: "\(music)/one.wav")
    let changed = try load()
    #expect(changed.signal != plain.signal)
    #expect(try contents(of: kept).count == 2)
    #expect(same(changed, try #require(try ClipSet.load(files, limit: 1).clips.first)))
  }
}
