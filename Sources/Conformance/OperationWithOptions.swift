import PerceptualCore

/// What the results of a case are computed in.
typealias Real = BinaryFloatingPoint & Sendable

/// How the operations are written: their attributes are read once, into `Options`, for whatever needs them.
protocol OperationWithOptions: Operation {
  associatedtype Options = Void
  /// Throws where an attribute is none that the operation takes.
  static func options(_ attributes: Attributes) throws(PerceptualError) -> Options
  /// Throws where inputs do not fit one another or the options.
  static func validate(_ given: CaseShapes, _ options: Options) throws(PerceptualError)
  static func outputShapes(_ given: CaseShapes, _ options: Options) -> [String: [Int]]
  static func reference<Scalar: Real>(_ given: OperationCase<Scalar>, _ options: Options) -> OperationResults<Scalar>
  static func fast(_ given: OperationCase<Float>, _ options: Options) -> OperationResults<Float>
}

extension OperationWithOptions {
  static func validate(_ given: CaseShapes, _ options: Options) throws(PerceptualError) {}

  static func validate(_ given: CaseShapes) throws(PerceptualError) {
    try validate(given, options(given.attributes))
  }

  static func outputShapes(_ given: CaseShapes) throws(PerceptualError) -> [String: [Int]] {
    outputShapes(given, try options(given.attributes))
  }

  static func reference<Scalar: Real>(
    _ operationCase: OperationCase<Scalar>
  ) throws(PerceptualError) -> OperationResults<Scalar> {
    reference(operationCase, try options(operationCase.attributes))
  }

  static func fast(_ operationCase: OperationCase<Float>) throws(PerceptualError) -> OperationResults<Float> {
    fast(operationCase, try options(operationCase.attributes))
  }
}

extension OperationWithOptions where Options == Void {
  static var attributes: [AttributeDescription] { [] }
  static func options(_ attributes: Attributes) {}
}

/// An output y like the input x.
protocol ElementOperation: OperationWithOptions {}

extension ElementOperation {
  static var inputs: [InputDescription] { [InputDescription("x", "any")] }
  static var outputs: [String] { ["y"] }
  static var gradients: [String] { ["x"] }
  static func outputShapes(_ given: CaseShapes, _ options: Options) -> [String: [Int]] { ["y": given["x"]] }
}

/// A loss of a prediction and a target, which are alike in shape, for each sample.
protocol PairOperation: OperationWithOptions {
  /// That of either input, as documented.
  static var inputShape: String { get }
}

extension PairOperation {
  static var inputShape: String { "[N,C,H,W]" }
  static var inputs: [InputDescription] {
    [InputDescription("prediction", inputShape), InputDescription("target", inputShape)]
  }
  static var outputs: [String] { ["value"] }
  static var gradients: [String] { ["prediction", "target"] }
  static func outputShapes(_ given: CaseShapes, _ options: Options) -> [String: [Int]] {
    ["value": [given["prediction"][0]]]
  }
}

extension OperationCase {
  /// The outputs and, where asked for, the gradients.
  func results(
    _ outputs: [String: Tensor<Scalar>], gradients: @autoclosure () -> [String: Tensor<Scalar>]
  ) -> OperationResults<Scalar> {
    OperationResults(outputs: outputs, gradients: asksForGradients ? gradients() : [:])
  }

  /// The output y of an operation of x and, where asked for, its gradient, from the upstream gradient.
  func elementResults(
    value: (Tensor<Scalar>) -> Tensor<Scalar>, gradient: (Tensor<Scalar>, Tensor<Scalar>) -> Tensor<Scalar>
  ) -> OperationResults<Scalar> {
    let x = input("x")
    return results(["y": value(x)], gradients: ["x": gradient(x, cotangent("y"))])
  }

  /// The output of a loss of two arguments and, where asked for, its gradients, from the upstream gradient.
  func pairResults(
    _ output: String = "value", value: (Tensor<Scalar>, Tensor<Scalar>) -> Tensor<Scalar>,
    gradient: (Tensor<Scalar>, Tensor<Scalar>, Tensor<Scalar>) -> PairGradients<Scalar>
  ) -> OperationResults<Scalar> {
    let (prediction, target) = (input("prediction"), input("target"))
    return results(
      [output: value(prediction, target)], gradients: gradient(prediction, target, cotangent(output)).named)
  }

  /// The output y of a product of x with a weight, plus a bias, and, where asked for, its gradients, from the upstream
  /// gradient; that of the bias only where there is one.
  func weightedResults(
    value: (Tensor<Scalar>, Tensor<Scalar>, Tensor<Scalar>?) -> Tensor<Scalar>,
    gradient: (Tensor<Scalar>, Tensor<Scalar>, Tensor<Scalar>) -> ConvolutionGradients<Scalar>
  ) -> OperationResults<Scalar> {
    let (x, weight, bias) = (input("x"), input("weight"), inputs["bias"])
    return results(
      ["y": value(x, weight, bias)],
      gradients: gradient(x, weight, cotangent("y")).named.filter { $0.key != "bias" || bias != nil })
  }

  var withoutGradients: OperationCase { OperationCase(inputs: inputs, attributes: attributes) }
}

extension PairGradients {
  fileprivate var named: [String: Tensor<Scalar>] { ["prediction": prediction, "target": target] }
}

extension ConvolutionGradients {
  var named: [String: Tensor<Scalar>] { ["x": x, "weight": weight, "bias": bias] }
}

extension OperationResults {
  /// The tensor of that name; nothing where it was not computed.
  subscript(name: ResultName) -> Tensor<Scalar> {
    switch name {
    case .output(let name): outputs[name] ?? Tensor([])
    case .gradient(let name): gradients[name] ?? Tensor([])
    }
  }
}
