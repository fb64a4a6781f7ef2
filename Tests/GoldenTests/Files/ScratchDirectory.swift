import Foundation
import PerceptualTestSupport
import Testing

/// A directory that lasts as long as this object.
final class ScratchDirectory: Sendable {
  let path: String

  /// Fails the test where the directory cannot be made.
  init() {
    let url = FileManager.default.temporaryDirectory.appending(path: "perceptual-\(UUID().uuidString)")
    do {
      try FileManager.default.createDirectory(at: url, withIntermediateDirectories: true)
    } catch {
      Issue.record("no scratch directory: \(error)")
    }
    path = url.path(percentEncoded: false)
  }

  deinit { try? FileManager.default.removeItem(atPath: path) }

  func file(_ name: String) -> String { "\(path)/\(name)" }

  /// Makes a directory, and those above it.
  func createDirectory(_ name: String) throws {
    try FileManager.default.createDirectory(atPath: file(name), withIntermediateDirectories: true)
  }

  /// Takes away what a training wrote at an iteration, as if it had been interrupted before.
  func removeCheckpoint(_ iteration: Int, of run: String) throws {
    for kind in ["checkpoint", "optimizer"] {
      try FileManager.default.removeItem(atPath: file("\(run)/\(kind)-00000\(iteration).safetensors"))
    }
  }

  /// Two recordings in test, one in music.
  func copyRecordings() throws {
    for name in ["test", "music"] { try createDirectory(name) }
    for (clip, place) in [
      ("00-chamber-strings", "test/a.flac"), ("05-jazz-trio", "test/b.flac"), ("02-rock-band", "music/c.flac"),
    ] {
      try FileManager.default.copyItem(atPath: "\(fixturesDirectory)/audio/\(clip).flac", toPath: file(place))
    }
  }

  /// Writes a file and returns its path.
  @discardableResult
  func write(_ bytes: [UInt8], to name: String) throws -> String {
    try Data(bytes).write(to: URL(filePath: file(name)))
    return file(name)
  }
}

/// The names in a directory, hidden ones too.
func contents(of directory: String) throws -> [String] {
  try FileManager.default.contentsOfDirectory(atPath: directory).sorted()
}
