import Foundation
import PerceptualCore

/// A file that only grows, whole lines or records at a time: what is there stays as it is.
package final class AppendingFile {
  package let path: String
  private let descriptor: Int32

  /// Opens a file, or makes it.
  ///
  /// Throws `.cannotCreate` where it cannot be made or may not be written, `.malformed` where it is no regular file.
  package init(_ path: String) throws(PerceptualError) {
    self.path = path
    descriptor = FilePath.open(path, O_RDWR | O_CREAT | O_APPEND | O_CLOEXEC)
    guard descriptor >= 0 else {
      throw .cannotCreate("\(path): cannot be opened to be written (\(lastSystemError())): check its permissions")
    }
    do throws(PerceptualError) {
      try checkReadable(path)
      try FilePath.synchronize(directory: FilePath.directory(of: path))
    } catch {
      _ = close(descriptor)
      throw error
    }
  }

  deinit { _ = close(descriptor) }

  private func size() throws(PerceptualError) -> Int {
    var status = stat()
    guard fstat(descriptor, &status) == 0 else { throw writingFailed(path) }
    return Int(status.st_size)
  }

  /// Adds text in one write, so that what several processes add does not mix. Where only a part of it can be written
  /// none of it stays.
  ///
  /// Throws `.inputOutput`.
  package func append(_ text: String) throws(PerceptualError) { try append(Array(text.utf8)) }

  /// Adds bytes in the same way.
  package func append(_ bytes: [UInt8]) throws(PerceptualError) {
    let before = try size()
    let isWritten = bytes.withUnsafeBytes { writeAll($0, to: descriptor) }
    if !isWritten {
      let failure = writingFailed(path)
      _ = ftruncate(descriptor, off_t(before))
      throw failure
    }
  }

  /// Runs `body` while no other process does the same with this file.
  package func alone<Result>(_ body: () throws(PerceptualError) -> Result) throws(PerceptualError) -> Result {
    guard flock(descriptor, LOCK_EX) == 0 else { throw writingFailed(path) }
    defer { _ = flock(descriptor, LOCK_UN) }
    return try body()
  }

  /// Whether the file is empty or its last line is whole.
  package func endsALine() throws(PerceptualError) -> Bool {
    let size = try size()
    if size == 0 { return true }
    var last: UInt8 = 0
    guard pread(descriptor, &last, 1, off_t(size - 1)) == 1 else {
      throw .inputOutput("\(path): reading failed (\(lastSystemError())): check the disk")
    }
    return last == 0x0A
  }

  /// Takes off what stands from `offset` on.
  package func cut(at offset: Int) throws(PerceptualError) {
    guard ftruncate(descriptor, off_t(offset)) == 0 else { throw writingFailed(path) }
  }

  /// Returns when what was added has reached the disk.
  package func synchronize() throws(PerceptualError) {
    // Devices and pipes have none.
    if fsync(descriptor) != 0 && errno != EINVAL && errno != ENOTSUP { throw writingFailed(path) }
  }
}
