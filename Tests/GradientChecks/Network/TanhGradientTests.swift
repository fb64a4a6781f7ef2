@testable import PerceptualConformance
import PerceptualCore
import PerceptualTestSupport
import Testing

@Suite struct TanhGradientTests {
  @Test func wholeJacobian() throws {
    let tested = Tanh.self
    let operationCase = try Sample("small", ["x": [2, 3, 7]]).operationCase(of: tested, fill: .normals)
    for report in try GradientCheck().everyElement(of: tested, operationCase) {
      #expect(report.passed, "\(report)")
    }
    #expect(try checkLinearityInUpstream(tested, operationCase) == [])
  }
}
