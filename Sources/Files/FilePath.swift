import Foundation
import PerceptualCore

/// Paths as texts, whatever their bytes.
///
/// Names in a file system are bytes. Those that are no UTF-8 stand in a text as U+10FF00 plus the byte, of a plane for
/// private use; so do the bytes of such scalars themselves. Every name has one text and goes back to the same bytes.
public enum FilePath {
  private static let escapes: ClosedRange<UInt32> = 0x10FF80...0x10FFFF

  /// The text of a path's bytes.
  public static func text(of bytes: some Collection<UInt8>) -> String {
    func isPlain(_ text: String) -> Bool { !text.unicodeScalars.contains { escapes.contains($0.value) } }
    if let text = String(validating: bytes, as: UTF8.self), isPlain(text) { return text }
    var result = String.UnicodeScalarView()
    var rest = Array(bytes)[...]
    while let byte = rest.first {
      // The scalar that begins here, if one does.
      let scalar = (1...4).lazy.filter { $0 <= rest.count }.compactMap { count -> (String, Int)? in
        String(validating: rest.prefix(count), as: UTF8.self).map { ($0, count) }
      }.first
      if let (text, count) = scalar, isPlain(text) {
        result.append(contentsOf: text.unicodeScalars)
        rest = rest.dropFirst(count)
      } else {
        if let escape = Unicode.Scalar(0x10FF00 + UInt32(byte)) { result.append(escape) }
        rest = rest.dropFirst()
      }
    }
    return String(result)
  }

  /// The bytes of a path, as system calls take them.
  public static func bytes(_ path: String) -> [UInt8] {
    if path.utf8.allSatisfy({ $0 != 0xF4 }) { return Array(path.utf8) }
    return path.unicodeScalars.flatMap { scalar in
      escapes.contains(scalar.value) ? [UInt8(scalar.value & 0xFF)] : Array(String(scalar).utf8)
    }
  }

  /// For people: what is no UTF-8 as \xE9.
  public static func shown(_ text: String) -> String {
    if text.utf8.allSatisfy({ $0 != 0xF4 }) { return text }
    return text.unicodeScalars.reduce(into: "") { result, scalar in
      if escapes.contains(scalar.value) {
        result += "\\x" + String(scalar.value & 0xFF, radix: 16, uppercase: true)
      } else {
        result.unicodeScalars.append(scalar)
      }
    }
  }

  /// Runs `body` with a path as system calls take it.
  package static func withBytes<Result>(_ path: String, _ body: (UnsafePointer<CChar>) -> Result) -> Result {
    if path.utf8.allSatisfy({ $0 != 0xF4 }) { return path.withCString(body) }
    return (bytes(path) + [0]).map { CChar(bitPattern: $0) }.withUnsafeBufferPointer { buffer in
      buffer.baseAddress.map(body) ?? path.withCString(body)
    }
  }

  package static func joined(_ directory: String, _ name: String) -> String {
    directory.hasSuffix("/") ? directory + name : "\(directory)/\(name)"
  }

  /// What stands before the last slash; "." where there is none.
  package static func directory(of path: String) -> String {
    guard let slash = path.utf8.lastIndex(of: UInt8(ascii: "/")) else { return "." }
    return slash == path.startIndex ? "/" : String(path[..<slash])
  }

  /// What stands after the last slash.
  package static func name(of path: String) -> String {
    path.utf8.lastIndex(of: UInt8(ascii: "/")).map { String(path[path.utf8.index(after: $0)...]) } ?? path
  }

  /// What stands after the last full stop of the name, in small letters; empty where there is none.
  package static func suffix(of path: String) -> String {
    let name = name(of: path)
    return name.utf8.lastIndex(of: UInt8(ascii: ".")).map { name[name.utf8.index(after: $0)...].lowercased() } ?? ""
  }

  /// The name without its last suffix.
  package static func stem(of path: String) -> String {
    let name = name(of: path)
    guard let stop = name.utf8.lastIndex(of: UInt8(ascii: ".")), stop > name.startIndex else { return name }
    return String(name[..<stop])
  }

  package static func exists(_ path: String) -> Bool { withBytes(path) { access($0, F_OK) } == 0 }

  /// What the system knows of a file; nil, and `errno`, where there is none.
  static func status(_ path: String, followingLinks: Bool = true) -> stat? {
    var status = stat()
    let found = withBytes(path) { followingLinks ? stat($0, &status) : lstat($0, &status) }
    return found == 0 ? status : nil
  }

  static func isDirectory(_ status: stat) -> Bool { status.st_mode & S_IFMT == S_IFDIR }
  static func isFile(_ status: stat) -> Bool { status.st_mode & S_IFMT == S_IFREG }
  static func isLink(_ status: stat) -> Bool { status.st_mode & S_IFMT == S_IFLNK }

  /// A descriptor; -1, and `errno`, where the file cannot be opened.
  static func open(_ path: String, _ flags: Int32, mode: mode_t = 0o666) -> Int32 {
    withBytes(path) { Foundation.open($0, flags, mode) }
  }

  @discardableResult
  package static func remove(_ path: String) -> Bool { withBytes(path) { unlink($0) } == 0 }

  /// What tells a file from all others, by whatever path or link; nil where there is none.
  package static func identity(_ path: String) -> (place: String, size: Int)? {
    status(path).map { ("\($0.st_dev) \($0.st_ino)", Int($0.st_size)) }
  }

  /// The file that a path leads to; one that is not there yet, through a link that dangles.
  static func followingLinks(_ path: String) throws(PerceptualError) -> String {
    var path = path
    for _ in 0..<40 {
      guard let status = status(path, followingLinks: false), isLink(status) else { return path }
      var target = [UInt8](repeating: 0, count: Int(PATH_MAX))
      let count = target.withUnsafeMutableBytes { buffer in
        withBytes(path) { path in buffer.baseAddress.map { readlink(path, $0, buffer.count) } ?? 0 }
      }
      guard count > 0 else { return path }
      let text = text(of: target.prefix(count))
      path = text.hasPrefix("/") ? text : joined(directory(of: path), text)
    }
    throw .cannotCreate("\(path): links lead round in a circle: give a file's name")
  }

  /// Creates a directory and those above it, for good: their names have reached the disk when it returns.
  ///
  /// Throws `.cannotCreate`.
  package static func createDirectory(_ path: String) throws(PerceptualError) {
    func failure() -> PerceptualError {
      PerceptualError.cannotCreate("\(path): cannot create the directory (\(lastSystemError())): name another")
    }
    // The ones that are missing, the deepest first.
    var missing: [String] = []
    var next = path
    while true {
      if next.count > 1 && next.hasSuffix("/") {
        next.removeLast()
        continue
      }
      if let status = status(next) {
        if isDirectory(status) { break }
        errno = ENOTDIR
        throw failure()
      }
      guard errno == ENOENT, next != directory(of: next) else { throw failure() }
      missing.append(next)
      next = directory(of: next)
    }
    for directory in missing.reversed() {
      // Another process may be as far.
      if withBytes(directory, { mkdir($0, 0o777) }) != 0 && errno != EEXIST { throw failure() }
      try synchronize(directory: self.directory(of: directory))
    }
  }

  /// Returns when the names in a directory have reached the disk.
  static func synchronize(directory: String) throws(PerceptualError) {
    let descriptor = open(directory, O_RDONLY | O_CLOEXEC)
    if descriptor < 0 {
      // One that may be written to but not read.
      if errno == EACCES { return }
      throw writingFailed(directory)
    }
    defer { close(descriptor) }
    // Some file systems know no such thing.
    if fsync(descriptor) != 0 && errno != EINVAL && errno != ENOTSUP { throw writingFailed(directory) }
  }

  /// The names in a directory, none where it is not there.
  ///
  /// Throws `.missing` where it cannot be listed, `.inputOutput` where the disk fails.
  package static func names(in directory: String) throws(PerceptualError) -> [String] {
    guard let listing = withBytes(directory, { opendir($0) }) else {
      if errno == ENOENT { return [] }
      throw .missing("\(directory): cannot be listed (\(lastSystemError())): check its permissions")
    }
    defer { closedir(listing) }
    var names: [String] = []
    while true {
      errno = 0
      guard let entry = readdir(listing) else { break }
      names.append(withUnsafeBytes(of: &entry.pointee.d_name) { text(of: Array($0.prefix { $0 != 0 })) })
    }
    if errno != 0 {
      throw .inputOutput("\(directory): listing it failed (\(lastSystemError())): check the disk")
    }
    return names.filter { $0 != "." && $0 != ".." }
  }
}
