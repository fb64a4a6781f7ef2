import Fast
import PerceptualCore
import Reference

enum Convolution2D: ConvolutionOperation {
  static let name = "convolution2D"
  static let isTransposed = false
  static let inputs: [InputDescription] = [
    .init("x", "[N,C,H,W]"), .init("weight", "[O,C,kH,kW]"), .init("bias", "[O]", isOptional: true),
  ]
  static let attributes: [AttributeDescription] = [
    .init("stride", default: "[1,1]"), .init("padding", default: "[0,0]"),
  ]

  static func reason(_ tensor: ResultName) -> String {
    if case .output = tensor { return "sum over channels and kernel, and the bias" }
    return "sum over the places that read or weigh the element"
  }

  static func terms(
    _ tensor: ResultName, x: Tensor<Double>, weight: Tensor<Double>, pixels: Int, _ geometry: ConvolutionGeometry
  ) -> Int {
    switch tensor {
    case .output: weight.count / weight.shape[0] + 1
    case .gradient("x"): weight.count / weight.shape[1]
    case .gradient: pixels
    }
  }

  static func validate(_ given: CaseShapes, _ geometry: ConvolutionGeometry) throws(PerceptualError) {
    let shape = given["x"]
    let obstacle = geometry.obstacle(x: shape, weight: given["weight"], bias: given.inputs["bias"])
    if let obstacle { throw .malformed("\(name): input.\(obstacle)") }
    try checkWorkingSize(
      channels: shape[1], height: shape[2] + 2 * geometry.padding.height, width: shape[3] + 2 * geometry.padding.width)
  }

  static func outputShapes(_ given: CaseShapes, _ geometry: ConvolutionGeometry) -> [String: [Int]] {
    ["y": geometry.outputShape(x: given["x"], weight: given["weight"])]
  }

  static func reference<Scalar>(_ given: OperationCase<Scalar>, _ geometry: Options) -> OperationResults<Scalar> {
    weightedResults(given, Reference.convolution2D, gradient: Reference.convolution2DGradient, options: geometry)
  }

  static func fast(_ given: OperationCase<Float>, _ geometry: Options) -> OperationResults<Float> {
    weightedResults(given, Fast.convolution2D, gradient: Fast.convolution2DGradient, options: geometry)
  }
}

/// What a convolution and its transpose share.
protocol ConvolutionOperation: OperationWithOptions where Options == ConvolutionGeometry {
  static var isTransposed: Bool { get }
  /// The sum that an element of the tensor is.
  static func reason(_ tensor: ResultName) -> String
  /// How many products it has at most; `pixels` are those of an upstream gradient's channel, in all images.
  static func terms(
    _ tensor: ResultName, x: Tensor<Double>, weight: Tensor<Double>, pixels: Int, _ geometry: ConvolutionGeometry
  ) -> Int
}

extension ConvolutionOperation {
  static var outputs: [String] { ["y"] }
  static var gradients: [String] { ["x", "weight", "bias"] }

  static func tolerance(_ tensor: ResultName, _ side: Side) -> Tolerance {
    .ofSum(side, reason(tensor)) { given throws(PerceptualError) in
      let geometry = try options(given.attributes)
      let (x, weight) = (given.input("x"), given.input("weight"))
      let filtering = MinimalFilteringBound(side, x: x, weight: weight, geometry: geometry, isTransposed: isTransposed)
      if let bound = filtering?.bound(tensor, of: given) { return bound }
      var magnitudes = OperationCase(inputs: given.inputs.mapValues(\.magnitude), attributes: given.attributes)
      var pixels = 0
      if case .gradient = tensor {
        let upstream = given.cotangent("y")
        magnitudes.cotangents["y"] = upstream.magnitude
        pixels = upstream.count / upstream.shape[1]
      }
      return (reference(magnitudes, geometry)[tensor], terms(tensor, x: x, weight: weight, pixels: pixels, geometry))
    }
  }

  static func options(_ attributes: Attributes) throws(PerceptualError) -> ConvolutionGeometry {
    ConvolutionGeometry(
      stride: try attributes.extent("stride", default: 1, atLeast: 1),
      padding: try attributes.extent("padding", default: 0, atLeast: 0),
      outputPadding: try attributes.extent("outputPadding", default: 0, atLeast: 0))
  }

  /// Throws where an image, padded or not yet cropped, is beyond what a fixture can be about: attributes of a small
  /// file could otherwise ask for any amount of memory.
  static func checkWorkingSize(channels: Int, height: Int, width: Int) throws(PerceptualError) {
    if Double(channels) * Double(height) * Double(width) > 0x1p26 {
      throw .malformed(
        "stride and padding make images of \(channels)x\(height)x\(width), at most \(1 << 26) elements were expected")
    }
  }
}
