import Foundation
import PerceptualCore
import PerceptualExperiments
import PerceptualFiles

/// The file readers for libFuzzer: a value or a ``PerceptualError``, whatever the bytes. READER names the one.
///
/// Checksums would keep nearly every mutant out, so what is refused is tried again with the right ones.
enum Reader: String, CaseIterable {
  case safetensors, npy, code, png, audio, json

  func read(_ bytes: [UInt8]) {
    do throws(PerceptualError) {
      switch self {
      case .safetensors: _ = try SafetensorsFile(bytes: bytes).sealed()
      case .npy: _ = try Npy.read(bytes: bytes).double
      case .code: try code(bytes)
      case .png: _ = try PNG.read(Self.file(bytes)).grey()
      case .audio:
        let path = Self.file(bytes)
        let information = try AudioFile.information(path)
        _ = try AudioFile.read(path)
        _ = try AudioFile.read(path, from: information.frames / 2, frames: 1)
      case .json: if let value = try? JSONValue(parsing: bytes) { _ = try? JSONValue(parsing: Array(value.text.utf8)) }
      }
    } catch {
      let repaired = repaired(bytes)
      if repaired != bytes { try? readAgain(repaired) }
    }
  }

  private func readAgain(_ bytes: [UInt8]) throws(PerceptualError) {
    switch self {
    case .code: try code(bytes)
    case .png: _ = try PNG.read(Self.file(bytes)).grey()
    case .safetensors, .npy, .audio, .json: break
    }
  }

  private func code(_ bytes: [UInt8]) throws(PerceptualError) {
    _ = try CodeFile(bytes: bytes).bytes()
  }

  private func repaired(_ bytes: [UInt8]) -> [UInt8] {
    var repaired = bytes
    func put(_ value: UInt32, at place: Int) {
      for byte in 0..<4 { repaired[place + byte] = UInt8(truncatingIfNeeded: value >> UInt32(8 * byte)) }
    }
    switch self {
    case .code:
      guard bytes.count >= CodeFile.checksumPlace + 4 else { return bytes }
      put(0, at: CodeFile.checksumPlace)
      put(Checksum(repaired).value, at: CodeFile.checksumPlace)
    case .png:
      var place = 8
      while place + 12 <= bytes.count {
        let length = bytes[place..<place + 4].reduce(0) { $0 << 8 | Int($1) }
        guard length <= bytes.count - place - 12 else { break }
        put(Checksum(Array(bytes[place + 4..<place + 8 + length])).value.byteSwapped, at: place + 8 + length)
        place += 12 + length
      }
    case .safetensors, .npy, .audio, .json: break
    }
    return repaired
  }

  /// A file in memory that holds the bytes.
  private static func file(_ bytes: [UInt8]) -> String {
    ftruncate(memory, 0)
    _ = bytes.withUnsafeBytes { pwrite(memory, $0.baseAddress, $0.count, 0) }
    return "/proc/self/fd/\(memory)"
  }
  private static let memory: Int32 = {
    var name = Array("/dev/shm/perceptual-mutant-XXXXXX".utf8CString)
    let descriptor = mkstemp(&name)
    unlink(name)
    return descriptor
  }()
}

private let reader: Reader = {
  let name = ProcessInfo.processInfo.environment["READER"] ?? ""
  guard let reader = Reader(rawValue: name) else {
    fatalError("READER=\(name): there are \(Reader.allCases.map(\.rawValue).joined(separator: ", "))")
  }
  return reader
}()

@_cdecl("LLVMFuzzerTestOneInput")
public func testOneInput(_ data: UnsafePointer<UInt8>?, _ count: Int) -> CInt {
  reader.read(Array(UnsafeBufferPointer(start: data, count: count)))
  return 0
}
