import PerceptualConformance
import PerceptualCore
import PerceptualFiles
import PerceptualTestSupport
import Testing

/// A sample of a metric on two images of one shape.
func imageSample(_ label: String, _ shape: [Int], _ attributes: [String: JSONValue] = [:]) -> Sample {
  Sample(label, ["prediction": shape, "target": shape], attributes)
}

/// A case of two images of a kind, as large as the sample's data range.
func imageCase(_ sample: Sample, _ kind: PicturePair, of tested: any Operation.Type) throws -> OperationCase<Double> {
  try sample.operationCase(of: tested, fill: .picture) {
    kind.fill(&$0, scale: sample.attributes["dataRange"]?.double ?? 1, seed: sample.label)
  }
}

/// A case of two given images, every upstream gradient 1.
func imageCase(
  _ prediction: Tensor<Double>, _ target: Tensor<Double>, _ attributes: [String: JSONValue] = [:]
) -> OperationCase<Double> {
  OperationCase(
    inputs: ["prediction": prediction, "target": target], attributes: Attributes(attributes),
    cotangents: ["value": Tensor(repeating: 1, shape: [prediction.shape[0]])])
}

/// The same case with its arguments exchanged.
func exchanged(_ operationCase: OperationCase<Double>) -> OperationCase<Double> {
  var result = operationCase
  result.inputs["prediction"] = operationCase.inputs["target"]
  result.inputs["target"] = operationCase.inputs["prediction"]
  return result
}

/// A smooth picture in [0, 1].
func picture(_ shape: [Int]) -> Tensor<Double> {
  var operationCase = imageCase(Tensor(shape: shape), Tensor(shape: shape))
  PicturePair.close.fill(&operationCase, seed: "picture")
  return operationCase.input("target")
}

/// 1 - x, exact in Float where x is a multiple of 1 / 2^20.
func negative(_ x: Tensor<Double>) -> Tensor<Double> { x.map { 1 - $0 } }

/// x rounded to multiples of 1 / 2^20.
func coarse(_ x: Tensor<Double>) -> Tensor<Double> { x.map { ($0 * 0x1p20).rounded() * 0x1p-20 } }

/// A sentence for each tensor that differs, and one if it was not `count` tensors that were compared.
func failures(_ checked: [CheckedTensor], count: Int) -> [String] {
  let sentences = checked.filter { !$0.passed }.map { "\($0.operation) \($0.side) \($0.tensor): \($0.comparison)" }
  return sentences + (checked.count == count ? [] : ["\(checked.count) tensors were compared, expected \(count)"])
}

/// Holds Reference in Float and Fast against Reference in Double, and says what differs.
func expectAgreement(
  _ tested: any Operation.Type, _ operationCase: OperationCase<Double>, exact: Bool = false,
  matchingNonFinite: Bool = false, sourceLocation: SourceLocation = #_sourceLocation
) throws {
  let failures = try crossCheck(tested, operationCase, exact: exact, matchingNonFinite: matchingNonFinite)
  #expect(failures == [], sourceLocation: sourceLocation)
}
