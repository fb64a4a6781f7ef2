// What shapes fit together in a convolution: one set of rules for Reference, Fast and the checks of fixtures.

extension ConvolutionGeometry {
  /// Why these shapes do not make a convolution; nil if they do.
  ///
  /// x [N, C, H, W], weight [O, C, kH, kW], bias [O] or none; every extent at least 1.
  public func obstacle(x: [Int], weight: [Int], bias: [Int]? = nil) -> String? {
    if let obstacle = commonObstacle(x: x, weight: weight, weightAxes: "[O, C, kH, kW]") { return obstacle }
    if weight[1] != x[1] { return "weight: shape \(weight) takes \(weight[1]) channels, x \(x) has \(x[1])" }
    if let bias, bias != [weight[0]] { return "bias: shape \(bias), weight \(weight) needs [\(weight[0])]" }
    if outputPadding != 0 { return "outputPadding: \(outputPadding) given, only a transposed convolution has one" }
    if outputSize(height: x[2], width: x[3], kernelHeight: weight[2], kernelWidth: weight[3]) == nil {
      return "weight: a kernel of \(weight[2])x\(weight[3]) does not fit into x of \(x[2])x\(x[3]) padded by \(padding)"
    }
    return nil
  }

  /// Why these shapes do not make a transposed convolution; nil if they do.
  ///
  /// x [N, C, H, W], weight [C, O, kH, kW], bias [O] or none; every extent at least 1.
  public func transposedObstacle(x: [Int], weight: [Int], bias: [Int]? = nil) -> String? {
    if let obstacle = commonObstacle(x: x, weight: weight, weightAxes: "[C, O, kH, kW]") { return obstacle }
    if weight[0] != x[1] { return "weight: shape \(weight) takes \(weight[0]) channels, x \(x) has \(x[1])" }
    if let bias, bias != [weight[1]] { return "bias: shape \(bias), weight \(weight) needs [\(weight[1])]" }
    if outputPadding.height >= stride.height || outputPadding.width >= stride.width {
      return "outputPadding: \(outputPadding) given, it must be less than the stride \(stride)"
    }
    if transposedOutputSize(height: x[2], width: x[3], kernelHeight: weight[2], kernelWidth: weight[3]) == nil {
      return "padding: \(padding) leaves nothing of x of \(x[2])x\(x[3]) under a kernel of \(weight[2])x\(weight[3])"
    }
    return nil
  }

  /// The shape of a convolution's output; stops with a sentence where the shapes do not fit.
  public func outputShape(x: [Int], weight: [Int], bias: [Int]? = nil) -> [Int] {
    require(noObstacle: obstacle(x: x, weight: weight, bias: bias))
    let size = outputSize(height: x[2], width: x[3], kernelHeight: weight[2], kernelWidth: weight[3]) ?? 0
    return [x[0], weight[0], size.height, size.width]
  }

  /// The shape of a transposed convolution's output; stops with a sentence where the shapes do not fit.
  public func transposedOutputShape(x: [Int], weight: [Int], bias: [Int]? = nil) -> [Int] {
    require(noObstacle: transposedObstacle(x: x, weight: weight, bias: bias))
    let size = transposedOutputSize(height: x[2], width: x[3], kernelHeight: weight[2], kernelWidth: weight[3]) ?? 0
    return [x[0], weight[1], size.height, size.width]
  }

  private func commonObstacle(x: [Int], weight: [Int], weightAxes: String) -> String? {
    if x.count != 4 { return "x: shape \(x) given, [N, C, H, W] is needed" }
    if weight.count != 4 { return "weight: shape \(weight) given, \(weightAxes) is needed" }
    if x.contains(where: { $0 < 1 }) { return "x: shape \(x) is empty" }
    if weight.contains(where: { $0 < 1 }) { return "weight: shape \(weight) is empty" }
    if stride.height < 1 || stride.width < 1 { return "stride: \(stride) given, at least 1 is needed" }
    if padding.height < 0 || padding.width < 0 { return "padding: \(padding) given, at least 0 is needed" }
    if outputPadding.height < 0 || outputPadding.width < 0 {
      return "outputPadding: \(outputPadding) given, at least 0 is needed"
    }
    return nil
  }
}

/// Why these shapes do not make a linear layer; nil if they do: x [N, I], weight [O, I], bias [O] or none.
public func linearObstacle(x: [Int], weight: [Int], bias: [Int]? = nil) -> String? {
  if x.count != 2 || x.contains(where: { $0 < 1 }) { return "x: shape \(x), a non-empty [N, I] is needed" }
  if weight.count != 2 || weight[1] != x[1] || weight[0] < 1 {
    return "weight: shape \(weight), [O, \(x[1])] is needed"
  }
  if let bias, bias != [weight[0]] { return "bias: shape \(bias), weight \(weight) needs [\(weight[0])]" }
  return nil
}

extension Extent {
  /// Stops unless images can be enlarged by this factor.
  package func requireFactor() { require(height >= 1 && width >= 1, "factor: \(self) given, at least 1 is needed") }

  /// The shape of images [N, C, H, W] enlarged by this factor; stops where there is none.
  package func upsampled(_ shape: [Int]) -> [Int] {
    require(shape.count == 4, "x: shape \(shape) given, [N, C, H, W] is needed")
    requireFactor()
    return [shape[0], shape[1], shape[2] * height, shape[3] * width]
  }
}
