@testable import PerceptualConformance
import PerceptualCore
import PerceptualTestSupport
import Testing

@Suite struct LeakyReLUGradientTests {
  @Test func wholeJacobian() throws {
    let tested = LeakyReLU.self
    let sample = Sample("small", ["x": [2, 3, 7]], ["slope": 0.2])
    let operationCase = try sample.operationCase(of: tested, fill: .normals)
    let check = GradientCheck(step: 1e-7) { $0.input("x").elements.map { $0 > 0 } }
    try expectWholeJacobian(of: tested, operationCase, by: check)
  }
}
