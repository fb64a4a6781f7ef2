import PerceptualCore
import PerceptualExperiments
import PerceptualFiles
import PerceptualTestSupport
import Testing

/// A seeded slice of tools/reliability/fuzz-readers: whatever is done to a file, it is read or refused with a sentence.
@Suite struct MutationTests {
  enum Reader: String, CaseIterable {
    case safetensors, npy, code, png, json
  }

  private static func sample(_ reader: Reader) throws -> [UInt8] {
    switch reader {
    case .safetensors: return try FileBytes.read("\(fixturesDirectory)/leakyReLU/rank-1.safetensors")
    case .npy: return Npy.bytes(Tensor<Float>([1, 2, 3, 4, 5, 6], shape: [2, 3]))
    case .code: return CodeFileTests.file(samples: 4000, channels: 1, centres: 2, name: "mutants").bytes()
    case .png:
      let samples = (0..<64).map { UInt8($0 * 4) }
      return PNGSample(width: 4, height: 4, bits: 8, colour: .rgba, samples, [("gAMA", [0, 1, 2, 3])]).bytes
    case .json: return Array(#"{"a": [1, -2.5e3, "x\u00e9", null, true, {"b": {}}], "c": "\n"}"#.utf8)
    }
  }

  private static func read(_ bytes: [UInt8], as reader: Reader, _ directory: ScratchDirectory) throws {
    switch reader {
    case .safetensors: _ = try SafetensorsFile(bytes: bytes)
    case .npy: _ = try Npy.read(bytes: bytes)
    case .code: _ = try CodeFile(bytes: bytes)
    case .png: _ = try PNG.read(directory.write(bytes, to: "a.png"))
    case .json: _ = try JSONValue(parsing: bytes)
    }
  }

  /// A code file with its checksum made right, which would keep out every other.
  private static func repaired(_ bytes: [UInt8]) -> [UInt8] {
    let place = CodeFile.checksumPlace..<CodeFile.checksumPlace + 4
    if bytes.count < place.upperBound { return bytes }
    var bytes = bytes
    bytes.replaceSubrange(place, with: [0, 0, 0, 0])
    bytes.replaceSubrange(place, with: withUnsafeBytes(of: Checksum(bytes).value.littleEndian, Array.init))
    return bytes
  }

  @Test(arguments: Reader.allCases) func damageIsReadOrRefused(_ reader: Reader) throws {
    let directory = ScratchDirectory()
    let whole = try Self.sample(reader)
    try Self.read(whole, as: reader, directory)
    var mutation = AudioMutation(seed: 11)
    var refused = 0
    for _ in 0..<2000 {
      do {
        let mutant = mutation.applied(to: whole)
        try Self.read(reader == .code ? Self.repaired(mutant) : mutant, as: reader, directory)
      } catch let error as PerceptualError {
        #expect(error.kind == .malformed, "\(error)")
        refused += 1
      } catch is JSONSyntaxError {
        refused += 1
      }
    }
    #expect(refused > 200)
  }
}
