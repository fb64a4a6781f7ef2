import Fast
import PerceptualCore
import Reference

enum TransposedConvolution2D: Operation {
  static let name = "transposedConvolution2D"
  static let inputs = [
    InputDescription("x", "[N,C,H,W]"), InputDescription("weight", "[C,O,kH,kW]"),
    InputDescription("bias", "[O]", isOptional: true),
  ]
  static let attributes = [
    AttributeDescription("stride", default: "[1,1]"), AttributeDescription("padding", default: "[0,0]"),
    AttributeDescription("outputPadding", default: "[0,0]"),
  ]
  static let outputs = ["y"]
  static let gradients = ["x", "weight", "bias"]

  static func tolerance(_ tensor: ResultName, _ side: Side) -> Tolerance {
    switch tensor {
    case .output:
      .ofSum(side, "sum over channels and the kernel's places, and the bias") { operationCase throws(PerceptualError) in
        let weight = operationCase.input("weight")
        let geometry = try geometry(operationCase.attributes)
        if let bound = MinimalFilteringBound(
          side, x: operationCase.input("x"), weight: weight, geometry: geometry, isTransposed: true)?
          .output(bias: operationCase.inputs["bias"])
        {
          return bound
        }
        let sum = Reference.transposedConvolution2D(
          operationCase.input("x").magnitude, weight: weight.magnitude, bias: operationCase.inputs["bias"]?.magnitude,
          geometry: geometry)
        // Along an axis a place is reached by every stride-th row of the kernel.
        let rows = (weight.shape[2] + geometry.stride.height - 1) / geometry.stride.height
        let columns = (weight.shape[3] + geometry.stride.width - 1) / geometry.stride.width
        return (sum, weight.shape[0] * rows * columns + 1)
      }
    case .gradient(let name):
      .ofSum(side, "sum over the places that the element reaches or weighs") { operationCase throws(PerceptualError) in
        let (x, weight, upstream) = (
          operationCase.input("x"), operationCase.input("weight"), operationCase.cotangent("y")
        )
        if name != "bias",
          let bound = MinimalFilteringBound(
            side, x: x, weight: weight, geometry: try geometry(operationCase.attributes), isTransposed: true),
          let gradient = name == "x" ? bound.inputGradient(upstream) : bound.weightGradient(upstream)
        {
          return gradient
        }
        let sums = Reference.transposedConvolution2DGradient(
          x.magnitude, weight: weight.magnitude, upstream: upstream.magnitude,
          geometry: try geometry(operationCase.attributes))
        return switch name {
        case "x": (sums.x, weight.count / weight.shape[0])
        case "weight": (sums.weight, x.count / x.shape[1])
        default: (sums.bias, upstream.count / upstream.shape[1])
        }
      }
    }
  }

  static func validate(_ given: CaseShapes) throws(PerceptualError) {
    let obstacle = try geometry(given.attributes).transposedObstacle(
      x: given["x"], weight: given["weight"],
      bias: given.inputs["bias"])
    if let obstacle { throw PerceptualError(.malformed, "\(name): input.\(obstacle)") }
    let stride = try geometry(given.attributes).stride
    let (shape, kernel) = (given["x"], given["weight"])
    try Convolution2D.checkWorkingSize(
      channels: kernel[1], height: (shape[2] - 1) * stride.height + kernel[2],
      width: (shape[3] - 1) * stride.width + kernel[3])
  }

  static func outputShapes(_ given: CaseShapes) throws(PerceptualError) -> [String: [Int]] {
    let shape = try geometry(given.attributes).transposedOutputShape(
      x: given["x"], weight: given["weight"])
    return ["y": shape]
  }

  static func reference<Scalar: BinaryFloatingPoint & Sendable>(
    _ operationCase: OperationCase<Scalar>
  ) throws(PerceptualError) -> OperationResults<Scalar> {
    let (x, weight, bias) = (operationCase.input("x"), operationCase.input("weight"), operationCase.inputs["bias"])
    let geometry = try geometry(operationCase.attributes)
    var results = OperationResults(
      outputs: ["y": Reference.transposedConvolution2D(x, weight: weight, bias: bias, geometry: geometry)])
    if operationCase.asksForGradients {
      results.gradients = Reference.transposedConvolution2DGradient(
        x, weight: weight, upstream: operationCase.cotangent("y"), geometry: geometry
      ).named(withBias: bias != nil)
    }
    return results
  }

  static func fast(_ operationCase: OperationCase<Float>) throws(PerceptualError) -> OperationResults<Float> {
    let (x, weight, bias) = (operationCase.input("x"), operationCase.input("weight"), operationCase.inputs["bias"])
    let geometry = try geometry(operationCase.attributes)
    var results = OperationResults(
      outputs: ["y": Fast.transposedConvolution2D(x, weight: weight, bias: bias, geometry: geometry)])
    if operationCase.asksForGradients {
      results.gradients = Fast.transposedConvolution2DGradient(
        x, weight: weight, upstream: operationCase.cotangent("y"), geometry: geometry
      ).named(withBias: bias != nil)
    }
    return results
  }

  private static func geometry(_ attributes: Attributes) throws(PerceptualError) -> ConvolutionGeometry {
    ConvolutionGeometry(
      stride: try attributes.extent("stride", default: 1, atLeast: 1),
      padding: try attributes.extent("padding", default: 0, atLeast: 0),
      outputPadding: try attributes.extent("outputPadding", default: 0, atLeast: 0))
  }
}
