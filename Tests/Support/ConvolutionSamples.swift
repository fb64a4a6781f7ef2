import Fast
import PerceptualConformance
import PerceptualCore
import PerceptualFiles
import Testing

private func pair(_ height: Int, _ width: Int) -> JSONValue { .array([.integer(height), .integer(width)]) }

/// A layer to test: x [n, c, h, w] and a kernel [kh, kw] from c to o channels.
private func layer(
  _ label: String, _ x: [Int], to o: Int, _ kernel: [Int], stride: [Int] = [1, 1], padding: [Int] = [0, 0],
  outputPadding: [Int]? = nil, bias: Bool = true, transposed: Bool
) -> Sample {
  var shapes = ["x": x, "weight": (transposed ? [x[1], o] : [o, x[1]]) + kernel]
  if bias { shapes["bias"] = [o] }
  var attributes = ["stride": pair(stride[0], stride[1]), "padding": pair(padding[0], padding[1])]
  if let outputPadding { attributes["outputPadding"] = pair(outputPadding[0], outputPadding[1]) }
  return Sample(label, shapes, attributes)
}

public let convolution2DSamples: [Sample] = [
  ("smallest", [1, 1, 1, 1], 1, [1, 1], [1, 1], [0, 0], true),
  ("the paper's encoder layer 4x2x1", [2, 7, 12, 16], 9, [4, 4], [2, 2], [1, 1], true),
  ("the paper's encoder layer on an odd image", [1, 5, 11, 13], 6, [4, 4], [2, 2], [1, 1], true),
  ("the paper's last layer 3x1x1", [1, 33, 9, 17], 1, [3, 3], [1, 1], [1, 1], true),
  ("16 and 32 channels, whole vectors", [1, 16, 8, 16], 32, [4, 4], [2, 2], [1, 1], true),
  ("33 to 48 channels, which minimal filtering refuses", [1, 33, 9, 10], 48, [4, 4], [2, 2], [1, 1], true),
  ("48 to 64 channels, which minimal filtering refuses", [1, 48, 6, 7], 64, [4, 4], [2, 2], [1, 1], true),
  ("no bias, prime channels", [3, 3, 7, 5], 13, [3, 3], [1, 1], [1, 1], false),
  ("width 5", [1, 2, 4, 5], 3, [3, 3], [1, 1], [1, 1], true),
  ("width 9", [1, 3, 5, 9], 2, [3, 2], [1, 1], [1, 1], true),
  ("width 17, output 17 channels", [1, 2, 3, 17], 17, [2, 3], [1, 1], [0, 1], true),
  ("width 33", [2, 1, 2, 33], 5, [1, 3], [1, 1], [0, 1], true),
  ("width 65", [1, 2, 3, 65], 4, [3, 3], [1, 1], [1, 1], true),
  ("width 1", [1, 3, 9, 1], 2, [3, 1], [1, 1], [1, 0], true),
  ("1x1 kernel", [2, 7, 3, 5], 11, [1, 1], [1, 1], [0, 0], true),
  ("one-dimensional", [2, 5, 1, 47], 3, [1, 7], [1, 2], [0, 3], true),
  ("one-dimensional, kernel of 25", [1, 2, 1, 40], 3, [1, 25], [1, 1], [0, 12], false),
  ("padding wider than the image", [1, 2, 2, 3], 3, [3, 3], [1, 1], [4, 5], true),
  ("padding beyond the kernel and a stride", [1, 2, 3, 2], 2, [2, 2], [3, 2], [5, 6], true),
  ("the kernel covers the image", [2, 3, 4, 5], 7, [4, 5], [1, 1], [0, 0], true),
  ("ragged stride: the last rows go unread", [1, 3, 10, 12], 4, [3, 3], [3, 3], [0, 0], true),
  ("strides 2 and 3, kernel 5x2, padding 2 and 0", [2, 2, 9, 14], 3, [5, 2], [2, 3], [2, 0], true),
  ("stride beyond the kernel", [1, 3, 11, 9], 2, [2, 1], [4, 3], [1, 1], true),
].map { label, x, o, kernel, stride, padding, bias in
  layer(label, x, to: o, kernel, stride: stride, padding: padding, bias: bias, transposed: false)
}

public let transposedConvolution2DSamples: [Sample] = [
  ("smallest", [1, 1, 1, 1], 1, [1, 1], [1, 1], [0, 0], [0, 0], true),
  ("the paper's decoder layer 4x2x1", [2, 9, 6, 8], 7, [4, 4], [2, 2], [1, 1], [0, 0], true),
  ("the decoder layer of odd sizes, prime channels", [1, 5, 5, 7], 3, [4, 4], [2, 2], [1, 1], [0, 0], false),
  ("16 and 32 channels, whole vectors", [1, 32, 4, 8], 16, [4, 4], [2, 2], [1, 1], [0, 0], true),
  ("48 to 33 channels, which minimal filtering refuses", [1, 48, 4, 5], 33, [4, 4], [2, 2], [1, 1], [0, 0], true),
  ("64 to 48 channels, which minimal filtering refuses", [1, 64, 3, 4], 48, [4, 4], [2, 2], [1, 1], [1, 0], true),
  ("width 5", [1, 2, 4, 5], 3, [3, 3], [1, 1], [1, 1], [0, 0], true),
  ("width 9, 3x2x1 with output padding", [1, 3, 5, 9], 2, [3, 3], [2, 2], [1, 1], [1, 1], true),
  ("width 17", [1, 2, 3, 17], 17, [2, 3], [1, 1], [0, 1], [0, 0], true),
  ("width 33", [2, 1, 2, 33], 5, [1, 4], [1, 2], [0, 1], [0, 0], true),
  ("width 65", [1, 2, 3, 65], 4, [3, 3], [1, 1], [1, 1], [0, 0], true),
  ("width 1", [1, 3, 9, 1], 2, [3, 1], [2, 1], [1, 0], [1, 0], true),
  ("1x1 kernel", [2, 7, 3, 5], 11, [1, 1], [1, 1], [0, 0], [0, 0], true),
  ("one-dimensional, kernel 8 stride 4 padding 2", [2, 5, 1, 13], 3, [1, 8], [1, 4], [0, 2], [0, 0], true),
  ("kernel smaller than the stride", [1, 3, 4, 5], 2, [2, 1], [3, 4], [0, 0], [2, 3], true),
  ("stride 3, kernel 5x2, output padding 2 and 0", [2, 2, 4, 6], 3, [5, 2], [3, 3], [2, 0], [2, 0], true),
  ("padding wider than the image", [1, 2, 2, 3], 3, [9, 11], [1, 1], [4, 5], [0, 0], true),
  ("padding beyond the kernel", [1, 2, 7, 8], 2, [2, 2], [2, 1], [3, 3], [1, 0], true),
].map { label, x, o, kernel, stride, padding, outputPadding, bias in
  layer(
    label, x, to: o, kernel, stride: stride, padding: padding, outputPadding: outputPadding, bias: bias,
    transposed: true)
}

/// Convolutions that minimal filtering takes: multiples of 32 channels, 4x4 kernels of stride 2. Tiles are 3x3 outputs,
/// at most 44 of them a piece of work, or 172 where AMX multiplies them.
public let minimalFilteringSamples: [(operation: String, sample: Sample)] = [
  ("one tile", [1, 32, 4, 4], 32, [1, 1], [0, 0], false),
  ("two images, tiles of which a row and a column are left over", [2, 32, 13, 16], 64, [1, 1], [0, 0], false),
  ("64 to 64 channels, odd sizes", [1, 64, 5, 7], 64, [1, 1], [0, 0], false),
  ("no padding, twice the channels", [1, 64, 12, 11], 32, [0, 0], [0, 0], false),
  ("padding 2 and 3", [1, 32, 9, 7], 32, [2, 3], [0, 0], false),
  ("two pieces of tile rows", [1, 32, 46, 48], 32, [1, 1], [0, 0], false),
  ("two pieces of tile columns", [1, 32, 4, 276], 32, [1, 1], [0, 0], false),
  ("two pieces of AMX's tile rows", [1, 32, 84, 78], 32, [1, 1], [0, 0], false),
  ("two pieces of AMX's tile columns", [1, 32, 4, 1040], 32, [1, 1], [0, 0], false),
  ("three images, two of which share a part of the gradient", [3, 32, 4, 4], 32, [1, 1], [0, 0], false),
  ("one tile", [1, 32, 2, 2], 32, [1, 1], [0, 0], true),
  ("two images, half the channels, odd sizes", [2, 64, 5, 7], 32, [1, 1], [0, 0], true),
  ("64 to 64 channels", [1, 64, 2, 3], 64, [1, 1], [0, 0], true),
  ("no padding", [1, 32, 4, 3], 96, [0, 0], [0, 0], true),
  ("padding 2 and 3, output padding", [1, 32, 6, 5], 32, [2, 3], [1, 1], true),
  ("two pieces of tile rows", [1, 32, 23, 24], 32, [1, 1], [0, 0], true),
  ("two pieces of tile columns", [1, 32, 2, 140], 32, [1, 1], [0, 0], true),
  ("two pieces of AMX's tile rows", [1, 32, 42, 39], 32, [1, 1], [0, 0], true),
].map { label, x, o, padding, outputPadding, transposed in
  (
    transposed ? "transposedConvolution2D" : "convolution2D",
    layer(
      label, x, to: o, [4, 4], stride: [2, 2], padding: padding, outputPadding: transposed ? outputPadding : nil,
      bias: true, transposed: transposed)
  )
}

/// Normal weights, special values in x and in the upstream gradient.
public func caseWithSpecialData(
  _ sample: Sample, of tested: any Operation.Type
) throws -> OperationCase<Double> {
  var generator = SeededGenerator(name: "special data \(tested.name) \(sample.label)")
  var result = try sample.operationCase(of: tested, fill: .normals) {
    if let shape = $0.inputs["x"]?.shape { $0.inputs["x"] = Fill.specials.tensor(shape, &generator).withRoomToSum }
  }
  result.cotangents["y"] = Fill.specials.tensor(result.cotangent("y").shape, &generator).withRoomToSum
  return result
}

extension Tensor<Double> {
  /// Finite numbers beyond 2^60 scaled by 2^-70: where the largest finite numbers meet in a sum, its order would decide
  /// between infinity and a number.
  public var withRoomToSum: Tensor { map { $0.isFinite && abs($0) > 0x1p60 ? $0 * 0x1p-70 : $0 } }
}

/// Agreement on special values, which Fast's weight gradient may carry further: it sums whole vectors with zeros
/// between the rows, and an infinity times such a zero is NaN. So there every element that Reference finds not finite
/// must be so, and every finite one right.
public func expectAgreementOnSpecialData(
  _ tested: any Operation.Type, _ operationCase: OperationCase<Double>, _ comment: Comment? = nil,
  sourceLocation: SourceLocation = #_sourceLocation
) throws {
  var failures = try crossCheck(tested, operationCase, matchingNonFinite: true)
    .filter { !($0.contains(" Fast ") && $0.contains(" gradient.weight:")) }
  let expected = try tested.run(.reference, operationCase)
  for instructionSet in InstructionSet.available {
    var actual = try Execution.$current.withValue(Execution(instructionSet: instructionSet)) {
      try tested.run(.fast, operationCase)
    }
    guard let right = expected.gradients["weight"], var found = actual.gradients["weight"] else { continue }
    for index in 0..<found.count where !found[index].isFinite { found[index] = right[index] }
    actual.gradients["weight"] = found
    for tensor in try tested.judge(
      actual, against: expected, of: operationCase, side: .fast, matchingNonFinite: true)
    where tensor.tensor == .gradient("weight") && !tensor.passed {
      failures.append("\(tested.name) Fast \(instructionSet.rawValue) gradient.weight: \(tensor.comparison)")
    }
  }
  #expect(failures == [], comment, sourceLocation: sourceLocation)
}
