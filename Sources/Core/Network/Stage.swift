/// How one stage of an autoencoder halves its pictures or doubles them: the one description that the network, its
/// passes, its checkpoints and the fast path share.
public struct Stage: Hashable, Sendable, CustomStringConvertible {
  public enum Kind: String, Sendable, CaseIterable {
    /// Halves: a convolution of stride 2.
    case convolution
    /// Doubles: a transposed convolution of stride 2.
    case transposed
    /// Doubles: nearest upsampling by 2, then a convolution of stride 1.
    case nearest
    /// Doubles: bilinear upsampling by 2 (corners not aligned), then a convolution of stride 1.
    case bilinear

    public var isUpsampling: Bool { self == .nearest || self == .bilinear }
  }

  public let kind: Kind
  /// Side of the square kernel.
  public let kernel: Int

  public init(_ kind: Kind, kernel: Int) {
    self.kind = kind
    self.kernel = kernel
  }

  public var description: String {
    switch kind {
    case .convolution: "convolution \(Extent(kernel))"
    case .transposed: "transposed convolution \(Extent(kernel))"
    case .nearest, .bilinear: "\(kind.rawValue) upsampling and convolution \(Extent(kernel))"
    }
  }

  /// Why there is no such stage; nil if there is. Every kernel from 2 on halves and doubles even sizes exactly, an odd
  /// one with an output padding of 1 where it is transposed. After upsampling a kernel needs a middle.
  public var obstacle: String? {
    if kind.isUpsampling {
      return kernel < 1 || kernel % 2 == 0 ? "\(kernel) given, an odd number is needed after upsampling" : nil
    }
    return kernel < 2 ? "\(kernel) given, at least 2 is needed" : nil
  }

  /// Stride and padding of the convolution, or of its transpose: padding is floor((kernel - 1) / 2).
  public var geometry: ConvolutionGeometry {
    let padding = Extent((kernel - 1) / 2)
    return kind.isUpsampling
      ? ConvolutionGeometry(padding: padding)
      : ConvolutionGeometry(stride: 2, padding: padding, outputPadding: Extent(kind == .transposed ? kernel % 2 : 0))
  }

  /// [O, C, k, k], of a transposed convolution [C, O, k, k].
  public func weightShape(inputs: Int, outputs: Int) -> [Int] {
    (kind == .transposed ? [inputs, outputs] : [outputs, inputs]) + [kernel, kernel]
  }

  /// What PyTorch's default initialisation takes for the number of inputs: the second axis of the weight times the
  /// kernel's area, which for a transposed convolution counts the outputs.
  public func fanIn(inputs: Int, outputs: Int) -> Int { (kind == .transposed ? outputs : inputs) * kernel * kernel }
}
