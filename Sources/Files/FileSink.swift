import Foundation
import PerceptualCore

/// A file being written under a temporary name. ``close()`` gives it its own; without it nothing is left.
///
/// After a crash or a power cut there is the old file or the new one, whole: the data reach the disk before the name
/// does, and ``close()`` returns when the name has. An overwritten file keeps its mode, a link to it keeps pointing to
/// it.
final class FileSink {
  private let path: String
  /// nil for a device or pipe, which is written directly.
  private let names: (own: String, temporary: String)?
  private var descriptor: Int32

  init(path: String) throws(PerceptualError) {
    self.path = path
    let resolved = try FilePath.followingLinks(path)
    let status = FilePath.status(resolved)
    if let status, FilePath.isDirectory(status) {
      throw .cannotCreate("\(path): a file is to be written here, found a directory: give a file's name")
    }
    if let status, !FilePath.isFile(status) {
      names = nil
      descriptor = FilePath.open(resolved, O_WRONLY | O_CLOEXEC)
    } else {
      let directory = FilePath.directory(of: resolved)
      TemporaryFile.removeStale(in: directory)
      let made = TemporaryFile.create(in: directory)
      descriptor = made.descriptor
      names = (resolved, made.path)
      if let status, descriptor >= 0 { fchmod(descriptor, status.st_mode & 0o7777) }
    }
    if descriptor < 0 {
      throw .cannotCreate(
        "\(path): cannot be created (\(lastSystemError())): choose a directory that exists and is writable")
    }
  }

  deinit {
    guard descriptor >= 0 else { return }
    // The name goes while the file is still locked: it is nobody else's then.
    if let names { FilePath.remove(names.temporary) }
    _ = Foundation.close(descriptor)
  }

  private func failure() -> PerceptualError { writingFailed(path) }

  func write(_ bytes: UnsafeRawBufferPointer) throws(PerceptualError) {
    guard writeAll(bytes, to: descriptor) else { throw failure() }
  }

  /// Numbers as they lie in memory.
  func write<Element: BitwiseCopyable>(_ elements: [Element]) throws(PerceptualError) {
    let result: Result<Void, PerceptualError> = elements.withUnsafeBytes { bytes in
      Result { () throws(PerceptualError) in try write(bytes) }
    }
    try result.get()
  }

  func close() throws(PerceptualError) {
    if let names {
      // A rename may reach the disk before the data does; after a power cut the file would be there and empty.
      if fsync(descriptor) != 0 { throw failure() }
      let renamed = FilePath.withBytes(names.temporary) { from in FilePath.withBytes(names.own) { rename(from, $0) } }
      if renamed != 0 {
        throw .cannotCreate("\(path): cannot be created (\(lastSystemError())): choose another name")
      }
    }
    let closed = Foundation.close(descriptor)
    descriptor = -1
    if closed != 0 { throw failure() }
    if let names { try FilePath.synchronize(directory: FilePath.directory(of: names.own)) }
  }
}

func writingFailed(_ path: String) -> PerceptualError {
  PerceptualError.inputOutput("\(path): writing failed (\(lastSystemError())): check that the disk has room")
}

/// Whether all bytes were written; `errno` says why not.
package func writeAll(_ bytes: UnsafeRawBufferPointer, to descriptor: Int32) -> Bool {
  guard let base = bytes.baseAddress else { return true }
  var done = 0
  while done < bytes.count {
    let written = write(descriptor, base + done, bytes.count - done)
    if written < 0 && errno == EINTR { continue }
    guard written > 0 else {
      if written == 0 { errno = EIO }
      return false
    }
    done += written
  }
  return true
}

/// What files are written under until they are whole. Names are short and of one length, whatever the file's own; a
/// lock that the system lets go with the process tells those in use from those that a killed process left.
private enum TemporaryFile {
  private static let prefix = ".perceptual-"
  private static let suffix = ".part"

  /// A new file in a directory, locked; a descriptor of -1 and `errno` where it cannot be made.
  static func create(in directory: String) -> (descriptor: Int32, path: String) {
    while true {
      let name = prefix + String(format: "%012llx", UInt64.random(in: 0..<1 << 48)) + suffix
      let path = FilePath.joined(directory, name)
      let descriptor = FilePath.open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC)
      if descriptor < 0 {
        if errno == EEXIST { continue }
        return (-1, path)
      }
      // Another process may take it for stale before it is locked, and then it is gone.
      _ = flock(descriptor, LOCK_EX)
      var status = stat()
      if fstat(descriptor, &status) == 0 && status.st_nlink == 0 {
        _ = close(descriptor)
        continue
      }
      return (descriptor, path)
    }
  }

  /// Removes what processes that are gone have left; looks once a process into each directory.
  static func removeStale(in directory: String) {
    guard visited.withLock({ $0.insert(directory).inserted }), let names = try? FilePath.names(in: directory) else {
      return
    }
    for name in names where name.hasPrefix(prefix) && name.hasSuffix(suffix) {
      let path = FilePath.joined(directory, name)
      let descriptor = FilePath.open(path, O_WRONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK)
      guard descriptor >= 0 else { continue }
      if flock(descriptor, LOCK_EX | LOCK_NB) == 0 { FilePath.remove(path) }
      _ = close(descriptor)
    }
  }
}

private let visited = Guarded<Set<String>>([])
