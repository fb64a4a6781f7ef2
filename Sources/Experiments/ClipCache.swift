import Fast
import Foundation
import PerceptualCore
import PerceptualFiles

/// Finished clips in a directory, one safetensors file each, so that a recording is decoded and transformed once.
///
/// A clip's file is named by a hash of what it was made from: the recording's path, size and time of change, the place in
/// it, and every setting of the front end; the same text stands in the file. So a recording or setting that changed is
/// not found and made again, and a file that was damaged (its checksum tells), or that another hash fell on, is
/// overwritten. Files are written whole or not at all. Nothing is ever deleted: throw the directory away to make room.
public struct ClipCache: Sendable {
  public let directory: String
  /// Raised whenever what is computed changes.
  private static let version = 1

  public init(directory: String) { self.directory = directory }

  /// The clip from the cache, or made and put there; nil if it is silent.
  func clip(
    _ file: String, from first: Int, frames: Int, _ frontEnd: AudioFrontEnd
  ) throws(PerceptualError) -> Clip? {
    let source = try description(file, from: first, frames: frames, frontEnd)
    let path = "\(directory)/\(String(ClipCache.hash(Array(source.utf8)), radix: 16)).safetensors"
    if let clip = stored(path, source: source, file: file) { return clip }
    guard let clip = try ClipSet.cut(file, from: first, frames: frames) else { return nil }
    try store(clip, source: source, at: path)
    return clip
  }

  /// Everything that the clip depends on.
  private func description(
    _ file: String, from first: Int, frames: Int, _ frontEnd: AudioFrontEnd
  ) throws(PerceptualError) -> String {
    var status = stat()
    guard stat(file, &status) == 0 else {
      throw PerceptualError(.missing, "\(file): cannot be opened; check the path")
    }
    #if canImport(Darwin)
      let time = status.st_mtimespec
    #else
      let time = status.st_mtim
    #endif
    let path = URL(fileURLWithPath: file).standardizedFileURL.path
    return "version \(ClipCache.version); \(path); \(status.st_size) bytes; \(time.tv_sec).\(time.tv_nsec); "
      + "frames \(first) + \(frames); \(frontEnd)"
  }

  /// Nil where there is none, or none that is whole.
  private func stored(_ path: String, source: String, file: String) -> Clip? {
    guard let stored = try? SafetensorsFile(contentsOf: path), stored.metadata["source"] == source,
      let start = stored.metadata["start"].flatMap(Double.init),
      let signal = try? stored.float("signal", shape: [PaperAudio.clipSamples]),
      let image = try? stored.float("image", shape: [PaperAudio.mels, 256]),
      let low = try? stored.float("low", shape: [1]), let high = try? stored.float("high", shape: [1])
    else { return nil }
    let picture = LogScalingOutput(image: image, low: low, high: high)
    let clip = Clip(file: file, start: start, signal: signal, picture: picture)
    return stored.metadata["checksum"] == ClipCache.checksum(clip) ? clip : nil
  }

  private func store(_ clip: Clip, source: String, at path: String) throws(PerceptualError) {
    do {
      try FileManager.default.createDirectory(atPath: directory, withIntermediateDirectories: true)
    } catch {
      throw PerceptualError(.cannotCreate, "\(directory): cannot be made; choose another place for the cache")
    }
    var stored = SafetensorsFile(metadata: [
      "source": source, "start": "\(clip.start)", "checksum": ClipCache.checksum(clip),
    ])
    stored["signal"] = .float32(clip.signal)
    stored["image"] = .float32(clip.picture.image)
    stored["low"] = .float32(clip.picture.low)
    stored["high"] = .float32(clip.picture.high)
    try stored.write(to: path)
  }

  private static func checksum(_ clip: Clip) -> String {
    var sum = hash([])
    for tensor in [clip.signal, clip.picture.image, clip.picture.low, clip.picture.high] {
      for value in tensor.elements { sum = (sum ^ UInt64(value.bitPattern)) &* 0x0000_0100_0000_01b3 }
    }
    return String(sum, radix: 16)
  }

  /// FNV-1a.
  private static func hash(_ bytes: [UInt8]) -> UInt64 {
    bytes.reduce(0xcbf2_9ce4_8422_2325) { ($0 ^ UInt64($1)) &* 0x0000_0100_0000_01b3 }
  }
}

extension ClipCache? {
  /// From the cache if there is one.
  func clip(
    _ file: String, from first: Int, frames: Int, _ frontEnd: AudioFrontEnd
  ) throws(PerceptualError) -> Clip? {
    if let cache = self { return try cache.clip(file, from: first, frames: frames, frontEnd) }
    return try ClipSet.cut(file, from: first, frames: frames)
  }
}
