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
  private let descriptor: Int32?
  private let memory: [UInt8]

  init(bytes: [UInt8], name: String) {
    self.name = name
    count = bytes.count
    descriptor = nil
    memory = bytes
  }

  init(path: String) throws(PerceptualError) {
    try checkReadable(path)
    let descriptor = open(path, O_RDONLY | O_CLOEXEC)
    guard descriptor >= 0 else {
      throw PerceptualError(.missing, "\(path): cannot be read (\(lastSystemError())): check its permissions")
    }
    var status = stat()
    guard fstat(descriptor, &status) == 0 else {
      let reason = lastSystemError()
      _ = Foundation.close(descriptor)
      throw PerceptualError(.inputOutput, "\(path): its size cannot be read (\(reason)): check the disk")
    }
    name = path
    count = Int(status.st_size)
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
        throw PerceptualError(
          .inputOutput,
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
    var failure: PerceptualError?
    let result = [Element](unsafeUninitializedCapacity: count) { buffer, initialized in
      do throws(PerceptualError) {
        try read(
          at: offset,
          into: UnsafeMutableRawBufferPointer(
            rebasing: UnsafeMutableRawBufferPointer(buffer)[..<(count * MemoryLayout<Element>.stride)]))
        initialized = count
      } catch {
        failure = error
      }
    }
    if let failure { throw failure }
    return result
  }
}

/// Throws a sentence where `path` is missing or no regular file.
func checkReadable(_ path: String) throws(PerceptualError) {
  var status = stat()
  guard stat(path, &status) == 0 else {
    throw PerceptualError(.missing, "\(path): cannot be opened (\(lastSystemError())): check the path")
  }
  if status.st_mode & S_IFMT == S_IFDIR {
    throw PerceptualError(.malformed, "\(path): a file was expected, found a directory: name a file in it")
  }
  if status.st_mode & S_IFMT != S_IFREG {
    throw PerceptualError(
      .malformed, "\(path): a regular file was expected, found a device or pipe: save it to a file first")
  }
}

/// A file being written under a temporary name. ``close()`` gives it its own; without it nothing is left.
final class FileSink {
  private let path: String
  /// Where the bytes go until all are there; nil where `path` is a device or pipe, written directly.
  private let temporary: String?
  private var descriptor: Int32

  init(path: String) throws(PerceptualError) {
    var status = stat()
    let exists = stat(path, &status) == 0
    if exists && status.st_mode & S_IFMT == S_IFDIR {
      throw PerceptualError(
        .cannotCreate, "\(path): a file is to be written here, found a directory: give a file's name")
    }
    let isSpecial = exists && status.st_mode & S_IFMT != S_IFREG
    // A link keeps pointing to the file that is replaced.
    let target = exists && !isSpecial ? URL(fileURLWithPath: path).resolvingSymlinksInPath().path : path
    self.path = isSpecial ? path : target
    if isSpecial {
      temporary = nil
      descriptor = open(path, O_WRONLY | O_CLOEXEC)
    } else {
      let url = URL(fileURLWithPath: target)
      let name = ".\(url.lastPathComponent).\(UUID().uuidString.prefix(8)).part"
      let temporary = url.deletingLastPathComponent().appendingPathComponent(name).path
      self.temporary = temporary
      descriptor = open(temporary, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0o666)
    }
    if descriptor < 0 {
      throw PerceptualError(
        .cannotCreate,
        "\(path): cannot be created (\(lastSystemError())): choose a directory that exists and is writable")
    }
  }

  deinit {
    guard descriptor >= 0 else { return }
    _ = Foundation.close(descriptor)
    if let temporary { unlink(temporary) }
  }

  private func failure() -> PerceptualError {
    PerceptualError(.inputOutput, "\(path): writing failed (\(lastSystemError())): check that the disk has room")
  }

  func write(_ bytes: UnsafeRawBufferPointer) throws(PerceptualError) {
    guard let base = bytes.baseAddress else { return }
    var done = 0
    while done < bytes.count {
      let written = Foundation.write(descriptor, base + done, bytes.count - done)
      if written < 0 && errno == EINTR { continue }
      guard written > 0 else { throw failure() }
      done += written
    }
  }

  /// Numbers as they lie in memory.
  func write<Element: BitwiseCopyable>(_ elements: [Element]) throws(PerceptualError) {
    let result: Result<Void, PerceptualError> = elements.withUnsafeBytes { bytes in
      Result { () throws(PerceptualError) in try write(bytes) }
    }
    try result.get()
  }

  func close() throws(PerceptualError) {
    // A rename may reach the disk before the data does; after a power cut the file would be there and empty.
    if temporary != nil, fsync(descriptor) != 0 { throw failure() }
    let closed = Foundation.close(descriptor)
    descriptor = -1
    guard closed == 0 else {
      let failure = failure()
      if let temporary { unlink(temporary) }
      throw failure
    }
    if let temporary, rename(temporary, path) != 0 {
      let reason = lastSystemError()
      unlink(temporary)
      throw PerceptualError(.cannotCreate, "\(path): cannot be created (\(reason)): choose another name")
    }
  }
}
