import PerceptualCore
import PerceptualFiles
import PerceptualTestSupport
import Testing

@testable import PerceptualConformance

/// Operations without kinks: every element of every input, and linearity in the upstream gradient. A test for each
/// operation, so that one can be run without the others.
@Suite struct WholeJacobianTests {
  private func check(_ tested: any Operation.Type, _ samples: Sample...) throws {
    for sample in samples { try expectWholeJacobian(of: tested, sample) }
  }

  @Test func tanh() throws { try check(Tanh.self, Sample("small", ["x": [2, 3, 7]])) }

  @Test func sigmoid() throws { try check(Sigmoid.self, Sample("small", ["x": [2, 3, 7]])) }

  @Test func gatedUnit() throws {
    try check(
      GatedUnit.self, Sample("tanh", ["x": [2, 3, 5], "gate": [2, 3, 5]]),
      Sample("identity", ["x": [17], "gate": [17]], ["activation": "identity"]))
  }

  @Test func pixelNormalization() throws {
    try check(
      PixelNormalization.self, Sample("signal", ["x": [2, 5, 1, 7]]),
      Sample("epsilon", ["x": [1, 3, 4]], ["epsilon": 0.5]))
  }

  @Test func linear() throws {
    try check(Linear.self, Sample("with bias", ["x": [3, 5], "weight": [4, 5], "bias": [4]]))
  }

  @Test func nearestUpsampling() throws {
    try check(NearestUpsampling.self, Sample("by 2x3", ["x": [2, 2, 3, 4]], ["factor": [2, 3]]))
  }

  @Test func meanSquaredError() throws { try check(MeanSquaredError.self, imageSample("small", [2, 5, 7])) }

  @Test func peakSignalToNoiseRatio() throws {
    try check(
      PeakSignalToNoiseRatio.self, imageSample("small", [2, 5, 7]),
      imageSample("data range", [2, 5, 7], ["dataRange": 2.5]))
  }

  @Test func structuralSimilarityMap() throws {
    try check(
      StructuralSimilarityMap.self, imageSample("small", [2, 2, 7, 6], ["windowSize": 3]),
      imageSample("sample covariance", [2, 2, 7, 6], ["windowSize": 5, "covariance": "sample"]))
  }

  @Test func categoricalCrossEntropy() throws {
    let tested = CategoricalCrossEntropy.self
    let sample = Sample("three positions", ["logits": [2, 5, 3], "classes": [2, 3]])
    let operationCase = try sample.operationCase(of: tested, fill: .normals) {
      $0.inputs["classes"] = Tensor([0, 4, 2, 2, 1, 3], shape: [2, 3])
    }
    try expectWholeJacobian(of: tested, operationCase)
  }
}
