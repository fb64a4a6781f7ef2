import PerceptualConformance
import PerceptualCore
import PerceptualFiles

/// A pair of images on which implementations of the metrics fail, and what is due: finite values and gradients, or an
/// error that says what is wrong. docs/metrics.md lists what the peers make of them.
public struct HostilePair: Sendable, CustomStringConvertible {
  public enum Due: Sendable { case finite, refused, finiteOrRefused }
  public let label: String
  public let due: Due
  public let prediction: Tensor<Double>
  public let target: Tensor<Double>
  public var description: String { label }
}

/// A metric and settings under which every row of ``hostilePairs`` is tried.
public struct HostileMetric: Sendable, CustomStringConvertible {
  public let operation: String
  public let attributes: [String: JSONValue]
  public var description: String {
    operation + attributes.sorted { $0.key < $1.key }.map { " \($0.key) \($0.value.text)" }.joined()
  }
  public init(_ operation: String, _ attributes: [String: JSONValue] = [:]) {
    self.operation = operation
    self.attributes = attributes
  }
}

private let small: [String: JSONValue] = ["windowSize": 3, "sigma": 1]

/// Every kink of every metric is in one of these.
public let hostileMetrics: [HostileMetric] = [
  .init("meanSquaredError"), .init("structuralSimilarity"), .init("structuralSimilarity", ["padding": "reflect"]),
  .init("structuralSimilarity", ["rectifiedContrast": .bool(true)]),
  .init("structuralSimilarity", ["windowSize": 7, "window": "uniform", "covariance": "sample"]),
  .init("multiScaleStructuralSimilarity", small),
  .init("multiScaleStructuralSimilarity", small.merging(["negativeContrast": "floor"]) { $1 }),
  .init(
    "multiScaleStructuralSimilarity",
    small.merging(["negativeContrast": "shift", "channels": "joint", "padding": "reflect", "oddSizes": "drop"]) { $1 }),
  .init("multiScaleStructuralSimilarity", small.merging(["negativeContrast": "reluMap", "channels": "joint"]) { $1 }),
  .init("multiScaleStructuralSimilarity", small.merging(["oddSizes": "symmetric"]) { $1 }),
  .init("multiScaleStructuralSimilarity", small.merging(["oddSizes": "replicateStart"]) { $1 }),
  .init("normalizedLaplacianPyramidDistance", ["levels": 4]),
  .init("normalizedLaplacianPyramidDistance", ["levels": 4, "pooling": "batch"]),
  .init("normalizedLaplacianPyramidDistance", ["family": "matlab"]),
  .init("normalizedLaplacianPyramidDistance", ["family": "laparra"]),
  .init("normalizedLaplacianPyramidDistance", ["family": "tensorflow", "pooling": "batch"]),
]

private let height = 50
private let width = 49

/// An image of one channel, its value a function of row and column.
private func image(_ value: (Int, Int) -> Double) -> Tensor<Double> {
  Tensor(
    (0..<height * width).map { Double(Float(value($0 / width, $0 % width))) }, shape: [1, 1, height, width])
}

private func constant(_ value: Double) -> Tensor<Double> { image { _, _ in value } }

private func noise(_ name: String, low: Double = 0, high: Double = 1) -> Tensor<Double> {
  var generator = SeededGenerator(name: name)
  return image { _, _ in low + (high - low) * generator.uniform() }
}

/// Multiples of 2^-12, so that 1 - x is exact.
private let picture = image { row, column in
  let wave = Double((row * row + 3 * row * column + 7 * column) % 61) / 61
  return ((0.25 + 0.4 * wave + 0.1 * Double(row) / 50) * 4096).rounded() / 4096
}

private func changed(_ image: Tensor<Double>, _ row: Int, _ column: Int, by: Double) -> Tensor<Double> {
  var result = image
  result[0, 0, row, column] = Double(Float(result[0, 0, row, column] + by))
  return result
}

private func pair(
  _ label: String, _ prediction: Tensor<Double>, _ target: Tensor<Double>, _ due: HostilePair.Due = .finite
) -> HostilePair {
  HostilePair(label: label, due: due, prediction: prediction, target: target)
}

private func shaped(_ label: String, _ shape: [Int], _ other: [Int]? = nil, _ due: HostilePair.Due) -> HostilePair {
  pair(label, Tensor(repeating: 0.5, shape: shape), Tensor(repeating: 0.25, shape: other ?? shape), due)
}

/// Pairs of one shape: flat, equal, opposite, sparse, periodic, minute, huge.
private let valuePairs: [HostilePair] = [
  pair("equal pictures: roots of 0 (NLPD's NaN)", picture, picture),
  pair("equal noise", noise("a"), noise("a")), pair("equal constants", constant(0.5), constant(0.5)),
  pair("both all 0", constant(0), constant(0)), pair("both all 1", constant(1), constant(1)),
  pair("0 against 1", constant(0), constant(1)), pair("1 against 0", constant(1), constant(0)),
  pair("two constants", constant(0.25), constant(0.75)),
  pair("zero contrast against a picture", constant(0.5), picture),
  pair("black against a picture", constant(0), picture), pair("white against a picture", constant(1), picture),
  pair("noise against grey: where training starts", noise("b"), constant(0.5)),
  pair("x against 1 - x: contrast under 0 (pytorch-msssim 7, 11)", picture.map { 1 - $0 }, picture),
  pair("noise against 1 - noise (tensorflow 50400)", noise("c").map { Double(Float(1 - $0)) }, noise("c")),
  pair("x against -x: luminance under 0 too", picture.map { -$0 }, picture),
  pair("x - 1/2 against 1/2 - x", picture.map { $0 - 0.5 }, picture.map { 0.5 - $0 }),
  pair("one pixel differs", changed(picture, 20, 20, by: 0.25), picture),
  pair("one pixel differs by a rounding", changed(picture, 20, 20, by: 0x1p-24), picture),
  pair("a white pixel on black against black", changed(constant(0), 25, 25, by: 1), constant(0)),
  pair("a white pixel in the corner", changed(constant(0), 0, 0, by: 1), constant(0)),
  pair("a white pixel in the last corner", changed(constant(0), height - 1, width - 1, by: 1), constant(0)),
  pair("two white pixels at two places", changed(constant(0), 3, 3, by: 1), changed(constant(0), 40, 40, by: 1)),
  pair("one row differs", image { row, _ in row == 10 ? 1 : 0 }, constant(0)),
  pair("the last column differs", image { _, column in column == width - 1 ? 1 : 0 }, constant(0)),
  pair("an edge against the same moved", image { $1 < 20 ? 0 : 1 }, image { $1 < 23 ? 0 : 1 }),
  pair("a checkerboard against its negative", image { Double(($0 + $1) % 2) }, image { Double(($0 + $1 + 1) % 2) }),
  pair("a checkerboard against grey", image { Double(($0 + $1) % 2) }, constant(0.5)),
  pair("stripes against the same moved", image { Double($1 % 2) }, image { Double(($1 + 1) % 2) }),
  pair("stripes against those across", image { Double($1 % 2) }, image { row, _ in Double(row % 2) }),
  pair("half flat, half noise", image { $1 < 24 ? 0 : Double(($0 * 37 + $1 * 11) % 17) / 17 }, constant(0)),
  pair("a ramp against the reverse", image { row, _ in Double(row) / 64 }, image { row, _ in 1 - Double(row) / 64 }),
  pair("a ramp against itself", image { Double($0 + $1) / 128 }, image { Double($0 + $1) / 128 }),
  pair("half the contrast", picture.map { 0.25 + $0 / 2 }, picture),
  pair("an offset", picture.map { $0 + 0.125 }, picture), pair("two levels", picture.map { $0 > 0.5 ? 1 : 0 }, picture),
  pair("the least subnormals against 0", constant(Double(Float.leastNonzeroMagnitude)), constant(0)),
  pair("subnormal noise", noise("d", low: -1e-39, high: 1e-39), noise("e", low: -1e-39, high: 1e-39)),
  pair("noise of 1e-30", noise("f", high: 1e-30), noise("g", high: 1e-30)),
  pair("1e-20 against its negative", constant(1e-20), constant(-1e-20)),
  pair("-0 against 0", constant(-0.0), constant(0)),
  pair("noise outside the range", noise("h", low: -1, high: 2), noise("i", low: -1, high: 2)),
  pair("noise of 2^40", noise("j", high: 0x1p40), noise("k", high: 0x1p40)),
  pair("2^48 against its negative", constant(0x1p48), constant(-0x1p48)),
  pair("2^48 against 0", constant(0x1p48), constant(0)),
  pair("an offset of 2^20 over a fine picture", picture.map { Double(Float($0 + 0x1p20)) }, constant(0x1p20)),
  pair("huge beside minute", image { row, column in row < 25 ? 0x1p30 : Double(column) * 0x1p-30 }, picture),
]

private let refusedPairs: [HostilePair] = [
  pair("NaN", changed(picture, 3, 4, by: .nan), picture, .refused),
  pair("NaN in the target's last place", picture, changed(picture, height - 1, width - 1, by: .nan), .refused),
  pair("infinity", changed(picture, 0, 0, by: .infinity), picture, .refused),
  pair("minus infinity", picture, changed(picture, 9, 0, by: -.infinity), .refused),
  pair("infinity on both sides", constant(.infinity), constant(.infinity), .refused),
  shaped("shapes that differ", [1, 1, 50, 49], [1, 1, 49, 50], .refused),
  shaped("batches that differ", [2, 1, 50, 49], [1, 1, 50, 49], .refused),
  shaped("channels that would broadcast", [1, 3, 50, 49], [1, 1, 50, 49], .refused),
  shaped("no image", [0, 1, 50, 49], nil, .refused), shaped("no channel", [1, 0, 50, 49], nil, .refused),
  shaped("no row", [1, 1, 0, 49], nil, .refused), shaped("no axis", [], nil, .refused),
  shaped("rank 2", [50, 49], nil, .finiteOrRefused), shaped("rank 5", [1, 1, 1, 50, 49], nil, .finiteOrRefused),
  shaped("one pixel", [1, 1, 1, 1], nil, .finiteOrRefused), shaped("one row", [1, 1, 1, 49], nil, .finiteOrRefused),
  shaped("one column", [1, 1, 50, 1], nil, .finiteOrRefused), shaped("2 x 2", [1, 1, 2, 2], nil, .finiteOrRefused),
  shaped("5 x 6: at the least for reflection by 5", [1, 1, 5, 6], nil, .finiteOrRefused),
  shaped("10 x 10: too small for a window of 11 (pytorch-msssim 13, 28, 40)", [1, 1, 10, 10], nil, .finiteOrRefused),
  shaped("11 x 11: one window", [1, 1, 11, 11], nil, .finiteOrRefused),
  shaped("17 x 300: narrow", [1, 1, 17, 300], nil, .finiteOrRefused),
]

/// All of them: every row under every metric.
public let hostilePairs: [HostilePair] = valuePairs + refusedPairs

/// What is wrong with a side's answer to a hostile pair, nil if nothing: it must be finite, in value and gradients, or
/// refused with a sentence, as is due.
public func hostileFailure(_ side: Side, _ metric: HostileMetric, _ pair: HostilePair) -> String? {
  guard let tested = operation(named: metric.operation) else { return "no operation \(metric.operation)" }
  var operationCase = OperationCase(
    inputs: ["prediction": pair.prediction, "target": pair.target], attributes: Attributes(metric.attributes))
  do throws(PerceptualError) {
    try tested.validate(operationCase)
    if side == .reference {
      try checkMagnitudes(prediction: pair.prediction, target: pair.target)
    } else {
      try checkMagnitudes(prediction: pair.prediction.converted(to: Float.self), target: pair.target.converted())
    }
    for (name, shape) in try tested.outputShapes(operationCase) {
      operationCase.cotangents[name] = Tensor(repeating: 1, shape: shape)
    }
    let results = try tested.run(side, operationCase)
    if pair.due == .refused { return "\(pair) was computed, it must be refused" }
    for (name, tensor) in results.outputs.merging(results.gradients, uniquingKeysWith: { first, _ in first }) {
      if let place = tensor.elements.firstIndex(where: { !$0.isFinite }) {
        return "\(pair): \(name) is \(tensor[place]) at \(coordinates(of: place, in: tensor.shape))"
      }
    }
  } catch {
    if pair.due == .finite { return "\(pair) is refused: \(error)" }
    if error.kind != .malformed || error.description.count < 20 { return "\(pair): \(error.kind), \(error)" }
  }
  return nil
}
