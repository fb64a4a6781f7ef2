@testable import PerceptualConformance
import PerceptualCore
import PerceptualFiles
import PerceptualTestSupport
import Testing

@Suite struct SoftQuantizationGradientTests {
  /// The steeper the softmax, the larger its third derivative against the step: the step shrinks with the scale.
  @Test(arguments: [
    ([-1.0, 1], 10.0, 1e-6), ([-1, 0, 1], 0.5, 6e-6), ([1.5, -2, 0.1, 4, -0.25], 3, 3e-6), ([0.75], 2, 6e-6),
  ])
  func wholeJacobian(_ centres: [Double], _ scale: Double, _ step: Double) throws {
    let tested = SoftQuantization.self
    let sample = Sample(
      "small \(centres)", ["x": [2, 3, 7]],
      ["centres": .array(centres.map { .number($0) }), "scale": .number(scale)])
    let operationCase = try sample.operationCase(of: tested, fill: .normals) {
      // Within a quarter of the middle, where the paper's quantiser has not saturated.
      $0.inputs["x"] = $0.inputs["x"]?.map { centres.count == 2 ? $0 / 8 : $0 }
    }
    try expectWholeJacobian(of: tested, operationCase, by: GradientCheck(step: step))
  }
}
