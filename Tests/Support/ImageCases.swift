import PerceptualConformance
import PerceptualCore
import PerceptualFiles
import Testing

/// A sample of a metric on two images of one shape.
public func imageSample(_ label: String, _ shape: [Int], _ attributes: [String: JSONValue] = [:]) -> Sample {
  Sample(label, ["prediction": shape, "target": shape], attributes)
}

/// A case of two images of a kind, as large as the sample's data range.
public func imageCase(_ sample: Sample, _ kind: PicturePair, of tested: any Operation.Type) throws -> OperationCase<
  Double
> {
  try sample.operationCase(of: tested, fill: .picture) {
    kind.fill(&$0, scale: sample.attributes["dataRange"]?.double ?? 1, seed: sample.label)
  }
}

/// A case of two given images, every upstream gradient 1.
public func imageCase(
  _ prediction: Tensor<Double>, _ target: Tensor<Double>, _ attributes: [String: JSONValue] = [:]
) -> OperationCase<Double> {
  OperationCase(
    inputs: ["prediction": prediction, "target": target], attributes: Attributes(attributes),
    cotangents: ["value": Tensor(repeating: 1, shape: [prediction.shape[0]])])
}

/// The same case with its arguments exchanged.
public func exchanged(_ operationCase: OperationCase<Double>) -> OperationCase<Double> {
  var result = operationCase
  result.inputs["prediction"] = operationCase.inputs["target"]
  result.inputs["target"] = operationCase.inputs["prediction"]
  return result
}

/// A smooth picture in [0, 1].
public func picture(_ shape: [Int]) -> Tensor<Double> {
  var operationCase = imageCase(Tensor(shape: shape), Tensor(shape: shape))
  PicturePair.close.fill(&operationCase, seed: "picture")
  return operationCase.input("target")
}

/// 1 - x, exact in Float where x is a multiple of 1 / 2^20.
public func negative(_ x: Tensor<Double>) -> Tensor<Double> { x.map { 1 - $0 } }

/// x rounded to multiples of 1 / 2^20.
public func coarse(_ x: Tensor<Double>) -> Tensor<Double> { x.map { ($0 * 0x1p20).rounded() * 0x1p-20 } }

/// Holds Reference in Float and Fast against Reference in Double, on two images of a kind.
public func expectAgreement(
  _ tested: any Operation.Type, _ sample: Sample, _ kind: PicturePair,
  sourceLocation: SourceLocation = #_sourceLocation
) throws {
  try expectAgreement(tested, try imageCase(sample, kind, of: tested), sourceLocation: sourceLocation)
}

/// Holds a loss to be the same with its arguments exchanged, and the gradients to be exchanged with them.
public func expectSymmetry(
  of tested: any Operation.Type, _ side: Side, _ operationCase: OperationCase<Double>,
  sourceLocation: SourceLocation = #_sourceLocation
) throws {
  var back = try tested.run(side, exchanged(operationCase))
  (back.gradients["prediction"], back.gradients["target"]) = (back.gradients["target"], back.gradients["prediction"])
  #expect(back.gradients.count == 2, sourceLocation: sourceLocation)
  try expectResults(back, of: tested, side, operationCase, sourceLocation: sourceLocation)
}

/// Holds the value and gradient that Fast gives together to the bits of those that it gives apart.
public func expectTheSame(
  together: (Tensor<Float>, Tensor<Float>, Tensor<Float>) -> (value: Tensor<Float>, gradient: Tensor<Float>),
  as tested: any Operation.Type, _ operationCase: OperationCase<Double>,
  sourceLocation: SourceLocation = #_sourceLocation
) throws {
  let given = operationCase.converted(to: Float.self)
  let apart = try tested.fast(given)
  let both = together(given.input("prediction"), given.input("target"), given.cotangent("value"))
  #expect(both.value == apart.outputs["value"], sourceLocation: sourceLocation)
  #expect(both.gradient == apart.gradients["prediction"], sourceLocation: sourceLocation)
}

extension OperationResults {
  /// The inputs whose gradients are 0 everywhere.
  public var inputsWithoutEffect: Set<String> {
    Set(gradients.filter { $0.value.elements.allSatisfy { $0 == 0 } }.keys)
  }
}
