import PerceptualCore
import PerceptualKernels

/// A way to compute a convolution or a transposed one, and its gradients.
public enum ConvolutionPath: String, Sendable, CaseIterable {
  /// F(3x3, 2x2) on channel blocks: 4 products where the direct sum has 9.
  case minimalFiltering = "minimal filtering F(3x3, 2x2)"
  /// Every output the direct sum of its products, in the order of its taps.
  case correlation = "direct correlation"

  /// Why the path cannot compute a convolution of this shape; nil if it can.
  public func obstacle(_ shape: ConvolutionShape, isTransposed: Bool) -> String? {
    switch self {
    case .minimalFiltering:
      let kernel = Extent(height: shape.kernelHeight, width: shape.kernelWidth)
      if kernel != 4 { return "the kernel is \(kernel), 4x4 is needed" }
      return MinimalFiltering.obstacle(
        kernel: kernel, geometry: shape.geometry, coarse: isTransposed ? shape.inputChannels : shape.outputChannels,
        fine: isTransposed ? shape.outputChannels : shape.inputChannels)
    case .correlation: return nil
    }
  }

  /// The paths in the order in which they are tried; the first without an obstacle is taken.
  public static func choices(
    _ shape: ConvolutionShape, isTransposed: Bool
  ) -> [(path: ConvolutionPath, obstacle: String?)] {
    allCases.map { ($0, $0.obstacle(shape, isTransposed: isTransposed)) }
  }
}
