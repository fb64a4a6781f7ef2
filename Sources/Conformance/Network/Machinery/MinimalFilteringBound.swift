import Fast
import PerceptualCore
import Reference

/// The a-priori bounds of convolutions that Fast computes by minimal filtering: the same filtering of magnitudes, and
/// how many roundings follow one another.
struct MinimalFilteringBound {
  private let filtering: MinimalFiltering
  private let isTransposed: Bool
  private let x: Tensor<Double>
  private let weight: Tensor<Double>
  private let shape: ConvolutionShape
  /// Roundings of the transforms before and after the products, and of joining the parts of a weight's gradient.
  private static let transforms = 20
  private static let parts = 16

  /// Nil where Fast, or the given side, takes the direct sum.
  init?(_ side: Side, x: Tensor<Double>, weight: Tensor<Double>, geometry: ConvolutionGeometry, isTransposed: Bool) {
    guard side == .fast else { return nil }
    shape = ConvolutionShape(x: x.shape, weight: weight.shape, geometry: geometry, isTransposed: isTransposed)
    if ConvolutionPath.minimalFiltering.obstacle(shape, isTransposed: isTransposed) != nil { return nil }
    filtering = MinimalFiltering(padding: geometry.padding, magnitudes: true)
    self.isTransposed = isTransposed
    self.x = x
    self.weight = weight
  }

  private func filtered(_ x: Tensor<Double>, height: Int, width: Int, synthesis: Bool) -> (Tensor<Double>, Int) {
    synthesis
      ? (filtering.synthesis(x, weight: weight, height: height, width: width), weight.shape[0] + Self.transforms)
      : (filtering.analysis(x, weight: weight, height: height, width: width), 4 * weight.shape[1] + Self.transforms)
  }

  /// Fast takes the direct sum where a value is not below 2^30.
  private func isFiltered(_ a: Tensor<Double>, _ b: Tensor<Double>) -> Bool {
    a.elements.allSatisfy { abs($0) < 0x1p30 } && b.elements.allSatisfy { abs($0) < 0x1p30 }
  }

  /// Of a result of the case; nil where Fast takes the direct sum after all.
  func bound(_ tensor: ResultName, of operationCase: OperationCase<Double>) -> (Tensor<Double>, Int)? {
    switch tensor {
    case .output: output(bias: operationCase.inputs["bias"])
    case .gradient("x"): inputGradient(operationCase.cotangent("y"))
    case .gradient("weight"): weightGradient(operationCase.cotangent("y"))
    case .gradient: nil
    }
  }

  private func output(bias: Tensor<Double>?) -> (Tensor<Double>, Int)? {
    if !isFiltered(x, weight) { return nil }
    var (sum, roundings) = filtered(x, height: shape.outputHeight, width: shape.outputWidth, synthesis: isTransposed)
    if let bias {
      let pixels = shape.outputHeight * shape.outputWidth
      for index in 0..<sum.count { sum[index] += abs(bias[index / pixels % bias.count]) }
    }
    return (sum, roundings)
  }

  private func inputGradient(_ upstream: Tensor<Double>) -> (Tensor<Double>, Int)? {
    if !isFiltered(upstream, weight) { return nil }
    return filtered(upstream, height: shape.height, width: shape.width, synthesis: !isTransposed)
  }

  private func weightGradient(_ upstream: Tensor<Double>) -> (Tensor<Double>, Int)? {
    if !isFiltered(x, upstream) { return nil }
    let (fine, coarse) = isTransposed ? (upstream, x) : (x, upstream)
    let tiles = coarse.shape[0] * ((coarse.shape[2] + 2) / 3) * ((coarse.shape[3] + 2) / 3)
    return (filtering.weightGradient(fine: fine, coarse: coarse), tiles + Self.transforms + Self.parts)
  }
}
