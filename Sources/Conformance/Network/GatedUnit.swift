import Fast
import PerceptualCore
import Reference

enum GatedUnit: ElementOperation {
  static let name = "gatedUnit"
  static let inputs: [InputDescription] = [.init("x", "any"), .init("gate", "as x")]
  static let attributes: [AttributeDescription] = [.init("activation", default: "\"tanh\"")]
  static let gradients = ["x", "gate"]

  static func tolerance(_ tensor: ResultName, _ side: Side) -> Tolerance {
    switch tensor {
    case .output:
      return .relative(epsilons: 7, reason: "tanh and sigmoid within 3 epsilons each, and their product")
    case .gradient(let name):
      let reason = "slopes from values within 3 epsilons: absolute where 1 - tanh(x)^2 or 1 - sigmoid(gate) cancels"
      return .bound(epsilons: 9, reason: reason) { given throws(PerceptualError) in
        let x = given.input("x")
        let opening = Reference.sigmoid(given.input("gate"))
        let signal = try options(given.attributes) == .tanh ? Reference.tanh(x) : x
        var scale = given.cotangent("y").magnitude
        for i in 0..<scale.count {
          let factor = name == "x" ? 1 : abs(signal[i])
          scale[i] = scale[i] * opening[i] * factor + (scale[i] + 1) * (factor + 1) * side.least / side.epsilon
        }
        return scale
      }
    }
  }

  typealias Options = GatedActivation

  static func options(_ attributes: Attributes) throws(PerceptualError) -> Options {
    try attributes.choice("activation", default: .tanh)
  }

  static func validate(_ given: CaseShapes, _ activation: Options) throws(PerceptualError) {
    try given.checkShape("gate", given["x"])
  }

  static func reference<Scalar>(_ given: OperationCase<Scalar>, _ activation: Options) -> OperationResults<Scalar> {
    pairResults(given, Reference.gatedUnit, gradient: Reference.gatedUnitGradient, options: activation)
  }

  static func fast(_ given: OperationCase<Float>, _ activation: Options) -> OperationResults<Float> {
    pairResults(given, Fast.gatedUnit, gradient: Fast.gatedUnitGradient, options: activation)
  }
}

extension GatedUnitGradients: NamedGradients {
  var named: [String: Tensor<Scalar>] { ["x": x, "gate": gate] }
}
