@testable import PerceptualConformance
import PerceptualCore
import PerceptualTestSupport
import Testing

/// The judge is judged first: what it lets pass, nothing else would catch.
@Suite struct ComparisonTests {
  private let tested = LeakyReLU.self

  static func compare(
    _ actual: [Double], _ expected: [Double], allowed: Double = 0.1, shape: [Int]? = nil,
    matchingNonFinite: Bool = false
  ) -> Comparison {
    Comparison(
      actual: Tensor(actual, shape: shape ?? [actual.count]),
      expected: Tensor(expected, shape: shape ?? [expected.count]),
      allowed: [Double](repeating: allowed, count: expected.count), matchingNonFinite: matchingNonFinite)
  }

  typealias Row = (label: String, actual: [Double], expected: [Double], allowed: Double)

  static let differing: [Row] = [
    ("NaN first", [.nan, 1, 2], [0, 1, 2], 0.1),
    ("NaN in the middle", [0, .nan, 2], [0, 1, 2], 0.1),
    ("NaN last", [0, 1, .nan], [0, 1, 2], 0.1),
    ("NaN where NaN is expected", [0, .nan], [0, .nan], 0.1),
    ("number where NaN is expected", [0, 1], [0, .nan], 0.1),
    ("NaN under an infinite allowance", [.nan], [1], .infinity),
    ("infinity", [.infinity], [1], 0.1),
    ("infinity under an infinite allowance", [.infinity], [1], .infinity),
    ("infinity of the other sign", [.infinity], [-.infinity], 0.1),
    ("number where infinity is expected", [1], [.infinity], 0.1),
    ("all zero", [0, 0, 0], [1, -2, 3], 0.1),
    ("allowance not a number", [1], [2], .nan),
    ("negative allowance", [1], [1.5], -1),
    ("just beyond the allowance", [1.1000001], [1], 0.1),
    ("one unit in the last place, nothing allowed", [1 + Double.ulpOfOne], [1], 0),
    ("sign", [-1], [1], 0.1),
  ]

  @Test(arguments: differing)
  func refuses(_ label: String, actual: [Double], expected: [Double], allowed: Double) {
    let comparison = Self.compare(actual, expected, allowed: allowed)
    #expect(!comparison.passed)
    #expect(comparison.failures >= 1)
    #expect(comparison.share > 1)
  }

  static let agreeing: [Row] = [
    ("equal, nothing allowed", [1, -2, 0], [1, -2, 0], 0),
    ("zeros of either sign", [-0.0], [0], 0),
    ("the same infinity", [.infinity, -.infinity], [.infinity, -.infinity], 0.1),
    ("exactly the allowance", [0.125], [0], 0.125),
    ("all zero where zero is expected", [0, 0], [0, 0], 0),
  ]

  @Test(arguments: agreeing)
  func accepts(_ label: String, actual: [Double], expected: [Double], allowed: Double) {
    let comparison = Self.compare(actual, expected, allowed: allowed)
    #expect(comparison.passed, "\(comparison)")
    #expect(comparison.share <= 1)
  }

  @Test func emptyTensorsDoNotAgree() {
    #expect(!Self.compare([], []).passed)
    #expect(!Self.compare([], [], shape: [3, 0]).passed)
  }

  @Test func shapesMustBeEqual() {
    let comparison = Comparison(
      actual: Tensor([1, 2, 3, 4, 5, 6], shape: [2, 3]), expected: Tensor([1, 2, 3, 4, 5, 6], shape: [3, 2]),
      allowed: [Double](repeating: 9, count: 6))
    #expect(!comparison.passed)
    #expect(comparison.description == "shape [2, 3], expected [3, 2]")
  }

  @Test func namesTheWorstElement() {
    let comparison = Comparison(
      actual: Tensor([1, 2.5, 3, 4, 5, 9], shape: [2, 3]), expected: Tensor([1, 2, 3, 4, 5, 6], shape: [2, 3]),
      allowed: [Double](repeating: 0.25, count: 6))
    #expect(comparison.count == 6)
    #expect(comparison.failures == 2)
    #expect(comparison.worst == [1, 2])
    #expect(comparison.actual == 9)
    #expect(comparison.expected == 6)
    #expect(comparison.error == 3)
    #expect(comparison.allowed == 0.25)
    #expect(comparison.share == 12)
    #expect(
      comparison.description
        == "2 of 6 elements differ, worst at [1, 2]: 9.0, expected 6.0, error 3.0, allowed 0.25")
  }

  /// A small difference where little is allowed is worse than a large one where much is.
  @Test func worstIsMeasuredByTheAllowance() {
    let comparison = Comparison(
      actual: Tensor([101, 0.002]), expected: Tensor([100, 0.001]), allowed: [4, 0.002])
    #expect(comparison.passed)
    #expect(comparison.worst == [1])
    #expect(comparison.share == 0.5)
  }

  /// The report shows what failed, not a passing element that uses more of a generous allowance.
  @Test func aFailureOutranksEveryPass() {
    let comparison = Comparison(actual: Tensor([1, 5]), expected: Tensor([1.9, .nan]), allowed: [1, 1e300])
    #expect(comparison.failures == 1)
    #expect(comparison.worst == [1])
    #expect(comparison.error == .infinity)
  }

  @Test func nonFiniteValuesCanBeMatched() {
    #expect(Self.compare([.nan, .infinity], [.nan, .infinity], matchingNonFinite: true).passed)
    #expect(!Self.compare([.nan], [1], matchingNonFinite: true).passed)
    #expect(!Self.compare([1], [.nan], matchingNonFinite: true).passed)
    #expect(!Self.compare([.infinity], [-.infinity], matchingNonFinite: true).passed)
    #expect(!Self.compare([.nan], [.infinity], matchingNonFinite: true).passed)
  }

  @Test func aMissingResultFails() throws {
    let operationCase = OperationCase(inputs: ["x": Tensor([1.0])])
    let expected = OperationResults(outputs: ["y": Tensor([1.0])], gradients: ["x": Tensor([1.0])])
    let found = OperationResults(outputs: ["y": Tensor([1.0])])
    let checked = try tested.judge(found, against: expected, of: operationCase, side: .reference)
    #expect(checked.map(\.passed) == [true, false])
    #expect(checked.last?.comparison.obstacle == "gradient.x was not computed")
  }

  @Test func statedToleranceWidensTheAllowance() throws {
    let operationCase = OperationCase(inputs: ["x": Tensor([8.0])])
    let expected = OperationResults(outputs: ["y": Tensor([8.0])])
    let found = OperationResults(outputs: ["y": Tensor([9.0])])
    func passes(_ stated: StatedTolerance) throws -> Bool {
      try tested.judge(found, against: expected, of: operationCase, side: .fast, stated: stated).allSatisfy(\.passed)
    }
    #expect(try !passes(StatedTolerance()))
    #expect(try passes(StatedTolerance(relative: 0.125)))
    #expect(try !passes(StatedTolerance(relative: 0.12)))
    #expect(try passes(StatedTolerance(absolute: 1)))
    #expect(try passes(StatedTolerance(relative: 0.0625, absolute: 0.5)))
  }
}
