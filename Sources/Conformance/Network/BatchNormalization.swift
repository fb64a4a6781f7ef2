import Fast
import PerceptualCore
import Reference

enum BatchNormalization: Operation {
  static let name = "batchNormalization"
  static let inputs = [
    InputDescription("x", "[N,C,H,W]"), InputDescription("gamma", "[C]"), InputDescription("beta", "[C]"),
    InputDescription("runningMean", "[C]"), InputDescription("runningVariance", "[C]"),
  ]
  static let attributes = [
    AttributeDescription("epsilon", default: "1e-5"), AttributeDescription("momentum", default: "0.1"),
    AttributeDescription("training"),
  ]
  static let outputs = ["y", "runningMean", "runningVariance"]
  static let gradients = ["x", "gamma", "beta"]

  static func tolerance(_ tensor: ResultName, _ side: Side) -> Tolerance {
    .bound(
      epsilons: 0.5,
      reason: "sums of n values, gamma_n sum |x|; their error and 8 roundings carried through the formula"
    ) { operationCase throws(PerceptualError) in
      let analysis = try BatchNormalizationAnalysis(operationCase, settings(operationCase.attributes), side)
      return analysis.bound(tensor)
    }
  }

  static func validate(_ given: CaseShapes) throws(PerceptualError) {
    try given.checkShape("x", [nil, nil, nil, nil])
    let shape = given["x"]
    for name in ["gamma", "beta", "runningMean", "runningVariance"] {
      try given.checkShape(name, [shape[1]])
    }
    let settings = try settings(given.attributes)
    if settings.training && given.count("x") == shape[1] {
      throw PerceptualError(
        .malformed,
        "input.x of shape \(shape) has one value a channel, training needs two for an unbiased variance")
    }
    if !(settings.epsilon >= 0) {
      throw PerceptualError(
        .malformed, "attribute epsilon: a number of at least 0 was expected, found \(settings.epsilon)")
    }
  }

  static func outputShapes(_ given: CaseShapes) throws(PerceptualError) -> [String: [Int]] {
    let shape = given["x"]
    return ["y": shape, "runningMean": [shape[1]], "runningVariance": [shape[1]]]
  }

  static func reference<Scalar: BinaryFloatingPoint & Sendable>(
    _ operationCase: OperationCase<Scalar>
  ) throws(PerceptualError) -> OperationResults<Scalar> {
    let (epsilon, momentum, training) = try settings(operationCase.attributes)
    let (x, gamma) = (operationCase.input("x"), operationCase.input("gamma"))
    let (mean, variance) = (operationCase.input("runningMean"), operationCase.input("runningVariance"))
    var results = Reference.batchNormalization(
      x, gamma: gamma, beta: operationCase.input("beta"), runningMean: mean, runningVariance: variance,
      epsilon: epsilon, momentum: momentum, training: training
    ).named
    if operationCase.asksForGradients {
      results.gradients =
        Reference.batchNormalizationGradient(
          x, gamma: gamma, runningMean: mean, runningVariance: variance, upstream: operationCase.cotangent("y"),
          upstreamRunningMean: operationCase.cotangent("runningMean"),
          upstreamRunningVariance: operationCase.cotangent("runningVariance"), epsilon: epsilon, momentum: momentum,
          training: training
        ).named
    }
    return results
  }

  static func fast(_ operationCase: OperationCase<Float>) throws(PerceptualError) -> OperationResults<Float> {
    let (epsilon, momentum, training) = try settings(operationCase.attributes)
    let (x, gamma) = (operationCase.input("x"), operationCase.input("gamma"))
    let (mean, variance) = (operationCase.input("runningMean"), operationCase.input("runningVariance"))
    var results = Fast.batchNormalization(
      x, gamma: gamma, beta: operationCase.input("beta"), runningMean: mean, runningVariance: variance,
      epsilon: epsilon, momentum: momentum, training: training
    ).named
    if operationCase.asksForGradients {
      results.gradients =
        Fast.batchNormalizationGradient(
          x, gamma: gamma, runningMean: mean, runningVariance: variance, upstream: operationCase.cotangent("y"),
          upstreamRunningMean: operationCase.cotangent("runningMean"),
          upstreamRunningVariance: operationCase.cotangent("runningVariance"), epsilon: epsilon, momentum: momentum,
          training: training
        ).named
    }
    return results
  }

  private static func settings(
    _ attributes: Attributes
  ) throws(PerceptualError) -> (epsilon: Double, momentum: Double, training: Bool) {
    (
      try attributes.number("epsilon", default: 1e-5), try attributes.number("momentum", default: 0.1),
      try attributes.bool("training")
    )
  }
}

extension BatchNormalizationOutput {
  fileprivate var named: OperationResults<Scalar> {
    OperationResults(outputs: ["y": y, "runningMean": runningMean, "runningVariance": runningVariance])
  }
}

extension BatchNormalizationGradients {
  fileprivate var named: [String: Tensor<Scalar>] { ["x": x, "gamma": gamma, "beta": beta] }
}
