import PerceptualConformance
import PerceptualCore
import PerceptualFiles

private func layer(
  _ label: String, _ x: [Int], training: Bool = true, _ more: [String: JSONValue] = [:]
) -> Sample {
  let c = [x[1]]
  return Sample(
    label, ["x": x, "gamma": c, "beta": c, "runningMean": c, "runningVariance": c],
    ["training": .bool(training)].merging(more) { $1 })
}

public let batchNormalizationSamples: [Sample] = [
  layer("smallest in training, two columns", [1, 1, 1, 2]),
  layer("smallest in training, two images", [2, 3, 1, 1], ["epsilon": .number(0.5)]),
  layer("three values", [1, 5, 3, 1], ["epsilon": .number(0.25)]),
  layer("the paper's latent layer, few channels", [4, 3, 16, 16]),
  layer("one past 4 columns", [2, 3, 3, 5]), layer("one past 8", [1, 2, 3, 3]), layer("one past 16", [3, 2, 1, 17]),
  layer("one past 32, epsilon that matters", [2, 7, 3, 11], ["epsilon": .number(0.5), "momentum": .number(0.25)]),
  layer("one past 64, one-dimensional", [2, 3, 1, 65], ["momentum": .integer(1)]),
  layer("more than one segment of a row", [2, 2, 33, 65]), layer("a single channel", [5, 1, 7, 3]),
  layer("momentum 0 keeps the running values", [2, 3, 4, 5], ["momentum": .integer(0)]),
  layer("inference", [3, 4, 5, 7], training: false),
  layer("inference, one value a channel", [1, 3, 1, 1], training: false, ["epsilon": .number(0.5)]),
  layer("inference, one past 32", [2, 5, 3, 11], training: false, ["epsilon": .number(0.01)]),
]

extension OperationCase<Double> {
  /// A variance is at least 0; here at least 1/4.
  public mutating func makeVariancesPositive() {
    inputs["runningVariance"] = inputs["runningVariance"]?.map { abs($0) + 0.25 }
  }
}
