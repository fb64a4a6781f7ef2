import Foundation
import PerceptualCore

extension AudioFile {
  /// Extensions of files that are taken for sound.
  static let extensions: Set = [
    "aif", "aifc", "aiff", "au", "caf", "flac", "mp3", "oga", "ogg", "opus", "rf64", "snd", "w64", "wav", "wave",
  ]

  /// The sound files in a directory and the directories below it, hidden ones left out, sorted by the bytes of their
  /// paths. Links are followed.
  ///
  /// Throws `.missing` where there is no such directory or it holds no sound file, `.malformed` where `directory` is a
  /// file.
  public static func list(in directory: String) throws(PerceptualError) -> [String] {
    try files(in: directory, extensions: extensions, expected: "audio files (.wav, .flac, .aiff, .ogg, .mp3 and others)")
  }
}

extension PNG {
  /// The .png files in a directory and the directories below it, in the order of ``AudioFile/list(in:)``, which also says
  /// what is thrown.
  public static func list(in directory: String) throws(PerceptualError) -> [String] {
    try files(in: directory, extensions: ["png"], expected: "pictures (.png)")
  }
}

private func files(
  in directory: String, extensions: Set<String>, expected: String
) throws(PerceptualError) -> [String] {
  var status = stat()
  guard stat(directory, &status) == 0 else {
    throw PerceptualError(.missing, "\(directory): cannot be opened (\(lastSystemError())): check the path")
  }
  guard status.st_mode & S_IFMT == S_IFDIR else {
    throw PerceptualError(.malformed, "\(directory): a directory was expected, found a file: name its directory")
  }
  var found: [String] = []
  var seen: Set<[UInt64]> = []
  try collect(directory, extensions, &found, &seen)
  if found.isEmpty {
    throw PerceptualError(.missing, "\(directory): \(expected) were expected, found none: check the path")
  }
  return found.sorted { $0.utf8.lexicographicallyPrecedes($1.utf8) }
}

private func collect(
  _ directory: String, _ extensions: Set<String>, _ found: inout [String], _ seen: inout Set<[UInt64]>
) throws(PerceptualError) {
  var status = stat()
  // A link to a directory above would lead round in a circle.
  guard stat(directory, &status) == 0,
    seen.insert([UInt64(truncatingIfNeeded: status.st_dev), UInt64(truncatingIfNeeded: status.st_ino)]).inserted
  else { return }
  let names: [String]
  do {
    names = try FileManager.default.contentsOfDirectory(atPath: directory)
  } catch {
    throw PerceptualError(.missing, "\(directory): cannot be listed (\(lastSystemError())): check its permissions")
  }
  for name in names where !name.hasPrefix(".") {
    let path = directory.hasSuffix("/") ? directory + name : "\(directory)/\(name)"
    var status = stat()
    guard stat(path, &status) == 0 else { continue }
    if status.st_mode & S_IFMT == S_IFDIR {
      try collect(path, extensions, &found, &seen)
    } else if extensions.contains(URL(fileURLWithPath: name).pathExtension.lowercased()) {
      found.append(path)
    }
  }
}
