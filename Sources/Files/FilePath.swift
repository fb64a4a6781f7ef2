import Foundation
import PerceptualCore

/// Paths, and the directories that they lead through.
package enum FilePath {
  static func joined(_ directory: String, _ name: String) -> String {
    directory.hasSuffix("/") ? directory + name : "\(directory)/\(name)"
  }

  /// What stands before the last slash; "." where there is none.
  package static func directory(of path: String) -> String {
    guard let slash = path.utf8.lastIndex(of: UInt8(ascii: "/")) else { return "." }
    return slash == path.startIndex ? "/" : String(path[..<slash])
  }

  package static func exists(_ path: String) -> Bool { access(path, F_OK) == 0 }

  /// The file that a path leads to; one that is not there yet, through a link that dangles.
  static func followingLinks(_ path: String) throws(PerceptualError) -> String {
    var path = path
    for _ in 0..<40 {
      var status = stat()
      guard lstat(path, &status) == 0, status.st_mode & S_IFMT == S_IFLNK else { return path }
      var target = [UInt8](repeating: 0, count: Int(PATH_MAX))
      let count = target.withUnsafeMutableBytes { buffer in
        buffer.baseAddress.map { readlink(path, $0, buffer.count) } ?? 0
      }
      guard count > 0 else { return path }
      let text = String(decoding: target.prefix(count), as: UTF8.self)
      path = text.hasPrefix("/") ? text : joined(directory(of: path), text)
    }
    throw PerceptualError(.cannotCreate, "\(path): links lead round in a circle: give a file's name")
  }

  /// Creates a directory and those above it, for good: their names have reached the disk when it returns.
  ///
  /// Throws `.cannotCreate`.
  package static func createDirectory(_ path: String) throws(PerceptualError) {
    func failure() -> PerceptualError {
      PerceptualError(.cannotCreate, "\(path): cannot create the directory (\(lastSystemError())): name another")
    }
    // The ones that are missing, the deepest first.
    var missing: [String] = []
    var next = path
    while true {
      if next.count > 1 && next.hasSuffix("/") {
        next.removeLast()
        continue
      }
      var status = stat()
      if stat(next, &status) == 0 {
        if status.st_mode & S_IFMT == S_IFDIR { break }
        errno = ENOTDIR
        throw failure()
      }
      guard errno == ENOENT, next != directory(of: next) else { throw failure() }
      missing.append(next)
      next = directory(of: next)
    }
    for directory in missing.reversed() {
      // Another process may be as far.
      if mkdir(directory, 0o777) != 0 && errno != EEXIST { throw failure() }
      try synchronize(directory: self.directory(of: directory))
    }
  }

  /// Returns when the names in a directory have reached the disk.
  static func synchronize(directory: String) throws(PerceptualError) {
    let descriptor = open(directory, O_RDONLY | O_CLOEXEC)
    // One that may be written to but not read.
    if descriptor < 0 { return }
    defer { close(descriptor) }
    // Some file systems know no such thing.
    if fsync(descriptor) != 0 && errno != EINVAL && errno != ENOTSUP { throw writingFailed(directory) }
  }

  /// The names in a directory, none where it is not there.
  ///
  /// Throws `.missing` where it cannot be listed, `.inputOutput` where the disk fails.
  package static func names(in directory: String) throws(PerceptualError) -> [String] {
    guard let listing = opendir(directory) else {
      if errno == ENOENT { return [] }
      throw PerceptualError(.missing, "\(directory): cannot be listed (\(lastSystemError())): check its permissions")
    }
    defer { closedir(listing) }
    var names: [String] = []
    while true {
      errno = 0
      guard let entry = readdir(listing) else { break }
      names.append(
        withUnsafeBytes(of: &entry.pointee.d_name) { bytes in
          String(decoding: bytes.prefix { $0 != 0 }, as: UTF8.self)
        })
    }
    if errno != 0 {
      throw PerceptualError(.inputOutput, "\(directory): listing it failed (\(lastSystemError())): check the disk")
    }
    return names.filter { $0 != "." && $0 != ".." }
  }
}
