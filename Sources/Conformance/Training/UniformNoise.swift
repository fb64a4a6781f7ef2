import Fast
import PerceptualCore
import Reference

enum UniformNoise: OperationWithOptions {
  static let name = "uniformNoise"
  static let inputs: [InputDescription] = []
  static let attributes: [AttributeDescription] = ["key", "counter", "count"]
  static let outputs = ["values"]
  static let gradients: [String] = []

  static func tolerance(_ tensor: ResultName, _ side: Side) -> Tolerance {
    .exact(reason: "integers of 24 bits over 2^24")
  }

  typealias Options = (key: [UInt64], counter: [UInt64], count: Int)

  static func options(_ attributes: Attributes) throws(PerceptualError) -> Options {
    (
      try attributes.words("key", count: 2), try attributes.words("counter", count: 4),
      try attributes.integer("count", atLeast: 1)
    )
  }

  static func outputShapes(_ given: CaseShapes, _ options: Options) -> [String: [Int]] { ["values": [options.count]] }

  static func reference<Scalar>(_ given: OperationCase<Scalar>, _ options: Options) -> OperationResults<Scalar> {
    let values = Reference.uniformNoise(key: options.key, counter: options.counter, count: options.count)
    return OperationResults(outputs: ["values": Tensor(values).converted()])
  }

  static func fast(_ given: OperationCase<Float>, _ options: Options) -> OperationResults<Float> {
    let values = Fast.uniformNoise(key: options.key, counter: options.counter, count: options.count)
    return OperationResults(outputs: ["values": Tensor(values).converted()])
  }
}
