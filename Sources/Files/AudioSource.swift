import Foundation
import PerceptualCSndfile
import PerceptualCore

/// A file that libsndfile reads or writes by our calls.
class VirtualFile {
  final private(set) var position = 0

  /// Bytes.
  var count: Int { 0 }
  /// Fills a buffer with the bytes from ``position`` on, which are there; false where that fails.
  func read(into buffer: UnsafeMutableRawBufferPointer) -> Bool { false }
  /// Puts bytes at ``position``; false where that fails.
  func write(_ bytes: UnsafeRawBufferPointer) -> Bool { false }

  /// Opens a decoder or encoder, which must not outlive this object.
  final func open(_ mode: Int, _ info: inout SF_INFO) throws(AudioRefusal) -> OpaquePointer {
    var callbacks = SF_VIRTUAL_IO(
      get_filelen: { VirtualFile.at($0) { $0.count } },
      seek: { offset, whence, user in VirtualFile.at(user) { $0.seek(Int(offset), whence) } },
      read: { target, count, user in VirtualFile.at(user) { $0.read(target, Int(count)) } },
      write: { source, count, user in VirtualFile.at(user) { $0.write(source, Int(count)) } },
      tell: { VirtualFile.at($0) { $0.position } })
    let user = Unmanaged.passUnretained(self).toOpaque()
    var file: OpaquePointer?
    let reason = opening.withLock { _ in
      file = sf_open_virtual(&callbacks, Int32(mode), &info, user)
      return file == nil ? sentence(sf_strerror(nil)) : ""
    }
    guard let file else { throw AudioRefusal(reason: reason) }
    return file
  }

  private static func at(_ user: UnsafeMutableRawPointer?, _ body: (VirtualFile) -> Int) -> sf_count_t {
    guard let user else { return 0 }
    return sf_count_t(body(Unmanaged<VirtualFile>.fromOpaque(user).takeUnretainedValue()))
  }

  private func seek(_ offset: Int, _ whence: Int32) -> Int {
    let base = whence == SEEK_CUR ? position : whence == SEEK_END ? count : 0
    let (sum, overflow) = base.addingReportingOverflow(offset)
    if overflow || sum < 0 { return -1 }
    position = sum
    return position
  }

  private func read(_ target: UnsafeMutableRawPointer?, _ wanted: Int) -> Int {
    let count = max(0, min(wanted, self.count - position))
    guard let target, count > 0, read(into: .init(start: target, count: count)) else { return 0 }
    position += count
    return count
  }

  private func write(_ source: UnsafeRawPointer?, _ count: Int) -> Int {
    guard let source, count > 0, write(.init(start: source, count: count)) else { return 0 }
    position += count
    return count
  }
}

/// Why libsndfile does not open a file.
struct AudioRefusal: Error {
  let reason: String
}

/// libsndfile has one place for why it could not open a file, which every opening writes: one thread opens at a time.
private let opening = Guarded(())

/// A file that is read: a disk that fails is told from a file that is damaged.
final class AudioSource: VirtualFile {
  let bytes: ByteSource
  /// What went wrong with the disk, if anything did.
  private(set) var failure: PerceptualError?
  private let head: AudioHead?

  /// With `head` in place of the file's own beginning.
  init(_ bytes: ByteSource, head: AudioHead?) {
    self.bytes = bytes
    self.head = head
  }

  /// A second reader of the same.
  convenience init(_ other: AudioSource) { self.init(other.bytes, head: other.head) }

  override var count: Int { bytes.count + (head.map { $0.bytes.count - $0.replaced } ?? 0) }

  override func read(into buffer: UnsafeMutableRawBufferPointer) -> Bool {
    if failure != nil { return false }
    var place = position
    var done = 0
    if let head {
      let own = head.bytes.dropFirst(position).prefix(buffer.count)
      buffer.copyBytes(from: own)
      done = own.count
      place = position + done - head.bytes.count + head.replaced
    }
    do throws(PerceptualError) {
      try bytes.read(at: place, into: UnsafeMutableRawBufferPointer(rebasing: buffer[done...]))
    } catch {
      failure = error
    }
    return failure == nil
  }
}
