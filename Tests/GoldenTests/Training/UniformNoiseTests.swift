import Fast
@testable import PerceptualConformance
import PerceptualCore
import PerceptualFiles
import PerceptualTestSupport
import Reference
import Testing

@Suite struct UniformNoiseTests {
  private let tested = UniformNoise.self

  private static let all = UInt64.max

  /// The known answers that Random123 publishes for philox4x64 with 10 rounds: key, counter, block. The counter is
  /// raised before the first block, so the test starts one below.
  static let knownAnswers: [(String, [UInt64], [UInt64], [UInt64])] = [
    (
      "zeros", [0, 0], [0, 0, 0, 0],
      [0x1655_4d9e_ca36_314c, 0xdb20_fe9d_672d_0fdc, 0xd7e7_72ce_e186_176b, 0x7e68_b68a_ec7b_a23b]
    ),
    (
      "ones", [all, all], [all, all, all, all],
      [0x87b0_92c3_013f_e90b, 0x438c_3c67_be8d_0224, 0x9cc7_d7c6_9cd7_77b6, 0xa09c_aebf_594f_0ba0]
    ),
    (
      "digits of pi", [0x4528_21e6_38d0_1377, 0xbe54_66cf_34e9_0c6c],
      [0x243f_6a88_85a3_08d3, 0x1319_8a2e_0370_7344, 0xa409_3822_299f_31d0, 0x082e_fa98_ec4e_6c89],
      [0xa528_f454_03e6_1d95, 0x38c7_2dbd_566e_9788, 0xa5a1_610e_72fd_18b5, 0x57bd_43b5_e52b_7fe6]
    ),
  ]

  @Test(arguments: knownAnswers)
  func publishedBlocks(_ label: String, _ key: [UInt64], _ counter: [UInt64], _ block: [UInt64]) {
    var before = counter
    for index in 0..<4 {
      before[index] &-= 1
      if counter[index] != 0 { break }
    }
    let expected = block.flatMap { word in
      [word & 0xFFFF_FFFF, word >> 32].map { Float(($0 >> 8)) / 16_777_216 }
    }
    #expect(Reference.uniformNoise(key: key, counter: before, count: 8) == expected)
    #expect(Fast.uniformNoise(key: key, counter: before, count: 8) == expected)
  }

  @Test(arguments: [
    ("one value", [7, 0], [0, 0, 0, 0], 1), ("inside a block", [1, 2], [3, 4, 5, 6], 7),
    ("a block", [1, 2], [3, 4, 5, 6], 8), ("one past a block", [1, 2], [3, 4, 5, 6], 9),
    ("one past a piece of work", [7, 0], [0, 0, 3, 0], 65_537), ("three pieces", [7, 1], [0, 0, 1, 0], 150_001),
    ("a carry within a piece", [5, 6], [all - 1, 0, 0, 0], 40),
    ("a carry between pieces", [5, 6], [all - 8192, all, all, 9], 131_072 + 3),
    ("the counter wraps around", [all, all], [all, all, all, all], 17),
  ])
  func agreesWithReference(_ label: String, _ key: [UInt64], _ counter: [UInt64], _ count: Int) throws {
    let attributes: [String: JSONValue] = [
      "key": .array(key.map { .string("\($0)") }), "counter": .array(counter.map { .string("\($0)") }),
      "count": .integer(count),
    ]
    let operationCase = try Sample(label, [:], attributes).operationCase(of: tested, fill: .normals)
    try expectAgreement(tested, operationCase, exact: true)
  }

  @Test func drawsOfAStream() {
    let draw = Fast.uniformNoise(seed: 9, stream: .phases, index: 5, count: 100)
    #expect(draw == Reference.uniformNoise(key: [9, 2], counter: [0, 0, 5, 0], count: 100))
    #expect(draw.allSatisfy { $0 >= 0 && $0 < 1 })
    #expect(draw != Fast.uniformNoise(seed: 9, stream: .phases, index: 6, count: 100))
    #expect(draw != Fast.uniformNoise(seed: 9, stream: .noise, index: 5, count: 100))
    #expect(draw != Fast.uniformNoise(seed: 8, stream: .phases, index: 5, count: 100))
    #expect(Array(draw[..<40]) == Fast.uniformNoise(seed: 9, stream: .phases, index: 5, count: 40))
    #expect(Fast.uniformNoise(seed: 9, stream: .phases, index: 5, count: 0) == [])
    #expect(Reference.uniformNoise(key: [9, 2], counter: [0, 0, 5, 0], count: 0) == [])
  }

  /// Mean and variance of a million values lie within five standard deviations of 1/2 and 1/12.
  @Test func isUniform() {
    let n = 1_000_000.0
    let values = Fast.uniformNoise(seed: 1, stream: .noise, index: 0, count: 1_000_000)
    let (mean, variance) = meanAndVariance(values)
    #expect(abs(mean - 0.5) < 5 * (1 / (12 * n)).squareRoot())
    #expect(abs(variance - 1.0 / 12) < 5 * (1 / (180 * n)).squareRoot())
  }

  /// PyTorch's default: uniform within +-1 / sqrt(fan-in), from stream 1.
  @Test func defaultInitializationIsBounded() {
    let weight = Fast.defaultInitialization(shape: [8, 4, 3, 3], fanIn: 36, seed: 7, index: 3)
    #expect(weight.shape == [8, 4, 3, 3])
    let bound = Float(1.0 / 6)
    let draws = Reference.uniformNoise(key: [7, 1], counter: [0, 0, 3, 0], count: 288)
    #expect(weight.elements == draws.map { bound * (2 * $0 - 1) })
    #expect(weight.elements.allSatisfy { abs($0) <= bound })
  }

  static let refused: [(String, [String: JSONValue], String)] = [
    ("one key", ["key": words(1), "counter": words(4), "count": 1], "attribute key: 2 unsigned 64-bit words"),
    ("three words", ["key": words(2), "counter": words(3), "count": 1], "attribute counter: 4 unsigned"),
    (
      "a number beyond 64 bits",
      ["key": .array([.string("18446744073709551616"), .string("0")]), "counter": words(4), "count": 1],
      "attribute key: 2 unsigned 64-bit words"
    ),
    ("nothing", ["key": words(2), "counter": words(4), "count": 0], "count: an integer of at least 1"),
    ("no count", ["key": words(2), "counter": words(4)], "attribute count of uniformNoise is missing"),
  ]

  private static func words(_ count: Int) -> JSONValue { .array((0..<count).map { .string("\($0)") }) }

  @Test(arguments: refused)
  func refuses(_ label: String, _ attributes: [String: JSONValue], _ sentence: String) throws {
    expectError(saying: sentence) { try Sample(label, [:], attributes).operationCase(of: tested, fill: .integers) }
  }

  @Test func callersStopWithASentence() async {
    let key = await #expect(processExitsWith: .failure, observing: [\.standardErrorContent]) {
      _ = Reference.uniformNoise(key: [1], counter: [0, 0, 0, 0], count: 1)
    }
    #expect(key.stops(with: "key: 1 words given, 2 are needed"))
    let counter = await #expect(processExitsWith: .failure, observing: [\.standardErrorContent]) {
      _ = Fast.uniformNoise(key: [1, 2], counter: [0], count: 1)
    }
    #expect(counter.stops(with: "counter: 1 words given, 4 are needed"))
    let fanIn = await #expect(processExitsWith: .failure, observing: [\.standardErrorContent]) {
      _ = Fast.defaultInitialization(shape: [1], fanIn: 0, seed: 0, index: 0)
    }
    #expect(fanIn.stops(with: "fanIn: 0 given, at least 1 is needed"))
  }
}
