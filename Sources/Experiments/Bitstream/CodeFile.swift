import Foundation
import PerceptualCore
import PerceptualFiles

/// A recording as the autoencoder transmits it: one centre's index a latent, and what the decoder must know besides.
///
/// The file, little-endian:
///
/// | bytes | hold |
/// |---|---|
/// | 8 | 89 50 43 4F 0D 0A 1A 0A ("PCO" between marks that a transfer as text destroys) |
/// | 1 | version, 1 |
/// | 1 | 1 if entropy-coded, else 0 |
/// | 2 | channels of the latent |
/// | 1 | centres of the quantiser |
/// | 3 | 0 |
/// | 8 | ``Autoencoder/identity`` of the weights |
/// | 4 | sampling rate, 16000 |
/// | 8 | samples at that rate |
/// | 4 | clips |
/// | 4 | bytes of code |
/// | 4 | CRC-32 (IEEE 802.3) of the file with these four bytes 0 |
/// | 8 a clip | least and greatest logarithm, Float |
/// | | the code, clip after clip: latents in the order [channel, row, column], the first in the highest bits |
///
/// 56 bytes and 4096 of code for the paper's clip; each further clip 8 and 4096.
public struct CodeFile: Equatable, Sendable {
  public struct Clip: Equatable, Sendable {
    /// The logarithms that 0 and 1 of the picture stand for.
    public var low: Float
    public var high: Float
    /// The index of each latent's centre, [channels, 16, frames / 16].
    public var indices: [UInt8]
  }

  /// Identity of the weights that wrote the code.
  public let weights: UInt64
  let layout: CodeLayout
  public let clips: [Clip]

  static let magic: [UInt8] = [0x89, 0x50, 0x43, 0x4F, 0x0D, 0x0A, 0x1A, 0x0A]
  static let headerBytes = 48
  package static let checksumPlace = 44
  static let version: UInt8 = 1

  /// Samples at 16 kHz.
  public var samples: Int { layout.samples }
  /// Bytes of code without entropy coding.
  public var plainBytes: Int { layout.bytes }
  /// Bytes of header: 48, and 8 for each clip.
  public var headerBytes: Int { Self.headerBytes + 8 * clips.count }

  init(weights: UInt64, layout: CodeLayout, clips: [Clip]) {
    require(clips.count == layout.clips, "clips: \(clips.count) given, \(layout.clips) are needed")
    self.weights = weights
    self.layout = layout
    self.clips = clips
  }

  // MARK: - Writing

  /// The bytes of the file. `entropyCoded` asks for the shorter of both forms.
  public func bytes(entropyCoded: Bool = false) -> [UInt8] {
    let plain = clips.indices.flatMap { plainCode($0) }
    let coded = entropyCoded ? CodeEntropy.encode(clips, layout) : plain
    let isShorter = coded.count < plain.count
    let code = isShorter ? coded : plain
    var bytes = Self.magic + [Self.version, isShorter ? 1 : 0]
    func add(_ number: some FixedWidthInteger) {
      withUnsafeBytes(of: number.littleEndian) { bytes += Array($0) }
    }
    add(UInt16(layout.channels))
    bytes += [UInt8(layout.centres), 0, 0, 0]
    add(weights)
    add(UInt32(PaperAudio.sampleRate))
    add(UInt64(layout.samples))
    add(UInt32(clips.count))
    add(UInt32(code.count))
    add(UInt32(0))
    for clip in clips {
      add(clip.low.bitPattern)
      add(clip.high.bitPattern)
    }
    bytes += code
    let checksum = Checksum(bytes).value
    for byte in 0..<4 { bytes[Self.checksumPlace + byte] = UInt8(truncatingIfNeeded: checksum >> (8 * byte)) }
    return bytes
  }

  private func plainCode(_ clip: Int) -> [UInt8] {
    let bits = layout.bits
    var bytes = [UInt8](repeating: 0, count: layout.bytes(clip: clip))
    for (place, index) in clips[clip].indices.enumerated() {
      for bit in 0..<bits where index >> (bits - 1 - bit) & 1 == 1 {
        let position = place * bits + bit
        bytes[position / 8] |= 0x80 >> (position % 8)
      }
    }
    return bytes
  }

  // MARK: - Reading

  /// Reads the bytes of a file; messages call it `source`. Throws `.malformed` with a sentence that names the fault.
  public init(bytes: [UInt8], source: String = "code") throws(PerceptualError) {
    func refuse(_ sentence: String) -> PerceptualError { .malformed("\(source): \(sentence)") }
    guard bytes.isEmpty || bytes.starts(with: Self.magic) else {
      throw refuse("a code file was expected, found something else: give what `perceptual encode` wrote")
    }
    guard bytes.count >= Self.headerBytes else {
      throw refuse(
        "a code file of at least \(Self.headerBytes) bytes was expected, found \(bytes.count): copy it again")
    }
    guard bytes[8] == Self.version else {
      throw refuse(
        "code of version \(Self.version) was expected, found version \(bytes[8]): use the program that wrote it")
    }
    func number(_ place: Int, _ count: Int) -> UInt64 {
      (0..<count).reduce(0) { $0 | UInt64(bytes[place + $1]) << UInt64(8 * $1) }
    }
    let count = Int(number(36, 4))
    let codeBytes = Int(number(40, 4))
    let expected = Self.headerBytes + 8 * count + codeBytes
    guard bytes.count == expected else {
      throw refuse(
        "\(expected) bytes were expected by its header, found \(bytes.count): "
          + (bytes.count < expected ? "it is cut off, copy it again" : "something follows the code, copy it again"))
    }
    var zeroed = bytes
    for byte in 0..<4 { zeroed[Self.checksumPlace + byte] = 0 }
    let checksum = Checksum(zeroed).value
    guard UInt64(checksum) == number(Self.checksumPlace, 4) else {
      throw refuse(
        "its checksum \(hexadecimal(number(Self.checksumPlace, 4), digits: 8)) was expected, found "
          + "\(hexadecimal(UInt64(checksum), digits: 8)): it is damaged, copy it again")
    }
    // From here on only a faulty writer, not a damaged copy, can be at fault.
    let fault = "write it again with `perceptual encode`"
    guard bytes[9] <= 1, bytes[13] == 0, bytes[14] == 0, bytes[15] == 0 else {
      throw refuse("unknown flags \(bytes[9]) \(bytes[13]) \(bytes[14]) \(bytes[15]): \(fault)")
    }
    guard number(24, 4) == UInt64(PaperAudio.sampleRate) else {
      throw refuse("a rate of \(PaperAudio.sampleRate) Hz was expected, found \(number(24, 4)): \(fault)")
    }
    let samples = number(28, 8)
    guard samples >= 1, samples <= UInt64(CodeLayout.mostSamples) else {
      throw refuse("1 to \(CodeLayout.mostSamples) samples were expected, found \(samples): \(fault)")
    }
    let layout = CodeLayout(samples: Int(samples), channels: Int(number(10, 2)), centres: Int(bytes[12]))
    guard layout.channels >= 1, layout.centres >= 1 else {
      throw refuse("channels and centres were expected, found \(layout.channels) and \(layout.centres): \(fault)")
    }
    guard layout.clips == count else {
      throw refuse("\(samples) samples have \(layout.clips) clips, found \(count): \(fault)")
    }
    let isEntropyCoded = bytes[9] == 1
    guard isEntropyCoded ? codeBytes < layout.bytes : codeBytes == layout.bytes else {
      throw refuse("\(layout.bytes) bytes of code were expected, found \(codeBytes): \(fault)")
    }
    // Before room is made for the latents: each of their bits costs something.
    let least = Double(layout.bytes - layout.clips) * BitModel.leastCost
    guard Double(codeBytes) >= least else {
      throw refuse(
        "at least \(Int(least) + 1) bytes of code were expected for \(layout.channels) channels and \(count) clips, "
          + "found \(codeBytes): \(fault)")
    }
    var ranges: [(low: Float, high: Float)] = []
    for clip in 0..<count {
      let low = Float(bitPattern: UInt32(number(Self.headerBytes + 8 * clip, 4)))
      let high = Float(bitPattern: UInt32(number(Self.headerBytes + 8 * clip + 4, 4)))
      // exp(80) is near the greatest Float.
      guard low.isFinite, high.isFinite, abs(low) < 80, abs(high) < 80, low <= high else {
        throw refuse("a clip's range from \(low) to \(high) is none: \(fault)")
      }
      ranges.append((low, high))
    }
    let code = bytes[(Self.headerBytes + 8 * count)...]
    let indices: [[UInt8]]
    do throws(PerceptualError) {
      indices = try isEntropyCoded ? CodeEntropy.decode(code, layout) : Self.plainIndices(code, layout)
    } catch {
      throw refuse("\(error.description): \(fault)")
    }
    weights = number(16, 8)
    self.layout = layout
    clips = zip(ranges, indices).map { Clip(low: $0.low, high: $0.high, indices: $1) }
  }

  private static func plainIndices(
    _ code: ArraySlice<UInt8>, _ layout: CodeLayout
  ) throws(PerceptualError) -> [[UInt8]] {
    let bits = layout.bits
    var clips: [[UInt8]] = []
    var start = code.startIndex
    for clip in 0..<layout.clips {
      let latents = layout.latents(clip: clip)
      var indices = [UInt8](repeating: 0, count: latents)
      for place in 0..<latents {
        var index = 0
        for bit in 0..<bits {
          let position = place * bits + bit
          index = index << 1 | Int(code[start + position / 8] >> (7 - position % 8) & 1)
        }
        guard index < layout.centres else {
          throw .malformed("latent \(place) of clip \(clip) has centre \(index) of \(layout.centres)")
        }
        indices[place] = UInt8(index)
      }
      let bytes = layout.bytes(clip: clip)
      let spare = bytes * 8 - latents * bits
      if spare > 0, code[start + bytes - 1] & (1 << spare - 1) != 0 {
        throw .malformed("the spare bits after clip \(clip) are not 0")
      }
      clips.append(indices)
      start += bytes
    }
    return clips
  }
}

func hexadecimal(_ number: UInt64, digits: Int) -> String { String(format: "%0\(digits)llx", number) }
