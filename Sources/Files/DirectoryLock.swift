import Foundation
import PerceptualCore

/// A directory that one process writes to: a file in it names the process while it does. The system lets the lock go
/// with the process, however that ends.
package final class DirectoryLock {
  package static let fileName = "in-use"

  private let path: String
  private let descriptor: Int32

  /// Takes a directory that exists.
  ///
  /// Throws `.cannotCreate` where another process, or another part of this one, has it.
  package convenience init(_ directory: String) throws(PerceptualError) {
    let taken = try Self.take(directory)
    guard let descriptor = taken.descriptor else {
      throw .cannotCreate(
        "\(directory): \(taken.owner) is writing here: wait until it ends, or choose another directory")
    }
    self.init(path: taken.path, descriptor)
  }

  /// Takes a directory that exists; nil where another process, or another part of this one, has it.
  package convenience init?(ifFree directory: String) throws(PerceptualError) {
    let taken = try Self.take(directory)
    guard let descriptor = taken.descriptor else { return nil }
    self.init(path: taken.path, descriptor)
  }

  private init(path: String, _ descriptor: Int32) {
    self.path = path
    self.descriptor = descriptor
    let text = "process \(getpid()) on \(ProcessInfo.processInfo.hostName), started \(Date().ISO8601Format())\n"
    _ = ftruncate(descriptor, 0)
    _ = [UInt8](text.utf8).withUnsafeBytes { writeAll($0, to: descriptor) }
  }

  /// The file, open and locked, or who has it.
  private static func take(
    _ directory: String
  ) throws(PerceptualError) -> (path: String, descriptor: Int32?, owner: String) {
    let path = FilePath.joined(directory, Self.fileName)
    while true {
      let descriptor = FilePath.open(path, O_RDWR | O_CREAT | O_CLOEXEC, mode: 0o644)
      guard descriptor >= 0 else {
        throw .cannotCreate("\(path): cannot be created (\(lastSystemError())): choose a directory that is writable")
      }
      if flock(descriptor, LOCK_EX | LOCK_NB) != 0 && errno == EWOULDBLOCK {
        let owner = Self.owner(descriptor)
        _ = close(descriptor)
        return (path, nil, owner)
      }
      // The one that had it may have removed it meanwhile.
      var held = stat()
      guard fstat(descriptor, &held) == 0, let found = FilePath.status(path), held.st_ino == found.st_ino else {
        _ = close(descriptor)
        continue
      }
      return (path, descriptor, "")
    }
  }

  deinit {
    FilePath.remove(path)
    _ = close(descriptor)
  }

  private static func owner(_ descriptor: Int32) -> String {
    var bytes = [UInt8](repeating: 0, count: 200)
    let count = bytes.withUnsafeMutableBytes { buffer in
      buffer.baseAddress.map { pread(descriptor, $0, buffer.count, 0) } ?? 0
    }
    let text = String(decoding: bytes.prefix(max(count, 0)).prefix { $0 != 0x0A }, as: UTF8.self)
    return text.isEmpty ? "another process" : text
  }
}
