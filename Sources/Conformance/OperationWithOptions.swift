import PerceptualCore

/// How the operations are written: their attributes are read once, into `Options`, for whatever needs them.
protocol OperationWithOptions: Operation {
  associatedtype Options = Void
  /// Throws where an attribute is none that the operation takes.
  static func options(_ attributes: Attributes) throws(PerceptualError) -> Options
  /// Throws where inputs do not fit one another or the options.
  static func validate(_ given: CaseShapes, _ options: Options) throws(PerceptualError)
  static func outputShapes(_ given: CaseShapes, _ options: Options) -> [String: [Int]]
  static func reference<Scalar>(_ given: OperationCase<Scalar>, _ options: Options) -> OperationResults<Scalar>
  static func fast(_ given: OperationCase<Float>, _ options: Options) -> OperationResults<Float>
}

extension OperationWithOptions {
  static func validate(_ given: CaseShapes, _ options: Options) throws(PerceptualError) {}

  static func validate(_ given: CaseShapes) throws(PerceptualError) { try validate(given, options(given.attributes)) }

  static func outputShapes(_ given: CaseShapes) throws(PerceptualError) -> [String: [Int]] {
    outputShapes(given, try options(given.attributes))
  }

  static func reference<Scalar>(_ given: OperationCase<Scalar>) throws(PerceptualError) -> OperationResults<Scalar> {
    reference(given, try options(given.attributes))
  }

  static func fast(_ given: OperationCase<Float>) throws(PerceptualError) -> OperationResults<Float> {
    fast(given, try options(given.attributes))
  }
}

extension OperationWithOptions where Options == Void {
  static var attributes: [AttributeDescription] { [] }
  static func options(_ attributes: Attributes) {}
}

/// An output y like the input x.
protocol ElementOperation: OperationWithOptions {}

extension ElementOperation {
  static var inputs: [InputDescription] { [.init("x", "any")] }
  static var outputs: [String] { ["y"] }
  static var gradients: [String] { ["x"] }
  static func outputShapes(_ given: CaseShapes, _ options: Options) -> [String: [Int]] { ["y": given["x"]] }
}

/// A comparison of a prediction with a target of the same shape: a loss for each sample, unless it says otherwise.
protocol PairOperation: OperationWithOptions {
  /// That of either input, as documented.
  static var inputShape: String { get }
}

extension PairOperation {
  static var inputShape: String { "[N,C,H,W]" }
  static var inputs: [InputDescription] { [.init("prediction", inputShape), .init("target", inputShape)] }
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

  var withoutGradients: OperationCase { OperationCase(inputs: inputs, attributes: attributes) }
}

/// Gradients by the names of their inputs.
protocol NamedGradients<Scalar> {
  associatedtype Scalar: TensorElement
  var named: [String: Tensor<Scalar>] { get }
}

extension PairGradients: NamedGradients {
  var named: [String: Tensor<Scalar>] { ["prediction": prediction, "target": target] }
}

extension ConvolutionGradients: NamedGradients {
  var named: [String: Tensor<Scalar>] { ["x": x, "weight": weight, "bias": bias] }
}

// The results of a side that has one function for the only output and one for the gradients. Both take the inputs in
// their order, then the upstream gradient where there is one, then the options.
extension OperationWithOptions {
  /// Of one input.
  static func unaryResults<Scalar, each Option>(
    _ given: OperationCase<Scalar>, _ value: (Tensor<Scalar>, repeat each Option) -> Tensor<Scalar>,
    gradient: (Tensor<Scalar>, Tensor<Scalar>, repeat each Option) -> Tensor<Scalar>, options: repeat each Option
  ) -> OperationResults<Scalar> {
    let (input, output) = (inputs[0].name, outputs[0])
    let x = given.input(input)
    return given.results(
      [output: value(x, repeat each options)],
      gradients: [input: gradient(x, given.cotangent(output), repeat each options)])
  }

  /// Of two inputs.
  static func pairResults<Scalar, each Option>(
    _ given: OperationCase<Scalar>, _ value: (Tensor<Scalar>, Tensor<Scalar>, repeat each Option) -> Tensor<Scalar>,
    gradient: (Tensor<Scalar>, Tensor<Scalar>, Tensor<Scalar>, repeat each Option) -> some NamedGradients<Scalar>,
    options: repeat each Option
  ) -> OperationResults<Scalar> {
    let (a, b) = (given.input(inputs[0].name), given.input(inputs[1].name))
    return given.results(
      [outputs[0]: value(a, b, repeat each options)],
      gradients: gradient(a, b, given.cotangent(outputs[0]), repeat each options).named)
  }

  /// Of x, a weight and perhaps a bias, whose gradient is there only where it is.
  static func weightedResults<Scalar, each Option>(
    _ given: OperationCase<Scalar>,
    _ value: (Tensor<Scalar>, Tensor<Scalar>, Tensor<Scalar>?, repeat each Option) -> Tensor<Scalar>,
    gradient: (Tensor<Scalar>, Tensor<Scalar>, Tensor<Scalar>, repeat each Option) -> ConvolutionGradients<Scalar>,
    options: repeat each Option
  ) -> OperationResults<Scalar> {
    let (x, weight, bias) = (given.input("x"), given.input("weight"), given.inputs["bias"])
    return given.results(
      ["y": value(x, weight, bias, repeat each options)],
      gradients: gradient(x, weight, given.cotangent("y"), repeat each options).named
        .filter { $0.key != "bias" || bias != nil })
  }
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
