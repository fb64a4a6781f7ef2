import Foundation
import PerceptualCSndfile
import PerceptualCore

/// A file that libsndfile reads by our calls: a disk that fails is told from a file that is damaged.
final class AudioSource {
  let bytes: ByteSource
  /// What went wrong with the disk, if anything did.
  private(set) var failure: PerceptualError?
  private var position = 0
  private let head: AudioHead?
  /// Of what libsndfile sees.
  private let count: Int

  /// With `head` in place of the file's own beginning.
  init(_ bytes: ByteSource, head: AudioHead?) {
    self.bytes = bytes
    self.head = head
    count = bytes.count + (head.map { $0.bytes.count - $0.replaced } ?? 0)
  }

  /// A second reader of the same.
  convenience init(_ other: AudioSource) { self.init(other.bytes, head: other.head) }

  /// Opens a decoder, which must not outlive this object.
  func open(_ info: inout SF_INFO) throws(AudioRefusal) -> OpaquePointer {
    var callbacks = SF_VIRTUAL_IO(
      get_filelen: { AudioSource.at($0) { sf_count_t($0.count) } },
      seek: { offset, whence, user in AudioSource.at(user) { $0.seek(Int(offset), whence) } },
      read: { target, count, user in AudioSource.at(user) { $0.read(target, Int(count)) } },
      write: { _, _, _ in 0 },
      tell: { AudioSource.at($0) { sf_count_t($0.position) } })
    return try openAudio(&callbacks, SFM_READ, &info, Unmanaged.passUnretained(self).toOpaque())
  }

  private static func at(_ user: UnsafeMutableRawPointer?, _ body: (AudioSource) -> sf_count_t) -> sf_count_t {
    guard let user else { return 0 }
    return body(Unmanaged<AudioSource>.fromOpaque(user).takeUnretainedValue())
  }

  private func seek(_ offset: Int, _ whence: Int32) -> sf_count_t {
    let base = whence == SEEK_CUR ? position : whence == SEEK_END ? count : 0
    let (sum, overflow) = base.addingReportingOverflow(offset)
    if overflow || sum < 0 { return -1 }
    position = sum
    return sf_count_t(position)
  }

  private func read(_ target: UnsafeMutableRawPointer?, _ count: Int) -> sf_count_t {
    let count = max(0, min(count, self.count - position))
    guard let target, count > 0, failure == nil else { return 0 }
    let buffer = UnsafeMutableRawBufferPointer(start: target, count: count)
    var place = position
    var done = 0
    if let head {
      let own = head.bytes.dropFirst(position).prefix(count)
      buffer.copyBytes(from: own)
      done = own.count
      place = position + done - head.bytes.count + head.replaced
    }
    do throws(PerceptualError) {
      try bytes.read(at: place, into: UnsafeMutableRawBufferPointer(rebasing: buffer[done...]))
    } catch {
      failure = error
      return 0
    }
    position += count
    return sf_count_t(count)
  }
}

/// Why libsndfile does not open a file.
struct AudioRefusal: Error {
  let reason: String
}

/// libsndfile has one place for why it could not open a file, which every opening writes: one thread opens at a time.
private let opening = Guarded(())

/// Has libsndfile open a file by `callbacks`.
func openAudio(
  _ callbacks: inout SF_VIRTUAL_IO, _ mode: Int, _ info: inout SF_INFO, _ user: UnsafeMutableRawPointer
) throws(AudioRefusal) -> OpaquePointer {
  var file: OpaquePointer?
  let reason = opening.withLock { _ in
    file = sf_open_virtual(&callbacks, Int32(mode), &info, user)
    return file == nil ? sentence(sf_strerror(nil)) : ""
  }
  guard let file else { throw AudioRefusal(reason: reason) }
  return file
}
