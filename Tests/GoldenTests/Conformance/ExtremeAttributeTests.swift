import PerceptualConformance
import PerceptualCore
import PerceptualFiles
import PerceptualTestSupport
import Testing

/// What tools/reliability/fuzz-c found to end or hang the process is refused before anything is computed.
@Suite struct ExtremeAttributeTests {
  static let refused: [(String, [String: [Int]], [String: JSONValue], String)] = [
    (
      "melFilterBank", [:],
      ["sampleRate": .number(.leastNonzeroMagnitude), "bins": 33, "mels": 8, "highFrequency": 4000],
      "attribute sampleRate: 0.001 to 1e12"
    ),
    (
      "melFilterBank", [:], ["sampleRate": 16_000, "bins": 33, "mels": .integer(1 << 24)],
      "mels: 16777216 given, at most 65536"
    ),
    (
      "inverseMelScale", ["mel": [14, 1]], ["sampleRate": 1e-30, "bins": 30, "method": "minimumNorm"],
      "attribute sampleRate: 0.001 to 1e12"
    ),
    (
      "inverseMelScale", ["mel": [14, 1]],
      ["sampleRate": 8000, "bins": 30, "method": "minimumNorm", "lowFrequency": 3999.0, "highFrequency": 3999.00001],
      "room for 14 filters between"
    ),
    (
      "inverseShortTimeFourierTransform", ["real": [3, 5], "imaginary": [3, 5]],
      ["windowLength": 4, "hop": .integer(1 << 31), "centred": .bool(false), "length": 5],
      "cover more than the 2^28 samples"
    ),
    (
      "auditoryFilterBank", [:],
      [
        "sampleRate": 16_000, "lowFrequency": .number(.leastNonzeroMagnitude), "highFrequency": 3000, "bands": 4,
        "taps": 16,
      ], "expected for A-weighting"
    ),
  ]

  @Test(arguments: refused)
  func isRefused(
    _ name: String, _ shapes: [String: [Int]], _ attributes: [String: JSONValue], _ sentence: String
  ) throws {
    let found = operation(named: name)
    let tested = try #require(found)
    let given = OperationCase<Double>(
      inputs: shapes.mapValues { Tensor(repeating: 1, shape: $0) }, attributes: Attributes(attributes))
    try tested.checkNames(given)
    expectError(saying: sentence) { try tested.validate(given) }
  }
}
