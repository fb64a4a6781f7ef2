import Fast
@testable import PerceptualConformance
import PerceptualCore
import PerceptualFiles
import PerceptualTestSupport
import Reference
import Testing

@Suite struct NormalInitializationTests {
  private static func attributes(_ spread: String, _ scale: Double, _ shape: [Int], seed: Int, index: Int) -> [String:
    JSONValue]
  {
    [
      "shape": .array(shape.map { .integer($0) }), spread: .number(scale), "seed": .integer(seed),
      "index": .integer(index),
    ]
  }

  @Test(arguments: [
    ("one number", [1], 1.0), ("a last number without its partner", [3, 5], 0.02), ("a layer", [12, 7, 1, 25], 3),
    ("one past a piece of work of the generator", [65_537], 0.5),
  ])
  func agreesWithReference(_ label: String, _ shape: [Int], _ scale: Double) throws {
    for (name, spread) in [("normalInitialization", "deviation"), ("xavierNormalInitialization", "gain")] {
      let tested = try #require(operation(named: name))
      if name.hasPrefix("xavier") && shape.count < 2 { continue }
      let sample = Sample(label, [:], Self.attributes(spread, scale, shape, seed: 11, index: 5))
      try expectAgreement(tested, sample, fill: .normals)
    }
  }

  /// Mean and variance of 100 001 numbers within six standard deviations of theirs; a prefix is the same numbers.
  @Test func drawsHaveTheirMoments() {
    let n = 100_001.0
    let draws = Fast.normalNoise(seed: 5, stream: .other, index: 3, count: 100_001)
    let (mean, variance) = meanAndVariance(draws)
    #expect(abs(mean) < 6 / n.squareRoot())
    #expect(abs(variance - 1) < 6 * (2 / n).squareRoot())
    #expect(Array(Fast.normalNoise(seed: 5, stream: .other, index: 3, count: 7)) == Array(draws.prefix(7)))
    #expect(draws.allSatisfy { abs($0) < 5.77 })
  }

  /// Glorot and Bengio's point: forwards and backwards, the variance of a sum over the fan is the same.
  @Test func theFansAreBalanced() {
    let (wide, tall) = (
      Fast.xavierNormalInitialization(shape: [90, 10, 1, 25], gain: 1, seed: 1, index: 2),
      Fast.xavierNormalInitialization(shape: [10, 90, 1, 25], gain: 1, seed: 1, index: 2)
    )
    #expect(wide.elements == tall.elements)
    let expected = 2.0 / Double(100 * 25)
    #expect(abs(meanAndVariance(wide.elements).variance / expected - 1) < 6 * (2.0 / 22_500).squareRoot())
  }

  @Test func draws() {
    let first = Fast.normalInitialization(shape: [64], deviation: 1, seed: 1, index: 0)
    #expect(first != Fast.normalInitialization(shape: [64], deviation: 1, seed: 2, index: 0))
    #expect(first != Fast.normalInitialization(shape: [64], deviation: 1, seed: 1, index: 1))
  }

  static let refused: [(String, [String: JSONValue], String)] = [
    ("one size", attributes("gain", 1, [8], seed: 0, index: 0), "attribute shape: 2 to 8 sizes of at least 1"),
    (
      "nine sizes", attributes("gain", 1, [Int](repeating: 1, count: 9), seed: 0, index: 0),
      "attribute shape: 2 to 8 sizes"
    ),
    ("no sizes", attributes("gain", 1, [], seed: 0, index: 0), "attribute shape: 2 to 8"),
    ("an empty tensor", attributes("gain", 1, [4, 0], seed: 0, index: 0), "attribute shape: 2 to 8"),
    ("too large", attributes("gain", 1, [1 << 13, 1 << 12], seed: 0, index: 0), "at most 2^24 in product"),
    ("no gain", attributes("gain", 0, [4, 4], seed: 0, index: 0), "attribute gain: a number above 0"),
    ("a negative seed", attributes("gain", 1, [4, 4], seed: -1, index: 0), "attribute seed: an integer of at least 0"),
    (
      "a negative index", attributes("gain", 1, [4, 4], seed: 0, index: -1), "attribute index: an integer of at least 0"
    ),
  ]

  @Test(arguments: refused) func refuses(_ label: String, _ attributes: [String: JSONValue], _ sentence: String) throws
  {
    let tested = XavierNormalInitialization.self
    expectError(saying: sentence) { try Sample(label, [:], attributes).operationCase(of: tested, fill: .normals) }
  }

  @Test func aVectorHasNoFans() async {
    let stopped = await #expect(processExitsWith: .failure, observing: [\.standardErrorContent]) {
      _ = Fast.xavierNormalInitialization(shape: [8], gain: 1, seed: 0, index: 0)
    }
    #expect(stopped.stops(with: "shape: [8] given, at least [O, C] is needed"))
  }
}
