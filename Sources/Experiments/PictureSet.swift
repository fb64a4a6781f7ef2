import PerceptualCore
import PerceptualFiles

/// Pictures that are no spectrograms, such as photographs, to test a network on.
public struct PictureSet: Sendable {
  /// The file of each picture.
  public var files: [String]
  /// Their middles in grey, [N, 1, 256, 256].
  public var batch: Tensor<Float>
  /// A sentence for each file that gave no picture.
  public var skipped: [String]

  /// The middle 256x256 pixels of up to `limit` .png files, in grey (``PNG/readGrey(_:)``) and as they are: no scaling.
  ///
  /// A file that cannot be read or is smaller is skipped, with a sentence. Throws `.missing` if no picture is left.
  public static func load(_ files: [String], limit: Int) throws(PerceptualError) -> PictureSet {
    let side = PaperAudio.mels
    var used: [String] = []
    var elements: [Float] = []
    var skipped: [String] = []
    for file in files where used.count < limit {
      do throws(PerceptualError) {
        let picture = try PNG.readGrey(file)
        let (height, width) = (picture.shape[0], picture.shape[1])
        guard height >= side && width >= side else {
          skipped.append("\(file): \(width)x\(height), at least \(side)x\(side) is needed")
          continue
        }
        for row in (height - side) / 2..<(height - side) / 2 + side {
          let first = row * width + (width - side) / 2
          elements += picture.elements[first..<first + side]
        }
        used.append(file)
      } catch where error.kind != .inputOutput {
        skipped.append(error.description)
      }
    }
    if used.isEmpty {
      let reason = skipped.first.map { " (\($0))" } ?? ""
      throw PerceptualError(
        .missing, "no usable picture among \(files.count) files\(reason): give pictures of at least \(side)x\(side)")
    }
    return PictureSet(files: used, batch: Tensor(elements, shape: [used.count, 1, side, side]), skipped: skipped)
  }
}
