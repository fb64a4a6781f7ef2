import PerceptualCore

/// Bilinear enlargement by whole factors. Along each side, output i lies at
///
///     p(i) = (i + 1/2) / f - 1/2 kept within 0 ... size - 1      (pixels are areas)
///     p(i) = i (size - 1) / (f size - 1)                         (alignCorners: the corners' centres coincide)
///
/// and between its neighbours k = floor(p) and k + 1 the values are linear:
///
///     y[n, c, i, j] = sum over rows k, k + 1 and columns l, l + 1 of (1 - |p(i) - k|) (1 - |p(j) - l|) x[n, c, k, l]
///
/// Shapes: x [N, C, H, W]; y [N, C, fH H, fW W].
/// Edge cases: elements of weight 0 take no part, so that factor 1 copies any value; a side of 1 is copied.
/// Accuracy: 7 roundings of the sum of |weight x|; the same bits for any number of threads.
/// Stops if x has another rank or a factor is under 1.
/// Source: `torch.nn.functional.interpolate(mode="bilinear", scale_factor=, align_corners=)` with whole factors.
public func bilinearUpsampling(_ x: Tensor<Float>, factor: Extent, alignCorners: Bool = false) -> Tensor<Float> {
  makeTensor(factor.upsampled(x.shape)) {
    bilinearUpsampling(
      x.elements, $0, planes: x.shape[0] * x.shape[1], height: x.shape[2], width: x.shape[3], factor: factor,
      alignCorners: alignCorners)
  }
}

/// The gradient of ``bilinearUpsampling(_:factor:alignCorners:)``, its transpose: the sum over the outputs of an
/// element's weight times upstream, columns within rows.
///
/// Accuracy: 3 (fH + fW + 1) roundings of the sum of |weight upstream|; the same bits for any number of threads.
///
/// `shape` is x's.
public func bilinearUpsamplingGradient(
  shape: [Int], upstream: Tensor<Float>, factor: Extent, alignCorners: Bool = false
) -> Tensor<Float> {
  requireUpstream(upstream, factor.upsampled(shape))
  return makeTensor(shape) {
    bilinearUpsamplingGradient(
      upstream: upstream.elements, $0, planes: shape[0] * shape[1], height: shape[2], width: shape[3], factor: factor,
      alignCorners: alignCorners)
  }
}

/// ``bilinearUpsampling(_:factor:alignCorners:)`` on a caller's buffers: `planes` images of height x width.
public func bilinearUpsampling(
  _ x: UnsafePointer<Float>, _ y: UnsafeMutablePointer<Float>, planes: Int, height: Int, width: Int, factor: Extent,
  alignCorners: Bool = false
) {
  factor.requireFactor()
  let rows = WeightedRuns(size: height, factor: factor.height, alignCorners: alignCorners)
  let columns = Columns(width: width, factor: factor.width, alignCorners: alignCorners)
  let newWidth = columns.newWidth
  let execution = Execution.current
  execution.forEachStrip(planes: planes, rows: rows.count, width: newWidth) { planes, strip in
    // Enlarged rows: those of even number in the first place, those of odd number in the second.
    ScratchPool.shared.withFloats(2 * newWidth) { enlarged in
      for plane in planes {
        let (source, target) = (x + plane * height * width, y + plane * rows.count * newWidth)
        // With nothing to do along one side, what is done along the other needs no memory in between.
        if factor.height == 1 {
          for i in strip { columns.enlarge(source + i * width, target + i * newWidth, execution) }
          continue
        }
        if factor.width == 1 {
          for i in strip {
            rows.sum(i, source + rows.first(i) * width, pitch: width, target + i * width, width, execution)
          }
          continue
        }
        var made = -1
        for i in strip {
          let first = rows.first(i)
          while made < rows.last(i) {
            made = max(made + 1, first)
            columns.enlarge(source + made * width, enlarged + made % 2 * newWidth, execution)
          }
          let isOdd = first % 2 == 1
          rows.sum(
            i, isOdd ? enlarged + newWidth : enlarged, pitch: isOdd ? -newWidth : newWidth, target + i * newWidth,
            newWidth, execution)
        }
      }
    }
  }
}

/// The gradient on a caller's buffers.
public func bilinearUpsamplingGradient(
  upstream: UnsafePointer<Float>, _ gradient: UnsafeMutablePointer<Float>, planes: Int, height: Int, width: Int,
  factor: Extent, alignCorners: Bool = false
) {
  factor.requireFactor()
  let newHeight = height * factor.height
  let rows = WeightedRuns(size: height, factor: factor.height, alignCorners: alignCorners).transposed(inputs: height)
  let columns = Columns(width: width, factor: factor.width, alignCorners: alignCorners, transposed: true)
  let newWidth = columns.newWidth
  let execution = Execution.current
  execution.forEachStrip(planes: planes, rows: height, width: newWidth * factor.height) { planes, strip in
    ScratchPool.shared.withFloats(newWidth + 2) { room in
      for plane in planes {
        let (source, target) = (upstream + plane * newHeight * newWidth, gradient + plane * height * width)
        for i in strip {
          let sums = factor.width == 1 ? target + i * width : room + 1
          rows.sum(i, source + rows.first(i) * newWidth, pitch: newWidth, sums, newWidth, execution)
          if factor.width > 1 { columns.shrink(sums, target + i * width, execution) }
        }
      }
    }
  }
}

/// The map along rows.
private struct Columns {
  let width: Int
  let newWidth: Int
  /// Nil where the factor is 2 and needs no table.
  private let runs: WeightedRuns?

  init(width: Int, factor: Int, alignCorners: Bool, transposed: Bool = false) {
    self.width = width
    newWidth = width * factor
    if factor == 2 && !alignCorners {
      runs = nil
    } else {
      let runs = WeightedRuns(size: width, factor: factor, alignCorners: alignCorners)
      self.runs = transposed ? runs.transposed(inputs: width) : runs
    }
  }

  func enlarge(_ x: Floats, _ y: MutableFloats, _ execution: Execution) {
    if let runs { runs.apply(x, y) } else { execution.kernels.doubledRow(x, y, count: width) }
  }

  /// The transpose; one element on each side of `upstream` is overwritten.
  func shrink(_ upstream: MutableFloats, _ gradient: MutableFloats, _ execution: Execution) {
    if let runs {
      runs.apply(upstream, gradient)
    } else {
      upstream[-1] = upstream[0]
      upstream[newWidth] = upstream[newWidth - 1]
      execution.kernels.doubledRowGradient(upstream: upstream, gradient, count: width)
    }
  }
}

extension Execution {
  /// Runs `body(planes, rows)` over strips of rows, or over several whole planes where they are small: each of some
  /// 2^15 elements, which take far longer than it takes to hand them out.
  fileprivate func forEachStrip(planes: Int, rows: Int, width: Int, _ body: (Range<Int>, Range<Int>) -> Void) {
    let rowsAtOnce = max(1, (1 << 15) / max(width, 1))
    let strips = (rows + rowsAtOnce - 1) / rowsAtOnce
    let planesAtOnce = max(1, rowsAtOnce / max(rows, 1))
    forEach((planes + planesAtOnce - 1) / planesAtOnce * strips) { index in
      let (group, strip) = index.quotientAndRemainder(dividingBy: strips)
      body(
        group * planesAtOnce..<min(planes, (group + 1) * planesAtOnce),
        strip * rowsAtOnce..<min(rows, (strip + 1) * rowsAtOnce))
    }
  }
}
