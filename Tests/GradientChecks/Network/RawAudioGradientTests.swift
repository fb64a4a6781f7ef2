@testable import PerceptualConformance
import PerceptualCore
import PerceptualFiles
import PerceptualTestSupport
import Testing

/// The operations of the autoencoder of raw samples.
@Suite struct RawAudioGradientTests {
  static let samples: [(String, Sample)] = [
    ("gatedUnit", Sample("tanh", ["x": [2, 3, 5], "gate": [2, 3, 5]])),
    ("gatedUnit", Sample("identity", ["x": [17], "gate": [17]], ["activation": .string("identity")])),
    ("pixelNormalization", Sample("signal", ["x": [2, 5, 1, 7]])),
    ("pixelNormalization", Sample("epsilon", ["x": [1, 3, 4]], ["epsilon": .number(0.5)])),
    ("linear", Sample("with bias", ["x": [3, 5], "weight": [4, 5], "bias": [4]])),
  ]

  @Test(arguments: samples) func wholeJacobian(_ name: String, _ sample: Sample) throws {
    let tested = try #require(operation(named: name))
    let operationCase = try sample.operationCase(of: tested, fill: .normals)
    for report in try GradientCheck().everyElement(of: tested, operationCase) { #expect(report.passed, "\(report)") }
    #expect(try checkLinearityInUpstream(tested, operationCase) == [])
  }

  @Test func categoricalCrossEntropy() throws {
    let tested = CategoricalCrossEntropy.self
    let sample = Sample("three positions", ["logits": [2, 5, 3], "classes": [2, 3]])
    let operationCase = try sample.operationCase(of: tested, fill: .normals) { operationCase in
      operationCase.inputs["classes"] = Tensor([0, 4, 2, 2, 1, 3], shape: [2, 3])
    }
    for report in try GradientCheck().everyElement(of: tested, operationCase) { #expect(report.passed, "\(report)") }
    #expect(try checkLinearityInUpstream(tested, operationCase) == [])
  }
}
