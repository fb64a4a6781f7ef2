import Fast
import PerceptualCore
import Reference

enum UniformNoise: Operation {
  static let name = "uniformNoise"
  static let inputs: [InputDescription] = []
  static let attributes = [
    AttributeDescription("key"), AttributeDescription("counter"), AttributeDescription("count"),
  ]
  static let outputs = ["values"]
  static let gradients: [String] = []

  static func tolerance(_ tensor: ResultName, _ side: Side) -> Tolerance {
    .exact(reason: "integers of 24 bits over 2^24")
  }

  static func validate(_ given: CaseShapes) throws(PerceptualError) {
    _ = try parameters(given.attributes)
  }

  static func outputShapes(_ given: CaseShapes) throws(PerceptualError) -> [String: [Int]] {
    ["values": [try parameters(given.attributes).count]]
  }

  static func reference<Scalar: BinaryFloatingPoint & Sendable>(
    _ operationCase: OperationCase<Scalar>
  ) throws(PerceptualError) -> OperationResults<Scalar> {
    let (key, counter, count) = try parameters(operationCase.attributes)
    let values = Reference.uniformNoise(key: key, counter: counter, count: count)
    return OperationResults(outputs: ["values": Tensor(values).converted()])
  }

  static func fast(_ operationCase: OperationCase<Float>) throws(PerceptualError) -> OperationResults<Float> {
    let (key, counter, count) = try parameters(operationCase.attributes)
    return OperationResults(outputs: ["values": Tensor(Fast.uniformNoise(key: key, counter: counter, count: count))])
  }

  private static func parameters(
    _ attributes: Attributes
  ) throws(PerceptualError) -> (key: [UInt64], counter: [UInt64], count: Int) {
    (
      try attributes.words("key", count: 2), try attributes.words("counter", count: 4),
      try attributes.integer("count", atLeast: 1)
    )
  }
}
