@testable import PerceptualConformance
import PerceptualCore
import PerceptualFiles
import PerceptualTestSupport
import Testing

@Suite struct BatchNormalizationGradientTests {
  private let tested = BatchNormalization.self

  /// Small layers whole, with an epsilon that matters and upstream gradients of the running values.
  @Test(arguments: [true, false])
  func wholeJacobian(training: Bool) throws {
    let c = [3]
    let sample = Sample(
      "small", ["x": [2, 3, 3, 2], "gamma": c, "beta": c, "runningMean": c, "runningVariance": c],
      ["training": .bool(training), "epsilon": 0.25, "momentum": 0.3])
    let operationCase = try sample.operationCase(of: tested, fill: .normals) { $0.makeVariancesPositive() }
    try expectWholeJacobian(of: tested, operationCase)
  }

  @Test(arguments: batchNormalizationSamples.filter { !$0.label.hasPrefix("smallest") })
  func randomDirections(_ sample: Sample) throws {
    let operationCase = try sample.operationCase(of: tested, fill: .normals) { $0.makeVariancesPositive() }
    #expect(try GradientCheck().randomDirections(4, of: tested, operationCase, seed: sample.label).failures == [])
  }

  /// Only the running values have an upstream gradient: what reaches x is theirs alone.
  @Test func flowsFromTheRunningValues() throws {
    let sample = Sample(
      "running", ["x": [2, 2, 2, 3], "gamma": [2], "beta": [2], "runningMean": [2], "runningVariance": [2]],
      ["training": .bool(true)])
    var operationCase = try sample.operationCase(of: tested, fill: .normals) { $0.makeVariancesPositive() }
    operationCase.cotangents["y"] = Tensor(shape: [2, 2, 2, 3])
    try expectWholeJacobian(of: tested, operationCase)
    let x = try #require(try tested.run(.fast, operationCase).gradients["x"])
    #expect(x.elements.contains { $0 != 0 })
  }
}
