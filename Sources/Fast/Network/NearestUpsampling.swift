import PerceptualCore

/// Every element repeated: y[n, c, i, j] = x[n, c, floor(i / fH), floor(j / fW)].
///
/// Shapes: x [N, C, H, W]; y [N, C, fH H, fW W]. Exact. Stops if x has another rank or a factor is under 1.
public func nearestUpsampling(_ x: Tensor<Float>, factor: Extent) -> Tensor<Float> {
  makeTensor(factor.upsampled(x.shape)) {
    nearestUpsampling(
      x.elements, $0, planes: x.shape[0] * x.shape[1], height: x.shape[2], width: x.shape[3], factor: factor)
  }
}

/// The gradient of ``nearestUpsampling(_:factor:)``: the sum of upstream over the copies of each element, in their
/// order.
///
/// `shape` is x's.
public func nearestUpsamplingGradient(shape: [Int], upstream: Tensor<Float>, factor: Extent) -> Tensor<Float> {
  requireUpstream(upstream, factor.upsampled(shape))
  return makeTensor(shape) {
    nearestUpsamplingGradient(
      upstream: upstream.elements, $0, planes: shape[0] * shape[1], height: shape[2], width: shape[3], factor: factor)
  }
}

/// ``nearestUpsampling(_:factor:)`` on a caller's buffers: `planes` images of height x width.
public func nearestUpsampling(
  _ x: UnsafePointer<Float>, _ y: UnsafeMutablePointer<Float>, planes: Int, height: Int, width: Int, factor: Extent
) {
  let newWidth = width * factor.width
  let execution = Execution.current
  execution.forEach(planes) { plane in
    for i in 0..<height {
      let row = x + (plane * height + i) * width
      let first = y + (plane * height + i) * factor.height * newWidth
      for j in 0..<width { (first + j * factor.width).update(repeating: row[j], count: factor.width) }
      for copy in 1..<max(factor.height, 1) { (first + copy * newWidth).update(from: first, count: newWidth) }
    }
  }
}

/// The gradient on a caller's buffers.
public func nearestUpsamplingGradient(
  upstream: UnsafePointer<Float>, _ gradient: UnsafeMutablePointer<Float>, planes: Int, height: Int, width: Int,
  factor: Extent
) {
  let newWidth = width * factor.width
  let execution = Execution.current
  execution.forEach(planes) { plane in
    for i in 0..<height {
      let row = gradient + (plane * height + i) * width
      let first = upstream + (plane * height + i) * factor.height * newWidth
      for j in 0..<width {
        var sum: Float = 0
        for copy in 0..<factor.height {
          for place in 0..<factor.width { sum += first[copy * newWidth + j * factor.width + place] }
        }
        row[j] = sum
      }
    }
  }
}
