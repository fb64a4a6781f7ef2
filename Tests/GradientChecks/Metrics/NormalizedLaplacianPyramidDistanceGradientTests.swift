@testable import PerceptualConformance
import PerceptualCore
import PerceptualTestSupport
import Reference
import Testing

/// The distance has kinks where a residual is 0, so steps are 1e-7 and a direction that turns a residual's sign is
/// drawn again.
@Suite struct NormalizedLaplacianPyramidDistanceGradientTests {
  private let tested = NormalizedLaplacianPyramidDistance.self

  private static let check = GradientCheck(step: 1e-7) { LaplacianPyramidVariantGradientTests.residualSigns($0) }

  private func pair(_ label: String, _ shape: [Int], levels: Int) throws -> OperationCase<Double> {
    try imageCase(imageSample(label, shape, ["levels": .integer(levels)]), .noisy, of: tested)
  }

  @Test(arguments: [([1, 1, 3, 3], 1), ([1, 2, 4, 5], 1), ([2, 1, 8, 7], 2), ([1, 1, 9, 10], 3)])
  func wholeJacobian(_ shape: [Int], _ levels: Int) throws {
    try expectWholeJacobian(of: tested, try pair("whole", shape, levels: levels), by: Self.check)
  }

  @Test(arguments: [[2, 1, 65, 66], [1, 3, 67, 65]])
  func randomDirections(_ shape: [Int]) throws {
    let operationCase = try pair("directions", shape, levels: 6)
    #expect(
      try Self.check.randomDirections(6, of: tested, operationCase, seed: "NLPD directions \(shape)").failures == [])
  }

  /// Every pixel of the border, where reflection folds the filters back.
  @Test func frame() throws {
    let (height, width) = (17, 20)
    let operationCase = try pair("frame", [1, 1, height, width], levels: 4)
    let frame = borderPixels(height: height, width: width)
    #expect(try Self.check.elements(frame, ofInput: "prediction", of: tested, operationCase).failures == [])
  }
}
