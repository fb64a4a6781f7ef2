import Fast
import PerceptualCore
import Reference

enum GatedUnit: Operation {
  static let name = "gatedUnit"
  static let inputs = [InputDescription("x", "any"), InputDescription("gate", "as x")]
  static let attributes = [AttributeDescription("activation", default: "\"tanh\"")]
  static let outputs = ["y"]
  static let gradients = ["x", "gate"]

  static func tolerance(_ tensor: ResultName, _ side: Side) -> Tolerance {
    switch tensor {
    case .output:
      return .relative(epsilons: 7, reason: "tanh and sigmoid within 3 epsilons each, and their product")
    case .gradient(let name):
      let reason = "slopes from values within 3 epsilons: absolute where 1 - tanh(x)^2 or 1 - sigmoid(gate) cancels"
      return .bound(epsilons: 9, reason: reason) { operationCase throws(PerceptualError) in
        let x = operationCase.input("x")
        let opening = Reference.sigmoid(operationCase.input("gate"))
        let signal = try activation(operationCase.attributes) == .tanh ? Reference.tanh(x) : x
        var scale = operationCase.cotangent("y").magnitude
        let least = side == .reference ? Double.leastNonzeroMagnitude : Double(Float.leastNonzeroMagnitude)
        for i in 0..<scale.count {
          let factor = name == "x" ? 1 : abs(signal[i])
          scale[i] = scale[i] * opening[i] * factor + (scale[i] + 1) * (factor + 1) * least / side.epsilon
        }
        return scale
      }
    }
  }

  private static func activation(_ attributes: Attributes) throws(PerceptualError) -> GatedActivation {
    try attributes.choice("activation", default: .tanh)
  }

  static func validate(_ given: CaseShapes) throws(PerceptualError) {
    _ = try activation(given.attributes)
    try given.checkShape("gate", given["x"])
  }

  static func outputShapes(_ given: CaseShapes) throws(PerceptualError) -> [String: [Int]] {
    ["y": given["x"]]
  }

  static func reference<Scalar: BinaryFloatingPoint & Sendable>(
    _ operationCase: OperationCase<Scalar>
  ) throws(PerceptualError) -> OperationResults<Scalar> {
    let (x, gate) = (operationCase.input("x"), operationCase.input("gate"))
    let activation = try activation(operationCase.attributes)
    var results = OperationResults(outputs: ["y": Reference.gatedUnit(x, gate: gate, activation: activation)])
    if operationCase.asksForGradients {
      let gradients = Reference.gatedUnitGradient(
        x, gate: gate, upstream: operationCase.cotangent("y"), activation: activation)
      results.gradients = ["x": gradients.x, "gate": gradients.gate]
    }
    return results
  }

  static func fast(_ operationCase: OperationCase<Float>) throws(PerceptualError) -> OperationResults<Float> {
    let (x, gate) = (operationCase.input("x"), operationCase.input("gate"))
    let activation = try activation(operationCase.attributes)
    var results = OperationResults(outputs: ["y": Fast.gatedUnit(x, gate: gate, activation: activation)])
    if operationCase.asksForGradients {
      let gradients = Fast.gatedUnitGradient(
        x, gate: gate, upstream: operationCase.cotangent("y"), activation: activation)
      results.gradients = ["x": gradients.x, "gate": gradients.gate]
    }
    return results
  }
}
