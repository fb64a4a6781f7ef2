/// A height and a width: a kernel's stride or padding.
public struct Extent: Hashable, Sendable, ExpressibleByIntegerLiteral, CustomStringConvertible {
  public var height: Int
  public var width: Int

  public init(height: Int, width: Int) {
    self.height = height
    self.width = width
  }
  /// The same along both axes.
  public init(_ both: Int) { self.init(height: both, width: both) }
  public init(integerLiteral both: Int) { self.init(both) }

  public var description: String { "\(height)x\(width)" }
}

/// Stride and padding of a two-dimensional convolution, and the sizes that follow from them.
public struct ConvolutionGeometry: Hashable, Sendable {
  public var stride: Extent
  /// Zeros added on every side.
  public var padding: Extent
  /// Extra rows and columns at the far end of a transposed convolution's output, less than the stride.
  public var outputPadding: Extent

  public init(stride: Extent = 1, padding: Extent = 0, outputPadding: Extent = 0) {
    self.stride = stride
    self.padding = padding
    self.outputPadding = outputPadding
  }

  /// floor((in + 2 padding - kernel) / stride) + 1 along each axis; nil where the kernel is larger than the padded
  /// input.
  public func outputSize(height: Int, width: Int, kernelHeight: Int, kernelWidth: Int) -> Extent? {
    let rows = height + 2 * padding.height - kernelHeight
    let columns = width + 2 * padding.width - kernelWidth
    guard rows >= 0, columns >= 0 else { return nil }
    return Extent(height: rows / stride.height + 1, width: columns / stride.width + 1)
  }

  /// (in - 1) stride - 2 padding + kernel + output padding along each axis; nil where that is under 1.
  public func transposedOutputSize(height: Int, width: Int, kernelHeight: Int, kernelWidth: Int) -> Extent? {
    let rows = (height - 1) * stride.height - 2 * padding.height + kernelHeight + outputPadding.height
    let columns = (width - 1) * stride.width - 2 * padding.width + kernelWidth + outputPadding.width
    guard rows > 0, columns > 0 else { return nil }
    return Extent(height: rows, width: columns)
  }
}
