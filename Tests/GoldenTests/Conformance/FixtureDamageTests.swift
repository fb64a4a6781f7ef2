import Foundation
import PerceptualConformance
import PerceptualCore
import PerceptualFiles
import PerceptualTestSupport
import Testing

/// Fixtures come from anybody. Whatever stands in one is either computed or refused as malformed, never a crash: each
/// operation's smallest fixture is damaged in every attribute and every shape.
@Suite struct FixtureDamageTests {
  /// Values that some attribute cannot take.
  static let values: [JSONValue] = [
    -1, 0, 1, 2, 3, 7, 64, 0.5, -0.5, 1e-300, 1e300, 2_147_483_648, 9_223_372_036_854_775_807,
    .null, .bool(true), "x", "", "clamp", [], [0, 0], [1, 1], [-1, 2], [2_147_483_648, 1], [5, 3], [1, 2, 3],
    [0.5, "1"],
    ["0", "0"], ["1", "18446744073709551616"], [:], ["a": 1],
  ]

  @Test(arguments: operations.map { $0.name }) func attributes(_ name: String) throws {
    let content = try Content(smallestOf: name)
    let tested = try #require(operation(named: name))
    var outcomes = Outcomes()
    for attribute in tested.attributes.map(\.name) {
      var without = content
      without.attributes[attribute] = nil
      outcomes.count(without)
      // A billion iterations are no error, and no test.
      for value in Self.values where attribute != "iterations" || abs(value.double ?? 0) < 100 {
        var changed = content
        changed.attributes[attribute] = value
        outcomes.count(changed)
      }
    }
    #expect(outcomes.others == [])
    #expect(outcomes.malformed > 0 || tested.attributes.isEmpty)
  }

  @Test(arguments: operations.map { $0.name }) func shapes(_ name: String) throws {
    let content = try Content(smallestOf: name)
    var outcomes = Outcomes()
    for (tensorName, tensor) in content.tensors {
      var without = content
      without.tensors[tensorName] = nil
      outcomes.count(without)
      for shape in Self.damaged(tensor.shape) {
        var changed = content
        let count = shape.reduce(1, *)
        changed.tensors[tensorName] = Tensor((0..<count).map { tensor[$0 % tensor.count] }, shape: shape)
        outcomes.count(changed)
        // All inputs alike, so that no comparison of their shapes stands in the way.
        if tensorName.hasPrefix("input.") {
          for (other, tensor) in content.tensors
          where other.hasPrefix("input.") && tensor.shape == changed.tensors[other]?.shape {
            changed.tensors[other] = Tensor((0..<count).map { tensor[$0 % tensor.count] }, shape: shape)
          }
          outcomes.count(changed)
        }
      }
    }
    #expect(outcomes.others == [])
    #expect(outcomes.malformed > 0)
  }

  private static func damaged(_ shape: [Int]) -> [[Int]] {
    var shapes = [
      [], [0], [1], [2], [1, 1], [2, 3], [1, 1, 1], [1, 1, 1, 1], [2, 1, 3, 2], [1, 1, 1, 1, 1], shape + [1],
      [1] + shape,
    ]
    for axis in shape.indices {
      for extent in [0, 1, shape[axis] - 1, shape[axis] + 1] {
        var changed = shape
        changed[axis] = extent
        shapes.append(changed)
      }
      var dropped = shape
      dropped.remove(at: axis)
      shapes.append(dropped)
    }
    return shapes.filter { $0 != shape && $0.allSatisfy { $0 >= 0 } }
  }

  /// What a fixture file holds, to be changed.
  private struct Content {
    var metadata: [String: String]
    var attributes: [String: JSONValue] = [:]
    var tensors: [String: Tensor<Double>] = [:]

    init(smallestOf operation: String) throws {
      let directory = "\(fixturesDirectory)/\(operation)"
      let files = try names(in: directory).map { name in
        (path: "\(directory)/\(name)", size: try Data(contentsOf: URL(filePath: "\(directory)/\(name)")).count)
      }
      let smallest = try #require(files.min { ($0.size, $0.path) < ($1.size, $1.path) })
      let file = try SafetensorsFile(contentsOf: smallest.path)
      metadata = file.metadata
      let members = try JSONValue(parsing: (metadata["attributes"] ?? "{}").utf8).members ?? []
      for member in members { attributes[member.key] = member.value }
      for name in file.names { tensors[name] = try file.double(name) }
    }

    func check() throws(PerceptualError) {
      var metadata = metadata
      let members = attributes.sorted { $0.key < $1.key }.map { JSONValue.Member(key: $0.key, value: $0.value) }
      metadata["attributes"] = JSONValue.object(members).text
      _ = try Fixture(name: "damaged", metadata: metadata, tensors: tensors).check()
    }
  }

  private struct Outcomes {
    var computed = 0
    var malformed = 0
    /// Errors of another kind, or whose sentence does not begin with the file.
    var others: [String] = []

    mutating func count(_ content: Content) {
      do {
        try content.check()
        computed += 1
      } catch {
        if error.kind == .malformed && error.description.hasPrefix("damaged: ") {
          malformed += 1
        } else {
          others.append("\(error.kind): \(error.description)")
        }
      }
    }
  }
}
