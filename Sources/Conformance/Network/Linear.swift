import Fast
import PerceptualCore
import Reference

enum Linear: OperationWithOptions {
  static let name = "linear"
  static let inputs: [InputDescription] = [
    .init("x", "[N,I]"), .init("weight", "[O,I]"), .init("bias", "[O]", isOptional: true),
  ]
  static let outputs = ["y"]
  static let gradients = ["x", "weight", "bias"]

  static func tolerance(_ tensor: ResultName, _ side: Side) -> Tolerance {
    switch tensor {
    case .output:
      .ofSum(side, "sum over inputs, and the bias") { given throws(PerceptualError) in
        let weight = given.input("weight")
        let sum = Reference.linear(
          given.input("x").magnitude, weight: weight.magnitude, bias: given.inputs["bias"]?.magnitude)
        return (sum, weight.shape[1] + 1)
      }
    case .gradient(let name):
      .ofSum(side, "sum over outputs or samples") { given throws(PerceptualError) in
        let (x, weight) = (given.input("x"), given.input("weight"))
        let sums = Reference.linearGradient(
          x.magnitude, weight: weight.magnitude, upstream: given.cotangent("y").magnitude)
        return switch name {
        case "x": (sums.x, weight.shape[0])
        case "weight": (sums.weight, x.shape[0])
        default: (sums.bias, x.shape[0])
        }
      }
    }
  }

  static func validate(_ given: CaseShapes, _ options: Void) throws(PerceptualError) {
    let obstacle = linearObstacle(x: given["x"], weight: given["weight"], bias: given.inputs["bias"])
    if let obstacle { throw .malformed("\(name): input.\(obstacle)") }
  }

  static func outputShapes(_ given: CaseShapes, _ options: Void) -> [String: [Int]] {
    ["y": [given["x"][0], given["weight"][0]]]
  }

  static func reference<Scalar>(_ given: OperationCase<Scalar>, _ options: Void) -> OperationResults<Scalar> {
    weightedResults(given, Reference.linear, gradient: Reference.linearGradient)
  }

  static func fast(_ given: OperationCase<Float>, _ options: Void) -> OperationResults<Float> {
    weightedResults(given, Fast.linear, gradient: Fast.linearGradient)
  }
}
