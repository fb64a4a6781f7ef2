import PerceptualCore
import PerceptualFiles
import PerceptualTestSupport
import Testing

@testable import PerceptualConformance

/// Operations without kinks: every element of every input, and linearity in the upstream gradient.
@Suite struct WholeJacobianTests {
  static let pair: [String: [Int]] = ["prediction": [2, 5, 7], "target": [2, 5, 7]]
  static let pictures: [String: [Int]] = ["prediction": [2, 2, 7, 6], "target": [2, 2, 7, 6]]

  static let samples: [(any Operation.Type, Sample)] = [
    (Tanh.self, Sample("small", ["x": [2, 3, 7]])),
    (Sigmoid.self, Sample("small", ["x": [2, 3, 7]])),
    (GatedUnit.self, Sample("tanh", ["x": [2, 3, 5], "gate": [2, 3, 5]])),
    (GatedUnit.self, Sample("identity", ["x": [17], "gate": [17]], ["activation": .string("identity")])),
    (PixelNormalization.self, Sample("signal", ["x": [2, 5, 1, 7]])),
    (PixelNormalization.self, Sample("epsilon", ["x": [1, 3, 4]], ["epsilon": .number(0.5)])),
    (Linear.self, Sample("with bias", ["x": [3, 5], "weight": [4, 5], "bias": [4]])),
    (NearestUpsampling.self, Sample("by 2x3", ["x": [2, 2, 3, 4]], ["factor": .array([.integer(2), .integer(3)])])),
    (MeanSquaredError.self, Sample("small", pair)),
    (PeakSignalToNoiseRatio.self, Sample("small", pair)),
    (PeakSignalToNoiseRatio.self, Sample("data range", pair, ["dataRange": .number(2.5)])),
    (StructuralSimilarityMap.self, Sample("small", pictures, ["windowSize": 3])),
    (
      StructuralSimilarityMap.self,
      Sample("sample covariance", pictures, ["windowSize": 5, "covariance": .string("sample")])
    ),
  ]

  @Test(arguments: samples) func agrees(_ tested: any Operation.Type, _ sample: Sample) throws {
    let operationCase = try sample.operationCase(of: tested, fill: .normals)
    #expect(try GradientCheck().everyElement(of: tested, operationCase).failures == [])
    #expect(try checkLinearityInUpstream(tested, operationCase) == [])
  }

  @Test func categoricalCrossEntropy() throws {
    let sample = Sample("three positions", ["logits": [2, 5, 3], "classes": [2, 3]])
    let operationCase = try sample.operationCase(of: CategoricalCrossEntropy.self, fill: .normals) {
      $0.inputs["classes"] = Tensor([0, 4, 2, 2, 1, 3], shape: [2, 3])
    }
    #expect(try GradientCheck().everyElement(of: CategoricalCrossEntropy.self, operationCase).failures == [])
    #expect(try checkLinearityInUpstream(CategoricalCrossEntropy.self, operationCase) == [])
  }
}
