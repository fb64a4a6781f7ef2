import Fast
import Foundation
import PerceptualCore
import PerceptualFiles
import PerceptualSynthesis

extension Synthesis {
  /// The shipped clips of Tests/Fixtures/audio, and the test clips of a run without `--test`.
  public static let testSeed: UInt64 = 1
  /// The training clips of a run without `--music`: no clip of one seed is one of another.
  public static let trainingSeed: UInt64 = 2

  /// "03-organ-and-choir.flac".
  public static func fileName(index: Int) -> String {
    String(format: "%02d-\(name(index: index)).flac", index)
  }

  /// Renders a clip into a FLAC file, 16 bit, creating the directory.
  public static func write(index: Int, seed: UInt64, to path: String) throws(PerceptualError) {
    try FilePath.createDirectory(FilePath.directory(of: path))
    try AudioFile.write(render(index: index, seed: seed), to: path)
  }

  /// The pictures of `count` clips, rendered on all threads.
  public static func pictures(
    count: Int, seed: UInt64, progress: (Int) -> Void = { _ in }
  ) -> [Tensor<Float>] {
    var pictures: [Tensor<Float>] = []
    let group = 8
    for first in stride(from: 0, to: count, by: group) {
      let clips = Execution.current.map(min(group, count - first)) { render(index: first + $0, seed: seed) }
      pictures += clips.map { ClipSet.clip($0, file: "", start: 0).picture.image }
      progress(pictures.count)
    }
    return pictures
  }
}
