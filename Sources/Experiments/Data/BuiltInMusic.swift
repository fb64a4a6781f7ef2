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
    "\(index < 10 ? "0" : "")\(index)-\(name(index: index)).flac"
  }

  /// Renders a clip into a FLAC file, 16 bit, creating the directory.
  public static func write(index: Int, seed: UInt64, to path: String) throws(PerceptualError) {
    try FilePath.createDirectory(FilePath.directory(of: path))
    try AudioFile.write(AudioClip(samples: samples(index: index, seed: seed), sampleRate: 48_000), to: path)
  }

  /// The pictures of `count` clips, rendered on all threads.
  public static func pictures(
    count: Int, seed: UInt64, progress: (Int) -> Void = { _ in }
  ) -> [Tensor<Float>] {
    var pictures: [Tensor<Float>] = []
    let group = 8
    while pictures.count < count {
      let first = pictures.count
      let size = min(group, count - first)
      let signals = Execution.current.map(size) { samples(index: first + $0, seed: seed) }
      for signal in signals {
        let clip = ClipSet.clip(AudioClip(samples: signal, sampleRate: 48_000), file: "", start: 0)
        pictures.append(clip.picture.image)
      }
      progress(pictures.count)
    }
    return pictures
  }
}
