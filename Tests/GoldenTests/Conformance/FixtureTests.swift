import Foundation
import PerceptualConformance
import PerceptualCore
import PerceptualTestSupport
import Testing

/// Every golden fixture, against Reference in Double and Fast: each file a case of its own, none left out silently.
@Suite struct FixtureTests {
  @Test(arguments: fixtureFiles) func agrees(_ file: String) throws {
    let fixture = try Fixture(contentsOf: "\(fixturesDirectory)/\(file)")
    #expect(
      file.hasPrefix("\(fixture.operation.name)/"), "a fixture of \(fixture.operation.name) lies in another directory")
    #expect(fixture.oracle?.isEmpty == false && fixture.generator?.isEmpty == false, "no provenance")
    let checked = try fixture.check()
    let expected = fixture.expected.outputs.count + fixture.expected.gradients.count
    #expect(checked.count == 2 * expected)
    for tensor in checked {
      #expect(tensor.passed, "\(file) \(tensor.side.rawValue) \(tensor.tensor): \(tensor.comparison)")
    }
  }

  /// Gradients so small that zeros are within the tolerance: of one channel normalised to +-1 only what epsilon leaves.
  static let vanishing = ["pixelNormalization/smallest.safetensors"]

  /// A tensor that zeros would pass for proves nothing.
  @Test(arguments: fixtureFiles) func wouldCatchZeros(_ file: String) throws {
    let fixture = try Fixture(contentsOf: "\(fixturesDirectory)/\(file)")
    let expected = fixture.expected
    let zeros = OperationResults(
      outputs: expected.outputs.mapValues { $0.map { _ in 0 } },
      gradients: expected.gradients.mapValues { $0.map { _ in 0 } })
    for side in [Side.reference, .fast] {
      let checked = try fixture.operation.judge(
        zeros, against: expected, of: fixture.operationCase, side: side, stated: fixture.stated)
      for tensor in checked where tensor.passed {
        let wanted =
          switch tensor.tensor {
          case .output(let name): expected.outputs[name]
          case .gradient(let name): expected.gradients[name]
          }
        let proves = wanted?.elements.allSatisfy { $0 == 0 } == false
        #expect(proves == Self.vanishing.contains(file), "\(side.rawValue): zeros pass for \(tensor.tensor)")
      }
    }
  }

  @Test(arguments: operations.map { $0.name }) func operationHasFixtures(_ name: String) {
    #expect(!names(in: "\(fixturesDirectory)/\(name)").isEmpty, "Tests/Fixtures/\(name) holds no fixture")
  }

  @Test(arguments: fixtureDirectories) func directoryBelongsToAnOperation(_ name: String) {
    #expect(operation(named: name) != nil, "Tests/Fixtures/\(name): no operation of that name")
    #expect(!names(in: "\(fixturesDirectory)/\(name)").isEmpty, "Tests/Fixtures/\(name) is empty")
  }

  @Test func everyFileIsAFixture() {
    #expect(fixtureFiles.count >= operations.count)
    #expect(fixtureFiles.filter { !$0.hasSuffix(".safetensors") } == [])
  }

  /// The manifest names every file below Tests/Fixtures, and every file is as the oracles wrote it.
  @Test func manifestAgrees() throws {
    let manifest = try String(contentsOfFile: "\(fixturesDirectory)/MANIFEST.sha256", encoding: .utf8)
    var recorded: [String: String] = [:]
    for line in manifest.split(separator: "\n") {
      let parts = line.split(separator: " ", maxSplits: 1)
      try #require(parts.count == 2, "not a digest and a path: \(line)")
      recorded[parts[1].trimmingCharacters(in: .whitespaces)] = String(parts[0])
    }
    for (path, digest) in recorded.sorted(by: { $0.key < $1.key }) {
      let data = try? Data(contentsOf: URL(filePath: "\(fixturesDirectory)/\(path)"))
      #expect(data.map { sha256(Array($0)) } == digest, "\(path) is not what the manifest records")
    }
    let unrecorded = fixtureFiles.filter { recorded[$0] == nil }
    #expect(unrecorded == [], "not in the manifest")
  }

  @Test(arguments: [
    ("", "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"),
    ("abc", "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"),
    (
      "abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq",
      "248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1"
    ),
  ])
  func digestsOfThePublishedExamples(_ message: String, _ digest: String) {
    #expect(sha256(Array(message.utf8)) == digest)
  }
}
