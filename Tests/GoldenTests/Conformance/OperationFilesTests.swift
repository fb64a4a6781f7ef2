import Foundation
import PerceptualConformance
import PerceptualTestSupport
import Testing

/// One operation, one name: the same wing and the same file name in every room. What is no operation lies in a folder
/// of the wing.
@Suite struct OperationFilesTests {
  static let wings = ["Network", "Metrics", "Hearing", "Audio", "Training"]

  /// The files at the top of a room's wing, without ".swift" and what else their names end with.
  static func files(_ room: String, _ wing: String, ending: String = "") -> Set<String> {
    let names = names(in: "\(fixturesDirectory)/../../\(room)/\(wing)")
    return Set(names.filter { $0.hasSuffix("\(ending).swift") }.map { String($0.dropLast("\(ending).swift".count)) })
  }

  @Test(arguments: wings) func roomsMirrorOneAnother(_ wing: String) {
    let fast = Self.files("Sources/Fast", wing)
    #expect(!fast.isEmpty)
    #expect(Self.files("Sources/Reference", wing) == fast)
    #expect(Self.files("Sources/FastKernels/Source", wing).subtracting(fast) == [])
    let tested = Self.files("Tests/GoldenTests", wing, ending: "Tests")
    #expect(tested.subtracting(fast).subtracting(Self.files("Sources/Conformance", wing)) == [])
  }

  @Test func everyOperationHasItsFileOfConformance() {
    let files = Self.wings.flatMap { Self.files("Sources/Conformance", $0) }
    #expect(Set(files.map { $0.prefix(1).lowercased() + $0.dropFirst() }) == Set(operations.map { $0.name }))
  }

  /// What else names every operation (docs/adding-an-operation.md), with the ending of its files.
  static let places = [
    ("Tests/GoldenTests", ".swift"), ("Tests/GradientChecks", ".swift"), ("tools/oracles", ".py"),
    ("docs/fixtures.md", ".md"), ("docs/tolerances.md", ".md"),
  ]

  @Test(arguments: places) func everyPlaceNamesEveryOperation(_ place: String, _ ending: String) throws {
    let root = "\(fixturesDirectory)/../../\(place)"
    let files = FileManager.default.enumerator(atPath: root)?.compactMap { $0 as? String } ?? []
    let paths = place.hasSuffix(ending) ? [root] : files.filter { $0.hasSuffix(ending) }.map { "\(root)/\($0)" }
    #expect(!paths.isEmpty)
    let text = try paths.map { try String(contentsOfFile: $0, encoding: .utf8) }.joined()
    for operation in operations where place != "Tests/GradientChecks" || !operation.gradients.isEmpty {
      let names = ["\"\(operation.name)\"", "`\(operation.name)`", "\(operation).self", " \(operation.name) "]
      #expect(names.contains { text.contains($0) }, "\(place) does not name \(operation.name)")
    }
  }
}
