@testable import PerceptualConformance
import PerceptualCore
import PerceptualFiles
import PerceptualTestSupport
import Reference
import Testing

@Suite struct BarkDistanceGradientTests {
  static let samples: [Sample] = [
    ("cosine, weighted", 1, 10.0, true, "cosine"), ("squares, lap 2", 2, 100, false, "meanSquaredError"),
    ("cosine, lap 3", 3, 1, false, "cosine"),
  ].map { label, stride, factor, weighted, distance in
    Sample(
      label, ["prediction": [2, 29], "target": [2, 29]],
      [
        "sampleRate": 8000, "lowFrequency": 2000, "highFrequency": 3750,
        "bands": 5, "taps": 60, "stride": .integer(stride), "logFactor": .number(factor),
        "aWeighting": .bool(weighted), "distance": .string(distance),
      ])
  }

  /// Which responses are positive: the rectifier's kinks.
  static func positiveResponses(_ operationCase: OperationCase<Double>) -> [Bool] {
    guard let options = try? operationCase.attributes.barkDistanceOptions() else { return [] }
    let bank: Tensor<Double> = Reference.auditoryFilterBank(options.filters)
    let taps = options.filters.taps
    var signs: [Bool] = []
    for name in ["prediction", "target"] {
      let signal = operationCase.input(name)
      for n in 0..<signal.shape[0] {
        for band in 0..<options.filters.bands {
          for p in 0..<options.positions(samples: signal.shape[1]) {
            var sum = 0.0
            for k in 0..<taps {
              let i = p * options.stride - taps + k
              if i >= 0 && i < signal.shape[1] { sum += bank[band, k] * signal[n, i] }
            }
            signs.append(sum > 0)
          }
        }
      }
    }
    return signs
  }

  @Test(arguments: samples) func wholeJacobian(_ sample: Sample) throws {
    let tested = BarkDistance.self
    let operationCase = try sample.operationCase(of: tested, fill: .normals)
    let check = GradientCheck(step: 1e-7) { Self.positiveResponses($0) }
    try expectWholeJacobian(of: tested, operationCase, by: check)
  }

  /// Thresholds follow from the target, which stands still here: its gradient holds them fixed, and is PyTorch's.
  @Test(arguments: ["cosine", "meanSquaredError"]) func underMasking(_ distance: String) throws {
    let tested = MaskedBarkDistance.self
    var attributes = Self.samples[0].attributes
    attributes["logFactor"] = nil
    attributes["frame"] = .integer(7)
    attributes["distance"] = .string(distance)
    let sample = Sample("masked", Self.samples[0].shapes, attributes)
    let operationCase = try sample.operationCase(of: tested, fill: .normals)
    let check = GradientCheck(step: 1e-7) { operationCase in
      var unmasked = operationCase
      unmasked.attributes["logFactor"] = .integer(1)
      return Self.positiveResponses(unmasked)
    }
    let elements = Array(0..<operationCase.input("prediction").count)
    #expect(try check.elements(elements, ofInput: "prediction", of: tested, operationCase).failures == [])
    #expect(try checkLinearityInUpstream(tested, operationCase) == [])
  }
}
