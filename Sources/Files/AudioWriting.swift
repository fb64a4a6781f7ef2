import Foundation
import PerceptualCSndfile
import PerceptualCore

extension AudioFile {
  /// Writes a .wav or .flac file, by the extension of `path`, and returns how many samples were outside -1 ... 1.
  ///
  /// Integers are x times 2^(bits - 1), rounded to nearest (ties to even) and limited to the range; 1.0 becomes the
  /// largest integer. The same clip always gives the same bytes. Throws `.usage` for another extension or an encoding
  /// that it lacks, `.malformed` where a sample is NaN or infinite, `.cannotCreate` or `.inputOutput`.
  @discardableResult
  public static func write(
    _ clip: AudioClip, to path: String, encoding: AudioEncoding = .pcm16
  ) throws(PerceptualError) -> Int {
    let suffix = FilePath.suffix(of: path)
    guard let container = AudioContainer(rawValue: suffix) else {
      throw .usage(
        "\(path): a name that ends in .wav or .flac was expected, found \".\(suffix)\": choose one of the two")
    }
    let (bytes, clipped) = try bytes(of: clip, container: container, encoding: encoding, name: path)
    try FileBytes.write(bytes, to: path)
    return clipped
  }

  /// The bytes of such a file, to be embedded elsewhere, and how many samples were outside -1 ... 1.
  public static func bytes(
    of clip: AudioClip, container: AudioContainer = .wav, encoding: AudioEncoding = .pcm16, name: String = "audio"
  ) throws(PerceptualError) -> (bytes: [UInt8], clipped: Int) {
    if container == .flac && encoding == .float32 {
      throw .usage("\(name): FLAC holds integers only, found float32: choose pcm16, pcm24 or .wav")
    }
    let samples = clip.samples.elements
    if let index = samples.firstIndex(where: { !$0.isFinite }) {
      throw .malformed(
        "\(name): finite samples were expected, found \(samples[index]) in frame \(index % max(1, clip.frames)): "
          + "what made the audio is at fault")
    }
    let memory = MemoryFile()
    var info = SF_INFO()
    info.samplerate = Int32(clamping: clip.sampleRate)
    info.channels = Int32(clamping: clip.channels)
    info.format = Int32(container == .wav ? SF_FORMAT_WAV : SF_FORMAT_FLAC) | subtype(encoding)
    guard sf_format_check(&info) != 0 else {
      throw .usage(
        "\(name): \(container.rawValue) cannot hold \(clip.channels) channels at \(clip.sampleRate) Hz as "
          + "\(encoding.rawValue): choose another format")
    }
    let failed = memory.withFile(&info) { file in
      // A chunk of peaks would carry the time of writing.
      sf_command(file, Int32(SFC_SET_ADD_PEAK_CHUNK), nil, Int32(SF_FALSE))
      let frames = sf_count_t(clip.frames)
      let interleaved = interleave(clip)
      return switch encoding {
      case .pcm16: sf_writef_short(file, interleaved.map { Int16(quantised($0, 0x1p15)) }, frames) != frames
      // libsndfile takes the upper 24 of 32 bits.
      case .pcm24: sf_writef_int(file, interleaved.map { quantised($0, 0x1p23) << 8 }, frames) != frames
      case .float32: sf_writef_float(file, interleaved, frames) != frames
      }
    }
    if let failed {
      throw .inputOutput("\(name): the audio could not be encoded (\(failed)): choose another format")
    }
    let clipped = encoding == .float32 ? 0 : samples.count { abs($0) > 1 }
    return (memory.bytes, clipped)
  }

  private static func subtype(_ encoding: AudioEncoding) -> Int32 {
    switch encoding {
    case .pcm16: Int32(SF_FORMAT_PCM_16)
    case .pcm24: Int32(SF_FORMAT_PCM_24)
    case .float32: Int32(SF_FORMAT_FLOAT)
    }
  }

  private static func quantised(_ sample: Float, _ fullScale: Float) -> Int32 {
    // 2^23 - 1 is a Float, so the limits are exact.
    Int32(min(max((sample * fullScale).rounded(.toNearestOrEven), -fullScale), fullScale - 1))
  }

  private static func interleave(_ clip: AudioClip) -> [Float] {
    if clip.channels == 1 { return clip.samples.elements }
    var result = [Float](repeating: 0, count: clip.samples.count)
    for channel in 0..<clip.channels {
      for frame in 0..<clip.frames { result[frame * clip.channels + channel] = clip.samples[channel, frame] }
    }
    return result
  }
}

/// A file in memory that libsndfile writes to.
private final class MemoryFile: VirtualFile {
  private(set) var bytes: [UInt8] = []

  /// Opens, runs `body`, closes. Returns what failed, if anything did; `body` returns whether it failed.
  func withFile(_ info: inout SF_INFO, _ body: (OpaquePointer) -> Bool) -> String? {
    withExtendedLifetime(self) {
      let file: OpaquePointer
      do throws(AudioRefusal) { file = try open(SFM_WRITE, &info) } catch { return error.reason }
      let failed = body(file) ? sentence(sf_strerror(file)) : nil
      let closed = sf_close(file)
      return failed ?? (closed == 0 ? nil : sentence(sf_error_number(closed)))
    }
  }

  override var count: Int { bytes.count }

  override func read(into buffer: UnsafeMutableRawBufferPointer) -> Bool {
    buffer.copyBytes(from: bytes[position..<position + buffer.count])
    return true
  }

  override func write(_ source: UnsafeRawBufferPointer) -> Bool {
    let end = position + source.count
    if bytes.count < end { bytes += [UInt8](repeating: 0, count: end - bytes.count) }
    bytes.replaceSubrange(position..<end, with: source)
    return true
  }
}
