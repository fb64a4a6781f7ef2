import Foundation
import PerceptualConformance
import PerceptualCore
import PerceptualTestSupport
import Testing

/// What breaks the contract of docs/fixtures.md is named, never skipped.
@Suite struct FixtureRefusalTests {
  /// A right fixture of LeakyReLU with a gradient, from which each row below departs.
  struct Content: Sendable {
    var metadata: [String: String] = [
      "operation": "leakyReLU", "attributes": #"{"slope": 0.5}"#, "oracle": "by hand", "generator": "by hand",
    ]
    var tensors: [String: Tensor<Double>] = [
      "input.x": Tensor([-2, 3]), "cotangent.y": Tensor([4, 5]), "expected.y": Tensor([-1, 3]),
      "expected.gradient.x": Tensor([2, 5]),
    ]

    func fixture() throws(PerceptualError) -> Fixture {
      try Fixture(name: "case.safetensors", metadata: metadata, tensors: tensors)
    }
  }

  typealias Row = LabelledChange<String, Content>

  static let rows = [
    Row("no operation", "the metadata names no operation") { $0.metadata["operation"] = nil },
    Row("unknown operation", "unknown operation leakyRelu: there are") { $0.metadata["operation"] = "leakyRelu" },
    Row("unknown attribute", "unknown attribute gain: leakyReLU takes slope") {
      $0.metadata["attributes"] = #"{"slope": 0.5, "gain": 2}"#
    },
    Row("attribute of another kind", "attribute slope: a number was expected, found \"0.5\"") {
      $0.metadata["attributes"] = #"{"slope": "0.5"}"#
    },
    Row("attributes that are no JSON", "metadata attributes is no JSON") { $0.metadata["attributes"] = "{slope: 0.5}" },
    Row("attributes cut short", "metadata attributes is no JSON") { $0.metadata["attributes"] = #"{"slope": 0.5"# },
    Row("attributes that are no object", "metadata attributes is [0.5], expected a JSON object") {
      $0.metadata["attributes"] = "[0.5]"
    },
    Row("an attribute that stands twice", "metadata attributes is no JSON") {
      $0.metadata["attributes"] = #"{"slope": 0.5, "slope": 0.5}"#
    },
    Row("tolerance that is no JSON", "metadata tolerance is no JSON") { $0.metadata["tolerance"] = "1e-6 of it" },
    Row("tolerance that is no object", "metadata tolerance is 1e-06, expected a JSON object") {
      $0.metadata["tolerance"] = "1e-6"
    },
    Row("negative tolerance", "metadata tolerance: relative is -1, expected a number of at least 0") {
      $0.metadata["tolerance"] = #"{"relative": -1}"#
    },
    Row("unknown tolerance", "metadata tolerance: unknown key ulps") { $0.metadata["tolerance"] = #"{"ulps": 4}"# },
    Row("unknown kind of tensor", "unknown tensor output.y: a name begins with") {
      $0.tensors["output.y"] = Tensor([-1, 3])
    },
    Row("unknown input", "unknown tensor input.weight: leakyReLU takes x") { $0.tensors["input.weight"] = Tensor([1]) },
    Row("unknown output", "unknown tensor expected.z: the outputs of leakyReLU are y") {
      $0.tensors["expected.z"] = Tensor([-1, 3])
    },
    Row("unknown cotangent", "unknown tensor cotangent.x: the outputs of leakyReLU are y") {
      $0.tensors["cotangent.x"] = Tensor([-1, 3])
    },
    Row("gradient that is not defined", "unknown tensor expected.gradient.slope: the gradients of leakyReLU are x") {
      $0.tensors["expected.gradient.slope"] = Tensor([1])
    },
    Row("missing input", "input.x any of leakyReLU is missing") { $0.tensors["input.x"] = nil },
    Row("nothing expected", "no expected tensor, so there is nothing to check") {
      $0.tensors["expected.y"] = nil
      $0.tensors["expected.gradient.x"] = nil
    },
    Row("output of another shape", "expected.y has shape [2, 1], the inputs give [2]") {
      $0.tensors["expected.y"] = Tensor([-1, 3], shape: [2, 1])
    },
    Row("gradient of another shape", "expected.gradient.x has shape [1], the inputs give [2]") {
      $0.tensors["expected.gradient.x"] = Tensor([2])
    },
    Row("cotangent of another shape", "cotangent.y has shape [3], the inputs give [2]") {
      $0.tensors["cotangent.y"] = Tensor([1, 2, 3])
    },
    Row("an unused cotangent of another shape", "cotangent.y has shape [3], the inputs give [2]") {
      $0.tensors["cotangent.y"] = Tensor([1, 2, 3])
      $0.tensors["expected.gradient.x"] = nil
    },
    Row("empty input", "tensor input.x of shape [0] is empty") { $0.tensors["input.x"] = Tensor([]) },
    Row("empty expectation", "tensor expected.y of shape [2, 0] is empty") {
      $0.tensors["expected.y"] = Tensor([], shape: [2, 0])
    },
  ]

  @Test(arguments: rows) func refuses(_ row: Row) {
    var content = Content()
    row.change(&content)
    do {
      _ = try content.fixture()
      Issue.record("accepted")
    } catch {
      #expect(error.kind == .malformed)
      #expect(error.description.hasPrefix("case.safetensors: \(row.due)"), "\(error.description)")
      #expect(!error.description.contains("\n"))
    }
  }

  @Test func acceptsTheRightOne() throws {
    let checked = try Content().fixture().check()
    let names = checked.map { "\($0.side.rawValue) \($0.tensor)" }
    #expect(names == ["reference y", "reference gradient.x", "fast y", "fast gradient.x"])
    #expect(checked.map(\.passed) == [true, true, true, true])
  }

  @Test func findsAWrongOne() throws {
    var content = Content()
    content.tensors["expected.gradient.x"] = Tensor([2, -5])
    let checked = try content.fixture().check()
    #expect(checked.map(\.passed) == [true, false, true, false])
    #expect(checked[1].comparison.worst == [1])
  }

  @Test func aNaNIsNeverRight() throws {
    var content = Content()
    content.tensors["input.x"] = Tensor([.nan, 3])
    content.tensors["expected.y"] = Tensor([.nan, 3])
    let passed = try content.fixture().check().filter(\.passed)
    #expect(passed.filter { $0.tensor == .output("y") }.count == 0)
  }

  /// Without an upstream gradient an output's is zero.
  @Test func missingCotangentIsZero() throws {
    var content = Content()
    content.tensors["cotangent.y"] = nil
    content.tensors["expected.gradient.x"] = Tensor([0, 0])
    #expect(try content.fixture().check().allSatisfy(\.passed))
  }

  @Test func gradientsAreLeftOutWhereNoneIsExpected() throws {
    var content = Content()
    content.tensors["expected.gradient.x"] = nil
    #expect(try content.fixture().operationCase.asksForGradients == false)
  }

  /// 1 + 2^-40 is no Float; around the kink at 0 the rounded input may even change sides. Fast is judged by what it
  /// could know.
  @Test func roundingTheInputsIsNotHeldAgainstFast() throws {
    var content = Content()
    let x = [1 + 0x1p-40, -0x1p-160, 3.0]
    content.tensors["input.x"] = Tensor(x)
    content.tensors["cotangent.y"] = Tensor([1, 1, 1])
    content.tensors["expected.y"] = Tensor([x[0], x[1] / 2, 3])
    content.tensors["expected.gradient.x"] = Tensor([1, 0.5, 1])
    #expect(try content.fixture().check().allSatisfy(\.passed))

    // What rounding cannot explain is still found.
    content.tensors["expected.y"] = Tensor([x[0] + 0x1p-20, x[1] / 2, 3])
    #expect(try content.fixture().check().map(\.passed) == [false, true, false, true])
  }
}

/// The same through files.
@Suite struct FixtureFileTests {
  private func check(_ bytes: [UInt8]) throws -> [CheckedTensor] {
    let scratch = ScratchDirectory()
    return try checkFixture(try scratch.write(bytes, to: "a.safetensors"))
  }

  private let metadata = [("operation", "leakyReLU"), ("attributes", "{}")]
  private let one = littleEndianBytes([1.0])

  @Test func readsDoublesAndFloats() throws {
    let bytes = safetensorsBytes(
      metadata: metadata,
      tensors: [
        ("expected.y", "F64", [1], one), ("input.x", "F32", [1], littleEndianBytes([Float(1)])),
      ])
    #expect(try check(bytes).allSatisfy(\.passed))
  }

  @Test(arguments: ["F16", "BF16", "I64", "U8"]) func refusesOtherTypes(_ type: String) throws {
    let sizes = ["F16": 2, "BF16": 2, "I64": 8, "U8": 1]
    let value = [UInt8](repeating: 0, count: try #require(sizes[type]))
    let bytes = safetensorsBytes(
      metadata: metadata, tensors: [("expected.y", "F64", [1], one), ("input.x", type, [1], value)])
    expectError(.malformed, saying: "input.x") { try check(bytes) }
  }

  @Test(arguments: [1, 7, 9, 40, 0]) func refusesAFileCutShort(_ removed: Int) throws {
    let bytes = safetensorsBytes(
      metadata: metadata, tensors: [("expected.y", "F64", [1], one), ("input.x", "F64", [1], one)])
    let kept = removed == 0 ? [] : Array(bytes.dropLast(removed))
    expectError(.malformed) { try check(kept) }
  }

  @Test func aMissingFileIsMissing() {
    expectError(.missing, saying: "/nowhere/case.safetensors") { try checkFixture("/nowhere/case.safetensors") }
  }
}
