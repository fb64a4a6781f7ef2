import Fast
import PerceptualCore
import Reference

enum Convolution2D: Operation {
  static let name = "convolution2D"
  static let inputs = [
    InputDescription("x", "[N,C,H,W]"), InputDescription("weight", "[O,C,kH,kW]"),
    InputDescription("bias", "[O]", isOptional: true),
  ]
  static let attributes = [
    AttributeDescription("stride", default: "[1,1]"), AttributeDescription("padding", default: "[0,0]"),
  ]
  static let outputs = ["y"]
  static let gradients = ["x", "weight", "bias"]

  static func tolerance(_ tensor: ResultName, _ side: Side) -> Tolerance {
    switch tensor {
    case .output:
      .ofSum(side, "sum over channels and kernel, and the bias") { operationCase throws(PerceptualError) in
        let weight = operationCase.input("weight")
        if let bound = MinimalFilteringBound(
          side, x: operationCase.input("x"), weight: weight, geometry: try geometry(operationCase.attributes),
          isTransposed: false)?
          .output(bias: operationCase.inputs["bias"])
        {
          return bound
        }
        let sum = Reference.convolution2D(
          operationCase.input("x").magnitude, weight: weight.magnitude, bias: operationCase.inputs["bias"]?.magnitude,
          geometry: try geometry(operationCase.attributes))
        return (sum, weight.count / weight.shape[0] + 1)
      }
    case .gradient(let name):
      .ofSum(side, "sum over the places that read or weigh the element") { operationCase throws(PerceptualError) in
        let weight = operationCase.input("weight")
        let upstream = operationCase.cotangent("y")
        if name != "bias",
          let bound = MinimalFilteringBound(
            side, x: operationCase.input("x"), weight: weight, geometry: try geometry(operationCase.attributes),
            isTransposed: false),
          let gradient = name == "x" ? bound.inputGradient(upstream) : bound.weightGradient(upstream)
        {
          return gradient
        }
        let sums = Reference.convolution2DGradient(
          operationCase.input("x").magnitude, weight: weight.magnitude, upstream: upstream.magnitude,
          geometry: try geometry(operationCase.attributes))
        let places = upstream.count / upstream.shape[1]
        return switch name {
        case "x": (sums.x, weight.count / weight.shape[1])
        case "weight": (sums.weight, places)
        default: (sums.bias, places)
        }
      }
    }
  }

  static func validate(_ given: CaseShapes) throws(PerceptualError) {
    let obstacle = try geometry(given.attributes).obstacle(
      x: given["x"], weight: given["weight"],
      bias: given.inputs["bias"])
    if let obstacle { throw PerceptualError(.malformed, "\(name): input.\(obstacle)") }
    let padding = try geometry(given.attributes).padding
    let shape = given["x"]
    try checkWorkingSize(
      channels: shape[1], height: shape[2] + 2 * padding.height, width: shape[3] + 2 * padding.width)
  }

  /// Throws where an image, padded or not yet cropped, is beyond what a fixture can be about: attributes of a small
  /// file could otherwise ask for any amount of memory.
  static func checkWorkingSize(channels: Int, height: Int, width: Int) throws(PerceptualError) {
    if Double(channels) * Double(height) * Double(width) > 0x1p26 {
      throw PerceptualError(
        .malformed,
        "stride and padding make images of \(channels)x\(height)x\(width), at most \(1 << 26) elements were expected")
    }
  }

  static func outputShapes(_ given: CaseShapes) throws(PerceptualError) -> [String: [Int]] {
    let geometry = try geometry(given.attributes)
    return ["y": geometry.outputShape(x: given["x"], weight: given["weight"])]
  }

  static func reference<Scalar: BinaryFloatingPoint & Sendable>(
    _ operationCase: OperationCase<Scalar>
  ) throws(PerceptualError) -> OperationResults<Scalar> {
    let (x, weight, bias) = (operationCase.input("x"), operationCase.input("weight"), operationCase.inputs["bias"])
    let geometry = try geometry(operationCase.attributes)
    var results = OperationResults(
      outputs: ["y": Reference.convolution2D(x, weight: weight, bias: bias, geometry: geometry)])
    if operationCase.asksForGradients {
      results.gradients = Reference.convolution2DGradient(
        x, weight: weight, upstream: operationCase.cotangent("y"), geometry: geometry
      ).named(withBias: bias != nil)
    }
    return results
  }

  static func fast(_ operationCase: OperationCase<Float>) throws(PerceptualError) -> OperationResults<Float> {
    let (x, weight, bias) = (operationCase.input("x"), operationCase.input("weight"), operationCase.inputs["bias"])
    let geometry = try geometry(operationCase.attributes)
    var results = OperationResults(
      outputs: ["y": Fast.convolution2D(x, weight: weight, bias: bias, geometry: geometry)])
    if operationCase.asksForGradients {
      results.gradients = Fast.convolution2DGradient(
        x, weight: weight, upstream: operationCase.cotangent("y"), geometry: geometry
      ).named(withBias: bias != nil)
    }
    return results
  }

  private static func geometry(_ attributes: Attributes) throws(PerceptualError) -> ConvolutionGeometry {
    ConvolutionGeometry(
      stride: try attributes.extent("stride", default: 1, atLeast: 1),
      padding: try attributes.extent("padding", default: 0, atLeast: 0))
  }
}

extension ConvolutionGradients {
  /// By the names of fixtures.md; that of the bias only where there is one.
  func named(withBias hasBias: Bool) -> [String: Tensor<Scalar>] {
    hasBias ? ["x": x, "weight": weight, "bias": bias] : ["x": x, "weight": weight]
  }
}
