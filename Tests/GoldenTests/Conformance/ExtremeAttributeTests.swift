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
      [
        "sampleRate": .number(.leastNonzeroMagnitude), "bins": .integer(33), "mels": .integer(8),
        "highFrequency": .integer(4000),
      ],
      "attribute sampleRate: 0.001 to 1e12"
    ),
    (
      "melFilterBank", [:], ["sampleRate": .integer(16_000), "bins": .integer(33), "mels": .integer(1 << 24)],
      "mels: 16777216 given, at most 65536"
    ),
    (
      "inverseMelScale", ["mel": [14, 1]],
      ["sampleRate": .number(1e-30), "bins": .integer(30), "method": .string("minimumNorm")],
      "attribute sampleRate: 0.001 to 1e12"
    ),
    (
      "inverseMelScale", ["mel": [14, 1]],
      [
        "sampleRate": .integer(8000), "bins": .integer(30), "method": .string("minimumNorm"),
        "lowFrequency": .number(3999), "highFrequency": .number(3999.00001),
      ], "room for 14 filters between"
    ),
    (
      "inverseShortTimeFourierTransform", ["real": [3, 5], "imaginary": [3, 5]],
      ["windowLength": .integer(4), "hop": .integer(1 << 31), "centred": .bool(false), "length": .integer(5)],
      "cover more than the 2^28 samples"
    ),
    (
      "auditoryFilterBank", [:],
      [
        "sampleRate": .integer(16_000), "lowFrequency": .number(.leastNonzeroMagnitude),
        "highFrequency": .integer(3000),
        "bands": .integer(4), "taps": .integer(16),
      ], "expected for A-weighting"
    ),
  ]

  @Test(arguments: refused)
  func isRefused(_ name: String, _ shapes: [String: [Int]], _ attributes: [String: JSONValue], _ sentence: String)
    throws
  {
    let found = operation(named: name)
    let tested = try #require(found)
    let given = OperationCase<Double>(
      inputs: shapes.mapValues { Tensor(repeating: 1, shape: $0) }, attributes: Attributes(attributes))
    try tested.checkNames(given)
    expectError(saying: sentence) { try tested.validate(given) }
  }
}
