import Fast
import PerceptualConformance
import PerceptualCore
import PerceptualTestSupport
import Testing

@Suite struct LeakyReLUTests {
  static let samples = [
    Sample("one element", ["x": [1]]),
    Sample("one past each SIMD width", ["x": [5, 9, 17]]),
    Sample("more than one piece of work", ["x": [2, 65_537]], ["slope": .number(0.2)]),
    Sample("slope 0 is ReLU", ["x": [31]], ["slope": .integer(0)]),
  ]

  @Test(arguments: samples, [Fill.integers, .normals, .specials])
  func agreesWithReference(_ sample: Sample, _ fill: Fill) throws {
    let tested = try #require(operation(named: "leakyReLU"))
    let operationCase = try sample.operationCase(of: tested, fill: fill)
    #expect(try crossCheck(tested, operationCase, matchingNonFinite: fill == .specials) == [])
  }
}
