@testable import PerceptualConformance
import PerceptualCore
import PerceptualTestSupport
import Testing

@Suite struct BilinearUpsamplingGradientTests {
  /// The whole Jacobian, borders included; sides of 1 and unequal factors.
  @Test(arguments: [false, true], [[2, 2, 4, 3], [1, 2, 1, 5], [1, 1, 6, 1]])
  func wholeJacobian(_ alignCorners: Bool, _ shape: [Int]) throws {
    let tested = BilinearUpsampling.self
    for (height, width) in [(2, 2), (3, 4), (1, 5)] {
      let sample = Sample(
        "\(shape) by \(height)x\(width)", ["x": shape],
        ["factor": .array([.integer(height), .integer(width)]), "alignCorners": .bool(alignCorners)])
      try expectWholeJacobian(of: tested, sample)
    }
  }
}
