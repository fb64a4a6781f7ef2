import Fast
import PerceptualCore
import Reference

enum TransposedConvolution2D: ConvolutionOperation {
  static let name = "transposedConvolution2D"
  static let isTransposed = true
  static let inputs: [InputDescription] = [
    .init("x", "[N,C,H,W]"), .init("weight", "[C,O,kH,kW]"), .init("bias", "[O]", isOptional: true),
  ]
  static let attributes: [AttributeDescription] = [
    .init("stride", default: "[1,1]"), .init("padding", default: "[0,0]"), .init("outputPadding", default: "[0,0]"),
  ]

  static func reason(_ tensor: ResultName) -> String {
    if case .output = tensor { return "sum over channels and the kernel's places, and the bias" }
    return "sum over the places that the element reaches or weighs"
  }

  static func terms(
    _ tensor: ResultName, x: Tensor<Double>, weight: Tensor<Double>, pixels: Int, _ geometry: ConvolutionGeometry
  ) -> Int {
    switch tensor {
    case .output:
      // Along an axis a place is reached by every stride-th row of the kernel.
      let rows = (weight.shape[2] + geometry.stride.height - 1) / geometry.stride.height
      let columns = (weight.shape[3] + geometry.stride.width - 1) / geometry.stride.width
      return weight.shape[0] * rows * columns + 1
    case .gradient("x"): return weight.count / weight.shape[0]
    case .gradient("weight"): return x.count / x.shape[1]
    case .gradient: return pixels
    }
  }

  static func validate(_ given: CaseShapes, _ geometry: ConvolutionGeometry) throws(PerceptualError) {
    let (shape, kernel) = (given["x"], given["weight"])
    let obstacle = geometry.transposedObstacle(x: shape, weight: kernel, bias: given.inputs["bias"])
    if let obstacle { throw .malformed("\(name): input.\(obstacle)") }
    try checkWorkingSize(
      channels: kernel[1], height: (shape[2] - 1) * geometry.stride.height + kernel[2],
      width: (shape[3] - 1) * geometry.stride.width + kernel[3])
  }

  static func outputShapes(_ given: CaseShapes, _ geometry: ConvolutionGeometry) -> [String: [Int]] {
    ["y": geometry.transposedOutputShape(x: given["x"], weight: given["weight"])]
  }

  static func reference<Scalar>(_ given: OperationCase<Scalar>, _ geometry: Options) -> OperationResults<Scalar> {
    weightedResults(
      given, Reference.transposedConvolution2D, gradient: Reference.transposedConvolution2DGradient, options: geometry)
  }

  static func fast(_ given: OperationCase<Float>, _ geometry: Options) -> OperationResults<Float> {
    weightedResults(
      given, Fast.transposedConvolution2D, gradient: Fast.transposedConvolution2DGradient, options: geometry)
  }
}
