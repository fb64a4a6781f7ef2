import Foundation
import PerceptualCSndfile
import PerceptualCore

/// Sound files, through libsndfile: any of its formats is read; WAV and FLAC are written.
public enum AudioFile {
  /// Samples, over all channels, that one call decodes at most: 400 MB, 17 minutes of stereo at 48 kHz.
  public static let largestClip = 100_000_000

  /// The greatest magnitude of a sample that is read, 2^40: the power of no spectrum overflows.
  public static let loudest: Float = 0x1p40

  /// Decodes `frames` frames from `startFrame` on (nil: to the end), without decoding what stands before.
  ///
  /// Integers of n bits are divided by 2^(n-1). Throws `.missing` where there is no file; `.malformed` where it is no
  /// sound, was cut short within the frames asked for, ends before them, or holds NaN, infinities or what is beyond
  /// ``loudest``; or where libsndfile would leave out sound without a word. That a file was cut is seen where its
  /// header gives the length: WAV, RF64, W64, AIFF, AU and FLAC.
  public static func read(
    _ path: String, from startFrame: Int = 0, frames: Int? = nil
  ) throws(PerceptualError) -> AudioClip {
    require(startFrame >= 0, "startFrame: \(startFrame), at least 0 is needed")
    require(frames ?? 1 > 0, "frames: \(frames ?? 1), at least 1 is needed")
    let decoder = try AudioDecoder(path)
    let wanted = try decoder.window(from: startFrame, frames: frames)
    if startFrame > 0 { try decoder.seek(to: startFrame) }
    return try decoder.decode(wanted, from: startFrame, isWhole: frames == nil)
  }

  /// What the header says: rate, channels, frames, format.
  ///
  /// Throws as ``read(_:from:frames:)`` does, except for faults within the samples.
  public static func information(_ path: String) throws(PerceptualError) -> AudioInformation {
    try AudioDecoder(path).information
  }
}

/// An open sound file.
private final class AudioDecoder {
  let path: String
  private let source: AudioSource
  private let file: OpaquePointer
  let information: AudioInformation
  private let isVorbis: Bool

  /// `isChecked`: for sound that libsndfile would leave out.
  init(_ path: String, isChecked: Bool = false) throws(PerceptualError) {
    let bytes = try ByteSource(path: path)
    let promised = try AudioPromise.of(bytes)
    source = AudioSource(bytes, head: try AudioHead.of(bytes))
    var info = SF_INFO()
    do throws(AudioRefusal) {
      file = try source.open(SFM_READ, &info)
    } catch {
      let kind = try ContentKind(source.bytes)
      let found =
        kind == .audio || kind == .unknown
        ? "something that is none (\(error.reason)): convert it to WAV or FLAC, or download it again"
        : kind.found(else: "give a recording")
      throw source.failure
        ?? PerceptualError.malformed(
          "\(path): an audio file (WAV, FLAC, AIFF, Ogg and others) was expected, found \(found)")
    }
    self.path = path
    isVorbis = Int(info.format) & SF_FORMAT_SUBMASK == SF_FORMAT_VORBIS
    var frames = max(0, Int(info.frames))
    if info.frames == Int64.max {
      // The header does not say (a FLAC written to a pipe): count.
      frames = AudioDecoder.count(file, channels: Int(info.channels))
      sf_seek(file, 0, SEEK_SET)
    }
    // libsndfile takes what is left of a file that was cut short for the whole.
    if let promised, promised.present < promised.declared {
      frames =
        if let bytes = bytesPerFrame(info) {
          promised.declared / bytes
        } else {
          Int((Double(frames) * Double(promised.declared) / Double(max(1, promised.present))).rounded())
        }
    }
    information = AudioInformation(
      sampleRate: Int(info.samplerate), channels: Int(info.channels), frames: frames,
      formatName: formatName(info.format))
    if let failure = source.failure { throw failure }
    if !isChecked, let excess = try AudioExcess.find(bytes) { throw malformed(excess) }
    if info.samplerate < 1 || info.channels < 1 {
      throw malformed(
        "a rate and channels of at least 1 were expected, found \(info.samplerate) Hz and \(info.channels) channels: "
          + "the file is damaged, export it again")
    }
    if frames <= 0 {
      throw malformed("at least one frame of audio was expected, found none: download or record it again")
    }
  }

  deinit { sf_close(file) }

  /// A fault of the file, unless the disk is at fault.
  private func malformed(_ sentence: String) -> PerceptualError {
    source.failure ?? PerceptualError.malformed("\(path): \(sentence)")
  }

  /// Frames of a block of about 65 536 samples, however many channels a header claims.
  private static func blockFrames(channels: Int) -> Int { max(1, 65_536 / max(1, channels)) }

  private static func count(_ file: OpaquePointer, channels: Int) -> Int {
    let frames = blockFrames(channels: channels)
    var block = [Float](repeating: 0, count: frames * channels)
    var total = 0
    while true {
      let read = Int(sf_readf_float(file, &block, sf_count_t(frames)))
      if read <= 0 { return total }
      total += read
    }
  }

  /// The number of frames to decode.
  func window(from start: Int, frames: Int?) throws(PerceptualError) -> Int {
    let available = information.frames
    guard start < available, frames ?? 1 <= available - start else {
      let last = frames.map { "frames \(start) to \(start + $0 - 1)" } ?? "frames from \(start) on"
      throw malformed(
        "\(last) were expected, found \(available) frames at \(information.sampleRate) Hz: "
          + "choose an earlier start or a longer file")
    }
    return frames ?? available - start
  }

  func seek(to frame: Int) throws(PerceptualError) {
    if !place(at: frame) { throw cutShort(at: nil) }
  }

  /// Goes to a frame of a file that nothing was read from; false where there is none.
  ///
  /// Damaged code books leave libvorbis without a decoder, which libsndfile 1.2 does not notice: reading then gives
  /// nothing, but seeking ends the process. So a frame is read first, from another handle: what libsndfile gives after
  /// a seek in an Ogg Vorbis file that was read from is not what stands there.
  private func place(at frame: Int) -> Bool {
    if isVorbis {
      let second = AudioSource(source)
      let count = withExtendedLifetime(second) { () -> sf_count_t in
        var info = SF_INFO()
        guard let other = try? second.open(SFM_READ, &info) else { return 0 }
        defer { sf_close(other) }
        var first = [Float](repeating: 0, count: max(1, Int(info.channels)))
        return sf_readf_float(other, &first, 1)
      }
      if count != 1 { return false }
    }
    return sf_seek(file, sf_count_t(frame), SEEK_SET) == frame
  }

  /// Whether that frame can be decoded; afterwards the decoder may be of no more use.
  private func hasFrame(_ index: Int) -> Bool {
    var frame = [Float](repeating: 0, count: information.channels)
    return place(at: index) && sf_readf_float(file, &frame, 1) == 1
  }

  private func cutShort(at frame: Int?) -> PerceptualError {
    let found = frame.map { "\($0)" } ?? "fewer"
    return malformed(
      "\(information.frames) frames were expected, found \(found) that can be decoded: "
        + "the file is cut short or damaged, download or copy it again")
  }

  /// Samples that are made room for although a header may lie: 16 MB.
  private static let modestClip = 1 << 22

  /// Block by block. More than 16 MB is made room for only where the last frame is there, else as frames come.
  func decode(_ frames: Int, from start: Int, isWhole: Bool) throws(PerceptualError) -> AudioClip {
    let channels = information.channels
    let most = AudioFile.largestClip / channels
    let tooLarge = malformed(
      "at most \(AudioFile.largestClip) samples at once were expected, found \(frames) frames of \(channels) channels: "
        + (isWhole ? "take a part of it" : "take a shorter part"))
    // Is there so much, or does the header lie? Then decoding comes to the end before it holds too much.
    if frames > most, try AudioDecoder(path, isChecked: true).hasFrame(start + most) { throw tooLarge }
    let modest = max(1, AudioDecoder.modestClip / channels)
    let isThere =
      frames <= most && frames > modest ? try AudioDecoder(path, isChecked: true).hasFrame(start + frames - 1) : false
    let blockFrames = min(frames, AudioDecoder.blockFrames(channels: channels))
    var block = [Float](repeating: 0, count: blockFrames * channels)
    var planes = Planes(channels: channels, frames: isThere ? frames : min(frames, modest))
    var done = 0
    while done < frames {
      let read = Int(sf_readf_float(file, &block, sf_count_t(min(blockFrames, frames - done))))
      if read <= 0 { throw cutShort(at: start + done) }
      if let index = block[..<(read * channels)].firstIndex(where: { !(abs($0) <= AudioFile.loudest) }) {
        let isNumber = block[index].isFinite
        throw malformed(
          "\(isNumber ? "samples up to \(AudioFile.loudest) (full scale is 1)" : "finite samples") were expected, "
            + "found \(block[index]) in frame \(start + done + index / channels): "
            + (isNumber ? "export it with less gain" : "the file is damaged, export it again"))
      }
      if done + read > most { throw tooLarge }
      if done + read > planes.frames { planes.grow(to: min(frames, most, max(2 * planes.frames, done + read))) }
      planes.write(block, count: read, at: done)
      done += read
    }
    return AudioClip(samples: Tensor(planes.samples, shape: [channels, frames]), sampleRate: information.sampleRate)
  }
}

/// Samples [channels, frames] that are filled block by block.
private struct Planes {
  let channels: Int
  private(set) var frames: Int
  private(set) var samples: [Float]

  init(channels: Int, frames: Int) {
    self.channels = channels
    self.frames = frames
    samples = [Float](repeating: 0, count: channels * frames)
  }

  mutating func grow(to frames: Int) {
    var grown = Planes(channels: channels, frames: frames)
    for channel in 0..<channels {
      let plane = samples[channel * self.frames..<(channel + 1) * self.frames]
      grown.samples.replaceSubrange(channel * frames..<channel * frames + self.frames, with: plane)
    }
    self = grown
  }

  /// Writes `count` frames whose channels stand in turn.
  mutating func write(_ block: [Float], count: Int, at first: Int) {
    for channel in 0..<channels {
      let place = channel * frames + first
      for i in 0..<count { samples[place + i] = block[i * channels + channel] }
    }
  }
}

/// A message of libsndfile without its full stop.
func sentence(_ message: UnsafePointer<CChar>?) -> String {
  let text = message.map { String(cString: $0) } ?? "unknown error"
  return text.hasSuffix(".") ? String(text.dropLast()) : text
}

/// The size of a frame in the file, nil for compressed encodings.
private func bytesPerFrame(_ info: SF_INFO) -> Int? {
  let sizes = [
    SF_FORMAT_PCM_S8: 1, SF_FORMAT_PCM_U8: 1, SF_FORMAT_PCM_16: 2, SF_FORMAT_PCM_24: 3, SF_FORMAT_PCM_32: 4,
    SF_FORMAT_FLOAT: 4, SF_FORMAT_DOUBLE: 8,
  ]
  return sizes[type(of: SF_FORMAT_DOUBLE).init(info.format) & SF_FORMAT_SUBMASK].map { $0 * Int(info.channels) }
}

private func formatName(_ format: Int32) -> String {
  let parts = [format & Int32(SF_FORMAT_TYPEMASK), format & Int32(SF_FORMAT_SUBMASK)].compactMap { part -> String? in
    var info = SF_FORMAT_INFO()
    info.format = part
    guard sf_command(nil, Int32(SFC_GET_FORMAT_INFO), &info, Int32(MemoryLayout<SF_FORMAT_INFO>.size)) == 0 else {
      return nil
    }
    return info.name.map { String(cString: $0) }
  }
  return parts.joined(separator: ", ")
}
