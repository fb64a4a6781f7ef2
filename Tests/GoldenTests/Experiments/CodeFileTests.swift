import Foundation
import PerceptualCore
import PerceptualFiles
import PerceptualTestSupport
import Testing

@testable import PerceptualExperiments

/// The container of the bitstream, without a network.
@Suite struct CodeFileTests {
  /// A file of drawn indices; the share of high ones differs from channel to channel.
  static func file(samples: Int, channels: Int, centres: Int, name: String, isSkewed: Bool = false) -> CodeFile {
    var generator = SeededGenerator(name: name)
    let layout = CodeLayout(samples: samples, channels: channels, centres: centres)
    let clips = (0..<layout.clips).map { clip in
      let latents = layout.latents(clip: clip)
      let indices = (0..<latents).map { place -> UInt8 in
        let share = isSkewed ? Double(place * channels / latents) / Double(channels) : 1
        return UInt8(Int(generator.uniform() * share * Double(centres)))
      }
      return CodeFile.Clip(low: -6.9, high: Float(generator.uniform()), indices: indices)
    }
    return CodeFile(weights: generator.next(), layout: layout, clips: clips)
  }

  static let layouts: [(String, samples: Int, channels: Int, centres: Int)] = [
    ("one sample", 1, 3, 2),
    ("one frame exactly", 1024, 3, 2),
    ("one sample more", 1025, 3, 2),
    ("the paper's clip", 67_328, 128, 2),
    ("one frame more than the paper's clip", 67_584, 128, 2),
    ("three clips, the last ragged", 140_000, 5, 2),
    ("one centre: no bits at all", 5000, 2, 1),
    ("three centres: two bits, one index unused", 5000, 3, 3),
    ("four centres", 70_000, 2, 4),
    ("five centres: three bits", 1024, 1, 5),
  ]

  @Test(arguments: layouts) func comesBack(_ label: String, _ samples: Int, _ channels: Int, _ centres: Int) throws {
    let file = Self.file(samples: samples, channels: channels, centres: centres, name: label)
    for entropyCoded in [false, true] {
      let bytes = file.bytes(entropyCoded: entropyCoded)
      let isSame = try CodeFile(bytes: bytes) == file
      #expect(isSame, "entropy coded: \(entropyCoded)")
      #expect(bytes.count <= file.headerBytes + file.plainBytes)
    }
    #expect(file.bytes().count == file.headerBytes + file.plainBytes)
  }

  @Test func thePapersClipTakes4096BytesAndAtMost64More() {
    let file = Self.file(samples: PaperAudio.clipSamples, channels: 128, centres: 2, name: "paper")
    #expect(file.clips.count == 1)
    #expect(file.plainBytes == 4096)
    #expect(file.headerBytes == 56)
    #expect(file.bytes().count == 4096 + 56)
    // Another clip of 256 frames adds the same code and 8 bytes.
    let two = Self.file(samples: PaperAudio.clipSamples + 256 * PaperAudio.hop, channels: 128, centres: 2, name: "two")
    #expect(two.clips.count == 2)
    #expect(two.bytes().count == 2 * 4096 + 64)
  }

  /// Byte by byte what Python's struct and zlib make of the table in ``CodeFile``.
  @Test func hasTheDocumentedBytes() throws {
    let layout = CodeLayout(samples: 4000, channels: 1, centres: 2)
    let clip = CodeFile.Clip(low: -6.5, high: 2.25, indices: [1, 0, 1, 1, 0, 0, 1, 0, 0, 1, 0, 0, 0, 0, 0, 1])
    let file = CodeFile(weights: 0x0123_4567_89ab_cdef, layout: layout, clips: [clip])
    let text = file.bytes().map { hexadecimal(UInt64($0), digits: 2) }.joined()
    #expect(text == Self.documented)
  }

  static let documented =
    "8950434f0d0a1a0a0100010002000000efcdab8967452301803e0000a00f000000000000"
    + "010000000200000037f79faf0000d0c000001040b241"

  @Test func checksumIsThatOfEthernet() { #expect(Checksum(Array("123456789".utf8)).value == 0xCBF4_3926) }

  /// Random bits cost nothing more than plain; skewed ones come near their entropy.
  @Test func entropyCodingPaysWhereThereIsAnythingToGain() {
    let even = Self.file(samples: PaperAudio.clipSamples, channels: 128, centres: 2, name: "even")
    #expect(even.bytes(entropyCoded: true).count == even.bytes().count)
    let skewed = Self.file(
      samples: 4 * PaperAudio.clipSamples, channels: 128, centres: 2, name: "skewed", isSkewed: true)
    let estimate = CodeEntropy.estimate([skewed])
    #expect(estimate.bound == 1)
    #expect(estimate.byChannel < estimate.together && estimate.together < 1)
    // A context of n bits learns its share for about log2(n) / 2 bits (Krichevsky and Trofimov), four contexts a
    // channel.
    let learning = 4 * 0.5 * log2(1024.0) / 1024
    #expect(estimate.coded > estimate.byChannel * 0.98)
    #expect(estimate.coded < estimate.byChannel + 1.5 * learning)
    #expect(skewed.bytes(entropyCoded: true).count < skewed.bytes().count)
  }

  /// Every share of ones, with runs that make carries travel.
  @Test func rangeCoderGivesBackEveryBit() {
    var generator = SeededGenerator(name: "range coder")
    for trial in 0..<200 {
      let share = Double(trial % 20) / 19
      let bits = (0..<(1 + trial * 7)).map { _ in generator.uniform() < share }
      let zeros = bits.map { _ in UInt32(256 + Int(generator.uniform() * 65_024)) }
      var encoder = RangeEncoder()
      for (bit, zero) in zip(bits, zeros) { encoder.encode(bit, zero: zero) }
      let bytes = encoder.finish()
      var decoder = RangeDecoder(bytes[...])
      let back = zeros.map { decoder.decode(zero: $0) }
      let isSame = back == bits
      #expect(isSame, "trial \(trial)")
      #expect(decoder.isAtEnd && !decoder.isExhausted)
    }
  }
}

/// Files that are none, or no longer.
@Suite struct CodeFileRefusalTests {
  private static func small(entropyCoded: Bool = false) -> [UInt8] {
    CodeFileTests.file(samples: 9000, channels: 4, centres: 2, name: "small", isSkewed: true).bytes(
      entropyCoded: entropyCoded)
  }

  /// With the checksum made right, as a faulty writer would.
  private static func sealed(_ bytes: [UInt8]) -> [UInt8] {
    var bytes = bytes
    guard bytes.count >= 48 else { return bytes }
    for byte in 0..<4 { bytes[44 + byte] = 0 }
    let checksum = Checksum(bytes).value
    for byte in 0..<4 { bytes[44 + byte] = UInt8(truncatingIfNeeded: checksum >> (8 * byte)) }
    return bytes
  }

  typealias Row = LabelledChange<String, [UInt8]>

  static let rows = [
    Row("no magic", "something else") { $0[1] = 0x51 },
    Row("line ends converted", "something else") { $0.remove(at: 4) },
    Row("a later version", "version 2") { $0[8] = 2 },
    Row("an unknown flag", "unknown flags") { $0[9] = 4 },
    Row("reserved bytes used", "unknown flags") { $0[14] = 1 },
    Row("another rate", "16000 Hz") { $0[24] = 1 },
    Row("no samples", "samples") { for byte in 28..<36 { $0[byte] = 0 } },
    Row("more samples than fit", "samples") { $0[35] = 0x7F },
    Row("samples for another number of clips", "clips") { $0[30] = 0x0F },
    Row("no channels", "channels") { $0[10] = 0 },
    Row("no centres", "centres") { $0[12] = 0 },
    Row("more channels than there is code for", "bytes of code") { $0[10] = 5 },
    Row("entropy coded, without being so", "bytes of code") { $0[9] = 1 },
    Row("a range upside down", "range") { $0[48 + 3] = 0x41 },
    Row("a range that is not finite", "range") { for byte in 48..<52 { $0[byte] = 0xFF } },
  ]

  @Test(arguments: rows) func isRefusedWithItsReason(_ row: Row) throws {
    var bytes = Self.small()
    row.change(&bytes)
    bytes = Self.sealed(bytes)
    expectError(.malformed, beginning: "a.code: ", saying: row.due) {
      try CodeFile(bytes: bytes, source: "a.code")
    }
  }

  /// A short file that claims more latents than its code can hold is refused before room is made for them.
  @Test func moreLatentsThanTheCodeCanHold() {
    let clip = CodeFile.Clip(low: -6, high: 2, indices: [UInt8](repeating: 1, count: 4096))
    let layout = CodeLayout(samples: 67_328, channels: 16, centres: 2)
    var bytes = CodeFile(weights: 1, layout: layout, clips: [clip]).bytes(entropyCoded: true)
    #expect(bytes[9] == 1 && bytes.count < 200)
    bytes[11] = 0xFF
    expectError(saying: "bytes of code were expected for 65296 channels and 1 clips") {
      try CodeFile(bytes: Self.sealed(bytes))
    }
  }

  /// A centre that the quantiser has not: three centres take two bits.
  @Test func unknownCentresAreRefused() {
    var bytes = CodeFileTests.file(samples: 1024, channels: 1, centres: 3, name: "three").bytes()
    bytes[bytes.count - 1] |= 0x03
    expectError(saying: "centre 3 of 3") { try CodeFile(bytes: Self.sealed(bytes)) }
  }

  @Test(arguments: [false, true]) func everyPieceIsRefused(_ entropyCoded: Bool) {
    let bytes = Self.small(entropyCoded: entropyCoded)
    for length in 0..<bytes.count {
      expectError(.malformed) { try CodeFile(bytes: Array(bytes.prefix(length))) }
    }
    expectError { try CodeFile(bytes: bytes + [0]) }
  }

  @Test(arguments: [false, true]) func everyBitTurnedIsRefused(_ entropyCoded: Bool) {
    let bytes = Self.small(entropyCoded: entropyCoded)
    for bit in 0..<8 * bytes.count {
      var damaged = bytes
      damaged[bit / 8] ^= 1 << (bit % 8)
      expectError(.malformed) { try CodeFile(bytes: damaged) }
    }
  }

  /// Damage whose checksum was made right must give a file or an error, and an entropy-coded one must end where it
  /// says.
  @Test(arguments: [false, true]) func hostileFilesGiveAFileOrAnError(_ entropyCoded: Bool) {
    var generator = SeededGenerator(name: "hostile \(entropyCoded)")
    let original = Self.small(entropyCoded: entropyCoded)
    var accepted = 0
    for _ in 0..<4000 {
      var bytes = original
      for _ in 0..<Int(1 + generator.next() % 4) {
        let place = Int(generator.next() % UInt64(bytes.count))
        switch generator.next() % 4 {
        case 0: bytes[place] ^= 1 << UInt8(generator.next() % 8)
        case 1: bytes[place] = [0, 1, 0x7F, 0x80, 0xFF][Int(generator.next() % 5)]
        case 2 where bytes.count > 49: bytes.remove(at: place)
        default: bytes.insert(UInt8(truncatingIfNeeded: generator.next()), at: place)
        }
      }
      // The magic, so that most get past it, and the length of the code.
      bytes.replaceSubrange(0..<8, with: CodeFile.magic)
      if bytes.count >= 56, generator.next() % 2 == 0 {
        let code = UInt32(max(0, bytes.count - 48 - 8 * Int(bytes[36])))
        for byte in 0..<4 { bytes[40 + byte] = UInt8(truncatingIfNeeded: code >> (8 * UInt32(byte))) }
      }
      do throws(PerceptualError) {
        let file = try CodeFile(bytes: Self.sealed(bytes))
        accepted += 1
        #expect(file.clips.count == file.layout.clips)
      } catch {
        #expect(error.kind == .malformed)
      }
    }
    // Bits of the code itself can be anything.
    #expect(accepted > 100)
  }
}
