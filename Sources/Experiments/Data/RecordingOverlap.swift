import PerceptualCore
import PerceptualFiles

/// Recordings that two collections share: the same file by another path or link, or a copy with the same bytes. The
/// same music encoded anew is not found.
public enum RecordingOverlap {
  /// Pairs of paths, one of each list.
  public static func find(_ first: [String], _ second: [String]) throws(PerceptualError) -> [(String, String)] {
    var pairs: [(String, String)] = []
    // Where a file lies, by device and inode; one that is not there is found by whoever reads it.
    var byPlace: [String: String] = [:]
    var bySize: [Int: [String]] = [:]
    for file in second {
      guard let identity = FilePath.identity(file) else { continue }
      byPlace[identity.place] = file
      bySize[identity.size, default: []].append(file)
    }
    for file in first {
      guard let identity = FilePath.identity(file) else { continue }
      if let same = byPlace[identity.place] {
        pairs.append((file, same))
        continue
      }
      // Bytes are read only where the sizes agree.
      let candidates = bySize[identity.size] ?? []
      if candidates.isEmpty { continue }
      let bytes = try FileBytes.read(file)
      for other in candidates where try FileBytes.read(other) == bytes {
        pairs.append((file, other))
        break
      }
    }
    return pairs
  }

  /// Throws `.usage` where training and test clips would come from the same recordings; `option` gave those trained on.
  public static func refuse(
    training: [String], test: [String], option: String = "--music"
  ) throws(PerceptualError) {
    let pairs = try find(training, test)
    guard let (one, other) = pairs.first else { return }
    let copy = one == other ? "" : ", which is \(other)"
    throw .usage(
      "\(one)\(copy): \(pairs.count) recordings are both in \(option) and in --test; test on other recordings than "
        + "those trained on")
  }
}
