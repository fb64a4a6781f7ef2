import Fast
import PerceptualCore
import PerceptualFiles

/// Finished clips in a directory, one safetensors file each, so that a recording is decoded and transformed once.
///
/// A clip's file is named by a hash of what it was made from: the recording, the place in it, and every setting of the
/// front end; the same text stands in the file. A recording is known by its name, size, inode, the times at which its
/// contents and its inode were last changed, and a checksum of its first and last 64 KiB: whatever writes to it or puts
/// another in its place changes the inode's time, which no program can set. So a recording or setting that changed is
/// not found and made again, and a file that was damaged (its checksum tells), or that another hash fell on, is
/// overwritten. Files are written whole or not at all. Nothing is ever deleted: throw the directory away to make room.
public struct ClipCache: Sendable {
  public let directory: String
  /// Raised whenever what is computed changes.
  private static let version = 2

  public init(directory: String) { self.directory = directory }

  /// The clip from the cache, or made and put there; nil if it is silent.
  func clip(
    _ file: String, from first: Int, frames: Int, _ frontEnd: AudioFrontEnd
  ) throws(PerceptualError) -> Clip? {
    // Everything that the clip depends on.
    let source =
      "version \(Self.version); \(FilePath.name(of: file)); \(try FileBytes.identity(file)); frames \(first) + "
      + "\(frames); \(frontEnd)"
    let path = "\(directory)/\(String(fnv1a(Array(source.utf8)), radix: 16)).safetensors"
    if let clip = stored(path, source: source, file: file) { return clip }
    guard let clip = try ClipSet.cut(file, from: first, frames: frames) else { return nil }
    try store(clip, source: source, at: path)
    return clip
  }

  /// Nil where there is none, or none that is whole.
  private func stored(_ path: String, source: String, file: String) -> Clip? {
    guard let stored = try? SafetensorsFile(contentsOf: path), stored.checksum != nil,
      stored.metadata["source"] == source,
      let start = stored.metadata["start"].flatMap(Double.init),
      let signal = try? stored.float("signal", shape: [PaperAudio.clipSamples]),
      let image = try? stored.float("image", shape: [PaperAudio.mels, 256]),
      let low = try? stored.float("low", shape: [1]), let high = try? stored.float("high", shape: [1])
    else { return nil }
    let picture = LogScalingOutput(image: image, low: low, high: high)
    return Clip(file: file, start: start, signal: signal, picture: picture)
  }

  private func store(_ clip: Clip, source: String, at path: String) throws(PerceptualError) {
    try FilePath.createDirectory(directory)
    var stored = SafetensorsFile(metadata: ["source": source, "start": "\(clip.start)"])
    stored["signal"] = .float32(clip.signal)
    stored["image"] = .float32(clip.picture.image)
    stored["low"] = .float32(clip.picture.low)
    stored["high"] = .float32(clip.picture.high)
    try stored.sealed().write(to: path)
  }
}
