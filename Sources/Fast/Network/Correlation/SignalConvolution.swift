import PerceptualCore

/// A one-dimensional convolution without bias on signals that lie side by side, [channels, samples, width], as products
/// of matrices: the patches that the kernel meets are the columns of one.
///
/// A fine signal has `fineWidth` elements, a coarse one floor((fineWidth + 2 padding - kernel) / stride) + 1. The
/// weight is [coarseChannels, fineChannels, kernel], which is how PyTorch holds that of a convolution from fine to
/// coarse and that of a transposed one from coarse to fine alike. So three functions serve both and their gradients:
///
///     down:  coarse[o, t] = sum over c, k of weight[o, c, k] fine[c, t stride - padding + k]
///     up:    fine[c, t stride - padding + k] = sum over o, t, k of weight[o, c, k] coarse[o, t]
///     weightGradient: weight[o, c, k] = sum over samples, t of coarse[o, t] fine[c, t stride - padding + k]
///
/// A convolution is down, its input's gradient up; a transposed convolution is up, its input's gradient down.
/// Accuracy: within gamma_n of the sum of magnitudes. The same bits for any number of threads.
public struct SignalConvolution: Hashable, Sendable {
  public let samples: Int
  public let fineChannels: Int
  public let coarseChannels: Int
  public let fineWidth: Int
  public let coarseWidth: Int
  public let kernel: Int
  public let stride: Int
  public let padding: Int

  public var fineCount: Int { fineChannels * samples * fineWidth }
  public var coarseCount: Int { coarseChannels * samples * coarseWidth }
  public var weightCount: Int { coarseChannels * fineChannels * kernel }
  private var patchRows: Int { fineChannels * kernel }
  private var columns: Int { samples * coarseWidth }

  /// Stops where no coarse element is left.
  public init(
    samples: Int, fineChannels: Int, coarseChannels: Int, fineWidth: Int, kernel: Int, stride: Int, padding: Int
  ) {
    require(
      min(samples, fineChannels, coarseChannels, fineWidth, kernel, stride) > 0 && padding >= 0
        && fineWidth + 2 * padding >= kernel,
      "sizes: \(samples)x\(fineChannels)x\(fineWidth) to \(coarseChannels) channels with kernel \(kernel), stride "
        + "\(stride) and padding \(padding) leave nothing")
    self.samples = samples
    self.fineChannels = fineChannels
    self.coarseChannels = coarseChannels
    self.fineWidth = fineWidth
    self.kernel = kernel
    self.stride = stride
    self.padding = padding
    coarseWidth = (fineWidth + 2 * padding - kernel) / stride + 1
  }

  /// The convolution; with `adds` onto what `coarse` holds.
  public func down(
    _ fine: UnsafePointer<Float>, weight: UnsafePointer<Float>, _ coarse: UnsafeMutablePointer<Float>,
    adds: Bool = false
  ) {
    withPatches(of: fine) { patches in
      multiplyMatrices(MatrixView(weight, rows: coarseChannels, columns: patchRows), patches, coarse, adds: adds)
    }
  }

  /// The transposed convolution.
  public func up(_ coarse: UnsafePointer<Float>, weight: UnsafePointer<Float>, _ fine: UnsafeMutablePointer<Float>) {
    let execution = Execution.current
    ScratchPool.shared.withFloats(patchRows * columns) { patches in
      multiplyMatrices(
        MatrixView(weight, rows: coarseChannels, columns: patchRows).transposed,
        MatrixView(coarse, rows: coarseChannels, columns: columns), patches)
      execution.forEach(fineChannels) { channel in
        let plane = fine + channel * samples * fineWidth
        plane.update(repeating: 0, count: samples * fineWidth)
        for k in 0..<kernel {
          let row = patches + (channel * kernel + k) * columns
          let (first, last) = places(of: k)
          for sample in 0..<samples {
            let from = row + sample * coarseWidth
            let to = plane + sample * fineWidth + k - padding
            for t in first..<last { to[t * stride] += from[t] }
          }
        }
      }
    }
  }

  /// The gradient of the weight, from the fine side's signal or gradient and the coarse side's.
  public func weightGradient(
    fine: UnsafePointer<Float>, coarse: UnsafePointer<Float>, _ weight: UnsafeMutablePointer<Float>
  ) {
    withPatches(of: fine) { patches in
      multiplyMatrices(MatrixView(coarse, rows: coarseChannels, columns: columns), patches.transposed, weight)
    }
  }

  /// The coarse places whose tap k lies within the fine signal.
  private func places(of k: Int) -> (first: Int, last: Int) {
    let first = max(0, (padding - k + stride - 1) / stride)
    let last = min(coarseWidth, (fineWidth - 1 + padding - k) / stride + 1)
    return (first, max(first, last))
  }

  /// [fineChannels kernel, samples coarseWidth]: what each tap meets at each place.
  private func withPatches(of fine: Floats, _ body: (MatrixView) -> Void) {
    let execution = Execution.current
    ScratchPool.shared.withFloats(patchRows * columns) { patches in
      execution.forEach(fineChannels) { channel in
        let plane = fine + channel * samples * fineWidth
        for k in 0..<kernel {
          let row = patches + (channel * kernel + k) * columns
          let (first, last) = places(of: k)
          for sample in 0..<samples {
            let to = row + sample * coarseWidth
            let from = plane + sample * fineWidth + k - padding
            for t in 0..<first { to[t] = 0 }
            for t in first..<last { to[t] = from[t * stride] }
            for t in last..<coarseWidth { to[t] = 0 }
          }
        }
      }
      body(MatrixView(patches, rows: patchRows, columns: columns))
    }
  }
}

/// product[i, j] = (adds: +=) sum over k of a[i, k] b[k, j] of row-major matrices, a [rows, inner] or, if transposed,
/// [inner, rows]; b [inner, columns] or [columns, inner].
public func matrixProduct(
  _ a: UnsafePointer<Float>, _ b: UnsafePointer<Float>, _ product: UnsafeMutablePointer<Float>, rows: Int, inner: Int,
  columns: Int, aIsTransposed: Bool = false, bIsTransposed: Bool = false, adds: Bool = false
) {
  let left =
    aIsTransposed ? MatrixView(a, rows: inner, columns: rows).transposed : MatrixView(a, rows: rows, columns: inner)
  let right =
    bIsTransposed
    ? MatrixView(b, rows: columns, columns: inner).transposed : MatrixView(b, rows: inner, columns: columns)
  multiplyMatrices(left, right, product, adds: adds)
}
