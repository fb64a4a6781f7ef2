@testable import PerceptualConformance
import PerceptualCore
import PerceptualTestSupport
import Testing

@Suite struct MeanSquaredErrorGradientTests {
  @Test func wholeJacobian() throws {
    let tested = MeanSquaredError.self
    let sample = Sample("small", ["prediction": [3, 5, 7], "target": [3, 5, 7]])
    let operationCase = try sample.operationCase(of: tested, fill: .normals)
    for report in try GradientCheck().everyElement(of: tested, operationCase) {
      #expect(report.passed, "\(report)")
    }
    #expect(try checkLinearityInUpstream(tested, operationCase) == [])
  }
}
