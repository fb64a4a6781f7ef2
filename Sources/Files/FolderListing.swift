import Foundation
import PerceptualCore

/// Files of a kind in a directory and the directories below it, hidden ones left out. Links are followed.
public struct FolderListing: Sendable {
  /// Sorted by the bytes of their paths.
  public private(set) var files: [String] = []
  /// A sentence for each link that leads nowhere, and each directory below that cannot be listed.
  public private(set) var skipped: [String] = []

  /// Throws `.missing` where there is no such directory, it cannot be listed, or holds no such file, `.malformed` where
  /// it is a file, `.inputOutput` where the disk fails.
  fileprivate init(of directory: String, extensions: Set<String>, expected: String) throws(PerceptualError) {
    guard let status = FilePath.status(directory) else {
      throw .missing("\(directory): cannot be opened (\(lastSystemError())): check the path")
    }
    guard FilePath.isDirectory(status) else {
      throw .malformed("\(directory): a directory was expected, found a file: name its directory")
    }
    var seen: Set<[UInt64]> = []
    try collect(directory, status, try FilePath.names(in: directory), extensions, &seen)
    if files.isEmpty {
      let reason = skipped.first.map { " (\($0))" } ?? ""
      throw .missing("\(directory): \(expected) were expected, found none\(reason): check the path")
    }
    files.sort { $0.utf8.lexicographicallyPrecedes($1.utf8) }
  }

  private mutating func collect(
    _ directory: String, _ status: stat, _ names: [String], _ extensions: Set<String>, _ seen: inout Set<[UInt64]>
  ) throws(PerceptualError) {
    // A link to a directory above would lead round in a circle.
    let identity = [UInt64(truncatingIfNeeded: status.st_dev), UInt64(truncatingIfNeeded: status.st_ino)]
    guard seen.insert(identity).inserted else { return }
    for name in names where !name.hasPrefix(".") {
      let path = FilePath.joined(directory, name)
      guard let status = FilePath.status(path) else {
        // Another file's name may go while this is read.
        if errno == EIO {
          throw .inputOutput("\(path): cannot be read (\(lastSystemError())): check the disk")
        }
        let reason = lastSystemError()
        if FilePath.status(path, followingLinks: false) != nil {
          skipped.append("\(path): cannot be opened (\(reason))")
        }
        continue
      }
      if FilePath.isDirectory(status) {
        do throws(PerceptualError) {
          try collect(path, status, try FilePath.names(in: path), extensions, &seen)
        } catch  where error.kind == .missing {
          skipped.append(error.description)
        }
      } else if extensions.contains(FilePath.suffix(of: name)) {
        files.append(path)
      }
    }
  }
}

extension AudioFile {
  /// Extensions of files that are taken for sound.
  static let extensions: Set = [
    "aif", "aifc", "aiff", "au", "caf", "flac", "mp3", "oga", "ogg", "opus", "rf64", "snd", "w64", "wav", "wave",
  ]

  /// The sound files in a directory, and what was left out.
  public static func listing(of directory: String) throws(PerceptualError) -> FolderListing {
    try FolderListing(
      of: directory, extensions: extensions, expected: "audio files (.wav, .flac, .aiff, .ogg, .mp3 and others)")
  }

  /// The sound files in a directory.
  public static func list(in directory: String) throws(PerceptualError) -> [String] { try listing(of: directory).files }
}

extension PNG {
  /// The .png files in a directory, and what was left out.
  public static func listing(of directory: String) throws(PerceptualError) -> FolderListing {
    try FolderListing(of: directory, extensions: ["png"], expected: "pictures (.png)")
  }
}
