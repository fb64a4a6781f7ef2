import Foundation

/// Tests/Fixtures, found beside this source.
public let fixturesDirectory = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
  .appending(path: "Fixtures").path(percentEncoded: false)

/// Directories of Tests/Fixtures that hold something else than fixtures.
public let directoriesWithoutFixtures: Set<String> = ["weights", "trajectory", "audio", "containers"]

/// The sorted names in a directory, hidden ones left out; empty where there is no such directory.
public func names(in directory: String) -> [String] {
  let names = (try? FileManager.default.contentsOfDirectory(atPath: directory)) ?? []
  return names.filter { !$0.hasPrefix(".") }.sorted()
}

/// Directories of golden fixtures, each named after its operation.
public let fixtureDirectories: [String] = names(in: fixturesDirectory).filter { name in
  var isDirectory: ObjCBool = false
  let exists = FileManager.default.fileExists(atPath: "\(fixturesDirectory)/\(name)", isDirectory: &isDirectory)
  return exists && isDirectory.boolValue && !directoriesWithoutFixtures.contains(name)
}

/// Every golden fixture as OPERATION/CASE.safetensors.
public let fixtureFiles: [String] = fixtureDirectories.flatMap { directory in
  names(in: "\(fixturesDirectory)/\(directory)").map { "\(directory)/\($0)" }
}

/// The bytes of a safetensors file, put together here so that tests of reading do not lean on the package's writer.
public func safetensorsBytes(
  metadata: [(String, String)], tensors: [(name: String, type: String, shape: [Int], bytes: [UInt8])]
) -> [UInt8] {
  func quoted(_ text: String) -> String {
    "\"" + text.replacing("\\", with: "\\\\").replacing("\"", with: "\\\"") + "\""
  }
  var entries = ["\"__metadata__\":{" + metadata.map { "\(quoted($0)):\(quoted($1))" }.joined(separator: ",") + "}"]
  var offset = 0
  for tensor in tensors {
    let shape = tensor.shape.map(String.init).joined(separator: ",")
    let end = offset + tensor.bytes.count
    entries.append(
      "\(quoted(tensor.name)):{\"dtype\":\"\(tensor.type)\",\"shape\":[\(shape)],\"data_offsets\":[\(offset),\(end)]}")
    offset = end
  }
  var header = Array(("{" + entries.joined(separator: ",") + "}").utf8)
  header += [UInt8](repeating: 0x20, count: (8 - header.count % 8) % 8)
  let length = (0..<8).map { UInt8(truncatingIfNeeded: header.count >> (8 * $0)) }
  return length + header + tensors.flatMap(\.bytes)
}

/// The little-endian bytes of doubles.
public func littleEndianBytes(_ values: [Double]) -> [UInt8] {
  values.flatMap { value in (0..<8).map { UInt8(truncatingIfNeeded: value.bitPattern >> (8 * $0)) } }
}

/// The little-endian bytes of floats.
public func littleEndianBytes(_ values: [Float]) -> [UInt8] {
  values.flatMap { value in (0..<4).map { UInt8(truncatingIfNeeded: value.bitPattern >> (8 * $0)) } }
}
