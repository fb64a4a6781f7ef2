import Fast
import PerceptualCore
import Reference

enum BatchNormalization: OperationWithOptions {
  static let name = "batchNormalization"
  static let inputs: [InputDescription] = [
    .init("x", "[N,C,H,W]"), .init("gamma", "[C]"), .init("beta", "[C]"), .init("runningMean", "[C]"),
    .init("runningVariance", "[C]"),
  ]
  static let attributes: [AttributeDescription] = [
    .init("epsilon", default: "1e-5"), .init("momentum", default: "0.1"), "training",
  ]
  static let outputs = ["y", "runningMean", "runningVariance"]
  static let gradients = ["x", "gamma", "beta"]

  static func tolerance(_ tensor: ResultName, _ side: Side) -> Tolerance {
    .bound(
      epsilons: 0.5,
      reason: "sums of n values, gamma_n sum |x|; their error and 8 roundings carried through the formula"
    ) { given throws(PerceptualError) in
      let analysis = try BatchNormalizationAnalysis(given, options(given.attributes), side)
      return analysis.bound(tensor)
    }
  }

  typealias Options = (epsilon: Double, momentum: Double, training: Bool)

  static func options(_ attributes: Attributes) throws(PerceptualError) -> Options {
    let epsilon = try attributes.number("epsilon", default: 1e-5)
    if !(epsilon >= 0) { throw .malformed("attribute epsilon: a number of at least 0 was expected, found \(epsilon)") }
    return (epsilon, try attributes.number("momentum", default: 0.1), try attributes.bool("training"))
  }

  static func validate(_ given: CaseShapes, _ options: Options) throws(PerceptualError) {
    try given.checkShape("x", [nil, nil, nil, nil])
    let shape = given["x"]
    for name in ["gamma", "beta", "runningMean", "runningVariance"] { try given.checkShape(name, [shape[1]]) }
    if options.training && given.count("x") == shape[1] {
      throw .malformed("input.x of shape \(shape) has one value a channel, training needs two for an unbiased variance")
    }
  }

  static func outputShapes(_ given: CaseShapes, _ options: Options) -> [String: [Int]] {
    let shape = given["x"]
    return ["y": shape, "runningMean": [shape[1]], "runningVariance": [shape[1]]]
  }

  static func reference<Scalar>(_ given: OperationCase<Scalar>, _ options: Options) -> OperationResults<Scalar> {
    let (x, gamma) = (given.input("x"), given.input("gamma"))
    let (mean, variance) = (given.input("runningMean"), given.input("runningVariance"))
    return given.results(
      Reference.batchNormalization(
        x, gamma: gamma, beta: given.input("beta"), runningMean: mean, runningVariance: variance,
        epsilon: options.epsilon, momentum: options.momentum, training: options.training
      ).named,
      gradients: Reference.batchNormalizationGradient(
        x, gamma: gamma, runningMean: mean, runningVariance: variance, upstream: given.cotangent("y"),
        upstreamRunningMean: given.cotangent("runningMean"),
        upstreamRunningVariance: given.cotangent("runningVariance"), epsilon: options.epsilon,
        momentum: options.momentum, training: options.training
      ).named)
  }

  static func fast(_ given: OperationCase<Float>, _ options: Options) -> OperationResults<Float> {
    let (x, gamma) = (given.input("x"), given.input("gamma"))
    let (mean, variance) = (given.input("runningMean"), given.input("runningVariance"))
    return given.results(
      Fast.batchNormalization(
        x, gamma: gamma, beta: given.input("beta"), runningMean: mean, runningVariance: variance,
        epsilon: options.epsilon, momentum: options.momentum, training: options.training
      ).named,
      gradients: Fast.batchNormalizationGradient(
        x, gamma: gamma, runningMean: mean, runningVariance: variance, upstream: given.cotangent("y"),
        upstreamRunningMean: given.cotangent("runningMean"),
        upstreamRunningVariance: given.cotangent("runningVariance"), epsilon: options.epsilon,
        momentum: options.momentum, training: options.training
      ).named)
  }
}

extension BatchNormalizationOutput {
  fileprivate var named: [String: Tensor<Scalar>] {
    ["y": y, "runningMean": runningMean, "runningVariance": runningVariance]
  }
}

extension BatchNormalizationGradients {
  fileprivate var named: [String: Tensor<Scalar>] { ["x": x, "gamma": gamma, "beta": beta] }
}
