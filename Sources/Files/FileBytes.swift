import Foundation
import PerceptualCore

#if _endian(big)
  #error("the files of this package are little-endian and are read and written as they lie in memory")
#endif

/// Whole files as bytes: read with errors that say what is wrong, written so that a crash leaves the old file or the
/// new.
public enum FileBytes {
  /// The bytes of a file.
  ///
  /// Throws `.missing` where there is no such file or it may not be read, `.malformed` for a directory.
  public static func read(_ path: String) throws(PerceptualError) -> [UInt8] {
    let source = try ByteSource(path: path)
    return try source.bytes(at: 0, count: source.count)
  }

  /// A text that changes whenever a file does: size, inode, the times of the last change of contents and of the inode,
  /// and a checksum of the first and the last 64 KiB.
  ///
  /// Throws as ``read(_:)`` does.
  package static func identity(_ path: String) throws(PerceptualError) -> String {
    let source = try ByteSource(path: path)
    let part = min(source.count, 1 << 16)
    var checksum = Checksum()
    checksum.add(try source.bytes(at: 0, count: part))
    checksum.add(try source.bytes(at: source.count - part, count: part))
    return "\(source.count) bytes; \(source.changes); \(checksum.digits)"
  }

  /// Writes to a temporary file in the same directory, then renames it to `path`.
  ///
  /// Throws `.cannotCreate` where the file cannot be made, `.inputOutput` where writing fails midway (a full disk).
  public static func write(_ bytes: [UInt8], to path: String) throws(PerceptualError) {
    let sink = try FileSink(path: path)
    try sink.write(bytes)
    try sink.close()
  }
}

/// The sentence of the C library for the last error.
func lastSystemError() -> String { String(cString: strerror(errno)) }

/// Bytes that can be read piece by piece: an open file, or an array.
final class ByteSource {
  /// What messages call it.
  let name: String
  let count: Int
  /// Inode and times, which tell one state of a file from another; empty for an array.
  let changes: String
  private let descriptor: Int32?
  private let memory: [UInt8]

  init(bytes: [UInt8], name: String) {
    self.name = name
    count = bytes.count
    changes = ""
    descriptor = nil
    memory = bytes
  }

  init(path: String) throws(PerceptualError) {
    try checkReadable(path)
    let descriptor = FilePath.open(path, O_RDONLY | O_CLOEXEC)
    guard descriptor >= 0 else {
      throw cannotOpen(path)
    }
    var status = stat()
    guard fstat(descriptor, &status) == 0 else {
      let failure = cannotOpen(path)
      _ = Foundation.close(descriptor)
      throw failure
    }
    name = path
    count = Int(status.st_size)
    #if canImport(Darwin)
      let times = [status.st_mtimespec, status.st_ctimespec]
    #else
      let times = [status.st_mtim, status.st_ctim]
    #endif
    changes = (["inode \(status.st_ino)"] + times.map { "\($0.tv_sec) s \($0.tv_nsec) ns" }).joined(separator: ", ")
    self.descriptor = descriptor
    memory = []
  }

  deinit { if let descriptor { _ = close(descriptor) } }

  /// Fills `buffer` with the bytes from `offset` on, which must lie within `count`.
  func read(at offset: Int, into buffer: UnsafeMutableRawBufferPointer) throws(PerceptualError) {
    guard let base = buffer.baseAddress, buffer.count > 0 else { return }
    guard let descriptor else {
      memory.withUnsafeBytes {
        buffer.copyMemory(from: UnsafeRawBufferPointer(rebasing: $0[offset..<offset + buffer.count]))
      }
      return
    }
    var done = 0
    while done < buffer.count {
      let read = pread(descriptor, base + done, buffer.count - done, off_t(offset + done))
      if read < 0 && errno == EINTR { continue }
      guard read > 0 else {
        let reason = read == 0 ? "it became shorter meanwhile" : lastSystemError()
        throw .inputOutput(
          "\(name): \(count) bytes were expected, reading stopped at \(offset + done) (\(reason)): copy it again")
      }
      done += read
    }
  }

  func bytes(at offset: Int, count: Int) throws(PerceptualError) -> [UInt8] {
    try array(at: offset, count: count, of: UInt8.self)
  }

  /// `count` little-endian numbers from `offset` on.
  func array<Element: BitwiseCopyable>(
    at offset: Int, count: Int, of type: Element.Type
  ) throws(PerceptualError) -> [Element] {
    let wanted = count * MemoryLayout<Element>.stride
    // Reading makes copies in other formats.
    if wanted > 1 << 28 && wanted > MachineMemory.limit / 4 {
      throw .malformed(
        "\(name): \(wanted) bytes are to be read at once, a quarter of the memory is "
          + "\(MachineMemory.text(MachineMemory.limit / 4)): take a part of it")
    }
    var failure: PerceptualError?
    let result = [Element](unsafeUninitializedCapacity: count) { buffer, initialized in
      do throws(PerceptualError) {
        let bytes = UnsafeMutableRawBufferPointer(buffer)[..<wanted]
        try read(at: offset, into: UnsafeMutableRawBufferPointer(rebasing: bytes))
        initialized = count
      } catch {
        failure = error
      }
    }
    if let failure { throw failure }
    return result
  }
}

/// Why a file that is there could not be opened: it may not be read, or the machine is at fault.
private func cannotOpen(_ path: String) -> PerceptualError {
  [EACCES, EPERM, ENOENT, ENOTDIR].contains(errno)
    ? PerceptualError.missing("\(path): cannot be read (\(lastSystemError())): check its permissions")
    : PerceptualError.inputOutput("\(path): cannot be read (\(lastSystemError())): try again, or check the disk")
}

/// Throws a sentence where `path` is missing or no regular file.
func checkReadable(_ path: String) throws(PerceptualError) {
  guard let status = FilePath.status(path) else {
    throw .missing("\(path): cannot be opened (\(lastSystemError())): check the path")
  }
  if FilePath.isDirectory(status) {
    throw .malformed("\(path): a file was expected, found a directory: name a file in it")
  }
  if !FilePath.isFile(status) {
    throw .malformed("\(path): a regular file was expected, found a device or pipe: save it to a file first")
  }
}
