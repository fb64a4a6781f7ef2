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
  /// The files of which some pixels were transparent: they were laid on white.
  public var transparent: [String]

  /// The middle 256x256 pixels of up to `limit` .png files, in grey (``StoredPicture/grey(_:)``) and as they are: no
  /// scaling.
  ///
  /// A file that cannot be read or is smaller is skipped, with a sentence. Throws `.missing` if no picture is left.
  public static func load(
    _ files: [String], limit: Int, grey: GreyFormula = .bt601
  ) throws(PerceptualError) -> PictureSet {
    let side = PaperAudio.mels
    var used: [String] = []
    var elements: [Float] = []
    var skipped: [String] = []
    var transparent: [String] = []
    for file in files where used.count < limit {
      do throws(PerceptualError) {
        let stored = try PNG.read(file)
        let (height, width) = (stored.height, stored.width)
        guard height >= side && width >= side else {
          skipped.append("\(file): \(width)x\(height), at least \(side)x\(side) is needed")
          continue
        }
        let picture = stored.grey(grey)
        if stored.isTransparent { transparent.append(file) }
        for row in (height - side) / 2..<(height - side) / 2 + side {
          let first = row * width + (width - side) / 2
          elements += picture.elements[first..<first + side]
        }
        used.append(file)
      } catch  where error.kind != .inputOutput {
        skipped.append(error.description)
      }
    }
    if used.isEmpty {
      let reason = skipped.first.map { " (\($0))" } ?? ""
      throw .missing("no usable picture among \(files.count) files\(reason): give pictures of at least \(side)x\(side)")
    }
    return PictureSet(
      files: used, batch: Tensor(elements, shape: [used.count, 1, side, side]), skipped: skipped,
      transparent: transparent)
  }
}
